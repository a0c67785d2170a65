import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InstanceLost, Instances, InstanceTimeout, type InstanceAnswer } from '../../../infra/local/instances.ts'

const functionsModule = new URL('./fixtures/functions.ts', import.meta.url)
const logged: string[] = []
const instances = new Instances({
  count: 2,
  functionsModule,
  environment: (label) => ({ JWT_SECRET: `secret of ${label}` }),
  log: (label, text) => void logged.push(`${label} ${text}`),
})

interface Echo {
  pid: number
  now: string
  isDate: boolean
  raw?: string
  body?: unknown
  headers: Record<string, string>
  env: { JWT_SECRET: string }
}

beforeAll(() => instances.start(0), 30_000)
afterAll(() => instances.stop())

function ask(path = '/api/echo/1', headers: Record<string, string> = {}, body?: string): Promise<InstanceAnswer> {
  const method = body === undefined ? 'GET' : 'POST'
  return instances.request('echo', { method, path, headers, ...(body === undefined ? {} : { body }) }, 20_000)
}

async function echo(...parameters: Parameters<typeof ask>): Promise<Echo> {
  return JSON.parse((await ask(...parameters)).body.toString('utf8')) as Echo
}

describe('does', () => {
  test('serves requests from two processes in turn', async () => {
    const pids = new Set((await Promise.all([echo(), echo(), echo(), echo()])).map(({ pid }) => pid))
    expect(pids.size).toBe(2)
    expect(pids.has(process.pid)).toBe(false)
  })

  test('gives each process its own environment', async () => {
    const secrets = new Set((await Promise.all([echo(), echo()])).map(({ env }) => env.JWT_SECRET))
    expect(secrets).toEqual(new Set(['secret of instance-1', 'secret of instance-2']))
  })

  test('hands a body to functions as bytes, unread, as it came', async () => {
    const seen = await echo('/api/echo/1', { 'content-type': 'application/json' }, '{ "a":  1 }')
    expect(seen.body).toMatchObject({ type: 'Buffer' })
    expect(seen.raw).toBe('{ "a":  1 }')
  })

  test('moves Date in every process with the clock, and leaves it a proper Date', async () => {
    const before = Date.now()
    await instances.clock(3 * 86_400_000)
    for (const seen of await Promise.all([echo(), echo()])) {
      const aheadMs = Date.parse(seen.now) - before
      expect(aheadMs).toBeGreaterThanOrEqual(3 * 86_400_000)
      expect(aheadMs).toBeLessThan(3 * 86_400_000 + 20_000)
      expect(seen.isDate).toBe(true)
    }
  })

  test('says in calls to other servers which function and request they serve', async () => {
    const heard: unknown[] = []
    const server = createServer((request, response) => {
      heard.push([request.headers['x-local-function'], request.headers['x-local-request']])
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const path = `/api/echo/1?call=${encodeURIComponent(url)}`
    const byHttp = path.replace('call=', 'callByHttp=')
    await Promise.all([
      ask(path, { 'x-request-id': 'r-1' }),
      ask(path, { 'x-request-id': 'r-2', 'content-type': 'text/plain' }, 'with a body'),
      ask(byHttp, { 'x-request-id': 'r-3' }),
      ask(path, { 'ce-id': 'event-4' }),
    ])
    server.closeAllConnections()
    server.close()
    expect(heard.sort()).toEqual([['echo', 'event-4'], ['echo', 'r-1'], ['echo', 'r-2'], ['echo', 'r-3']])
  })
})

describe('refuses', () => {
  test('does not show a function the headers of the router', async () => {
    const { headers } = await echo()
    expect(Object.keys(headers).filter((name) => name.startsWith('x-local'))).toEqual([])
  })

  test('gives a request up at its deadline', async () => {
    const asked = instances.request('echo', { method: 'GET', path: '/?waitMs=2000', headers: {} }, 30)
    await expect(asked).rejects.toBeInstanceOf(InstanceTimeout)
  })

  test('does not start functions that cannot be loaded, and says why', async () => {
    const broken = new Instances({
      count: 1,
      functionsModule: new URL('./fixtures/absent.ts', import.meta.url),
      environment: () => ({}),
      log: () => undefined,
    })
    await expect(broken.start(0)).rejects.toThrow(/absent\.ts/)
  }, 15_000)
})

describe('survives', () => {
  test('says the answer is lost when the process dies in the middle, and comes back with the right time', async () => {
    await expect(ask('/api/echo/1?crash')).rejects.toBeInstanceOf(InstanceLost)
    await instances.allReady()
    const now = await Promise.all([echo(), echo()])
    for (const seen of now) expect(Date.parse(seen.now) - Date.now()).toBeGreaterThan(2 * 86_400_000)
    expect(new Set(now.map(({ pid }) => pid)).size).toBe(2)
  })

  test('takes requests with both processes killed, once one is back', async () => {
    expect(instances.kill('instance-1')).toBe(true)
    expect(instances.kill('instance-2')).toBe(true)
    expect(instances.kill('instance-9')).toBe(false)
    expect((await ask()).status).toBe(200)
    await instances.allReady()
  })

  test('holds its place when nobody listens at the address a function calls', async () => {
    const free = createTcpServer()
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
    const { port } = free.address() as AddressInfo
    await new Promise((resolve) => free.close(resolve))
    expect((await ask(`/api/echo/1?call=${encodeURIComponent(`http://127.0.0.1:${port}/`)}`)).status).toBe(500)
    expect((await ask()).status).toBe(200)
  })
})
