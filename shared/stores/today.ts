/**
 * Today in figures, for staff: counts and sums that the store works out itself, so that a busy day costs as few reads
 * as a quiet one. Only refunds are read one by one: there are few.
 */
import type { JournalEntry } from '#domain/ledger.ts'
import type { OrderState } from '#domain/order.ts'
import { config } from '#platform/config.ts'
import { collection, countOf, readQuery, totalOf, type Query } from '#platform/firestore.ts'
import { countOpenAlerts } from './alerts.ts'
import { inboxQuery } from './inbox.ts'
import { countMails } from './mails.ts'

/** Beyond so many refunds a day their sum is not told. */
const REFUNDS_MAX = 500

const GROUPS = {
  paid: ['paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed'],
  failed: ['payment_failed', 'expired', 'cancelled'],
  open: ['pending_payment', 'requires_action', 'payment_unknown'],
  in_review: ['in_review'],
} as const satisfies Record<string, readonly OrderState[]>

export interface Sum {
  readonly count: number
  /** In minor units; null when there was too much to add up. */
  readonly amount: number | null
}

/** Orders placed in a span of time, by what became of them. */
export async function ordersBetween(fromMs: number, toMs: number): Promise<Record<keyof typeof GROUPS, Sum>> {
  const orders = await collection('orders')
  const sums = Object.entries(GROUPS).map(async ([name, states]) => {
    const query: Query = orders.where('currency', '==', config('shop').CURRENCY).where('state', 'in', [...states])
    return [name, await totalOf(query.where('createdAtMs', '>=', fromMs).where('createdAtMs', '<', toMs), 'total')]
  })
  return Object.fromEntries(await Promise.all(sums)) as Record<keyof typeof GROUPS, Sum>
}

/** Months and upgrades of memberships that were paid in a span of time: part of the orders that were. */
export async function membershipsBetween(fromMs: number, toMs: number): Promise<Sum> {
  const paid: Query = (await collection('orders'))
    .where('currency', '==', config('shop').CURRENCY).where('purpose.kind', '==', 'membership').where('state', 'in', [...GROUPS.paid])
  return totalOf(paid.where('createdAtMs', '>=', fromMs).where('createdAtMs', '<', toMs), 'total')
}

/** What was given back in a span of time. */
export async function refundsBetween(fromMs: number, toMs: number): Promise<Sum> {
  const refunds: Query = (await collection('ledger')).where('kind', '==', 'refund').where('atMs', '>=', fromMs).where('atMs', '<', toMs)
  const found = await readQuery(refunds.orderBy('atMs').limit(REFUNDS_MAX + 1))
  if (found.length > REFUNDS_MAX) return { count: await countOf(refunds), amount: null }
  const entries = found.map((snapshot) => snapshot.data() as unknown as JournalEntry).filter(({ currency }) => currency === config('shop').CURRENCY)
  const credits = entries.flatMap(({ postings }) => postings).filter(({ amount }) => amount < 0)
  return { count: entries.length, amount: -credits.reduce((sum, { amount }) => sum + amount, 0) }
}

/** What waits in each queue. */
export async function queueDepths(): Promise<Record<string, Record<string, number>>> {
  const outbox = await collection('outbox')
  const [pending, dead, queued, deferred, deadMails, warehouse, stock, alerts] = await Promise.all([
    countOf(await inboxQuery({ status: 'pending' })), countOf(await inboxQuery({ status: 'dead' })),
    countMails('queued'), countMails('deferred'), countMails('dead_letter'),
    countOf(outbox.where('topic', '==', 'warehouse')), countOf(outbox.where('topic', '==', 'stock')),
    countOpenAlerts(),
  ])
  return {
    inbox: { pending, dead }, mails: { queued, deferred, deadLetter: deadMails }, outbox: { warehouse, stock }, alerts: { open: alerts },
  }
}
