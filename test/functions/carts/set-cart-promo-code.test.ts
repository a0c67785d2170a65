/** A cart's promo code: what it takes off is shown with every look at the cart, and one that does not count is refused by its rule. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endCode, promoCode, ruleOf, usesOf } from '../promotion.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

const LINE = { productId: 'test-product-1', quantity: 2 }

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ environment: { SHIPPING_RATES: '[{"state":"TX","fee":"5"}]' } })
})
afterAll(() => shop.cloud.stop())

function set(who: Person, cart: Json, code: string | null): Promise<Answer> {
  return who.call('PUT', `/api/carts/${cart['id']}/promo-code`, { promoCode: code })
}

describe('does', () => {
  test('show what it takes off, now and whenever the cart is looked at or changed; taken off, nothing', async () => {
    const guest = shop.guest()
    const cart = await guest.fill(LINE)
    const code = await promoCode(shop, { percent: 25 })
    const answer = await set(guest, cart, code.toLowerCase())
    expect(answer.body['cart']).toMatchObject({ subtotal: 100, promo: { code, amount: 25 }, total: 75, version: cart['version'] + 1 })
    const changed = await guest.call('PUT', `/api/carts/${cart['id']}/items`, { ...LINE, quantity: 4 })
    expect(changed.body['cart']).toMatchObject({ promo: { code, amount: 50 }, total: 150 })
    expect((await guest.get(`/api/carts/${cart['id']}?shipTo=tx`)).body['cart']).toMatchObject({ promo: { amount: 50 }, shipping: 5, total: 155 })
    expect((await set(guest, cart, null)).body['cart']).toMatchObject({ promo: null, total: 200 })
    expect((await guest.get(`/api/carts/${cart['id']}`)).body['cart']).toMatchObject({ promo: null, total: 200 })
    expect(usesOf(shop, code)).toBe(0)
  })

  test('say why it does not count any more, and take nothing off', async () => {
    const guest = shop.guest()
    const cart = await guest.fill(LINE)
    const code = await promoCode(shop)
    await set(guest, cart, code)
    await endCode(await shop.person('admin'), code)
    expect((await guest.get(`/api/carts/${cart['id']}`)).body['cart']).toMatchObject({ promo: { code, amount: 0, rule: 'has ended' }, total: 100 })
  })

  test('change nothing when it is set again', async () => {
    const guest = shop.guest()
    const cart = await guest.fill(LINE)
    const code = await promoCode(shop)
    const [first, second] = [await set(guest, cart, code), await set(guest, cart, code)]
    expect(second.body['cart'].version).toBe(first.body['cart'].version)
  })
})

describe('refuses', () => {
  test('a code by the rule that it breaks, and keeps the cart as it was', async () => {
    const buyer = await shop.person()
    const cart = await buyer.fill(LINE)
    const [used, minimum] = [await promoCode(shop), await promoCode(shop, { minimumSubtotal: 100.5 })]
    await buyer.post('/api/checkout', { customerId: buyer.id, email: buyer.email, cart: [LINE], promoCode: used, paymentMethod: { token: 'pm_card_visa' } })
    for (const [code, rule] of [['NO-SUCH', 'is not known'], [used, 'was used by this customer before'], [minimum, 'is for purchases of at least 100.50 USD']]) {
      expect(ruleOf(await set(buyer, cart, code as string))).toEqual([400, 'promoCode', rule])
    }
    expect((await buyer.get(`/api/carts/${cart['id']}`)).body['cart']).toMatchObject({ promo: null, version: cart['version'] })
  })

  test('another customer\'s cart, one that is not there, and one that is paid', async () => {
    const [buyer, other] = [await shop.person(), await shop.person()]
    const cart = await buyer.fill(LINE)
    const code = await promoCode(shop)
    expect([(await set(other, cart, code)).status, (await set(buyer, { id: 'cart_none' }, code)).status]).toEqual([404, 404])
    await buyer.pay(cart['id'])
    expect((await set(buyer, cart, code)).status).toBe(409)
  })

  test.each([['a'], ['mit leerzeichen'], [''], [7]])('%j as a code', async (code) => {
    const guest = shop.guest()
    expect(ruleOf(await set(guest, await guest.fill(LINE), code as string)).slice(0, 2)).toEqual([400, 'promoCode'])
  })

  test('to show shipping to where nothing is shipped', async () => {
    const guest = shop.guest()
    const { id } = await guest.fill(LINE)
    for (const state of ['NY', 'Texas']) expect(ruleOf(await guest.get(`/api/carts/${id}?shipTo=${state}`)).slice(0, 2)).toEqual([400, 'shipTo'])
  })
})
