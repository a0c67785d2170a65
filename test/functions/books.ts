/**
 * What must hold of the shop at any quiet moment, checked against what the vendors hold and not against our own word:
 * charged at most once and only for orders that exist, paid means paid at Stripe, the ledger is balanced and equal to
 * Stripe, stock adds up with Square's counts, each mail was sent once, and nothing is stuck.
 *
 * Every violation is a sentence, so that a failing test says what went wrong.
 */
import { ordered, sealOf, type Leaf } from '../../shared/domain/audit-seal.ts'
import type { Card } from '../../shared/domain/card.ts'
import { NOBODY } from '../../shared/domain/mail.ts'
import type { Member } from '../../shared/domain/member.ts'
import { isNameless } from '../../shared/domain/nameless.ts'
import { takenFor, type Order } from '../../shared/domain/order.ts'
import { alertFaults, untold } from './alert-books.ts'
import { cardFaults, keptTwice, unfinished } from './card-books.ts'
import { chargedTwice, heldByKaja, kajaFaults } from './kaja-books.ts'
import { chargesUnderWay, isMembers, memberFaults, monthsPaidTwice } from './member-books.ts'
import { promoFaults } from './promo-books.ts'
import type { Json, Shop } from './shop.ts'
import { deliveryFaults, unsent } from './webhook-books.ts'

export interface Evidence {
  readonly nowMs: number
  readonly orders: readonly Order[]
  readonly members: readonly Member[]
  /** Memberships that another followed. */
  readonly past: readonly Json[]
  readonly carts: readonly Json[]
  readonly products: readonly Json[]
  readonly ledger: readonly Json[]
  readonly mails: readonly Json[]
  readonly inbox: readonly Json[]
  readonly replays: readonly Json[]
  readonly outbox: readonly Json[]
  readonly batches: readonly Json[]
  readonly leaves: readonly Json[]
  readonly seals: readonly Json[]
  /** Where Stripe's books and ours differ, as the shop has it on record. */
  readonly differences: readonly Json[]
  /** Saved cards. */
  readonly cards: readonly Card[]
  readonly intents: readonly Json[]
  /** Stripe's attempts to keep a card, and the cards that it knows. */
  readonly setups: readonly Json[]
  readonly methods: readonly Json[]
  /** Pages of Stripe's own. */
  readonly sessions: readonly Json[]
  readonly refunds: readonly Json[]
  readonly disputes: readonly Json[]
  readonly payouts: readonly Json[]
  readonly transfers: readonly Json[]
  /** Lines of Stripe's balance. */
  readonly movements: readonly Json[]
  /** Authorize.Net's. */
  readonly transactions: readonly Json[]
  readonly profiles: readonly Json[]
  readonly emails: readonly Json[]
  readonly alerts: readonly Json[]
  readonly facts: readonly Json[]
  /** PagerDuty's alerts. */
  readonly pages: readonly Json[]
  readonly counts: readonly Json[]
  /** Outgoing webhooks. */
  readonly deliveries: readonly Json[]
  /** Of age checks. */
  readonly deposits: readonly Json[]
  readonly promoCodes: readonly Json[]
  /** Marks of customers who have used one. */
  readonly promoUses: readonly Json[]
}

export function evidenceOf(shop: Shop): Evidence {
  return gather(shop.cloud.now(), (collection) => shop.documents(collection).map(({ data }) => data), (vendor, type) => shop.at(vendor, type))
}

/** The same from wherever documents and vendors' objects can be had. */
export function gather(nowMs: number, documents: (collection: string) => Json[], objects: (vendor: string, type: string) => Json[]): Evidence {
  return {
    nowMs,
    orders: documents('orders') as unknown as Order[],
    members: documents('memberships') as unknown as Member[],
    past: documents('past_memberships'),
    carts: documents('carts'),
    products: documents('products'),
    ledger: documents('ledger'),
    mails: documents('mails'),
    inbox: documents('inbox'),
    replays: documents('replays'),
    outbox: documents('outbox'),
    batches: documents('stock_batches'),
    leaves: documents('audit_leaves'),
    seals: documents('audit_seals'),
    differences: documents('reconciliation'),
    cards: documents('cards') as unknown as Card[],
    intents: objects('stripe', 'payment_intents'),
    setups: objects('stripe', 'setup_intents'),
    methods: objects('stripe', 'payment_methods'),
    sessions: objects('stripe', 'checkout_sessions'),
    refunds: objects('stripe', 'refunds'),
    disputes: objects('stripe', 'disputes'),
    payouts: documents('payouts'),
    transfers: objects('stripe', 'transfers'),
    movements: objects('stripe', 'balance_transactions'),
    transactions: objects('authorize-net', 'transactions'),
    profiles: objects('authorize-net', 'profiles'),
    emails: objects('resend', 'emails'),
    alerts: documents('alerts'),
    facts: documents('alert_facts'),
    pages: objects('pagerduty', 'alerts'),
    counts: objects('square', 'inventory_counts'),
    deliveries: documents('webhook_deliveries'),
    deposits: documents('age_deposits'),
    promoCodes: documents('promo_codes'),
    promoUses: documents('promo_uses'),
  }
}

