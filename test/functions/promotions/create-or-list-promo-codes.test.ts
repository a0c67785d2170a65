/** Promo codes: each is made once and never changed; staff see how each stands. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ruleOf } from '../promotion.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let admin: Person
beforeAll(async () => {
  shop = await openShop()
  admin = await shop.person('admin')
})
afterAll(() => shop.cloud.stop())

function create(wish: Json, key?: string, who: Person = admin): Promise<Answer> {
  return who.post('/api/admin/promo-codes', { reason: 'Spring sale', ...wish }, key)
}

describe('does', () => {
  test('make one with all its conditions, and show it', async () => {
    const wish = {
      code: 'spring-26', percent: 12.5, validFrom: '2026-01-01T00:00:00.000Z', validUntil: '2046-01-01T00:00:00+02:00', usesMax: 100, oncePerCustomer: false, minimumSubtotal: 20,
    }
    const { status, body } = await create(wish)
    expect(status).toBe(201)
    expect(body['promoCode']).toMatchObject({
      code: 'SPRING-26', state: 'active', percent: 12.5, currency: 'USD', validFrom: '2026-01-01T00:00:00.000Z', validUntil: '2045-12-31T22:00:00.000Z', usesMax: 100,
      oncePerCustomer: false, minimumSubtotal: 20, uses: 0, endedAt: null, createdBy: `admin ${admin.id}`,
    })
  })

  test('make one with an amount, once per customer and without limits unless something else is said', async () => {
    expect((await create({ code: 'TEN', amount: 10 })).body['promoCode']).toMatchObject({ amount: 10, oncePerCustomer: true, usesMax: null, validFrom: null, validUntil: null, minimumSubtotal: 0 })
    expect((await create({ code: 'YEN', amount: 500, currency: 'JPY' })).body['promoCode']).toMatchObject({ amount: 500, currency: 'JPY' })
  })

  test('answer the same key with the same bytes', async () => {
    const [first, second] = [await create({ code: 'KEYED', percent: 5 }, 'k'), await create({ code: 'KEYED', percent: 5 }, 'k')]
    expect([first.status, second.text]).toEqual([201, first.text])
  })

  test('list them, the newest first, page by page', async () => {
    for (const code of ['LIST-1', 'LIST-2', 'LIST-3']) await create({ code, percent: 5 })
    const viewer = await shop.person('viewer')
    const { body } = await viewer.get('/api/admin/promo-codes?limit=2')
    const rest = await viewer.get(`/api/admin/promo-codes?limit=1&cursor=${body['nextCursor']}`)
    expect([...body['promoCodes'], ...rest.body['promoCodes']].map(({ code }: Json) => code)).toEqual(['LIST-3', 'LIST-2', 'LIST-1'])
  })

  test('leave an audit event with who and why', async () => {
    await create({ code: 'AUDITED', percent: 5 })
    await shop.cloud.drain()
    const events = (await shop.cloud.rows('audit', 'events')) as Json[]
    expect(events.find(({ subject }) => subject === 'AUDITED')).toMatchObject({ what: 'promo_code.created', who: `admin ${admin.id}`, why: 'Spring sale', after: expect.stringContaining('"percent":5') })
  })
})

describe('refuses', () => {
  test.each<[string, Json]>([
    ['percent', {}],
    ['percent', { percent: 5, amount: 5 }],
    ['percent', { percent: 0 }],
    ['percent', { percent: 100.01 }],
    ['percent', { percent: 1.005 }],
    ['amount', { amount: 0 }],
    ['amount', { amount: 1.005 }],
    ['amount', { amount: 1.5, currency: 'JPY' }],
    ['currency', { percent: 5, currency: 'dollars' }],
    ['minimumSubtotal', { percent: 5, minimumSubtotal: 0.001 }],
    ['usesMax', { percent: 5, usesMax: 0 }],
    ['validFrom', { percent: 5, validFrom: 'tomorrow' }],
    ['validUntil', { percent: 5, validUntil: '2020-01-01T00:00:00Z' }],
    ['validUntil', { percent: 5, validFrom: '2040-01-01T00:00:00Z', validUntil: '2040-01-01T00:00:00Z' }],
    ['reason', { percent: 5, reason: ' ' }],
    ['code', { percent: 5, code: 'A B' }],
    ['uses', { percent: 5, uses: 1 }],
  ])('400 that names %s: %j', async (field, wish) => {
    expect(ruleOf(await create({ code: 'WRONG', ...wish })).slice(0, 2)).toEqual([400, field])
  })

  test('a code that there is, also when it is written otherwise', async () => {
    await create({ code: 'TWICE', percent: 5 })
    expect(await create({ code: 'twice', percent: 50 })).toMatchObject({ status: 409, body: { details: { code: 'TWICE' } } })
    expect(shop.document('promo_codes', 'TWICE')).toMatchObject({ gives: { basisPoints: 500 } })
  })

  test('everybody but admins to make one, customers to see them', async () => {
    const people = [await shop.person('support'), await shop.person('viewer'), await shop.person(), shop.guest()]
    expect(await Promise.all(people.map(async (who) => (await create({ code: 'MINE', percent: 5 }, undefined, who)).status))).toEqual([403, 403, 403, 401])
    expect(await Promise.all(people.map(async (who) => (await who.get('/api/admin/promo-codes')).status))).toEqual([200, 200, 403, 401])
  })
})

describe('survives', () => {
  test('ten admins who make one at once: one of them has', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => create({ code: 'RACE', percent: n + 1 })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)])
  })
})
