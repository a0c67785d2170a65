/** A large past comes in while the till's server is overrun. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MINUTE_MS } from '#values/time.ts'
import { openShop, type Json, type Shop } from '../functions/shop.ts'

const PAYMENTS = 3_000

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

describe('survives', () => {
  test(`${PAYMENTS} payments from a Square that refuses after every five pages: all of them, each once`, async () => {
    await shop.act('square', 'past', { payments: PAYMENTS })
    for (const status of [429, 500, 503]) {
      shop.fault({ target: 'square', operation: 'GET /v2/payments', when: 'before', effect: 'error', status, skip: 5, times: 8 })
      expect((await shop.cloud.runJob('sync-square-payments')).status).toBe(503)
      shop.calm()
      await shop.cloud.advance(15 * MINUTE_MS)
    }
    await shop.tally('sync-square-payments')
    const ids = ((await shop.cloud.rows('commerce', 'square_payments')) as Json[]).map(({ id }) => String(id))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => id.startsWith('PAST'))).toHaveLength(PAYMENTS)
  })
})
