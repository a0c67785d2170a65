/** What winning customers costs: only from what staff have said, each time on record. The cases share a shop and run in order. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'
import { DAY_MS, layOrders, orderOf } from './selling.ts'

const PATH = '/api/bigquery/acquisition'

let shop: Shop
let admin: Person
beforeAll(async () => {
  shop = await openShop()
  await shop.cloud.advance(Date.parse('2027-02-10T18:00:00Z') - shop.cloud.now())
  admin = await shop.person('admin')
  await layOrders(shop, [
    orderOf(shop, 'o1', { customer_id: 'ann', total: '30' }), orderOf(shop, 'o2', { customer_id: 'ann', total: '60', agoMs: 30 * DAY_MS }),
    orderOf(shop, 'o3', { customer_id: 'bob', total: '10', agoMs: 29 * DAY_MS }),
  ])
})
afterAll(() => shop.cloud.stop())

const say = (wish: Json): Promise<Answer> => admin.post(PATH, { month: '2027-01', spend: 25, reason: 'Posters', ...wish })
const months = async (): Promise<Json[]> => (await admin.get(PATH)).body['months']

describe('does', () => {
  test('make no figure up while nobody has said what was spent', async () => {
    expect(await months()).toEqual([{ month: '2027-01', newCustomers: 2, spend: null, cac: null, lifetimeValue: 50, ltvToCac: null }])
  })

  test('tell what a customer has cost and brought, as soon as the spend is said', async () => {
    expect(await say({})).toMatchObject({ status: 201, body: { acquisition: { month: '2027-01', spend: 25, currency: 'USD' } } })
    expect(await months()).toEqual([{ month: '2027-01', newCustomers: 2, spend: 25, cac: 12.5, lifetimeValue: 50, ltvToCac: 4 }])
  })

  test('tell of a month that brought nobody, and of one that cost nothing, without dividing by nothing', async () => {
    await say({ month: '2027-02', spend: 40 })
    await say({ month: '2026-12', spend: 0 })
    expect(await months()).toMatchObject([{ month: '2026-12', newCustomers: 0, cac: null, ltvToCac: null }, { month: '2027-01' }, { month: '2027-02', newCustomers: 0, spend: 40, cac: null, ltvToCac: null }])
  })

  test('take another sum for a month, with both on record', async () => {
    await say({ spend: 50, reason: 'Flyers too' })
    await say({ spend: 50, reason: 'Flyers too' })
    expect((await months())[1]).toMatchObject({ spend: 50, cac: 25, ltvToCac: 2 })
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject }) => subject === 'spend 2027-01')
    expect(Object.fromEntries(events.map(({ before, why }) => [why, before]))).toEqual({ 'Flyers too': expect.stringContaining('"spend":"25.00"'), Posters: null })
  })
})

describe('refuses', () => {
  test.each<[string, Json]>([
    ['a month to come', { month: '2027-03' }], ['a month that no year has', { month: '2027-13' }], ['less than nothing', { spend: -1 }], ['a thousandth', { spend: 1.001 }], ['no reason', { reason: '' }],
  ])('%s', async (_, wish) => {
    expect((await say(wish)).status).toBe(400)
  })

  test('whoever may only look', async () => {
    const support = await shop.person('support')
    expect((await support.post(PATH, { month: '2027-01', spend: 1, reason: 'x' })).status).toBe(403)
  })
})
