/** Staff see which SKUs both tills have, a page at a time. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
  await shop.tally('sync-lightspeed-items')
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('list each once, a page at a time, with the product that counts and the one that is left out', async () => {
    const staff = await shop.person('support')
    const first = (await staff.get('/api/admin/sku-conflicts?limit=1')).body
    const second = (await staff.get(`/api/admin/sku-conflicts?limit=1&cursor=${first['nextCursor']}`)).body
    const both: Json[] = [...first['conflicts'], ...second['conflicts']]
    expect(both.map(({ sku, counts, leftOut }) => ({ sku, counts, leftOut })).sort((a, b) => (a.sku < b.sku ? -1 : 1))).toEqual([
      { sku: 'AP-CAP-NAT', counts: 'VARCAPNAT', leftOut: 'ls_1' },
      { sku: 'AP-CAP-OLV', counts: 'VARCAPOLV', leftOut: 'ls_2' },
    ])
    expect(second['nextCursor']).toBeNull()
  })
})

describe('refuses', () => {
  test('whoever is no staff, and a cursor that is not one of ours', async () => {
    expect((await (await shop.person('customer')).get('/api/admin/sku-conflicts')).status).toBe(403)
    expect((await (await shop.person('viewer')).get('/api/admin/sku-conflicts?cursor=nonsense')).status).toBe(400)
  })
})
