import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { declarationsOf } from '../../../infra/build/declarations.ts'
import { firebaseJson } from '../../../infra/build/firebase.ts'
import { BODY_BYTES_MAX } from '../../../infra/local/answers.ts'
import { Gateway, listen } from '../../../infra/local/gateway.ts'
import { globToRegExp } from '../../../infra/local/globs.ts'
import { InstanceLost, InstanceTimeout, type InstanceAnswer, type InstanceRequest } from '../../../infra/local/instances.ts'
import * as functions from './fixtures/functions.ts'

type Sent = InstanceRequest & { name: string; timeoutMs: number }

/** Stands where the instances stand; what it got lies in `sent`, by request id. */
const sent = new Map<string, Sent>()
const { hosting } = firebaseJson(declarationsOf(functions))
const gateway = new Gateway({
  firebaseJson: hosting,
  send: async (name, request, timeoutMs): Promise<InstanceAnswer> => {
    sent.set(String(request.headers['x-request-id']), { name, timeoutMs, ...request })
    if (request.path.includes('?lost')) throw new InstanceLost('instance-1 gave no answer')
    if (request.path.includes('?late')) throw new InstanceTimeout('too late')
    const open = request.path.includes('?open') ? { 'cache-control': 'public, max-age=60' } : {}
    const headers = { 'content-type': 'text/plain', 'set-cookie': ['__session=s'], 'x-content-type-options': 'own', ...open }
    return { status: 200, headers, body: Buffer.from('hello') }
  },
  timeoutSecondsOf: (name) => (name === 'echo-fixed' ? 1 : 300),
  control: async (_request, response) => void response.end('control'),
  now: () => Date.UTC(2026, 11, 1),
})
let base = ''
let stop: () => void = () => undefined

beforeAll(async () => {
  const { server, port } = await listen(0)
  server.on('request', gateway.handle)
  base = `http://127.0.0.1:${port}`
  stop = () => void server.close()
})
afterAll(() => stop())

/** The request as the function would have got it. */
async function passed(path: string, init: RequestInit = {}): Promise<Sent> {
  const answer = await fetch(`${base}${path}`, init)
  const found = sent.get(answer.headers.get('x-request-id') ?? '')
  if (found === undefined) throw new Error(`not passed on: ${answer.status}`)
  return found
}

