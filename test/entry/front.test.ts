/** What stands before the framework: a function that is reached directly is as safe as one behind the shop's own address. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../functions/shop.ts'

const ORIGIN = 'https://shop.example'

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ furnish: async () => undefined, environment: { CORS_ORIGINS: ORIGIN, BODY_BYTES_MAX: '2000' } })
})
afterAll(() => shop.cloud.stop())

interface Direct {
  readonly status: number
  readonly headers: Json
  readonly text: string
  readonly body: Json
}

/** As `run.app` takes it: no hosting before it. */
async function reach(name: string, method: string, path: string, { headers = {}, body }: { headers?: Record<string, string>; body?: string | Buffer } = {}): Promise<Direct> {
  const sent = body === undefined ? {} : { body: Buffer.from(body) }
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const answer = await shop.cloud.instances.request(name, { method, path, headers: { 'x-forwarded-for': '10.9.8.7', ...length, ...headers }, ...sent }, 30_000)
  const text = answer.body.toString('utf8')
  return { status: answer.status, headers: answer.headers, text, body: text.startsWith('{') ? (JSON.parse(text) as Json) : {} }
}

const JSON_TYPE = { 'content-type': 'application/json' }

describe('does', () => {
  test.each<[string, () => Promise<Direct>, number]>([
    ['a good answer', () => reach('open-cart', 'POST', '/api/carts'), 201],
    ['a probe', () => reach('health', 'GET', '/health'), 200],
    ['a refusal', () => reach('list-orders', 'GET', '/api/orders'), 401],
    ['another address', () => reach('open-cart', 'GET', '/elsewhere'), 404],
    ['an address of the framework\'s own', () => reach('open-cart', 'GET', '/robots.txt'), 404],
    ['an address that is no text', () => reach('get-order', 'GET', '/api/orders/%E0%A4%A'), 404],
    ['a preflight', () => reach('open-cart', 'OPTIONS', '/api/carts', { headers: { origin: ORIGIN } }), 204],
    ['broken JSON', () => reach('open-cart', 'POST', '/api/carts', { headers: JSON_TYPE, body: '{"a' }), 400],
    ['a body that is too large', () => reach('open-cart', 'POST', '/api/carts', { headers: JSON_TYPE, body: `{"a":"${'x'.repeat(2_000)}"}` }), 413],
    ['a webhook without a signature', () => reach('receive-stripe', 'POST', '/api/webhooks/stripe', { headers: JSON_TYPE, body: '{}' }), 401],
    ['a page', () => reach('unsubscribe', 'GET', '/api/unsubscribe/none'), 404],
  ])('put the security headers on %s', async (_, asked, status) => {
    const answer = await asked()
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({
      'strict-transport-security': expect.stringMatching(/^max-age=\d{8}; includeSubDomains/), 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"), 'cache-control': 'no-store',
    })
    expect(answer.headers['x-powered-by']).toBeUndefined()
  })

  test('hand a webhook the very bytes that came, whatever they call themselves', async () => {
    const answer = await reach('receive-resend', 'POST', '/api/webhooks/resend', { headers: { 'content-type': 'application/json; charset=klingon' }, body: Buffer.from([0x7b, 0xff]) })
    expect([answer.status, answer.body['code']]).toEqual([401, 'UNAUTHORIZED'])
  })
})

describe('refuses', () => {
  test('to unpack what was packed: 50 MB of nothing come as 50 kB, and stay that', async () => {
    const small = gzipSync(Buffer.alloc(50 << 20, 0x20))
    const packed = await reach('open-cart', 'POST', '/api/carts', { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: gzipSync('{}') })
    expect([packed.status, packed.body['details'].fields[0].field]).toEqual([400, 'Content-Encoding'])
    expect((await reach('open-cart', 'POST', '/api/carts', { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: small })).status).toBe(413)
  })

  test.each(['open-cart', 'receive-stripe'])('a body beyond the limit that the shop has set, at %s, and takes the next one', async (name) => {
    const path = name === 'open-cart' ? '/api/carts' : '/api/webhooks/stripe'
    const answer = await reach(name, 'POST', path, { headers: JSON_TYPE, body: Buffer.alloc(3 << 20, 0x20) })
    expect([answer.status, answer.body['code']]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
    expect((await reach('health', 'GET', '/health')).status).toBe(200)
  })

  test.each(['{"a":', 'undefined', '{"a":1}}', "{'a':1}", '\u00ef\u00bb'])('%s as JSON, naming the rule', async (body) => {
    const answer = await reach('open-cart', 'POST', '/api/carts', { headers: JSON_TYPE, body })
    expect([answer.status, answer.body['details'].fields]).toEqual([400, [{ field: 'body', rule: 'must be JSON, in UTF-8' }]])
  })
})
