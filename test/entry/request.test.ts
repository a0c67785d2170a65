/** What the seam reads off a request: who it came from, its key, its path, and a body that holds no card. */
import type { Request } from '@google-cloud/functions-framework'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bodyOf, idempotencyKeyOf, ipOf, paramsOf, refuseCardNumbers, requestIdOf } from '#entry/request.ts'
import { Failure } from '#values/failure.ts'
import { CHARACTER } from '../character.ts'

const CARD = '4242424242424242'
interface Sent {
  readonly headers?: Record<string, string | string[]>
  readonly raw?: string | Buffer
  readonly body?: unknown
}

/** As much of a request as these functions look at. */
function request({ headers = {}, raw, body }: Sent = {}): Request {
  return {
    headers, rawBody: raw === undefined ? undefined : Buffer.from(raw), body, socket: { remoteAddress: '192.0.2.9' },
  } as unknown as Request
}
function json(raw: string, type = 'application/json'): Request {
  const headers = { 'content-type': type, 'content-length': String(Buffer.byteLength(raw)) }
  return request({ headers, raw, body: safely(raw) })
}
function safely(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}
function refusal(work: () => unknown): Failure {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('does', () => {
  test.each([
    ['/api/orders/:orderId', '/api/orders/ord_1', { orderId: 'ord_1' }],
    ['/api/orders/:orderId', '/api/orders/ord_1/', { orderId: 'ord_1' }], ['/api/carts', '/api/carts', {}],
    ['/api/orders/:orderId/refunds', '/api/orders/ord_1/refunds', { orderId: 'ord_1' }],
    ['/a/:x/b/:y', '/a/1/b/2', { x: '1', y: '2' }],
    ['/api/products/:productId', '/api/products/a%3Ab%23c', { productId: 'a:b#c' }],
    ['/api/orders/:orderId', '/api/orders/a%2Fb', { orderId: 'a/b' }],
  ] as const)('reads %s in %s', (pattern, path, params) => {
    expect(paramsOf(pattern, path)).toEqual(params)
  })

  test.each([
    ['/api/orders/:orderId', '/api/orders'], ['/api/orders/:orderId', '/api/orders/a/b'],
    ['/api/orders/:orderId', '/api/order/a'], ['/api/carts', '/api/Carts'], ['/api/carts', '//api/carts'],
  ])('%s is not the path %s', (pattern, path) => {
    expect(paramsOf(pattern, path)).toBeUndefined()
  })

  test('any id goes through a path unchanged', () => {
    fc.assert(fc.property(fc.string({ minLength: 1, unit: CHARACTER }), (id) => {
      expect(paramsOf('/api/orders/:orderId/refunds', `/api/orders/${encodeURIComponent(id)}/refunds`)).toEqual({ orderId: id })
    }))
  })

  test.each([
    ['10.0.0.1', '10.0.0.1'], ['6.6.6.6, 10.0.0.1', '10.0.0.1'], ['6.6.6.6,10.0.0.1 ', '10.0.0.1'], ['', '192.0.2.9'],
    ['6.6.6.6, ', '192.0.2.9'], ['2001:db8::1', '2001:db8::1'],
  ])('of the hops "%s" counts the one that the hosting wrote: %s', (hops, ip) => {
    expect(ipOf(request({ headers: { 'x-forwarded-for': hops } }))).toBe(ip)
  })

  test('without hops the address is the socket\'s', () => {
    expect(ipOf(request())).toBe('192.0.2.9')
  })

  test('keeps a request id that can be kept, else makes one', () => {
    expect(requestIdOf(request({ headers: { 'x-request-id': 'trace-1' } }))).toBe('trace-1')
    for (const bad of [
      '', 'a b', 'a\nb', 'é', 'x'.repeat(129),
    ]) expect(requestIdOf(request({ headers: { 'x-request-id': bad } }))).toMatch(/^[0-9a-f-]{36}$/)
    expect(requestIdOf(request())).not.toBe(requestIdOf(request()))
  })

  test.each(['a', 'x'.repeat(255), '!~', '8f14e45f-ceea-467f-a1b2-3c4d5e6f7a8b'])('takes the idempotency key %s', (key) => {
    expect(idempotencyKeyOf(request({ headers: { 'idempotency-key': key } }))).toBe(key)
  })

  test('no idempotency key is no key', () => {
    expect(idempotencyKeyOf(request())).toBeUndefined()
  })

  test.each([
    'application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"',
  ])('reads a body of type %s', (type) => {
    expect(bodyOf(json('{"a":[1]}', type))).toEqual({ a: [1] })
  })

  test('nothing sent is an empty object', () => {
    expect(bodyOf(request())).toEqual({})
    expect(bodyOf(request({ raw: '', headers: { 'content-length': '0' } }))).toEqual({})
  })

  test.each([
    '{"token":"pm_card_visa"}', `{"id":"ord_${CARD}"}`, '{"atMs":1793620800000}', '{"at":"2026-11-02T12:00:00.000Z"}',
    '{"phone":"+1 512-555-0123"}', '{"note":"4242 4242"}',
    `{"note":"\\\\n${CARD}"}`,
  ])('lets through %s', (raw) => {
    expect(bodyOf(json(raw))).toEqual(JSON.parse(raw))
  })
})

describe('refuses', () => {
  test.each(['', ' ', 'a b', 'x'.repeat(256), 'é', 'a\tb', '\u0000'])('the idempotency key %j, naming the header', (key) => {
    const failure = refusal(() => idempotencyKeyOf(request({ headers: { 'idempotency-key': key } })))
    expect([failure.code, failure.message]).toEqual([
      'INVALID_INPUT', 'Idempotency-Key: must be 1 to 255 visible ASCII characters',
    ])
  })

  test.each([
    'text/plain', 'application/x-www-form-urlencoded', '', 'application/jsonp', 'application/json; charset=utf-16',
    'multipart/form-data', 'application/json-patch+json',
  ])('a body of type "%s"', (type) => {
    expect(refusal(() => bodyOf(json('{"a":1}', type)))).toMatchObject({
      code: 'INVALID_INPUT', message: expect.stringMatching(/^Content-Type: /),
    })
  })

  test('a body that was announced and not read', () => {
    expect(refusal(() => bodyOf(request({ headers: { 'content-length': '7' } }))).code).toBe('INVALID_INPUT')
  })

  test('more than a mebibyte, read or only announced', () => {
    expect(refusal(() => bodyOf(request({ raw: Buffer.alloc((1 << 20) + 1, 'a') }))).code).toBe('PAYLOAD_TOO_LARGE')
    const announced = request({ headers: { 'content-length': String((1 << 20) + 1) } })
    expect(refusal(() => bodyOf(announced)).code).toBe('PAYLOAD_TOO_LARGE')
    expect(bodyOf(json(JSON.stringify({ a: 'b'.repeat((1 << 20) - 8) })))).toBeDefined()
  })

  test.each([
    ['a card', `{"note":"${CARD}"}`], ['a card in fours', '{"note":"4242 4242 4242 4242"}'],
    ['a card as a number', `{"n":${CARD}}`], ['a card deep inside', `{"a":[{"b":"x ${CARD}"}]}`],
    ['a card as a field', `{"${CARD}":1}`], ['an escaped digit', `{"note":"\\u0034${CARD.slice(1)}"}`],
    ['a card on its own line', `{"note":"card:\\n${CARD}\\nthanks"}`],
    ['a card behind a tab', `{"note":"\\t${CARD}"}`], ['a card and its expiry', `{"note":"${CARD} 12/29"}`],
    ['a card in no JSON at all', `card=${CARD}`],
  ])('%s, without repeating it', (_what, raw) => {
    const failure = refusal(() => bodyOf(json(raw)))
    expect(failure).toMatchObject({
      code: 'INVALID_INPUT', details: { fields: [{ field: 'body', rule: 'must not contain a card number' }] },
    })
    expect(JSON.stringify([failure.message, failure.details, failure.reason])).not.toMatch(/\d{4}/)
  })

  test('a card wherever it stands in the text that a caller sends', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (before, after) => {
      const text = JSON.stringify({ note: `${before}\n${CARD}\n${after}` })
      expect(refusal(() => refuseCardNumbers(text)).code).toBe('INVALID_INPUT')
    }))
  })
})

describe('survives', () => {
  test('a path that is not text', () => {
    expect(paramsOf('/api/orders/:orderId', '/api/orders/%E0%A4%A')).toBeUndefined()
  })
})
