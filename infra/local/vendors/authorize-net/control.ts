/**
 * What a person could do in the vendor's Merchant Interface, and a tester to its weather:
 * `POST /_local/vendors/authorize-net/<action...>`.
 */
import type { HttpAnswer } from '../../http-ports.ts'
import type { Account } from './account.ts'
import { charge, type Element } from './charging.ts'
import { cancel, capture, chargeBack, decide, refund, reverseChargeBack } from './following.ts'
import type { Transaction } from './kept.ts'
import { Failed, Refusal, notFound } from './refusal.ts'
import { inFull } from './reporting.ts'
import { settle } from './settlement.ts'
import type { Trouble } from './trouble.ts'

interface Desk {
  readonly account: Account
  readonly trouble: Trouble
}

type Act = (desk: Desk, body: Element, id: string) => object

const ACTS: Readonly<Record<string, Act>> = {
  transactions: ({ account }, body) => inFull(account, charge(account, entered(body), true)),
  'transactions/:id/approve': ({ account }, _, id) => decided(account, 'approve', id),
  'transactions/:id/decline': ({ account }, _, id) => decided(account, 'decline', id),
  'transactions/:id/capture': ({ account }, _, id) => inFull(account, capture(account, { refTransId: id }).transaction),
  'transactions/:id/void': ({ account }, _, id) => inFull(account, cancel(account, { refTransId: id }).transaction),
  'transactions/:id/refund': ({ account }, { amount }, id) => {
    const card = { cardNumber: known(account, id).card.number.slice(-4), expirationDate: 'XXXX' }
    const whole = account.major(known(account, id).settleAmount)
    const asked = { amount: amount ?? whole, payment: { creditCard: card }, refTransId: id }
    return inFull(account, refund(account, asked).transaction)
  },
  'transactions/:id/chargeback': ({ account }, _, id) => inFull(account, chargeBack(account, id)),
  'transactions/:id/chargeback_reversal': ({ account }, _, id) => inFull(account, reverseChargeBack(account, id)),
  settle: ({ account }) => ({ settled: settle(account) }),
  'notifications/:id/resend': ({ account }, _, id) => {
    if (!account.notifications.resend(id)) throw notFound()
    return { resent: id }
  },
  webhooks: ({ account }, body) => {
    const share = (name: 'duplicates' | 'late'): object => (typeof body[name] === 'number' ? { [name]: body[name] } : {})
    account.notifications.disorder = { ...share('duplicates'), ...share('late') }
    return account.notifications.disorder
  },
  latency: ({ trouble }, { ms }) => {
    trouble.latencyMs = typeof ms === 'number' ? ms : 0
    return { ms: trouble.latencyMs }
  },
  server_errors: ({ trouble }, { times, tookEffect }) => {
    const count = typeof times === 'number' ? times : 1
    trouble.orderErrors(count, tookEffect === true)
    return { times: count, tookEffect: tookEffect === true }
  },
}

export function control(desk: Desk, action: readonly string[], body: unknown): HttpAnswer {
  const [act, id] = actOf(action)
  if (act === undefined) return failed(404, 'NOT_FOUND', `The Merchant Interface can: ${Object.keys(ACTS).join(', ')}.`)
  try {
    return { status: 200, body: act(desk, typeof body === 'object' && body !== null ? (body as Element) : {}, id) }
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof Failed)) throw error
    return failed(400, error.code, error.message)
  }
}

function failed(status: number, code: string, message: string): HttpAnswer {
  return { status, body: { error: { code, message } } }
}

function decided(account: Account, action: 'approve' | 'decline', refTransId: string): object {
  return inFull(account, decide(account, { action, refTransId }).transaction)
}

/** The id stands before the last word: `transactions/60200000001/approve`. */
function actOf(action: readonly string[]): [Act | undefined, string] {
  const plain = ACTS[action.join('/')]
  if (plain !== undefined) return [plain, '']
  const at = action.length - 2
  return at < 0 ? [undefined, ''] : [ACTS[action.with(at, ':id').join('/')], action[at] ?? '']
}

/** A charge that somebody types in at the virtual terminal. */
function entered({ amount, invoiceNumber, description }: Element): Element {
  return { amount, payment: { creditCard: { cardNumber: '4111111111111111' } }, order: { invoiceNumber, description } }
}

function known(account: Account, id: string): Transaction {
  const transaction = account.transactions.get(id)
  if (transaction === undefined) throw notFound()
  return transaction
}
