/**
 * What a person could do in Square's dashboard or in the store, for play and for proof: sell, count, reprice, delete;
 * and how the vendor may misbehave: refuse with 429, deliver twice or late, let tokens run out.
 */
import type { HttpAnswer } from '../../http-ports.ts'
import type { Catalog } from './catalog.ts'
import { invalid, notFound } from './failure.ts'
import { flag, oneOf, records, requiredText, text } from './input.ts'
import type { Inventory } from './inventory.ts'
import type { Notifications } from './notifications.ts'
import type { Payments } from './payments.ts'
import type { Disorder } from '../webhook-sender.ts'
import { parseQuantity } from './quantity.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Dated, Json, Location, Order, Payment } from './shapes.ts'
import type { SquareStore } from './store.ts'
import type { Till } from './till.ts'
import type { Tokens } from './tokens.ts'

const DAY_MS = 86_400_000

export interface Parts {
  readonly store: SquareStore
  readonly catalog: Catalog
  readonly inventory: Inventory
  readonly payments: Payments
  readonly notifications: Notifications
  readonly till: Till
  readonly tokens: Tokens
  readonly rateLimit: RateLimit
}

export function control(parts: Parts, action: readonly string[], input: Json): HttpAnswer {
  const [subject = '', id, verb] = action
  const ok = (body: unknown): HttpAnswer => ({ status: 200, body })
  switch ([subject, id === undefined ? '' : ':id', verb ?? ''].filter((part) => part !== '').join('/')) {
    case 'inventory':
      return ok({ counts: count(parts, input) })
    case 'catalog/:id/price':
      reprice(parts, id ?? '', input)
      return ok(parts.store.catalog.get(id ?? ''))
    case 'catalog/:id':
      return ok(editCatalog(parts, id ?? '', input))
    case 'payments':
      return ok({ payment: parts.till.sell(input) })
    case 'payments/:id/refund':
      return ok({ refund: refund(parts, id ?? '', input) })
    case 'customers':
      return ok({ customer: addCustomer(parts.store, input) })
    case 'import':
      return ok(bringIn(parts.store, input))
    case 'past':
      return ok(orderPast(parts.store, input))
    case 'locations':
      return ok({ location: openLocation(parts.store, input) })
    case 'rate_limit':
      parts.rateLimit.set(input)
      return ok({})
    case 'webhooks':
      if (input['enabled'] !== undefined) parts.notifications.enabled = flag(input, 'enabled')
      return ok({ enabled: parts.notifications.enabled, ...disorder(parts, input) })
    case 'disorder':
      return ok(disorder(parts, input))
    case 'events/:id/resend':
      return ok(parts.notifications.again(id ?? ''))
    case 'tokens': {
      const end = oneOf(input, 'end', ['revoked', 'expired'] as const) ?? 'expired'
      parts.tokens.endAll(end)
      if (end === 'revoked') parts.notifications.tellRevoked('MERCHANT')
      return ok({})
    }
    case 'consent':
      return ok({ code: parts.tokens.consent() })
    default:
      throw notFound(`The action ${action.join('/')}`)
  }
}

/** `{amount, currency?}`; an amount of null makes the price variable. */
function reprice(parts: Parts, id: string, input: Json): void {
  const amount = input['amount'] === null ? undefined : cents(input, 'amount')
  parts.catalog.reprice(id, amount, text(input, 'currency') ?? 'USD')
}

/**
 * `{variationId, quantity}` counts by hand; `{variationId, adjust}` sells (below zero) or puts in (above zero).
 * The variation may also be named as the shop (`productId`) or Square's API (`catalog_object_id`) names it.
 */
function count(parts: Parts, input: Json): unknown {
  const id = text(input, 'productId') ?? text(input, 'catalog_object_id') ?? requiredText(input, 'variationId')
  if (parts.catalog.variation(id) === undefined) throw notFound(`Variation ${id}`)
  const counting = input['quantity'] !== undefined
  const units = parseQuantity(String(counting ? input['quantity'] : input['adjust']))
  if (units === undefined) throw invalid('quantity', 'Give `quantity` (counted) or `adjust` (changed) as a decimal.')
  if (counting) return parts.inventory.apply([parts.inventory.handCount(id, units)])
  const states = units < 0n ? { from: 'IN_STOCK', to: 'SOLD' } : { from: 'NONE', to: 'IN_STOCK' }
  return parts.inventory.apply([parts.inventory.movement(id, units < 0n ? -units : units, states)])
}

