/**
 * The ground of the Square tests: the simulator on a port, a caller with a good token, and a shop that listens.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { Disk } from '../../../../../infra/local/disk.ts'
import { HttpPorts } from '../../../../../infra/local/http-ports.ts'
import { Timeline } from '../../../../../infra/local/timeline.ts'
import { createSquare, type Square, type SquareOptions } from '../../../../../infra/local/vendors/square/square.ts'
import { Wire } from '../../../../../infra/local/wire.ts'

export const TOKEN = 'EAAAlTestToken'
export const SIGNATURE_KEY = 'square-signature-key-of-the-tests'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, any>
}

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Ground {
  readonly square: Square
  readonly timeline: Timeline
  readonly wire: Wire
  readonly shopUrl: string
  /** Webhooks the shop got; `status` is what it answers them. */
  readonly shop: { readonly received: Received[]; status: number }
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  control(action: string, body?: unknown): Promise<Answer>
  /** One movement of stock, made now. */
  adjust(key: string, variationId: string, quantity: string, from: string, to: string): Promise<Answer>
}

/** @param disk keeps the state, so that a second ground on it is the same vendor after a restart */
export async function ground(options: Partial<SquareOptions> = {}, disk = new Disk()): Promise<Ground> {
  const timeline = new Timeline()
  const wire = new Wire({ now: () => timeline.now(), kill: () => undefined })
  const ports = new HttpPorts(wire)
  const shop = await listen()
  const square = createSquare(
    { timeline, shelves: disk.shelves('square'), shopUrl: () => shop.url, random: Math.random },
    { accessToken: TOKEN, webhookSignatureKey: SIGNATURE_KEY, ...options },
  )
  const port = await ports.open(square.service, 'instance-1')
  onTestFinished(async () => {
    timeline.stop()
    await ports.close()
    await shop.close()
  })

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, any> }
  }

  async function control(action: string, body: unknown = {}): Promise<Answer> {
    const answer = await square.control(action.split('/'), body)
    return { status: answer.status, headers: new Headers(), body: answer.body as Record<string, any> }
  }

  const adjust: Ground['adjust'] = (key, variationId, quantity, from, to) =>
    call('POST', '/v2/inventory/changes/batch-create', {
      idempotency_key: key,
      changes: [
        {
          type: 'ADJUSTMENT',
          adjustment: {
            catalog_object_id: variationId,
            location_id: square.locationId,
            quantity,
            from_state: from,
            to_state: to,
            occurred_at: new Date(timeline.now()).toISOString(),
          },
        },
      ],
    })

  return { square, timeline, wire, shopUrl: shop.url, shop, call, control, adjust }
}

async function listen() {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') })
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

export function errorOf(answer: Answer): string {
  const [error] = answer.body['errors'] as Array<{ category: string; code: string }>
  return `${answer.status} ${error?.category} ${error?.code}`
}
