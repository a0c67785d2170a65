/**
 * The ground of the Resend tests: the simulator on a port, the vendor's own SDK pointed at it, and a shop that listens.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Resend } from 'resend'
import { onTestFinished } from 'vitest'
import { Disk } from '../../../../../infra/local/disk.ts'
import { HttpPorts } from '../../../../../infra/local/http-ports.ts'
import { Timeline } from '../../../../../infra/local/timeline.ts'
import { createResend, type ResendOptions } from '../../../../../infra/local/vendors/resend/resend.ts'
import type { Vendor } from '../../../../../infra/local/vendors/vendor.ts'
import { Wire } from '../../../../../infra/local/wire.ts'

export const API_KEY = 're_test_key'
export const SEND_ONLY_KEY = 're_send_only'
/** The secret of the contract's worked example. */
export const SECRET = 'whsec_Y29tbWVyY2UtYmFjay1vZmZpY2UtdGVzdC1rZXktMDE='

export interface Received {
  readonly path: string
  readonly body: string
  readonly id: string
  readonly timestamp: string
  readonly signature: string
}

export interface Ground {
  readonly vendor: Vendor
  readonly sdk: Resend
  readonly url: string
  readonly timeline: Timeline
  readonly wire: Wire
  readonly shopUrl: string
  /** Webhooks the shop got; `status` is what it answers them. */
  readonly shop: { readonly received: Received[]; status: number }
  control(action: string, body?: unknown): Promise<{ status: number; body: any }>
  /** Moves the clock on; what falls due in between has happened. */
  pass(ms: number): Promise<void>
  /** Types of the webhooks received about one mail, in the order they came. */
  told(emailId: string): string[]
}

/** @param disk keeps the state, so that a second ground on it is the same vendor after a restart */
export async function ground(options: Partial<ResendOptions> = {}, disk = new Disk()): Promise<Ground> {
  const timeline = new Timeline()
  const wire = new Wire({ now: () => timeline.now(), kill: () => undefined })
  const ports = new HttpPorts(wire)
  const shop = await listen()
  const vendor = createResend(
    { timeline, shelves: disk.shelves('resend'), shopUrl: () => shop.url, random: Math.random },
    { apiKey: API_KEY, sendOnlyKeys: [SEND_ONLY_KEY], webhookSecret: SECRET, ...options },
  )
  const port = await ports.open(vendor.service, 'instance-1')
  const url = `http://127.0.0.1:${port}`
  await vendor.control(['webhooks'], { duplicates: 0, late: 0 })
  onTestFinished(async () => {
    timeline.stop()
    await ports.close()
    await shop.close()
  })
  return {
    vendor,
    sdk: new Resend(API_KEY, { baseUrl: url }),
    url,
    timeline,
    wire,
    shopUrl: shop.url,
    shop,
    control: async (action, body = {}) => {
      const answer = await vendor.control(action.split('/'), body)
      return { status: answer.status, body: answer.body }
    },
    pass: async (ms) => {
      await timeline.jumpTo(timeline.now() + ms)
      await until(() => vendor.pending() === 0)
    },
    told: (emailId) => {
      const events = shop.received.map(({ body }) => JSON.parse(body) as { type: string; data: { email_id: string } })
      return events.filter((event) => event.data.email_id === emailId).map((event) => event.type)
    },
  }
}

async function listen() {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({
        path: request.url ?? '',
        body: Buffer.concat(chunks).toString('utf8'),
        id: String(request.headers['svix-id']),
        timestamp: String(request.headers['svix-timestamp']),
        signature: String(request.headers['svix-signature']),
      })
      response.writeHead(shop.status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const shop = {
    received,
    status: 200,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
  return shop
}

/** Looks until it is so; a test that waits for what never comes fails by its own deadline. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

export function mail(to: string | string[] = 'ada@example.com') {
  return { from: 'Shop <orders@shop.example>', to, subject: 'Your order', html: '<p>Thank you</p>', text: 'Thank you' }
}