const PAID = ['paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed']
/** What a mail may be in the end: with whom it was meant for, or kept from somebody who is to get none. */
const OUT = ['sent', 'delivered', 'delayed', 'bounced', 'complained', 'suppressed']
const OPEN = ['pending_payment', 'requires_action', 'payment_unknown', 'in_review']

/** Everything that is wrong now. `stock`: what Square counted of each product before anything was sold. */
export function violations(evidence: Evidence, stock: ReadonlyMap<string, number> = new Map()): string[] {
  return [
    ...moneyFaults(evidence), ...kajaFaults(evidence), ...cardFaults(evidence), ...memberFaults(evidence), ...pageFaults(evidence), ...reviewFaults(evidence), ...cancelFaults(evidence), ...disputeFaults(evidence), ...payoutFaults(evidence), ...ledgerFaults(evidence), ...stockFaults(evidence, stock), ...mailFaults(evidence), ...cartFaults(evidence), ...inboxFaults(evidence), ...auditFaults(evidence), ...alertFaults(evidence), ...deliveryFaults(evidence.deliveries), ...depositFaults(evidence), ...promoFaults(evidence),
  ]
}

/** What may never be true, not even for a moment between two calls. */
export function never(evidence: Evidence): string[] {
  const { orders, products, ledger, intents, emails } = evidence
  const charged = Map.groupBy(intents.filter(({ status }) => status === 'succeeded'), ({ metadata }) => String(metadata['order_id']))
  return [
    ...[...charged].filter(([, several]) => several.length > 1).map(([orderId, several]) => `order ${orderId} was charged ${several.length} times`),
    ...[...charged.keys()].filter((orderId) => !orders.some(({ id }) => id === orderId)).map((orderId) => `Stripe charged for order ${orderId}, which does not exist`),
    ...chargedTwice(evidence),
    ...keptTwice(evidence),
    ...monthsPaidTwice(evidence),
    ...ledger.filter(({ postings }) => sum(postings.map(({ amount }: { amount: number }) => amount)) !== 0).map(({ id }) => `entry ${id} does not add up to zero`),
    ...products.filter(({ counted, onHand, held }) => counted === true && onHand < held).map(({ id, onHand, held }) => `product ${id} was sold beyond its stock: ${onHand} on hand, ${held} held`),
    ...orders
      .filter(({ number }) => emails.filter(({ subject }) => String(subject).startsWith(`Your order ${number} `)).length > 1)
      .map(({ id }) => `order ${id} got two receipts`),
    ...[...Map.groupBy(emails, (email) => String(email['idempotency_key']))].filter(([, several]) => several.length > 1).map(([id]) => `mail ${id} was sent twice`),
  ]
}

