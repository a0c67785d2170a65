/** The Stripe SDK, built on first use. Retries are ours: the SDK must not add its own. */
import type { Stripe as StripeClient } from 'stripe'
import { config } from '#platform/config.ts'

const API_VERSION = '2026-10-28.endive'
let loading: Promise<StripeClient> | undefined

export async function stripe(): Promise<StripeClient> {
  loading ??= (async () => {
    const { default: Stripe } = await import('stripe')
    const { STRIPE_SECRET_KEY, STRIPE_API_BASE } = config('stripe')
    const base = new URL(STRIPE_API_BASE)
    const protocol = base.protocol === 'http:' ? 'http' : 'https'
    return new Stripe(STRIPE_SECRET_KEY, {
      apiVersion: API_VERSION,
      host: base.hostname,
      port: base.port === '' ? (protocol === 'http' ? 80 : 443) : Number(base.port),
      protocol,
      telemetry: false,
      maxNetworkRetries: 0,
    })
  })()
  return loading
}
