/**
 * Paying with a promo code: what it takes off is what is charged, booked and mailed; each use is counted once, however many race
 * for the last one, and given back by every order that comes to nothing.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { endCode, promoCode, ruleOf, usesOf } from '../promotion.ts'
import { chargesFor, checkOut, expectAllSettles, expectTrueBooks, openGround, orderOf, ordersOf, PRODUCT, timePasses, until, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const ONE = [{ productId: PRODUCT, quantity: 1 }]
/** Another purchase than the last one, not its double click. */
const TWO = { cart: [{ productId: PRODUCT, quantity: 2 }] }
const OTHERS = ['VARHEARTS250', 'VARSEEDOIL250', 'VARCALMBALM30', 'VARCALMBALM60']
const DECLINED = { token: 'pm_card_visa_chargeDeclined' }

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { STORE_DEADLINE_MS: '60000' } })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function use(buyer: Person, code: string, purchase: Json = {}, key?: string): Promise<Answer> {
  return checkOut(buyer, { cart: ONE, promoCode: code, ...purchase }, key)
}

function statuses(answers: readonly Answer[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(answers, ({ status }) => status)].map(([status, some]) => [status, some.length]))
}

describe('does', () => {
  test('charge, show, book and mail what is left', async () => {
    const buyer = await shop.person()
    const code = await promoCode(shop, { percent: 12.5 })
    const { status, body } = await use(buyer, code.toLowerCase(), { expectedTotal: 43.75 })
    expect(status).toBe(201)
    expect(body['order']).toMatchObject({ subtotal: 50, discount: 0, promo: { code, amount: 6.25 }, total: 43.75, lines: [{ promo: 6.25, total: 43.75 }] })
    expect(chargesFor(shop, body['orderId'])).toMatchObject([{ amount: 4_375 }])
    await shop.cloud.drain()
    const receipt = shop.at('resend', 'emails').find(({ to }) => String(to) === buyer.email)
    expect(receipt?.['text']).toContain(`Promo code ${code}`)
    const rows = (await shop.cloud.rows('commerce', 'orders')) as Json[]
    expect(rows.find(({ id }) => id === body['orderId'])).toMatchObject({ promo_code: code, promo_discount: '6.25', total: '43.75' })
    expect(usesOf(shop, code)).toBe(1)
  })

  test('pay a cart with the code that it holds; another one sent with the click counts instead', async () => {
    const [held, sent] = [await promoCode(shop), await promoCode(shop, { amount: 20 })]
    const [one, other] = [await shop.person(), await shop.person()]
    const totals: number[] = []
    for (const [buyer, purchase] of [[one, {}], [other, { promoCode: sent }]] as const) {
      const { id } = await buyer.fill(...ONE)
      await buyer.call('PUT', `/api/carts/${id}/promo-code`, { promoCode: held })
      totals.push((await checkOut(buyer, { cartId: id, ...purchase })).body['total'])
    }
    expect(totals).toEqual([45, 30])
    expect([usesOf(shop, held), usesOf(shop, sent)]).toEqual([1, 1])
  })

  test('sell for nothing with a code over everything: no gateway is asked, its goods can come back, its use stays', async () => {
    const buyer = await shop.person()
    const code = await promoCode(shop, { percent: 100 })
    const { status, body } = await use(buyer, code, { expectedTotal: 0 })
    expect([status, body['total'], body['payment'].gateway, body['order'].state]).toEqual([201, 0, 'none', 'paid'])
    expect(chargesFor(shop, body['orderId'])).toEqual([])
    const refund = await (await shop.person('admin')).post(`/api/orders/${body['orderId']}/refunds`, { reason: 'Did not like it', restock: true })
    expect([refund.status, refund.body['order'].state]).toEqual([201, 'refunded'])
    expect(usesOf(shop, code)).toBe(1)
  })

  test('take an amount off once the goods are cheaper than it: never less than nothing', async () => {
    const { body } = await use(await shop.person(), await promoCode(shop, { amount: 9_999 }))
    expect(body['order']).toMatchObject({ promo: { amount: 50 }, total: 0 })
  })

  test('open the page of the payment service over what is left', async () => {
    const buyer = await shop.person()
    const code = await promoCode(shop)
    const page = await buyer.post('/api/checkout/sessions', { customerId: buyer.id, email: buyer.email, cart: [{ productId: PRODUCT, quantity: 3 }], promoCode: code })
    expect(page.status).toBe(201)
    const session = shop.at('stripe', 'checkout_sessions').find((one) => one['client_reference_id'] === page.body['orderId'])
    expect([session?.['amount_total'], usesOf(shop, code)]).toEqual([13_500, 1])
    await buyer.post(`/api/orders/${page.body['orderId']}/cancel`)
    expect(usesOf(shop, code)).toBe(0)
  })

  test('give the use of an order back that is declined, cancelled or expired: once, and its customer may use it again', async () => {
    const bank = { token: 'pm_card_authenticationRequired' }
    const held = await Promise.all(([['declined', DECLINED, 402], ['cancelled', bank, 202], ['expired', bank, 202]] as const).map(async ([how, paymentMethod, status]) => {
      const [buyer, code] = [await shop.person(), await promoCode(shop, { usesMax: 1 })]
      const first = await use(buyer, code, { paymentMethod })
      expect([how, first.status]).toEqual([how, status])
      const orderId: string = first.body['orderId'] ?? first.body['details'].orderId
      if (how === 'cancelled') await buyer.post(`/api/orders/${orderId}/cancel`)
      expect([how, usesOf(shop, code), shop.document('orders', orderId)?.['promo'].held]).toEqual(how === 'expired' ? [how, 1, true] : [how, 0, false])
      return { how, buyer, code, orderId }
    }))
    const given = (): unknown[] => held.map(({ code, orderId }) => [usesOf(shop, code), shop.document('orders', orderId)?.['promo'].held])
    await timePasses(ground, 20)
    expect(given()).toEqual(held.map(() => [0, false]))
    for (const { buyer, orderId } of held) await buyer.post(`/api/orders/${orderId}/cancel`)
    await timePasses(ground, 20)
    expect(given()).toEqual(held.map(() => [0, false]))
    for (const { how, buyer, code } of held) expect([how, (await use(buyer, code)).status, usesOf(shop, code)]).toEqual([how, 201, 1])
  })

  test('keep the use of what is refunded, or cancelled after it was paid', async () => {
    const [buyer, other, admin] = [await shop.person(), await shop.person(), await shop.person('admin')]
    const code = await promoCode(shop)
    const { orderId } = (await use(buyer, code)).body
    await admin.post(`/api/orders/${orderId}/refunds`, { reason: 'Broken', restock: true })
    await other.post(`/api/orders/${(await use(other, code)).body['orderId']}/cancel`)
    expect((await orderOf(other, ordersOf(shop, other)[0]?.['id']))['state']).toBe('refunded')
    expect(usesOf(shop, code)).toBe(2)
    expect(ruleOf(await use(buyer, code, TWO))).toEqual([400, 'promoCode', 'was used by this customer before'])
  })

  test('count as often as a customer likes where it is not once per customer', async () => {
    const buyer = await shop.person()
    const code = await promoCode(shop, { oncePerCustomer: false })
    const answers = await Promise.all(times(4, (index) => use(buyer, code, { cart: [{ productId: PRODUCT, quantity: index + 1 }] })))
    expect([statuses(answers), usesOf(shop, code)]).toEqual([{ 201: 4 }, 4])
  })

  test('count all who use one code at once, for one product and for several', async () => {
    const code = await promoCode(shop, { usesMax: 20 })
    const buyers = await Promise.all(times(20, () => shop.person()))
    const answers = await Promise.all(buyers.map((buyer, index) => use(buyer, code, { cart: [{ productId: index % 2 === 0 ? PRODUCT : OTHERS[index % OTHERS.length], quantity: 1 }] })))
    expect([statuses(answers), usesOf(shop, code)]).toEqual([{ 201: 20 }, 20])
  })

  test('let nobody wait for a code that he does not use', async () => {
    const code = await promoCode(shop)
    const [first, second, other] = [await shop.person(), await shop.person(), await shop.person()]
    const [product] = OTHERS
    shop.fault({ target: 'firestore', operation: 'Commit', match: first.email, when: 'before', effect: 'delay', delayMs: 60_000 })
    const users = [use(first, code), until(() => shop.cloud.wire.faults()[0]?.struck === 1).then(() => use(second, code, { cart: [{ productId: product, quantity: 1 }] }))]
    await until(() => shop.cloud.wire.faults()[0]?.struck === 1)
    expect((await checkOut(other, { cart: [{ productId: product, quantity: 2 }] })).status).toBe(201)
    expect(ordersOf(shop, first)).toEqual([])
    shop.calm()
    expect(statuses(await Promise.all(users))).toEqual({ 201: 2 })
  })
})