/** What still waits although time has passed. */
export function stuck(evidence: Evidence): string[] {
  const { orders, sessions, mails, inbox, replays, outbox, batches, payouts } = evidence
  return [
    ...sessions.filter(({ status }) => status === 'open').map(({ id }) => `page ${id} is still open at Stripe`),
    ...heldForNothing(evidence),
    ...evidence.deposits.filter(({ state, check }) => state === 'pending' || (state === 'held' && check === 'passed')).map(({ id, state }) => `deposit ${id} is still ${state}`),
    ...heldByKaja(evidence),
    ...chargesUnderWay(evidence),
    ...orders.filter((order) => OPEN.includes(order.state) && !waitsForStaff(order, evidence)).map(({ id, state }) => `order ${id} is still ${state}`),
    ...payouts.filter(isOpenPayout).map(({ id, state }) => `payout ${id} is still ${state}`),
    ...orders.flatMap(({ refunds }) => refunds.filter(({ status }) => status === 'pending')).map(({ id }) => `refund ${id} is still pending`),
    ...mails.filter(({ status, to }) => !OUT.includes(status) && to !== NOBODY).map(({ id, status, lastError }) => `mail ${id} is ${status}: ${lastError}`),
    ...inbox
      .filter(({ status }) => status !== 'applied' && status !== 'ignored')
      .map(({ vendor, id, type, status, attempts, nudges, lastError, nextAtMs }) => `event ${id} (${vendor} ${type}) is ${status}, due in ${Number(nextAtMs) - evidence.nowMs} ms after ${attempts} tries and ${nudges} nudges: ${lastError}`),
    ...unfinished(evidence.cards),
    ...untold(evidence),
    ...unsent(evidence.deliveries),
    ...replays.filter(({ state }) => state !== 'done').map(({ id, replayed, accepted }) => `replay ${id} stands at ${replayed} of ${accepted}`),
    ...(outbox.length > 0 ? [`${outbox.length} entries are left in the outbox`] : []),
    ...(batches.length > 0 ? [`${batches.length} stock batches were not answered`] : []),
  ]
}

/** What staff decided is what happened: nothing that was refused is kept, nothing that was approved was let go by us. */
function reviewFaults({ orders, intents }: Evidence): string[] {
  return orders.flatMap((order) => {
    const intent = intents.find(({ id }) => id === order.payment.transactionId)
    const decision = order.review?.decision
    const kept = intent?.['status'] === 'succeeded' && order.state !== 'in_review' && order.refunds.length === 0
    if (decision === 'refuse' && kept) return [`order ${order.id} was refused, and Stripe's charge is kept`]
    const voided = intent?.['status'] === 'canceled' && intent['cancellation_reason'] !== 'expired'
    return decision === 'approve' && voided ? [`order ${order.id} was approved, and its payment was voided`] : []
  })
}

/** What was cancelled was neither handed over nor kept, unless the gateway refused to give it back and staff know; one mail says how it ended. */
function cancelFaults({ orders, mails }: Evidence): string[] {
  return orders.filter(({ cancellation, state }) => cancellation !== undefined && !OPEN.includes(state)).flatMap((order) => {
    const refused = order.refunds.some(({ status }) => status === 'failed')
    const back = sum(order.refunds.map(({ amount }) => amount))
    const kept = PAID.includes(order.state) && !refused && back !== takenFor(order).amount
    const told = mails.filter(({ id }) => id === `cancelled-${order.id}`).length
    return [
      ...(kept ? [`order ${order.id} was cancelled, and only ${back} of ${takenFor(order).amount} goes back`] : []),
      ...(order.fulfilment === null ? [] : [`order ${order.id} was cancelled and handed over`]),
      ...(order.state === 'cancelled' && told !== 1 ? [`order ${order.id} is cancelled, ${told} mails say so`] : []),
    ]
  })
}

/** Nobody has decided yet, and somebody was told to: that may take days. */
function waitsForStaff({ id, state, review }: Order, { alerts }: Evidence): boolean {
  return state === 'in_review' && review === null && alerts.some(({ key, status }) => key === `review/${id}` && status === 'open')
}

/** Money that Stripe holds for an order that was given up. */
function heldForNothing({ orders, intents, deposits }: Evidence): string[] {
  return intents
    .filter(({ status }) => status === 'requires_capture')
    .filter(({ metadata }) => !deposits.some(({ id, state, check }) => id === metadata['order_id'] && state === 'held' && check !== 'passed'))
    .filter(({ metadata }) => !orders.some(({ id, state }) => id === metadata['order_id'] && OPEN.includes(state)))
    .map(({ metadata }) => `Stripe still holds money for order ${metadata['order_id']}, which is over`)
}