function editCatalog(parts: Parts, id: string, input: Json): unknown {
  if (flag(input, 'delete')) parts.catalog.remove(id)
  else parts.catalog.edit(id, input)
  return parts.store.catalog.get(id)
}

/** `{amount?, reason?, restock?: [{variationId, quantity}]}` */
function refund(parts: Parts, paymentId: string, input: Json): unknown {
  const amount = input['amount'] === undefined ? undefined : cents(input, 'amount')
  const made = parts.payments.refund(paymentId, amount, text(input, 'reason') ?? 'Returned Goods')
  const back = records(input, 'restock').map((line) => {
    const units = parseQuantity(String(line['quantity'] ?? '1'))
    if (units === undefined || units <= 0n) throw invalid('quantity', 'A quantity is a decimal above zero.')
    const states = { from: 'UNLINKED_RETURN', to: 'IN_STOCK' }
    return parts.inventory.movement(requiredText(line, 'variationId'), units, states)
  })
  if (back.length > 0) parts.inventory.apply(back)
  return made
}

function addCustomer(store: SquareStore, input: Json): Dated {
  const moment = store.stamp()
  const customer: Dated = { ...input, id: store.id(26), created_at: moment, updated_at: moment, version: 0 }
  return store.customers.set(customer.id, customer)
}

/** Objects in Square's own JSON, as they are: a past for the till. */
function bringIn(store: SquareStore, input: Json): Json {
  const payments = records(input, 'payments').map(dated) as Payment[]
  const refunds = records(input, 'refunds').map(dated)
  const orders = records(input, 'orders').map(dated) as Order[]
  const customers = records(input, 'customers').map(dated)
  for (const payment of payments) store.payments.set(payment.id, payment)
  for (const entry of refunds) store.refunds.set(entry.id, entry)
  for (const order of orders) store.orders.set(order.id, order)
  for (const customer of customers) store.customers.set(customer.id, customer)
  return { payments: payments.length, refunds: refunds.length, orders: orders.length, customers: customers.length }
}

/** `{payments, days?}`: so many payments, spread over the days until now and over all locations; made when they are asked for. */
function orderPast(store: SquareStore, input: Json): Json {
  const past = { count: cents(input, 'payments'), fromMs: store.now() - (input['days'] === undefined ? 700 : cents(input, 'days')) * DAY_MS, toMs: store.now() }
  const locations = store.locations.values().map(({ id }) => id)
  store.past.set('payments', { ...past, locations, currency: String(store.mainLocation['currency']) })
  return { payments: past.count }
}

function openLocation(store: SquareStore, input: Json): Location {
  const { merchant_id: merchantId } = store.mainLocation
  const id = requiredText(input, 'id')
  return store.locations.set(id, { ...store.mainLocation, ...input, id, merchant_id: merchantId, created_at: store.stamp() })
}

function dated(object: Json): Dated {
  const createdAt = new Date(requiredText(object, 'created_at')).toISOString()
  const updatedAt = new Date(text(object, 'updated_at') ?? createdAt).toISOString()
  return { ...object, id: requiredText(object, 'id'), created_at: createdAt, updated_at: updatedAt }
}

function disorder(parts: Parts, input: Json): Disorder {
  for (const name of ['duplicates', 'late'] as const) {
    const share = input[name]
    if (share === undefined) continue
    if (typeof share !== 'number' || share < 0 || share > 1) throw invalid(name, `${name} is a share between 0 and 1.`)
    parts.notifications.disorder = { [name]: share }
  }
  return parts.notifications.disorder
}

function cents(input: Json, field: string): number {
  const value = input[field]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(field, `${field} is a whole number of cents.`)
}
