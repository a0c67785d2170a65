/** Tax exemptions: granted by an admin with a reason, shown without the certificate to all others, kept sealed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ruleOf } from '../promotion.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

const GRANT = { certificate: 'TX-RESALE-4711', states: ['tx', 'OK', 'TX'], validThrough: '2030-06-30', reason: 'Reseller' }

let shop: Shop
let admin: Person
beforeAll(async () => {
  shop = await openShop({ environment: { TAX_RATES: '[{"state":"TX","category":"*","percent":"8.25"}]' } })
  admin = await shop.person('admin')
})
afterAll(() => shop.cloud.stop())

function grant(customerId: string, wish: Json = {}, who: Person = admin): Promise<Answer> {
  return who.call('PUT', `/api/admin/customers/${customerId}/tax-exemption`, { ...GRANT, ...wish })
}

async function taxOf(buyer: Person): Promise<number> {
  return (await buyer.fill({ productId: 'test-product-1', quantity: 2 }))['tax']
}

describe('does', () => {
  test('exempt a customer from then on until the last day is over where the store is', async () => {
    const buyer = await shop.person()
    expect(await taxOf(buyer)).toBe(8.25)
    const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago' }).format(shop.cloud.now())
    const { status, body } = await grant(buyer.id, { validThrough: today })
    expect([status, body['exemption']]).toEqual([200, expect.objectContaining({ customerId: buyer.id, states: ['OK', 'TX'], validThrough: today, revokedAt: null })])
    expect(await taxOf(buyer)).toBe(0)
    await shop.cloud.advance(86_400_000)
    admin = await shop.person('admin', admin.id)
    expect(await taxOf(await shop.person('customer', buyer.id))).toBe(8.25)
  })

  test('show it: the certificate to admins only', async () => {
    await grant('customer-shown')
    const path = '/api/admin/customers/customer-shown/tax-exemption'
    expect((await admin.get(path)).body['exemption']).toMatchObject({ certificate: 'TX-RESALE-4711' })
    for (const role of ['viewer', 'support'] as const) {
      const { status, body } = await (await shop.person(role)).get(path)
      expect([status, body['exemption'].validThrough, body['exemption'].certificate]).toEqual([200, '2030-06-30', undefined])
    }
  })

  test('leave an audit event for each change, with who and why, and nowhere the certificate in the clear', async () => {
    await grant('customer-audited')
    await grant('customer-audited', { states: [], reason: 'All states' })
    await shop.cloud.drain()
    const events = (await shop.cloud.rows('audit', 'events_log')) as Json[]
    const own = events.filter(({ subject }) => subject === 'customer-audited')
    expect(own.map(({ what, why, who }) => [what, why, who])).toEqual([
      ['tax_exemption.granted', 'Reseller', `admin ${admin.id}`], ['tax_exemption.granted', 'All states', `admin ${admin.id}`],
    ])
    expect(JSON.stringify([events, shop.documents('tax_exemptions'), shop.documents('outbox')])).not.toMatch(/\b4711\b/)
  })
})

describe('refuses', () => {
  test.each<[string, Json]>([
    ['certificate', { certificate: '' }], ['states.0', { states: ['Texas'] }], ['validThrough', { validThrough: '30.6.2030' }], ['validThrough', { validThrough: '2020-01-01' }],
    ['reason', { reason: undefined }], ['note', { note: 'x' }],
  ])('400 that names %s: %j', async (field, wish) => {
    expect(ruleOf(await grant('customer-wrong', wish)).slice(0, 2)).toEqual([400, field])
  })

  test('everybody but admins to grant one, customers to see one, and one that is not there', async () => {
    const people = [await shop.person('support'), await shop.person('viewer'), await shop.person(), shop.guest()]
    expect(await Promise.all(people.map(async (who) => (await grant('customer-x', {}, who)).status))).toEqual([403, 403, 403, 401])
    expect(await Promise.all(people.map(async (who) => (await who.get('/api/admin/customers/customer-x/tax-exemption')).status))).toEqual([404, 404, 403, 401])
  })
})
