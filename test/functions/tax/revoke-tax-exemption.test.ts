/** Revoking a tax exemption: what is bought from then on is taxed, what was bought stays as it was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ruleOf } from '../promotion.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const LINE = { productId: 'test-product-1', quantity: 2 }

let shop: Shop
let admin: Person
beforeAll(async () => {
  shop = await openShop({ environment: { TAX_RATES: '[{"state":"TX","category":"*","percent":"8.25"}]' } })
  admin = await shop.person('admin')
})
afterAll(() => shop.cloud.stop())

async function exempt(): Promise<Person> {
  const buyer = await shop.person()
  await admin.call('PUT', `/api/admin/customers/${buyer.id}/tax-exemption`, { certificate: 'A-1', validThrough: '2030-01-01', reason: 'Reseller' })
  return buyer
}

describe('does', () => {
  test('tax what is bought from then on; it may be granted anew', async () => {
    const buyer = await exempt()
    const before = await buyer.buy(LINE)
    const { status, body } = await admin.post(`/api/admin/customers/${buyer.id}/tax-exemption/revoke`, { reason: 'Lapsed' })
    expect([status, body['exemption'].revokedAt, body['exemption'].certificate]).toEqual([200, expect.any(String), undefined])
    expect([before['tax'], (await buyer.buy({ ...LINE, quantity: 4 }))['tax'], shop.document('orders', before['id'])?.['tax']]).toEqual([0, 16.5, 0])
    await admin.call('PUT', `/api/admin/customers/${buyer.id}/tax-exemption`, { certificate: 'A-2', validThrough: '2031-01-01', reason: 'New certificate' })
    expect((await buyer.fill(LINE))['tax']).toBe(0)
  })

  test('be on record once, however often it is asked for', async () => {
    const buyer = await exempt()
    for (let n = 0; n < 2; n += 1) await admin.post(`/api/admin/customers/${buyer.id}/tax-exemption/revoke`, { reason: 'Lapsed' })
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events_log')) as Json[]).filter(({ subject, what }) => subject === buyer.id && what === 'tax_exemption.revoked')
    expect(events.map(({ why, who }) => [why, who])).toEqual([['Lapsed', `admin ${admin.id}`]])
  })
})

describe('refuses', () => {
  test('a customer who has none, no reason, and everybody but admins', async () => {
    const buyer = await exempt()
    const path = `/api/admin/customers/${buyer.id}/tax-exemption/revoke`
    expect((await admin.post('/api/admin/customers/nobody/tax-exemption/revoke', { reason: 'x' })).status).toBe(404)
    expect(ruleOf(await admin.post(path, {})).slice(0, 2)).toEqual([400, 'reason'])
    const people = [await shop.person('support'), await shop.person('viewer'), buyer, shop.guest()]
    expect(await Promise.all(people.map(async (who) => (await who.post(path, { reason: 'x' })).status))).toEqual([403, 403, 403, 401])
    expect((await buyer.fill(LINE))['tax']).toBe(0)
  })
})