describe('does', () => {
  test('takes the literal route before the parameter', async () => {
    expect((await passed('/api/echo/fixed')).name).toBe('echo-fixed')
    expect((await passed('/api/echo/other')).name).toBe('echo')
    expect((await passed('/api/webhooks/stripe', { method: 'POST', body: '{}' })).name).toBe('receive-stripe-event')
  })

  test('passes the whole path, the query and the exact bytes', async () => {
    const got = await passed('/api/echo/a%20b?x=1&x=2', { method: 'POST', body: '{ "a":1 }' })
    expect(got.path).toBe('/api/echo/a%20b?x=1&x=2')
    expect(String(got.body)).toBe('{ "a":1 }')
  })

  test('names exactly one hop: the address the caller claims, else its own', async () => {
    const from = async (claimed?: string): Promise<unknown> => {
      const got = await passed('/api/echo/1', claimed === undefined ? {} : { headers: { 'X-Forwarded-For': claimed } })
      return got.headers['x-forwarded-for']
    }
    expect(await from(' 203.0.113.7 ')).toBe('203.0.113.7')
    expect(await from('203.0.113.7, 10.0.0.1')).toBe('203.0.113.7')
    expect(await from('2001:db8::1')).toBe('2001:db8::1')
    expect(await from('nonsense')).toBe('127.0.0.1')
    expect(await from()).toBe('127.0.0.1')
  })

  test('keeps a printable request id and makes one otherwise', async () => {
    const idFor = async (given?: string): Promise<string | null> => {
      const answer = await fetch(`${base}/api/echo/1`, given === undefined ? {} : { headers: { 'X-Request-Id': given } })
      return answer.headers.get('x-request-id')
    }
    expect(await idFor('order 12')).toBe('order 12')
    expect(await idFor('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/)
    expect(await idFor()).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('lets a function have the last word on headers, and keeps answers private unless it says otherwise', async () => {
    const answer = await fetch(`${base}/api/echo/1`)
    expect(answer.headers.get('x-content-type-options')).toBe('own')
    expect(answer.headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin')
    expect(answer.headers.get('cache-control')).toBe('private')
    expect(answer.headers.get('set-cookie')).toBe('__session=s')
    expect((await fetch(`${base}/api/echo/1?open`)).headers.get('set-cookie')).toBeNull()
  })

  test("gives a function its own time, and never more than Hosting's 60 seconds", async () => {
    expect((await passed('/api/echo/fixed')).timeoutMs).toBe(1_000)
    expect((await passed('/api/echo/1')).timeoutMs).toBe(60_000)
  })

  test.each([
    ['/api/orders{,/**}', ['/api/orders', '/api/orders/1', '/api/orders/1/refunds'], ['/api/ordersx', '/api']],
    ['/api/orders/**', ['/api/orders/1', '/api/orders/1/x'], ['/api/orders']],
    ['/api/orders/*', ['/api/orders/1'], ['/api/orders/', '/api/orders/1/x']],
    ['/api/orders/*/refunds', ['/api/orders/1/refunds'], ['/api/orders//refunds', '/api/orders/1/refund']],
    ['/@(a|b)/c?', ['/a/c1', '/b/cx'], ['/c/c1', '/a/c', '/a/c/']],
    ['/a.b', ['/a.b'], ['/axb']],
    ['/img-*.png', ['/img-.png', '/img-1.png'], ['/img-1/.png']],
    ['/!(api)/x', ['/web/x', '/apis/x'], ['/web/y']],
    ['**', ['/', '/a/b'], []],
  ])('reads the pattern %s as Hosting does', (glob, yes, no) => {
    const pattern = globToRegExp(glob)
    expect(yes.filter((path) => !pattern.test(path))).toEqual([])
    expect(no.filter((path) => pattern.test(path))).toEqual([])
  })
})

describe('refuses', () => {
  test('says 404 in the shape of the product for an unknown address', async () => {
    const answer = await fetch(`${base}/api/nothing`)
    expect(answer.status).toBe(404)
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(await answer.json()).toEqual({
      success: false,
      error: 'There is nothing at this address.',
      code: 'NOT_FOUND',
      retryable: false,
      timestamp: '2026-12-01T00:00:00.000Z',
    })
  })

  test('lets no cookie through but __session', async () => {
    expect((await passed('/api/echo/1', { headers: { Cookie: 'a=1; __session=x; b=2' } })).headers['cookie']).toBe('__session=x')
    expect((await passed('/api/echo/1', { headers: { Cookie: 'a=1' } })).headers['cookie']).toBeUndefined()
  })

  test('lets no client speak to the router', async () => {
    const headers = { 'X-Local-Function': 'other', 'X-Local-Request': 'r', Forwarded: 'for=1.1.1.1' }
    const got = await passed('/api/echo/1', { headers })
    expect(got.name).toBe('echo')
    expect(Object.keys(got.headers).filter((name) => name.startsWith('x-local') || name === 'forwarded')).toEqual([])
  })

  test.each([
    ['by its length', { 'content-length': String(BODY_BYTES_MAX + 1) }],
    ['as it comes', { 'transfer-encoding': 'chunked' }],
  ])('answers 413 to more than 32 MB, known %s', async (_how, headers) => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = httpRequest(`${base}/api/echo/1`, { method: 'POST', headers }, resolve)
      outgoing.on('error', reject)
      if ('transfer-encoding' in headers) for (let part = 0; part < 33; part += 1) outgoing.write(Buffer.alloc(1 << 20))
      else outgoing.flushHeaders()
    })
    expect(answer.statusCode).toBe(413)
    answer.destroy()
  })

  test('passes on no method that Hosting does not know', async () => {
    const answer = await new Promise<IncomingMessage>((resolve) => {
      httpRequest(`${base}/api/echo/1`, { method: 'PURGE' }, resolve).end()
    })
    answer.resume()
    expect(answer.statusCode).toBe(405)
  })

  test('builds no shop in which two functions claim one route or one name', () => {
    const other = { ...functions.echo, name: 'other', path: '/api/echo/:thing' }
    expect(() => declarationsOf({ ...functions, other })).toThrow('Two functions declare the route "/api/echo/*"')
    const namesake = { ...functions.echo, path: '/api/else' }
    expect(() => declarationsOf({ ...functions, namesake })).toThrow('Two functions declare the name "echo"')
  })

  test('keeps local control to its own address', async () => {
    expect(await (await fetch(`${base}/_local/clock`)).text()).toBe('control')
    expect((await fetch(`${base}/_localish`)).status).toBe(404)
  })
})

describe('survives', () => {
  test('answers 503 to be tried again when the instance died with the request', async () => {
    const answer = await fetch(`${base}/api/echo/1?lost`)
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(await answer.json()).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true })
  })

  test('answers 504 when the time is over', async () => {
    const answer = await fetch(`${base}/api/echo/1?late`)
    expect(answer.status).toBe(504)
    expect(await answer.json()).toMatchObject({ code: 'GATEWAY_TIMEOUT', retryable: true })
  })

  test('names a port that is taken', async () => {
    await expect(listen(Number(new URL(base).port))).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
