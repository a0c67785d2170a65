/** `/healthz`: whether the shop can reach what it cannot do without. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Shop } from '../shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('name each dependency and say that it is well', async () => {
    const { status, body } = await shop.guest().get('/healthz')
    expect({ status, ...body }).toEqual({ status: 200, success: true, state: 'ok', dependencies: { firestore: 'ok' }, timestamp: expect.any(String) })
  })

  test('ask with one small read', async () => {
    const guest = shop.guest()
    await guest.get('/healthz')
    await guest.call('GET', '/healthz', undefined, { 'x-request-id': 'one-read' })
    const calls = shop.cloud.wire.calls().filter(({ requestId }) => requestId === 'one-read')
    expect(calls.map(({ target, operation }) => [target, operation])).toEqual([['firestore', 'BatchGetDocuments']])
  })
})

describe('survives', () => {
  test('the store being away: 503 with a time to come back, and well again after it', async () => {
    shop.fault({ target: 'firestore', when: 'before', effect: 'error', status: 14, times: 1000 })
    const { status, headers, body } = await shop.guest().get('/healthz')
    shop.calm()
    expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' })
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await shop.guest().get('/healthz')).status).toBe(200)
  })
})
