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
import { idField } from '#values/schema.ts'
import { answerFor } from '#domain/order-answer.ts'
import type { Order } from '#domain/order.ts'
import type { CardHolder, GatewayName } from '#domain/payment.ts'
import { isLateHold } from '#domain/settle.ts'
import { PlacedShown, SoldShown } from '#domain/shown/order.ts'
import { config } from '#platform/config.ts'
import { within } from '#platform/deadline.ts'
import { chargeOrder } from '#stores/cards.ts'
import { placeOrder } from '#stores/checkout.ts'
import { guarded } from '#stores/guarded.ts'
import { nudgeMails } from '#stores/mails.ts'
import { settleFresh, settleOrder } from '#stores/orders.ts'
import type { Placed } from '#stores/placing.ts'
import { joinRunner } from '#stores/runner.ts'
import { tokenKeeper } from '#stores/vendor-tokens.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { askCountsBy } from '#vendors/tills.ts'
import type { Reply } from '#entry/answer.ts'
import { refuseStranger, type Caller } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'
import { customerOf, hasOneCart, keyedOrderId, linesOf, ONE_CART, PURCHASE_FAILS, purchaseFields, termsOf } from '#entry/purchase.ts'

const PaymentMethod = z
  .strictObject({
    gateway: z.enum(['stripe', 'kaja']).optional(),
    type: z.string().max(40).optional(),
    token: z.string().min(1).max(500).optional(),
    /** A saved card of the customer's own. */
    cardId: idField.optional(),
    /** Keeps the card when it has paid. */
    save: z.boolean().optional(),
  })
  .refine(({ token, cardId }) => (token === undefined) !== (cardId === undefined), { path: ['token'], message: 'send either token or cardId' })
  .refine(({ cardId, gateway, save }) => cardId === undefined || (gateway === undefined && save !== true), { path: ['cardId'], message: 'goes without gateway and save' })

const Checkout = z
  .strictObject({ ...purchaseFields, paymentMethod: PaymentMethod })
  .refine(hasOneCart, ONE_CART)
type Body = z.output<typeof Checkout>

const askCounts = askCountsBy(tokenKeeper('lightspeed'))

export const checkOut = endpoint({
  name: 'check-out',
  path: '/api/checkout',
  impact: 'Nobody can buy online.',
  // Few instances with many requests each place orders of one product together; a cold one would keep a buyer waiting.
  resources: { concurrency: 80, instancesMin: 1 },
  POST: route({
    who: 'public',
    summary: 'Pay a cart',
    body: Checkout,
    reply: SoldShown,
    also: { 202: PlacedShown },
    status: 201,
    idempotent: true,
    fails: PURCHASE_FAILS,
    run,
  }),
})

async function run(call: Call<Body, unknown>): Promise<Reply> {
  const customerId = customerOf(call.caller, call.body.customerId)
  const { gateway = config('shop').PAYMENT_GATEWAY, token = null, cardId, save = false } = call.body.paymentMethod
  if (customerId === null && (save || cardId !== undefined)) throw nobodysCard(call.caller)
  const runner = newId('run')
  const placed = await placeOrder({
    ...linesOf(call, customerId, token ?? `card ${cardId ?? ''}`),
    customerId,
    email: call.body.email,
    ...termsOf(call.body),
    keyedOrderId: keyedOrderId('check-out', call),
    draft: {
      gateway, token, ...(cardId === undefined ? {} : { cardId }), requestHash: call.requestHash, runner, ip: call.ip, ipCountry: call.ipCountry,
      userAgent: call.userAgent, deviceId: call.body.deviceId ?? null,
    },
    askCounts,
    ...(save ? { askHolder: () => holderAt(gateway, { customerId: customerId ?? '', email: call.body.email }) } : {}),
    refuseGateway: gatewayNamed,
    refuseStranger: (cart) => refuseStranger(call.caller, cart.customerId, 'Cart not found.'),
  })
  if (call.key !== undefined && placed.order.requestHash !== call.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
  const ours = placed.fresh || placed.order.runner === runner
  const takeOver = (taken: Order): Promise<Order> => pay({ order: taken, fresh: false })
  const order = ours ? await pay(placed) : await joinRunner(placed.order, { runner, isAnswered, takeOver })
  const answer = answerFor(order)
  return 'final' in answer ? { ...answer.final, replayed: !ours } : answer
}

/** Only customers have cards. */
function nobodysCard(caller: Caller): Failure {
  return caller.role === 'guest' ? new Failure('UNAUTHORIZED') : invalid('customerId', 'must be sent: only a customer has saved cards')
}

/** Whom the card is kept for. A sale does not wait long for that: then its card is not kept. */
async function holderAt(gateway: GatewayName, customer: CardHolder): Promise<string | null> {
  const { holderFor } = gatewayNamed(gateway)
  return holderFor === undefined ? null : within(config('deadlines').HOLDER_DEADLINE_MS, 'holder', holderFor(customer))
}

/** Charges and settles. If our own commit is lost after the charge, webhook, sweep or the next click finish the order. */
async function pay(placed: Placed): Promise<Order> {
  const { order } = placed
  const gateway = guarded(gatewayNamed(order.payment.gateway), placed.pass)
  const outcome = await chargeOrder(gateway, order, placed.reference)
  const facts = { outcome, cause: 'checkout', shopName: config('shop').SHOP_NAME }
  try {
    const settled = placed.fresh ? await settleFresh(order, placed.at, facts) : await settleOrder(order.id, facts)
    await nudgeMails(settled.settlement?.mails ?? [])
    // Given up meanwhile: what was set aside goes free at once; if this call is lost, by the webhook.
    if (isLateHold(settled.order, outcome)) await gateway.cancel(outcome.transactionId)
    return settled.order
  } catch (error) {
    throw new Failure('GATEWAY_TIMEOUT', { details: { orderId: order.id }, retryAfterSeconds: 10, reason: 'charged, not settled yet', cause: error })
  }
}

/** The customer or a person of ours has to act first. */
function isAnswered({ state }: Order): boolean {
  return state === 'requires_action' || state === 'in_review'
}