describe('refuses', () => {
  test('all but one of 30 customers who race for the last use', async () => {
    const code = await promoCode(shop, { usesMax: 3 })
    for (const buyer of [await shop.person(), await shop.person()]) expect((await use(buyer, code)).status).toBe(201)
    const buyers = await Promise.all(times(30, () => shop.person()))
    const answers = await Promise.all(buyers.map((buyer, index) => use(buyer, code, index % 2 === 0 ? {} : { cart: [{ productId: OTHERS[index % 4], quantity: 1 }] })))
    expect(statuses(answers)).toEqual({ 201: 1, 400: 29 })
    for (const answer of answers) if (answer.status === 400) expect(ruleOf(answer)).toEqual([400, 'promoCode', 'is used up'])
    expect(usesOf(shop, code)).toBe(3)
  })

  test('all but one of the tabs in which one customer uses it, signed in and as a guest, however he writes his address', async () => {
    const code = await promoCode(shop)
    const buyer = await shop.person()
    const [name, domain] = buyer.email.split('@')
    const tabs = [
      ...times(4, (index) => use(buyer, code, { cart: [{ productId: index % 2 === 0 ? PRODUCT : 'VARCALMBALM60', quantity: index + 1 }] })),
      ...[`${name}+a@${domain}`, `${name?.toUpperCase()}@${domain}`].map((email) => use(shop.guest(), code, { email })),
    ]
    const answers = await Promise.all(tabs)
    expect(statuses(answers)).toEqual({ 201: 1, 400: 5 })
    for (const answer of answers) if (answer.status === 400) expect(ruleOf(answer)).toEqual([400, 'promoCode', 'was used by this customer before'])
    expect(usesOf(shop, code)).toBe(1)
  })

  test('nothing of a double click: the same order, one use', async () => {
    const code = await promoCode(shop, { usesMax: 1 })
    const buyer = await shop.person()
    const answers = await Promise.all(times(6, () => use(buyer, code)))
    expect(statuses(answers)).toEqual({ 201: 6 })
    expect([new Set(answers.map(({ text }) => text)).size, usesOf(shop, code)]).toEqual([1, 1])
  })

  test('a code by the rule that it breaks; nothing is reserved or used', async () => {
    const buyer = await shop.person()
    const admin = await shop.person('admin')
    const [ended, once] = [await promoCode(shop), await promoCode(shop)]
    await endCode(admin, ended)
    await use(buyer, once)
    const later = new Date(shop.cloud.now() + 3_600_000).toISOString()
    const cases: Array<[string, string]> = [
      ['NO-SUCH-CODE', 'is not known'],
      [ended, 'has ended'],
      [once, 'was used by this customer before'],
      [await promoCode(shop, { validFrom: later }), `is valid from ${later}`],
      [await promoCode(shop, { minimumSubtotal: 100.01 }), 'is for purchases of at least 100.01 USD'],
      [await promoCode(shop, { currency: 'EUR' }), 'is for purchases in EUR'],
    ]
    for (const [code, rule] of cases) expect(ruleOf(await use(buyer, code, TWO))).toEqual([400, 'promoCode', rule])
    expect(ruleOf(await use(buyer, 'a'))).toEqual([400, 'promoCode', 'must be 3 to 32 letters, digits and -'])
    expect(ordersOf(shop, buyer)).toHaveLength(1)
  })

  test('one that has expired meanwhile', async () => {
    const code = await promoCode(shop, { validUntil: new Date(shop.cloud.now() + 60_000).toISOString() })
    await shop.cloud.advance(60_000)
    expect(ruleOf(await use(await shop.person(), code))).toEqual([400, 'promoCode', 'has expired'])
  })

  test('a total that the customer saw with a code, when it is another one: with both totals, and no use of it', async () => {
    const code = await promoCode(shop)
    const answer = await use(await shop.person(), code, { expectedTotal: 50 })
    expect([answer.status, answer.body['details']]).toEqual([409, { expectedTotal: 50, total: 45, currency: 'USD' }])
    expect(usesOf(shop, code)).toBe(0)
  })

  test('to keep who used a code in the clear', () => {
    expect(JSON.stringify(shop.documents('promo_uses'))).not.toMatch(/@|customer-\d/)
  })
})

