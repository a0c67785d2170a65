/**
 * A system outside the shop that is told of orders: a plain server that keeps what it was sent and answers as the test
 * says; and the check of a signature, written from the text of the Standard Webhooks specification alone.
 */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { orderOf, PRODUCT } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** `webhook-id`. */
  readonly id: string
  /** The body, read. */
  readonly said: Json
}

/** What a path answers: a status, or whatever is done with the response. */
export type Manner = number | ((response: ServerResponse, received: Received) => void)

export class Receiver {
  readonly received: Received[] = []
  readonly #manners = new Map<string, Manner>()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(): Promise<Receiver> {
    const server = createServer()
    const receiver = new Receiver(server)
    server.on('request', async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
      receiver.#take(request.url ?? '', request.headers, Buffer.concat(parts).toString('utf8'), response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`
  }

  answers(path: string, manner: Manner): void {
    this.#manners.set(path, manner)
  }

  at(path: string): Received[] {
    return this.received.filter((one) => one.path === path)
  }

  /** Types of what a path was told about an order, in the order of arrival. */
  typesAt(path: string, orderId: string): string[] {
    return this.at(path).filter(({ said }) => said['data'].orderId === orderId).map(({ said }) => said['type'])
  }

  /** Nothing waits for it: it ends with the process. */
  letGo(): void {
    this.#server.unref()
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #take(path: string, headers: IncomingHttpHeaders, body: string, response: ServerResponse): void {
    const received = { path, headers, body, id: String(headers['webhook-id']), said: JSON.parse(body) as Json }
    this.received.push(received)
    const manner = this.#manners.get(path) ?? 204
    if (typeof manner === 'number') response.writeHead(manner).end()
    else manner(response, received)
  }
}

let paths = 0

/** A path of its own, registered as an endpoint. */
export async function register(admin: Person, receiver: Receiver, eventTypes: readonly string[] = []): Promise<{ path: string; id: string; secret: string }> {
  const path = `/hook-${++paths}`
  const { status, body, text } = await admin.post('/api/admin/webhook-endpoints', { url: receiver.url(path), eventTypes })
  if (status !== 201) throw new Error(`The endpoint was not registered: ${text}`)
  return { path, id: body['endpoint'].id, secret: body['secret'] }
}

/** Somebody buys the usual product. */
export async function sale(shop: Shop): Promise<Json> {
  const buyer = await shop.person()
  return orderOf(buyer, (await buyer.buy({ productId: PRODUCT, quantity: 1 }))['id'])
}

/** Whether one of the signatures of a message is that of the secret. */
export async function isSignedWith(secret: string, { headers, body }: Pick<Received, 'headers' | 'body'>): Promise<boolean> {
  const key = Uint8Array.from(atob(secret.slice('whsec_'.length)), (letter) => letter.charCodeAt(0))
  const hmac = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  const content = new TextEncoder().encode(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
  for (const one of String(headers['webhook-signature']).split(' ')) {
    const [version, signature = ''] = one.split(',')
    const bytes = Uint8Array.from(atob(signature), (letter) => letter.charCodeAt(0))
    if (version === 'v1' && (await crypto.subtle.verify('HMAC', hmac, bytes, content))) return true
  }
  return false
}

/** Endpoints of an earlier test are told nothing of this one's orders. */
export async function forgetEndpoints(shop: Shop): Promise<void> {
  const admin = await shop.person('admin')
  for (const { id } of shop.documents('webhook_endpoints')) await admin.call('DELETE', `/api/admin/webhook-endpoints/${id}`)
  await shop.cloud.drain()
}
