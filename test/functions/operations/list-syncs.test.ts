/** Staff see how far each sync is, how far behind, and what its last runs did. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MINUTE_MS } from '#values/time.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

const syncs = async (query = ''): Promise<Json[]> => (await (await shop.person('viewer')).get(`/api/admin/syncs${query}`)).body['syncs']
const syncOf = async (job: string): Promise<Json | undefined> => (await syncs()).find((one) => one['job'] === job)
const alert = (): Json | undefined => shop.documents('alerts').find(({ data }) => data['key'] === 'syncs/lag')?.data

describe('does', () => {
  test('show each sync with its mode, its watermark, its lag and its last runs, the newest first', async () => {
    await shop.tally('sync-square-payments')
    await shop.cloud.advance(12 * MINUTE_MS)
    const sync = await syncOf('sync-square-payments')
    expect(sync).toMatchObject({ job: 'sync-square-payments', mode: 'live', running: false, history: 'complete' })
    expect(sync?.['lagSeconds']).toBeGreaterThanOrEqual(12 * 60)
    await shop.tally('sync-square-payments')
    const after = await syncOf('sync-square-payments')
    expect(after?.['lagSeconds']).toBeLessThan(60)
    const [last, first, ...others] = (after as Json)['runs'] as Json[]
    expect(others).toEqual([])
    expect(last).toMatchObject({ state: 'done', mode: 'live', read: 0, saved: 0, unchanged: 0, refused: 0, error: null })
    expect(last?.['watermark']).toBe(last?.['startedAt'])
    expect(Date.parse(last?.['startedAt'])).toBeGreaterThan(Date.parse(first?.['startedAt']))
    expect((await syncs('?limit=1')).map(({ job, runs }) => [job, runs.length])).toEqual([['sync-square-catalogue', 1], ['sync-square-payments', 1]])
  })

  test('tell staff when one is behind for more than half an hour, and that it is over when it has caught up', async () => {
    await shop.tally('sync-square-payments')
    await shop.cloud.advance(MINUTE_MS)
    await shop.tally('sync-square-catalogue')
    await shop.cloud.advance(28 * MINUTE_MS)
    await shop.tally('sweep-alerts')
    await shop.cloud.drain()
    expect(alert()).toBeUndefined()
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.tally('sweep-alerts')
    await shop.cloud.drain()
    expect(alert()).toMatchObject({ status: 'open', severity: 'p1', details: { sync: 'sync-square-payments' } })
    for (const job of ['sync-square-payments', 'sync-square-catalogue']) await shop.tally(job)
    await shop.tally('sweep-alerts')
    await shop.cloud.drain()
    expect(alert()).toMatchObject({ status: 'resolved' })
  })
})

describe('refuses', () => {
  test.each(['?limit=0', '?limit=51', '?job=x'])('%s', async (query) => {
    expect((await (await shop.person('admin')).get(`/api/admin/syncs${query}`)).status).toBe(400)
  })

  test('whoever is no staff', async () => {
    expect((await (await shop.person('customer')).get('/api/admin/syncs')).status).toBe(403)
  })
})
