/**
 * Sells a cart on Stripe's own page: reserves, opens the page, and answers where it is.
 *
 * As in `check-out` nothing can be paid before the reservation is committed, and the same click is the same order and
 * the same page. While the customer is away his cart is frozen as it is. He pays (the webhook, his return by
 * `confirm-order`, or the sweep marks it paid), or gives up (`cancel`, or the page expires), and has his cart again.
 * What must never happen: two pages for one click, a page that can be paid while its goods are back on the shelf.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { momentShown } from '#values/shown.ts'
import { chargeRequestOf } from '#domain/checkout.ts'
import { hasPage, sessionRequestOf } from '#domain/hosted.ts'
import { pageAnswerFor } from '#domain/order-answer.ts'
import { isOpen, type Order } from '#domain/order.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { PlacedShown, SoldShown } from '#domain/shown/order.ts'
import { config } from '#platform/config.ts'
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
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'
import { customerOf, hasOneCart, keyedOrderId, linesOf, ONE_CART, PURCHASE_FAILS, purchaseFields, termsOf } from '#entry/purchase.ts'

const Purchase = z.strictObject(purchaseFields).refine(hasOneCart, ONE_CART)

/** What costs nothing has no page: it is answered as paid, as is what was paid meanwhile. */
const Page = z.union([z.object({ orderId: z.string(), url: z.string(), expiresAt: momentShown }).meta({ id: 'PaymentPage' }), SoldShown])

const askCounts = askCountsBy(tokenKeeper('lightspeed'))

export const openCheckoutSession = endpoint({
  name: 'open-checkout-session',
  path: '/api/checkout/sessions',
  impact: 'Nobody can buy online on the page of the payment service.',
  POST: route({
    who: 'public',
    summary: 'Pay a cart on the page of the payment service',
    body: Purchase,
    reply: Page,
    also: { 202: PlacedShown },
    status: 201,
    idempotent: true,
    fails: PURCHASE_FAILS,
    run,
  }),
})

async function run(call: Call<z.output<typeof Purchase>, unknown>): Promise<Reply> {
  const customerId = customerOf(call.caller, call.body.customerId)
  const runner = newId('run')
  const placed = await placeOrder({
    ...linesOf(call, customerId, 'hosted'),
    customerId,
    email: call.body.email,
    ...termsOf(call.body),
    keyedOrderId: keyedOrderId('open-checkout-session', call),
    draft: {
      gateway: 'stripe', token: null, hosted: true, requestHash: call.requestHash, runner, ip: call.ip, ipCountry: call.ipCountry,
      userAgent: call.userAgent, deviceId: call.body.deviceId ?? null,
    },
    askCounts,
    refuseGateway: gatewayNamed,
    refuseStranger: (cart) => refuseStranger(call.caller, cart.customerId, 'Cart not found.'),
  })
  if (call.key !== undefined && placed.order.requestHash !== call.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
  const ours = placed.fresh || placed.order.runner === runner
  const takeOver = (taken: Order): Promise<Order> => opened({ order: taken, fresh: false })
  const order = ours ? await opened(placed) : await joinRunner(placed.order, { runner, isAnswered, takeOver })
  const answer = pageAnswerFor(order)
  return 'final' in answer ? { ...answer.final, replayed: !ours } : answer
}

/** Opens the page and writes it on the order. If our own commit is lost, the same click or the sweep finds the page again. */
async function opened(placed: Placed): Promise<Order> {
  const { order } = placed
  const outcome = await asked(placed)
  const facts = { outcome, cause: 'checkout', shopName: config('shop').SHOP_NAME }
  try {
    const settled = placed.fresh ? await settleFresh(order, placed.at, facts) : await settleOrder(order.id, facts)
    await nudgeMails(settled.settlement?.mails ?? [])
    // It was given up while Stripe was slow: nobody may pay it any more.
    if (outcome.status === 'open' && !isOpen(settled.order)) {
      await guarded(gatewayNamed(order.payment.gateway)).cancel(outcome.transactionId)
    }
    return settled.order
  } catch (error) {
    const details = { orderId: order.id }
    throw new Failure('GATEWAY_TIMEOUT', { details, retryAfterSeconds: 10, reason: 'page opened, not written yet', cause: error })
  }
}

async function asked({ order, pass }: Placed): Promise<ChargeOutcome> {
  const gateway = guarded(gatewayNamed(order.payment.gateway), pass)
  const { session } = order.payment
  if (session === undefined || gateway.openSession === undefined) return gateway.charge(chargeRequestOf(order))
  return gateway.openSession(sessionRequestOf(order, session, config('shop').PUBLIC_URL))
}

/** There is a page, or somebody at the bank or of ours has to act first. */
function isAnswered(order: Order): boolean {
  return hasPage(order) || order.payment.status === 'processing' || order.state === 'in_review'
}
