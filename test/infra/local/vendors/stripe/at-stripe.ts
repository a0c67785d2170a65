/**
 * A shop at the Stripe simulator: the real SDK on a real port, a receiver of webhooks, a clock of its own.
 *
 * Everything is in memory and on free ports unless a directory is given, so that test files run side by side.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import Stripe from 'stripe'
import { Disk } from '../../../../../infra/local/disk.ts'
import { HttpPorts } from '../../../../../infra/local/http-ports.ts'
import { Timeline } from '../../../../../infra/local/timeline.ts'
import { createStripe, type StripeOptions } from '../../../../../infra/local/vendors/stripe/stripe.ts'
import { Wire } from '../../../../../infra/local/wire.ts'

export const API_KEY = 'sk_test_local'
export const WEBHOOK_SECRET = 'whsec_local'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly event: { id: string; type: string; created: number; data: { object: Record<string, unknown> } }
}

export interface Setting extends Partial<StripeOptions> {
  readonly directory?: string
  readonly startMs?: number
}

export async function openShop(setting: Setting = {}) {
  const { directory, startMs, ...options } = setting
  const timeline = new Timeline(startMs === undefined ? 0 : startMs - Date.now())
  const disk = new Disk(directory)
  const received: Received[] = []
  const receiver = { status: 200 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      received.push({ headers: request.headers, body, event: JSON.parse(body.toString('utf8')) as Received['event'] })
      response.writeHead(receiver.status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const shopUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const vendor = createStripe(
    { timeline, shelves: disk.shelves('stripe'), shopUrl: () => shopUrl, random: seeded(7) },
    { apiKey: API_KEY, webhookSecret: WEBHOOK_SECRET, disorder: { duplicates: 0, late: 0 }, searchLagMs: 0, ...options },
  )
  timeline.onQuiet(() => quiet(vendor))
  const wire = new Wire({ now: () => timeline.now(), kill: () => undefined })
  const ports = new HttpPorts(wire)
  const port = await ports.open(vendor.service, 'instance-1')
  const stripe = client(port)
  return {
    stripe,
    vendor,
    timeline,
    wire,
    port,
    received,
    receiver,
    /** Lets time pass, and waits until the webhooks of that time have been answered. */
    pass: async (ms: number) => {
      await timeline.jumpTo(timeline.now() + ms)
      await quiet(vendor)
    },
    quiet: () => quiet(vendor),
    types: () => received.map(({ event }) => event.type),
    [Symbol.asyncDispose]: async () => {
      timeline.stop()
      await ports.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      disk.close()
    },
  }
}

export function client(port: number, key = API_KEY): Stripe {
  return new Stripe(key, {
    apiVersion: '2026-10-28.endive',
    host: '127.0.0.1',
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    timeout: 5_000,
  })
}

/** A payment by card, confirmed at once. */
export const paid = {
  amount: 5_000,
  currency: 'usd',
  confirm: true,
  payment_method: 'pm_card_visa',
  automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
} as const

/** The error a call ends with. */
export async function refusal(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error
    throw error
  }
  throw new Error('The call was not refused.')
}

/** Runs a body with a shop, and closes it afterwards. */
export function atStripe(body: (shop: Shop) => Promise<void>, setting: Setting = {}): () => Promise<void> {
  return async () => {
    await using shop = await openShop(setting)
    await body(shop)
  }
}

export type Shop = Awaited<ReturnType<typeof openShop>>

async function quiet(vendor: { pending(): number }): Promise<void> {
  while (vendor.pending() > 0) await new Promise((resolve) => setTimeout(resolve, 2))
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}