function moneyFaults({ orders, intents, refunds }: Evidence): string[] {
  const faults: string[] = []
  const charged = intents.filter(({ status }) => status === 'succeeded')
  const byOrder = Map.groupBy(charged, ({ metadata }) => String(metadata['order_id']))
  for (const [orderId, several] of byOrder) {
    if (!orders.some(({ id }) => id === orderId)) faults.push(`Stripe charged for order ${orderId}, which does not exist`)
    if (several.length > 1) faults.push(`order ${orderId} was charged ${several.length} times`)
  }
  for (const order of orders) {
    const [intent] = byOrder.get(order.id) ?? []
    const paid = PAID.includes(order.state)
    if (order.payment.gateway !== 'stripe') continue
    if (!paid && intent !== undefined && order.state !== 'in_review') faults.push(`order ${order.id} is ${order.state}, and Stripe charged it`)
    if (!paid) continue
    if (intent === undefined) faults.push(`order ${order.id} is ${order.state}, and Stripe did not charge it`)
    else if (intent['amount_received'] !== takenFor(order).amount) faults.push(`order ${order.id} over ${order.total} was charged ${intent['amount_received']}`)
    else if (intent['id'] !== order.payment.transactionId) faults.push(`order ${order.id} names another charge than Stripe's`)
    const given = sum(order.refunds.filter(({ status }) => status === 'succeeded').map(({ amount }) => amount))
    const really = amounts(refunds.filter((refund) => refund['payment_intent'] === intent?.['id'] && refund['status'] === 'succeeded'))
    if (given !== really) faults.push(`order ${order.id} was refunded ${given}, at Stripe ${really}`)
  }
  return faults
}

/** A deposit is never taken; what is set aside is owed, and what is owed is set aside; one that was let go is free. */
function depositFaults({ deposits, ledger, intents }: Evidence): string[] {
  const owed = 0 - sum(ledger.flatMap(({ postings }) => postings as Json[]).filter(({ account }) => account === 'deposits:payable').map(({ amount }) => amount))
  const held = sum(deposits.filter(({ state }) => state === 'held').map(({ amount }) => amount))
  return [
    ...(owed === held ? [] : [`deposits of ${held} are set aside, the ledger owes ${owed}`]),
    ...deposits.flatMap(({ id, state, transactionId }) => {
      const intent = intents.find((one) => one['id'] === transactionId)
      return state === 'released' && intent?.['status'] === 'requires_capture' ? [`deposit ${id} was let go, and Stripe still holds it`] : []
    }),
  ]
}

/** A page that the customer was shown cannot be paid any more when its order's goods are back on the shelf; and there is one. */
function pageFaults({ orders, sessions }: Evidence): string[] {
  const pages = Map.groupBy(sessions, (session) => String(session['client_reference_id']))
  return orders.flatMap(({ id, state, payment, total }) => {
    const own = pages.get(id) ?? []
    const shown = own.find((session) => session['id'] === payment.session?.id)
    return [
      ...(own.length > 1 ? [`order ${id} has ${own.length} pages at Stripe`] : []),
      ...(shown?.['status'] === 'open' && !OPEN.includes(state) ? [`order ${id} is ${state}, and its page can still be paid`] : []),
      ...(shown !== undefined && shown['amount_total'] !== total ? [`order ${id} over ${total} asks for ${shown['amount_total']} on its page`] : []),
    ]
  })
}

/** Each dispute stands at its order as it stands at Stripe, and an order is disputed while a bank has its money. */
function disputeFaults({ orders, disputes }: Evidence): string[] {
  const faults: string[] = []
  for (const order of orders.filter(({ payment }) => payment.gateway === 'stripe')) {
    const atStripe = disputes.filter(({ payment_intent }) => payment_intent === order.payment.transactionId)
    const known = order.disputes ?? []
    for (const { id, status } of known) if (atStripe.find((one) => one['id'] === id) === undefined) faults.push(`order ${order.id} has dispute ${id} (${status}), which Stripe does not have`)
    for (const { id, status } of atStripe) {
      const ours = known.find((one) => one.id === id)?.status
      const said = String(status).startsWith('warning_') ? (status === 'warning_closed' ? 'closed' : 'inquiry') : status
      if (ours !== said) faults.push(`dispute ${id} of order ${order.id} is ${ours ?? 'not known'}, at Stripe ${status}`)
    }
    const held = atStripe.some(({ status }) => ['needs_response', 'under_review', 'lost'].includes(status))
    if (held !== (order.state === 'disputed')) faults.push(`order ${order.id} is ${order.state}, and Stripe ${held ? 'has' : 'has no'} money of it in dispute`)
  }
  return faults
}

