/** The client: it compiles wherever there is `fetch`, buys what a page would, and does nothing twice when answers are lost. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Countinghouse, ShopError, type ShopOptions } from '../../../infra/client/countinghouse.ts'
import { typeOf } from '../../../infra/build/client.ts'
import { chargesFor, openGround, ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Person, Shop } from '../../functions/shop.ts'

const CLIENT = fileURLToPath(new URL('../../../infra/client/countinghouse.ts', import.meta.url))
const TSC = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url))
const BROWSER = [
  '--noEmit', '--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--noImplicitOverride', '--verbatimModuleSyntax', '--isolatedModules',
  '--noUnusedLocals', '--ignoreConfig', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2022,dom,dom.iterable', '--types', '',
]

let shop: Shop
let person: Person
beforeAll(async () => {
  shop = (await openGround()).shop
  person = await shop.person()
})
afterAll(() => shop.cloud.stop())

/** A page of this person's. */
function pageOf(someone: Person, more: Partial<ShopOptions> = {}): Countinghouse {
  const own: ShopOptions['fetch'] = (url, init) => fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), 'x-forwarded-for': someone.address } })
  return new Countinghouse({ url: shop.cloud.url, token: async () => someone.token, fetch: own, wait: async () => undefined, ...more })
}

/** Answers as they are told, one for each call; what was sent lies in `sent`. */
function scripted(...answers: Array<Response | Error>): { client: Countinghouse; sent: Array<Record<string, string>>; waits: number[] } {
  const [sent, waits]: [Array<Record<string, string>>, number[]] = [[], []]
  const client = new Countinghouse({
    url: 'https://shop.example/', wait: async (ms) => void waits.push(ms),
    fetch: async (url, init) => {
      sent.push({ url, method: String(init.method), ...(init.headers as Record<string, string>) })
      const answer = answers[sent.length - 1] ?? Response.json({ success: true, timestamp: '' })
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  return { client, sent, waits }
}

function refusal(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ success: false, error: 'No.', code, retryable: true, details: { orderId: 'ord_1' }, timestamp: '' }, { status, headers: { 'x-request-id': 'r-1', ...headers } })
}

const lost = (): Error => new TypeError('fetch failed')
const failed = (work: Promise<unknown>): Promise<ShopError> => work.then(() => expect.unreachable('it did not fail'), (error: unknown) => error as ShopError)

describe('does', () => {
  test('compile by itself, as strictly as can be, where there is only a browser', { timeout: 60_000 }, async () => {
    expect(await promisify(execFile)(process.execPath, [TSC, ...BROWSER, CLIENT]).then(({ stdout }) => stdout, (error: { stdout: string }) => error.stdout)).toBe('')
  })

  test('buy: find a product, fill a cart, pay it, see the order', async () => {
    const page = pageOf(person)
    const { products } = await page.listProducts({ q: 'test', limit: 5 })
    expect(products.map(({ id }) => id)).toContain(PRODUCT)
    const { cart } = await page.openCart({ customerId: person.id })
    const filled = await page.setCartItem({ cartId: cart.id, body: { productId: PRODUCT, quantity: 2 } })
    expect(filled.cart.total).toBe(100)
    const sold = await page.checkOut({ customerId: person.id, email: person.email, cartId: cart.id, expectedTotal: 100, paymentMethod: { token: 'pm_card_visa' } })
    expect([sold.total, sold.payment.status, sold.order.state]).toEqual([100, 'succeeded', 'paid'])
    expect((await page.getOrder({ orderId: sold.orderId })).order.lines[0]?.quantity).toBe(2)
    expect((await page.listOrders()).orders.map(({ id }) => id)).toContain(sold.orderId)
  })

  test('go on by pages', async () => {
    const page = pageOf(person)
    const first = await page.listProducts({ limit: 2 })
    const next = await page.listProducts({ limit: 2, cursor: first.nextCursor ?? '' })
    expect(first.products.concat(next.products).map(({ id }) => id).filter((id, place, all) => all.indexOf(id) === place).length).toBe(4)
  })

  test('make a key for what takes one, another for each call, and take the caller\'s own', async () => {
    const { client, sent } = scripted()
    await client.openCart({})
    await client.openCart({})
    await client.openCart({}, { idempotencyKey: 'mine', requestId: 'trace-1' })
    const keys = sent.map((headers) => headers['Idempotency-Key'])
    expect([new Set(keys).size, keys[2], sent[2]?.['X-Request-Id']]).toEqual([3, 'mine', 'trace-1'])
    await client.health()
    expect(sent[3]).toMatchObject({ url: 'https://shop.example/health', method: 'GET' })
    expect(sent[3]?.['Idempotency-Key']).toBeUndefined()
  })

  test('tell of each answer, and whether it had been given before', async () => {
    const told: unknown[] = []
    const page = pageOf(person, { onAnswer: ({ operation, status, replayed, tries }) => told.push([operation, status, replayed, tries]) })
    await page.openCart({}, { idempotencyKey: 'twice' })
    await page.openCart({}, { idempotencyKey: 'twice' })
    expect(told).toEqual([['openCart', 201, false, 1], ['openCart', 201, true, 1]])
  })

  test.each([
    [{ type: ['string', 'null'] }, 'string | null'], [{ allOf: [{ $ref: '#/components/schemas/A' }, { type: 'object', properties: { b: { const: 'it\'s' } }, required: ['b'] }] }, 'A & { readonly b: \'it\\\'s\' }'],
    [{ anyOf: [{ type: 'integer' }, { type: 'number' }] }, 'number'], [{}, 'unknown'], [{ type: 'array', items: { enum: [1, 'a'] } }, 'ReadonlyArray<1 | \'a\'>'],
    [{ type: 'object', additionalProperties: { type: 'number' }, propertyNames: { enum: ['x'] } }, 'Readonly<Record<\'x\', number>>'],
  ])('write %j as %s', (schema, type) => {
    expect(typeOf(schema)).toBe(type)
  })
})

describe('refuses', () => {
  test('a refusal by its code, with all that a program needs', async () => {
    const page = pageOf(await shop.person())
    const error = await failed(page.checkOut({ email: 'a@example.com', cart: [{ productId: PRODUCT, quantity: 1, price: 1 }], paymentMethod: { token: 'pm_card_visa' } }))
    expect(error).toBeInstanceOf(ShopError)
    expect([error.code, error.status, error.retryable, typeof error.requestId, typeof error.idempotencyKey]).toEqual(['PRICE_CHANGED', 409, false, 'string', 'string'])
  })

  test('to try again what would only be refused again, or must not be waited for', async () => {
    for (const answer of [refusal(402, 'PAYMENT_DECLINED'), refusal(429, 'RATE_LIMITED', { 'retry-after': '3' }), refusal(503, 'SERVICE_UNAVAILABLE', { 'retry-after': '60' }), refusal(500, 'INTERNAL_ERROR')]) {
      const { client, sent } = scripted(answer)
      const error = await failed(client.openCart({}))
      expect([sent.length, error.requestId, error.details]).toEqual([1, 'r-1', { orderId: 'ord_1' }])
    }
  })

  test('to send again what has no key and may have been done', async () => {
    const { client, sent } = scripted(lost())
    expect((await failed(client.fulfilOrder({ orderId: 'ord_1', body: { how: 'picked_up' } }))).code).toBe('NETWORK')
    expect(sent.length).toBe(1)
  })

  test('to go on for ever', async () => {
    const { client, sent } = scripted(lost(), lost(), lost(), lost())
    const error = await failed(client.openCart({}))
    expect([error.code, error.retryable, sent.length, error.idempotencyKey]).toEqual(['NETWORK', true, 3, sent[0]?.['Idempotency-Key']])
  })

  test('to answer whom nobody waits for any more', async () => {
    const controller = new AbortController()
    const client = new Countinghouse({ url: 'https://shop.example', fetch: async () => { controller.abort(new Error('left')); throw lost() } })
    await expect(client.openCart({}, { signal: controller.signal })).rejects.toThrow('left')
  })
})

describe('survives', () => {
  test('an answer that is lost: asks again with the same key, and the card is charged once', async () => {
    const buyer = await shop.person()
    const keys: string[] = []
    const losing: ShopOptions['fetch'] = async (url, init) => {
      const headers = init.headers as Record<string, string>
      const answer = await fetch(url, { ...init, headers: { ...headers, 'x-forwarded-for': buyer.address } })
      if (!url.endsWith('/api/checkout')) return answer
      keys.push(headers['Idempotency-Key'] ?? '')
      await answer.text()
      if (keys.length === 1) throw lost()
      return fetch(url, { ...init, headers: { ...headers, 'x-forwarded-for': buyer.address } })
    }
    const page = pageOf(buyer, { fetch: losing })
    const sold = await page.checkOut({ customerId: buyer.id, email: buyer.email, cart: [{ productId: PRODUCT, quantity: 1 }], paymentMethod: { token: 'pm_card_visa' } })
    expect([sold.order.state, keys.length, new Set(keys).size]).toEqual(['paid', 2, 1])
    expect([ordersOf(shop, buyer).length, chargesFor(shop, sold.orderId).length]).toEqual([1, 1])
  })

  test('a shop that is away for a moment, for as long as it says', async () => {
    const { client, sent, waits } = scripted(refusal(503, 'SERVICE_UNAVAILABLE', { 'retry-after': '2' }), refusal(504, 'GATEWAY_TIMEOUT'), Response.json({ success: true, cart: { id: 'cart_1' } }))
    expect((await client.openCart({})).cart.id).toBe('cart_1')
    expect([sent.length, waits[0], new Set(sent.map((headers) => headers['Idempotency-Key'])).size]).toEqual([3, 2000, 1])
    expect(waits[1]).toBeGreaterThanOrEqual(1000)
  })

  test('an answer by something that is not the shop', async () => {
    const page = (status: number): Response => new Response('<html>', { status, headers: { 'content-type': 'text/html' } })
    const { client, sent } = scripted(page(502), page(403), page(200), page(200))
    expect((await failed(client.getProduct({ productId: 'p' }))).code).toBe('UNREADABLE')
    expect((await failed(client.getProduct({ productId: 'p' }))).code).toBe('UNREADABLE')
    expect([await client.showUnsubscribe({ token: 't' }), sent.length]).toEqual(['<html>', 4])
  })
})
