/** A shopper, or staff, that talks to a running local cloud over HTTP as a frontend would; every one from an address of its own. */
import { Agent, request as send } from 'node:http'
import type { Role } from '../../shared/entry/declaration.ts'

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly ms: number
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 })
let shoppers = 0

export class Shopper {
  readonly id: string
  readonly #base: URL
  readonly #address: string
  #token = ''

  private constructor(base: URL, sub: string | undefined) {
    const number = ++shoppers
    this.id = sub ?? `bench-${process.pid}-${number}`
    this.#base = base
    this.#address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
  }

  static async enter(base: URL, role: Role = 'customer', sub?: string): Promise<Shopper> {
    const shopper = new Shopper(base, sub)
    const { body } = await shopper.call('POST', '/_local/token', { role, sub: shopper.id, email: `${shopper.id}@example.com` })
    shopper.#token = String(body['token'])
    return shopper
  }

  /** Opens a cart with one unit of a product. */
  async fillCart(productId: string): Promise<string> {
    const opened = await this.call('POST', '/api/carts', {})
    const cartId = String((opened.body['cart'] as { id: string }).id)
    const filled = await this.call('PUT', `/api/carts/${cartId}/items`, { productId, quantity: 1 })
    if (filled.status !== 200) throw new Error(`The cart could not be filled: ${JSON.stringify(filled.body)}`)
    return cartId
  }

  pay(cartId: string, key?: string): Promise<Answer> {
    const body = { customerId: this.id, email: `${this.id}@example.com`, cartId, paymentMethod: { token: 'pm_card_visa' } }
    return this.call('POST', '/api/checkout', body, key === undefined ? {} : { 'idempotency-key': key })
  }

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const started = performance.now()
    return new Promise((resolve, reject) => {
      const request = send(
        new URL(path, this.#base),
        {
          method,
          agent,
          headers: {
            'x-forwarded-for': this.#address,
            ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
            ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8')
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown>, ms: performance.now() - started })
          })
        },
      )
      request.on('error', reject)
      request.end(payload)
    })
  }
}

export function refuseUnpaid(answer: Answer): void {
  if (answer.status !== 201) throw new Error(`A checkout was not paid: ${answer.status} ${JSON.stringify(answer.body)}`)
}
