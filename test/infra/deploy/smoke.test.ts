/** The smoke test, against a whole shop and against one that is broken. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { smoke } from '../../../infra/deploy/smoke-checks.ts'
import { openShop, type Shop } from '../../functions/shop.ts'

let shop: Shop

beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

async function brokenShop(): Promise<{ server: Server; url: URL }> {
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"success":true,"state":"ok","openapi":"3.1.0","products":[]}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) }
}

describe('does', () => {
  test('a shop that runs holds all', async () => {
    const results = await smoke(new URL(shop.cloud.url))
    expect(results.length).toBeGreaterThan(5)
    expect(results.filter(({ fault }) => fault !== undefined)).toEqual([])
  })
})

describe('refuses', () => {
  test('a shop that lets everybody in', async () => {
    const { server, url } = await brokenShop()
    const faults = (await smoke(url, 1)).flatMap(({ fault }) => fault ?? [])
    server.close()
    expect(faults).toEqual([
      '/api/orders answered 200 instead of 401',
      '/api/admin/ledger/accounts answered 200 instead of 401',
      '/api/products/no-such-product answered 200 instead of 404',
    ])
  })

  test('a shop that does not answer', async () => {
    const { server, url } = await brokenShop()
    await new Promise((resolve) => server.close(resolve))
    expect((await smoke(url, 1)).every(({ fault }) => fault !== undefined)).toBe(true)
  })
})