/** Paid once, and only what was asked for; what is still open may have been paid. */
function payoutFaults({ payouts, transfers }: Evidence): string[] {
  const faults = transfers
    .filter(({ metadata }) => !payouts.some(({ id }) => id === metadata['payout_id']))
    .map(({ id, metadata }) => `transfer ${id} was made for payout ${metadata['payout_id']}, which does not exist`)
  for (const { id, state, amount } of payouts) {
    const made = transfersFor(transfers, id)
    if (made.length > 1) faults.push(`payout ${id} was paid ${made.length} times`)
    if (state === 'failed' && made.length > 0) faults.push(`payout ${id} has failed, and Stripe paid it`)
    if ((state === 'paid' || state === 'returned') && made[0]?.['amount'] !== amount) faults.push(`payout ${id} of ${amount} is ${state}, Stripe paid ${made[0]?.['amount']}`)
  }
  return faults
}

function transfersFor(transfers: readonly Json[], payoutId: string): Json[] {
  return transfers.filter(({ metadata }) => metadata['payout_id'] === payoutId)
}

function isOpenPayout({ state }: Json): boolean {
  return state === 'pending' || state === 'unknown'
}

function ledgerFaults({ orders, ledger, intents, refunds, movements, payouts, transfers }: Evidence): string[] {
  const faults: string[] = []
  const postings = ledger.flatMap((entry) => entry['postings'] as Array<{ account: string; amount: number }>)
  for (const entry of ledger) {
    const off = sum((entry['postings'] as Array<{ amount: number }>).map(({ amount }) => amount))
    if (off !== 0) faults.push(`entry ${entry['id']} is off by ${off}`)
  }
  const known = new Set(orders.map(({ id }) => id))
  for (const entry of ledger) if (entry['orderId'] !== null && !known.has(entry['orderId'])) faults.push(`entry ${entry['id']} belongs to no order`)
  for (const order of orders) {
    const entries = ledger.filter((entry) => entry['orderId'] === order.id && entry['kind'] === 'charge').length
    if (entries !== (PAID.includes(order.state) ? 1 : 0)) faults.push(`order ${order.id} is ${order.state} with ${entries} charges in the ledger`)
  }
  const ours = sum(postings.filter(({ account }) => account === 'gateway:stripe').map(({ amount }) => amount))
  const reviewed = new Set(orders.filter(({ state }) => state === 'in_review').map(({ id }) => id))
  const received = amounts(intents.filter(({ status, metadata }) => status === 'succeeded' && !reviewed.has(metadata['order_id'])))
  const given = amounts(refunds.filter(({ status }) => status === 'succeeded'))
  // Fees are posted by the reconciliation, except those of disputes, which come with them.
  const fees = sum(ledger.filter(({ kind }) => kind === 'fee').flatMap(({ postings }) => postings).filter(({ account }) => account === 'fees').map(({ amount }) => amount))
  const others = sum(movements.filter(({ type }) => !['charge', 'refund', 'refund_failure'].includes(type)).map(({ amount }) => Number(amount)))
  const accepted = sum(ledger.filter(({ kind }) => kind === 'correction').flatMap(({ postings }) => postings).filter(({ account }) => account === 'gateway:stripe').map(({ amount }) => amount))
  // An open payout has left our account in the ledger before Stripe moves it.
  const leaving = sum(payouts.filter((payout) => isOpenPayout(payout) && transfersFor(transfers, payout['id']).length === 0).map(({ amount }) => Number(amount)))
  const there = received - given + others - fees + accepted - leaving
  if (ours !== there) faults.push(`the ledger says ${ours} lies at Stripe, Stripe says ${there}`)
  for (const { id, type, fee } of movements) {
    const posted = ledger.find((entry) => entry['id'] === `fee-${id}`)?.['postings'].find((posting: Json) => posting['account'] === 'fees')?.amount
    if (type === 'adjustment' && (posted ?? 0) !== fee) faults.push(`movement ${id} cost ${fee}, the ledger says ${posted}`)
  }
  return faults
}

/**
 * After a reconciliation: every fee is posted, and our ledger says to the cent what Stripe's balance says, but for what is
 * on record as open and for charges that wait in review.
 */
