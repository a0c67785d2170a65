/**
 * Sells a cart: reserves, charges, and marks paid.
 *
 * Nothing is charged before the reservation is committed, so that a webhook always finds its order. The order's id is
 * derived from the `Idempotency-Key`, or from the cart and its version: the same click is the same order on every
 * instance. One runs it; the others wait for its answer, and take over when its lease ends.
 * What must never happen: a second charge for one click, a charge without an order, an answer that is not the truth.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { emailField, idField } from '#values/schema.ts'
import { toMinor, wireAmount } from '#values/money.ts'
import { LINES_MAX, QUANTITY_MAX } from '#domain/cart.ts'
import { chargeRequestOf } from '#domain/checkout.ts'
import { answerFor } from '#domain/order-answer.ts'
import { isOpen, type Order } from '#domain/order.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { pause } from '#platform/deadline.ts'
import { derivedId } from '#platform/derived.ts'
import { placeOrder, type Placed } from '#stores/checkout.ts'
import { nudgeMails } from '#stores/mails.ts'
import { readOrder, settleFresh, settleOrder, takeLease } from '#stores/orders.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { countsNow } from '#vendors/square/inventory.ts'
import type { Reply } from '#entry/answer.ts'
import { refuseStranger, type Caller } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Checkout = z
  .strictObject({
    customerId: idField.optional(),
    email: emailField,
    cartId: idField.optional(),
    cart: z.array(z.strictObject({ productId: idField, quantity: z.number().int().min(1).max(QUANTITY_MAX), price: wireAmount.optional() })).min(1).max(LINES_MAX).optional(),
    paymentMethod: z.strictObject({ gateway: z.enum(['stripe', 'kaja']).optional(), type: z.string().max(40).optional(), token: z.string().min(1).max(500) }),
    expectedTotal: wireAmount.optional(),
  })
  .refine((body) => (body.cartId === undefined) !== (body.cart === undefined), { path: ['cart'], message: 'send either cartId or cart' })
type Body = z.output<typeof Checkout>

const Sold = z.object({ orderId: z.string(), order: z.looseObject({}), payment: z.looseObject({}), total: z.number() })

/** A request that waits for another's answer looks this often, in milliseconds. */
const LOOK_MS = { first: 25, most: 250 }
const WAIT_MS = 25_000

export const checkOut = endpoint({
  name: 'check-out',
  path: '/api/checkout',
  impact: 'Nobody can buy online.',
  POST: route({ who: 'public', summary: 'Pay a cart', body: Checkout, reply: Sold, status: 201, idempotent: true, run }),
})

async function run(call: Call<Body, unknown>): Promise<Reply> {
  const customerId = customerOf(call.caller, call.body.customerId)
  const gateway = call.body.paymentMethod.gateway ?? config('shop').PAYMENT_GATEWAY
  // One that the shop does not have is refused here: nothing may be reserved for it.
  gatewayNamed(gateway)
  const runner = newId('run')
  const placed = await placeOrder({
    ...linesOf(call.body, customerId),
    customerId,
    email: call.body.email,
    expectedTotal: call.body.expectedTotal,
    keyedOrderId: call.key === undefined ? undefined : derivedId('ord', ['key', call.caller.role, call.caller.id ?? call.body.cartId ?? call.body.email, call.key]),
    draft: {
      gateway, token: call.body.paymentMethod.token, requestHash: call.requestHash, runner, ip: call.ip, userAgent: call.userAgent,
    },
    askCounts: countsNow,
    refuseStranger: (cart) => refuseStranger(call.caller, cart.customerId, 'Cart not found.'),
  })
  if (call.key !== undefined && placed.order.requestHash !== call.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
  const ours = placed.fresh || placed.order.runner === runner
  const order = ours ? await pay(placed) : await join(placed.order, runner)
  const answer = answerFor(order)
  return 'final' in answer ? { ...answer.final, replayed: !ours } : answer
}

/** A guest buys without a customer id; a customer only for himself; staff for anybody. */
function customerOf(caller: Caller, wanted: string | undefined): string | null {
  if (caller.role === 'guest') {
    if (wanted !== undefined) throw new Failure('UNAUTHORIZED')
    return null
  }
  if (caller.role !== 'customer' && caller.role !== 'admin') throw new Failure('FORBIDDEN')
  if (caller.role === 'customer') refuseStranger(caller, wanted ?? caller.id)
  return wanted ?? (caller.role === 'customer' ? caller.id : null)
}

/** Two lines of one product count together. The id of an inline cart follows from what is bought, by whom, with which token. */
function linesOf(body: Body, customerId: string | null) {
  if (body.cartId !== undefined) return { cartId: body.cartId, inline: undefined }
  const { CURRENCY } = config('shop')
  const byProduct = new Map<string, NonNullable<Body['cart']>[number]>()
  for (const [index, line] of (body.cart ?? []).entries()) {
    if (line.price !== undefined && toMinor(line.price, CURRENCY) === undefined) throw invalid(`cart.${index}.price`, `has more digits than ${CURRENCY} has`)
    const before = byProduct.get(line.productId)
    if (before !== undefined && before.price !== line.price) throw invalid(`cart.${index}.price`, 'differs from another line of the same product')
    byProduct.set(line.productId, { ...line, quantity: line.quantity + (before?.quantity ?? 0) })
  }
  const inline = [...byProduct.values()].sort((a, b) => (a.productId < b.productId ? -1 : 1))
  const lines = inline.map(({ productId, quantity, price }) => `${quantity} ${price ?? ''} ${productId}`)
  return { cartId: derivedId('inl', [customerId ?? body.email.toLowerCase(), body.paymentMethod.token, ...lines]), inline }
}

/** Charges and settles. If our own commit is lost after the charge, webhook, sweep or the next click finish the order. */
async function pay(placed: Placed): Promise<Order> {
  const { order } = placed
  const gateway = gatewayNamed(order.payment.gateway)
  const outcome = await gateway.charge(chargeRequestOf(order))
  const facts = { outcome, cause: 'checkout', shopName: config('shop').SHOP_NAME }
  try {
    const settled = placed.fresh ? await settleFresh(order, placed.at, facts) : await settleOrder(order.id, facts)
    await nudgeMails(settled.settlement?.mails ?? [])
    return settled.order
  } catch (error) {
    throw new Failure('GATEWAY_TIMEOUT', { details: { orderId: order.id }, retryAfterSeconds: 10, reason: 'charged, not settled yet', cause: error })
  }
}

/** Waits for the runner's answer; when its lease ends without one, takes over with the same key at the gateway. */
async function join(found: Order, runner: string): Promise<Order> {
  const giveUpAt = performance.now() + WAIT_MS
  let order = found
  for (let lookMs = LOOK_MS.first; performance.now() < giveUpAt; lookMs = Math.min(lookMs * 2, LOOK_MS.most)) {
    if (!isOpen(order) || order.state === 'requires_action' || order.state === 'in_review') return order
    if (order.leaseUntilMs <= now()) {
      const taken = await takeLease(order.id, runner)
      if (taken !== undefined && isOpen(taken)) return pay({ order: taken, fresh: false })
    }
    await pause(lookMs)
    order = (await readOrder(order.id)) ?? order
  }
  return order
}
