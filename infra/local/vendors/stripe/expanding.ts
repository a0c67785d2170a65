/**
 * `expand`: an id in the answer becomes the object it names, down to four levels, `data.` first in lists.
 *
 * Works on copies: what is kept never holds another object.
 */
import type { Account } from './account.ts'
import { asOfNow } from './balance.ts'
import type { BalanceTransaction } from './kept.ts'
import { wholeList } from './listing.ts'
import { invalid } from './refusal.ts'

type Answer = Record<string, unknown>

const DEPTH_MAX = 4

/** Which fields of which object can be expanded, and into what. A balance transaction's source may be anything. */
const EXPANDABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  payment_intent: { customer: 'customer', latest_charge: 'charge', payment_method: 'payment_method', review: 'review' },
  charge: {
    balance_transaction: 'balance_transaction',
    customer: 'customer',
    failure_balance_transaction: 'balance_transaction',
    payment_intent: 'payment_intent',
    refunds: 'refunds',
    review: 'review',
  },
  refunds: { data: 'refund' },
  refund: {
    balance_transaction: 'balance_transaction',
    charge: 'charge',
    customer: 'customer',
    failure_balance_transaction: 'balance_transaction',
    payment_intent: 'payment_intent',
    payment_method: 'payment_method',
  },
  setup_intent: { customer: 'customer', payment_method: 'payment_method' },
  payment_method: { customer: 'customer' },
  customer: { default_source: 'source', invoice_settings: 'invoice_settings' },
  invoice_settings: { default_payment_method: 'payment_method' },
  'checkout.session': {
    customer: 'customer',
    line_items: 'line_items',
    payment_intent: 'payment_intent',
    setup_intent: 'setup_intent',
  },
  line_items: { data: 'item' },
  dispute: { charge: 'charge', payment_intent: 'payment_intent' },
  balance_transaction: { source: 'anything' },
  transfer: { balance_transaction: 'balance_transaction' },
  payout: { balance_transaction: 'balance_transaction', failure_balance_transaction: 'balance_transaction' },
  review: { charge: 'charge', payment_intent: 'payment_intent' },
}

/** Refuses what cannot be expanded, before anything is done. */
export function checkExpansion(kind: string, paths: readonly string[]): void {
  const isList = kind.startsWith('list of ')
  for (const path of paths) {
    const names = path.split('.')
    if (names.length > DEPTH_MAX) throw refused(path, 'You cannot expand more than 4 levels of a property.')
    if (isList && (names.shift() !== 'data' || names.length === 0)) throw refused(path)
    let at = isList ? kind.slice('list of '.length) : kind
    for (const name of names) {
      if (at === 'anything') break
      const next = EXPANDABLE[at]?.[name]
      if (next === undefined) throw refused(path)
      at = next
    }
  }
}

/**
 * @param paths checked by `checkExpansion`
 * @returns the answer as it goes out: expanded, and what depends on the time as of now
 */
export function expanded(account: Account, answer: object, paths: readonly string[]): object {
  let result: Answer = asAnswered(account, answer)
  for (const path of paths) result = into(account, result, path.split('.'))
  return result
}

function into(account: Account, answer: Answer, names: readonly string[]): Answer {
  const [name = '', ...rest] = names
  const value = name === 'data' ? answer['data'] : valueOf(account, answer, name)
  if (rest.length === 0) return { ...answer, [name]: value }
  if (Array.isArray(value)) return { ...answer, [name]: value.map((item: Answer) => into(account, item, rest)) }
  return isAnswer(value) ? { ...answer, [name]: into(account, value, rest) } : answer
}

function valueOf(account: Account, answer: Answer, name: string): unknown {
  const id = String(answer['id'])
  if (name === 'refunds') return wholeList(account.refunds.by('charge', id).toReversed(), `/v1/charges/${id}/refunds`)
  if (name === 'line_items') {
    return wholeList(account.sessionOrders.get(id)?.items ?? [], `/v1/checkout/sessions/${id}/line_items`)
  }
  const value = answer[name]
  if (typeof value !== 'string') return value
  const object = account.find(value)
  return object === undefined ? value : asAnswered(account, object)
}

function asAnswered(account: Account, answer: object): Answer {
  const known = answer as Answer
  if (known['object'] === 'balance_transaction') return asOfNow(account, answer as BalanceTransaction) as unknown as Answer
  if (known['object'] === 'event') return (account.eventLog.recall(answer as never) ?? answer) as unknown as Answer
  if (known['object'] !== 'list') return known
  return { ...known, data: (known['data'] as object[]).map((item) => asAnswered(account, item)) }
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(path: string, message = `This property cannot be expanded (${path}).`): Error {
  return invalid(message, { param: 'expand' })
}