export function unreconciled({ orders, ledger, movements, differences, intents }: Evidence): string[] {
  const stripes = ledger.flatMap(({ currency, postings }) => postings.filter(({ account }: Json) => account === 'gateway:stripe').map(({ amount }: Json) => ({ currency, amount })))
  const open = differences.filter(({ state, gateway }) => state === 'open' && gateway === 'stripe')
  const named = new Set(open.map(({ orderId }) => orderId))
  const inReview = orders.filter(({ id, state, payment }) => state === 'in_review' && payment.status === 'succeeded' && !named.has(id)).map(({ payment }) => payment.transactionId)
  const waiting = intents.filter(({ id }) => inReview.includes(id)).map(({ amount_received, currency }) => ({ amount: amount_received, currency }))
  const known = [...stripes, ...open.map(({ excess, explained, currency }) => ({ currency, amount: excess - explained })), ...waiting]
  const of = (amountsOf: ReadonlyArray<Json>, currency: string): number => sum(amountsOf.filter((one) => one['currency'].toUpperCase() === currency).map(({ amount }) => amount))
  const there = movements.map(({ currency, net }) => ({ currency, amount: net }))
  return [
    ...[...new Set(movements.map(({ currency }) => currency.toUpperCase() as string))].flatMap((currency) => {
      const [ours, theirs] = [of(known, currency), of(there, currency)]
      return ours === theirs ? [] : [`our books and what is on record come to ${ours} ${currency} at Stripe, its balance to ${theirs}`]
    }),
    ...movements.filter(({ id, fee }) => fee !== 0 && !ledger.some((entry) => entry['id'] === `fee-${id}`)).map(({ id, fee }) => `the fee of ${fee} for ${id} is not posted`),
  ]
}

/** Held units are those of open orders and of sales that Square does not know yet; Square's count is the first one minus what it knows. */
function stockFaults({ orders, products, outbox, batches, counts }: Evidence, stock: ReadonlyMap<string, number>): string[] {
  const faults: string[] = []
  for (const { id, counted, onHand, held } of products) {
    if (counted !== true) continue
    const sold = (states: readonly string[]): number =>
      unitsOf(id, orders.filter((order) => states.includes(order.state) && !givenBack(order)).flatMap(({ lines }) => lines))
    const moves = [...outbox.flatMap((entry) => entry['moves'] ?? []), ...batches.flatMap((batch) => batch['changes'] ?? [])] as Move[]
    const underway = -sum(moves.filter(({ productId }) => productId === id).map(({ delta }) => delta))
    const bound = sold(OPEN) + underway
    if (held < 0 || onHand - held < 0) faults.push(`product ${id} has ${onHand} on hand and ${held} held`)
    if (held !== bound) faults.push(`product ${id} has ${held} held, open orders and sales under way have ${bound}`)
    const first = stock.get(id)
    if (first === undefined || batches.length > 0) continue
    const refunds = orders.flatMap((order) => order.refunds).filter(({ status, restock }) => status === 'succeeded' && restock)
    const left = first - sold(PAID) + unitsOf(id, refunds.flatMap(({ lines }) => lines)) + underway
    const square = Number(counts.find((count) => count['catalog_object_id'] === id && count['state'] === 'IN_STOCK')?.['quantity'])
    if (square !== left) faults.push(`Square counts ${square} of ${id}, there must be ${left}`)
  }
  return faults
}

interface Move {
  readonly productId: string
  readonly delta: number
}

function unitsOf(productId: string, lines: ReadonlyArray<{ readonly productId: string; readonly quantity: number }>): number {
  return sum(lines.filter((line) => line.productId === productId).map(({ quantity }) => quantity))
}

/** Late money whose goods were gone: paid and refunded, without a sale. */
function givenBack(order: Order): boolean {
  return order.refunds.some(({ requestedBy }) => requestedBy === 'countinghouse')
}