describe('survives', () => {
  test('a commit whose answer is lost: the customer is not told that he has used it before', async () => {
    const buyer = await shop.person()
    const code = await promoCode(shop, { usesMax: 1 })
    shop.fault({ target: 'firestore', operation: 'Commit', match: buyer.email, when: 'after', effect: 'drop', times: 1 })
    expect((await use(buyer, code, {}, 'the-click')).status).toBe(201)
    expect([usesOf(shop, code), ordersOf(shop, buyer).length]).toEqual([1, 1])
  })

  test.each([
    ['nobody has had since: the order holds it again', false, 'paid', 1],
    ['somebody else has had: the money goes back', true, 'refunded', 1],
  ])('money that comes late for an order whose use %s', async (_what, taken, state, uses) => {
    const [slow, quick] = [await shop.person(), await shop.person()]
    const code = await promoCode(shop, { usesMax: 1 })
    await shop.cloud.drain()
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match: 'amount=63000&', when: 'before', effect: 'delay', delayMs: 60_000 })
    const done = use(slow, code, { cart: [{ productId: PRODUCT, quantity: 14 }] })
    await until(() => ordersOf(shop, slow).length === 1)
    await shop.cloud.advance(61_000)
    await shop.tally('sweep-reservations')
    expect(usesOf(shop, code)).toBe(0)
    if (taken) expect((await use(quick, code)).status).toBe(201)
    shop.calm()
    await done
    for (const minutes of [1, 2]) await timePasses(ground, minutes)
    expect([ordersOf(shop, slow)[0]?.['state'], usesOf(shop, code)]).toEqual([state, uses])
  })

  test('everything settles', () => expectAllSettles(ground))
})
