/** Staff see what is wrong just now before what was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const LIST = '/api/admin/alerts'

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop()
  viewer = await shop.person('viewer')
  const nowMs = shop.cloud.now()
  // Every third is over; the later ones were heard of last.
  for (let n = 0; n < 9; n++) {
    const over = n % 3 === 0
    const data = {
      key: `matter/${n}`, severity: 'p1', summary: `Matter ${n}.`, details: { n }, orderId: null, status: over ? 'resolved' : 'open', count: n, version: 1, firstAtMs: nowMs,
      lastAtMs: nowMs + n, resolvedAtMs: over ? nowMs + n : null, quietAtMs: null, toTell: [], toldAtMs: nowMs, attempts: 0, nextAtMs: null, teller: null, lastError: null,
    }
    await shop.cloud.servers.firestore.write([{ path: `alerts/alt_${n}`, data }])
  }
})
afterAll(() => shop.cloud.stop())

const numbers = (alerts: Json[]): number[] => alerts.map(({ details }) => details.n)

describe('does', () => {
  test('list open ones first, those heard of last first', async () => {
    const { status, body } = await viewer.get(LIST)
    expect(status).toBe(200)
    expect(numbers(body['alerts'])).toEqual([8, 7, 5, 4, 2, 1, 6, 3, 0])
    expect(body['alerts'][0]).toMatchObject({ key: 'matter/8', severity: 'p1', status: 'open', summary: 'Matter 8.', count: 8, resolvedAt: null, firstAt: expect.stringMatching(/Z$/) })
    expect(body['alerts'][8]).toMatchObject({ status: 'resolved', resolvedAt: expect.stringMatching(/Z$/) })
  })

  test('page through all of them, each once', async () => {
    const seen: number[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await viewer.get(`${LIST}?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      expect(body['alerts'].length).toBeLessThanOrEqual(2)
      seen.push(...numbers(body['alerts']))
      cursor = body['nextCursor'] as string | null
    }
    expect(seen).toEqual([8, 7, 5, 4, 2, 1, 6, 3, 0])
  })
})

describe('refuses', () => {
  test.each(['limit=0', 'limit=101', 'cursor=x', 'status=open'])('?%s', async (query) => {
    expect((await viewer.get(`${LIST}?${query}`)).status).toBe(400)
  })

  test('customers and guests', async () => {
    expect((await (await shop.person()).get(LIST)).status).toBe(403)
    expect((await shop.guest().get(LIST)).status).toBe(401)
  })
})
