/**
 * Stripe's account beside the shop: what somebody does there with the same keys, in the dashboard or by another program,
 * and what becomes of its webhooks.
 */
import type { Stripe } from 'stripe'
import { until } from './purchase.ts'
import type { Json, Shop } from './shop.ts'

/** Stripe's own client, for calls that are not the shop's. */
export async function stripeOf(shop: Shop): Promise<Stripe> {
  const { default: StripeClient } = await import('stripe')
  const { port } = new URL(shop.cloud.addresses['STRIPE_API_BASE'] ?? '')
  return new StripeClient(shop.cloud.servers.keys.STRIPE_SECRET_KEY, { host: '127.0.0.1', port: Number(port), protocol: 'http', telemetry: false, maxNetworkRetries: 0 })
}

export interface Elsewhere {
  readonly amount: number
  readonly currency?: string
  readonly metadata?: Record<string, string>
}

/** A charge that the shop did not make. */
export async function chargeElsewhere(shop: Shop, { amount, currency = 'usd', metadata = {} }: Elsewhere): Promise<Json> {
  const stripe = await stripeOf(shop)
  const intent = await stripe.paymentIntents.create({
    amount, currency, metadata, confirm: true, payment_method: 'pm_card_visa', automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
  })
  return intent as unknown as Json
}

export async function refundElsewhere(shop: Shop, transactionId: string, amount: number): Promise<Json> {
  const stripe = await stripeOf(shop)
  return (await stripe.refunds.create({ payment_intent: transactionId, amount })) as unknown as Json
}

/** From here on no webhook of Stripe's is believed, as after a rotation that one side has missed; the answer ends it. */
export async function loseWebhooks(shop: Shop): Promise<() => Promise<unknown>> {
  await shop.act('stripe', 'webhooks/roll_secret', { secret: 'whsec_ofAnotherShop000000000000000000' })
  // Right after a rotation the old secret still signs too.
  await shop.cloud.advance(24 * 3_600_000 + 1)
  return () => shop.act('stripe', 'webhooks/roll_secret', { secret: shop.cloud.servers.keys.STRIPE_WEBHOOK_SECRET })
}

/** Stripe's line for the money of a charge, which comes a moment after it. */
export function lineOf(shop: Shop, transactionId: string): Promise<Json> {
  return until(() => {
    const charge = shop.at('stripe', 'charges').find((one) => one['payment_intent'] === transactionId && one['captured'] === true)
    return shop.at('stripe', 'balance_transactions').find(({ id }) => id === charge?.['balance_transaction'])
  })
}