function mailFaults({ orders, mails, emails }: Evidence): string[] {
  const faults: string[] = []
  for (const order of orders) {
    const receipts = emails.filter((mail) => String(mail['subject']).startsWith(`Your order ${order.number} `))
    const queued = mails.some(({ id, status }) => id === `receipt-${order.id}` && !(OUT.includes(status) && status !== 'suppressed'))
    if (receipts.length > 1) faults.push(`order ${order.id} got ${receipts.length} receipts`)
    // What is no goods has a mail of its own.
    const sold = PAID.includes(order.state) && !givenBack(order) && !isMembers(order)
    if (receipts.length === 1 && !sold) faults.push(`order ${order.id} is ${order.state} and got a receipt`)
    if (receipts.length === 0 && sold && !queued) faults.push(`order ${order.id} is ${order.state} without a receipt`)
    if (!isNameless(order) && receipts.some(({ to }) => String(to) !== order.email)) faults.push(`the receipt of order ${order.id} went to somebody else`)
  }
  const byIntent = Map.groupBy(emails, (email) => String(email['idempotency_key']))
  for (const { id, status, providerId } of mails) {
    const [email, ...more] = byIntent.get(id) ?? []
    if (more.length > 0) faults.push(`mail ${id} was sent ${more.length + 1} times`)
    if (OUT.includes(status) && status !== 'suppressed' && email?.['id'] !== providerId) faults.push(`mail ${id} is ${status}, Resend has it as ${email?.['id'] ?? 'nothing'}`)
  }
  return faults
}

/** What waits has a moment and what is done has none; a replay has counted every event it put back, and all that was named. */
function inboxFaults({ inbox, replays }: Evidence): string[] {
  return [
    ...inbox
      .filter(({ status, nextAtMs }) => (status === 'pending') !== (nextAtMs !== null))
      .map(({ id, status, nextAtMs }) => `event ${id} is ${status}, to be tried at ${nextAtMs}`),
    ...replays.flatMap(({ id, state, filter, accepted, replayed, refused }) => {
      const put = inbox.filter(({ replay }) => replay?.id === id).length
      return [
        ...(put > replayed ? [`replay ${id} put ${put} events back and counted ${replayed}`] : []),
        ...(state === 'done' && filter === null && replayed + refused !== accepted ? [`replay ${id} of ${accepted} replayed ${replayed} and refused ${refused}`] : []),
      ]
    }),
  ]
}

function cartFaults({ orders, carts }: Evidence): string[] {
  return carts.flatMap((cart) => {
    const order = orders.find(({ id }) => id === cart['orderId'])
    if (cart['state'] === 'open') return cart['orderId'] === null ? [] : [`cart ${cart['id']} is open and names an order`]
    if (order === undefined) return [`cart ${cart['id']} is held by an order that does not exist`]
    const over = ['payment_failed', 'expired', 'cancelled'].includes(order.state)
    return over ? [`cart ${cart['id']} is still held by order ${order.id}, which is ${order.state}`] : []
  })
}

/** Every sale is on record, no event is counted twice, and every seal is that of its day's events and follows from the one before. */
function auditFaults({ orders, outbox, leaves, seals }: Evidence): string[] {
  const kept = leaves.flatMap(({ day, leaves: texts }) => (texts as string[]).map((text) => ({ day: String(day), ...leafIn(text) })))
  const waiting = outbox.flatMap(({ rows }) => (rows ?? []) as Array<{ dataset: string; insertId: string }>).filter(({ dataset }) => dataset === 'audit')
  const onRecord = new Set([...kept.map(({ id }) => id), ...waiting.map(({ insertId }) => insertId)].map((id) => id.split('-')[0]))
  const doubled = [...Map.groupBy(kept, ({ id, hash }) => `${id} ${hash}`).values()].filter(({ length }) => length > 1)
  const chain = seals.toSorted((a, b) => (a['day'] < b['day'] ? -1 : 1))
  return [
    ...orders.filter(({ id, state }) => PAID.includes(state) && !onRecord.has(id)).map(({ id, state }) => `order ${id} is ${state} without an audit event`),
    ...doubled.map(([leaf]) => `audit event ${leaf?.id} is counted twice`),
    ...chain.flatMap(({ day, hash, previous }, index) => {
      const before = chain[index - 1]?.['hash'] ?? null
      const honest = sealOf(day, ordered(kept.filter((leaf) => leaf.day === day)), before)
      return honest.hash === hash && previous === before ? [] : [`the seal of ${day} is not that of its events`]
    }),
  ]
}

function leafIn(text: string): Leaf {
  const [hash = '', id = '', lateFor = null] = text.split(' ')
  return { id, hash, lateFor }
}

/** What Stripe received or gave back in all. */
function amounts(objects: readonly Json[]): number {
  return sum(objects.map((object) => Number(object['amount_received'] ?? object['amount'])))
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
