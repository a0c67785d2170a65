/**
 * What must hold of the shop at any quiet moment, checked against what the vendors hold and not against our own word:
 * charged at most once and only for orders that exist, paid means paid at Stripe, the ledger is balanced and equal to
 * Stripe, stock adds up with Square's counts, each mail was sent once, and nothing is stuck.
 *
 * Every violation is a sentence, so that a failing test says what went wrong.
 */
import type { Order } from '../../shared/domain/order.ts'
import type { Json, Shop } from './shop.ts'

export interface Evidence {
  readonly orders: readonly Order[]
  readonly carts: readonly Json[]
  readonly products: readonly Json[]
  readonly ledger: readonly Json[]
  readonly mails: readonly Json[]
  readonly inbox: readonly Json[]
  readonly outbox: readonly Json[]
  readonly batches: readonly Json[]
  readonly intents: readonly Json[]
  readonly refunds: readonly Json[]
  readonly emails: readonly Json[]
  readonly counts: readonly Json[]
}

export function evidenceOf(shop: Shop): Evidence {
  return gather((collection) => shop.documents(collection).map(({ data }) => data), (vendor, type) => shop.at(vendor, type))
}

/** The same from wherever documents and vendors' objects can be had. */
export function gather(documents: (collection: string) => Json[], objects: (vendor: string, type: string) => Json[]): Evidence {
  return {
    orders: documents('orders') as unknown as Order[],
    carts: documents('carts'),
    products: documents('products'),
    ledger: documents('ledger'),
    mails: documents('mails'),
    inbox: documents('inbox'),
    outbox: documents('outbox'),
    batches: documents('stock_batches'),
    intents: objects('stripe', 'payment_intents'),
    refunds: objects('stripe', 'refunds'),
    emails: objects('resend', 'emails'),
    counts: objects('square', 'inventory_counts'),
  }
}

const PAID = ['paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed']
const OPEN = ['pending_payment', 'requires_action', 'payment_unknown', 'in_review']

/** Everything that is wrong now. `stock`: what Square counted of each product before anything was sold. */
export function violations(evidence: Evidence, stock: ReadonlyMap<string, number> = new Map()): string[] {
  return [
    ...moneyFaults(evidence), ...ledgerFaults(evidence), ...stockFaults(evidence, stock), ...mailFaults(evidence), ...cartFaults(evidence),
  ]
}

/** What still waits although time has passed. */
export function stuck({ orders, mails, inbox, outbox, batches }: Evidence): string[] {
  return [
    ...orders.filter(({ state }) => OPEN.includes(state)).map(({ id, state }) => `order ${id} is still ${state}`),
    ...orders.flatMap(({ refunds }) => refunds.filter(({ status }) => status === 'pending')).map(({ id }) => `refund ${id} is still pending`),
    ...mails.filter(({ status }) => status !== 'sent').map(({ id, status, lastError }) => `mail ${id} is ${status}: ${lastError}`),
    ...inbox
      .filter(({ status }) => status !== 'applied' && status !== 'ignored')
      .map(({ id, status, lastError }) => `event ${id} is ${status}: ${lastError}`),
    ...(outbox.length > 0 ? [`${outbox.length} entries are left in the outbox`] : []),
    ...(batches.length > 0 ? [`${batches.length} stock batches were not answered`] : []),
  ]
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
    else if (intent['amount_received'] !== order.total) faults.push(`order ${order.id} over ${order.total} was charged ${intent['amount_received']}`)
    else if (intent['id'] !== order.payment.transactionId) faults.push(`order ${order.id} names another charge than Stripe's`)
    const given = sum(order.refunds.filter(({ status }) => status === 'succeeded').map(({ amount }) => amount))
    const really = amounts(refunds.filter((refund) => refund['payment_intent'] === intent?.['id'] && refund['status'] === 'succeeded'))
    if (given !== really) faults.push(`order ${order.id} was refunded ${given}, at Stripe ${really}`)
  }
  return faults
}

function ledgerFaults({ orders, ledger, intents, refunds }: Evidence): string[] {
  const faults: string[] = []
  const postings = ledger.flatMap((entry) => entry['postings'] as Array<{ account: string; amount: number }>)
  for (const entry of ledger) {
    const off = sum((entry['postings'] as Array<{ amount: number }>).map(({ amount }) => amount))
    if (off !== 0) faults.push(`entry ${entry['id']} is off by ${off}`)
  }
  const known = new Set(orders.map(({ id }) => id))
  for (const entry of ledger) if (!known.has(entry['orderId'])) faults.push(`entry ${entry['id']} belongs to no order`)
  for (const order of orders) {
    const entries = ledger.filter((entry) => entry['orderId'] === order.id && entry['kind'] === 'charge').length
    if (entries !== (PAID.includes(order.state) ? 1 : 0)) faults.push(`order ${order.id} is ${order.state} with ${entries} charges in the ledger`)
  }
  const ours = sum(postings.filter(({ account }) => account === 'gateway:stripe').map(({ amount }) => amount))
  const reviewed = new Set(orders.filter(({ state }) => state === 'in_review').map(({ id }) => id))
  const received = amounts(intents.filter(({ status, metadata }) => status === 'succeeded' && !reviewed.has(metadata['order_id'])))
  const given = amounts(refunds.filter(({ status }) => status === 'succeeded'))
  if (ours !== received - given) faults.push(`the ledger says ${ours} lies at Stripe, Stripe says ${received - given}`)
  return faults
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
    const queued = mails.some(({ id, status }) => id === `receipt-${order.id}` && status !== 'sent')
    if (receipts.length > 1) faults.push(`order ${order.id} got ${receipts.length} receipts`)
    const sold = PAID.includes(order.state) && !givenBack(order)
    if (receipts.length === 1 && !sold) faults.push(`order ${order.id} is ${order.state} and got a receipt`)
    if (receipts.length === 0 && sold && !queued) faults.push(`order ${order.id} is ${order.state} without a receipt`)
    if (receipts.some(({ to }) => String(to) !== order.email)) faults.push(`the receipt of order ${order.id} went to somebody else`)
  }
  return faults
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

/** What Stripe received or gave back in all. */
function amounts(objects: readonly Json[]): number {
  return sum(objects.map((object) => Number(object['amount_received'] ?? object['amount'])))
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
