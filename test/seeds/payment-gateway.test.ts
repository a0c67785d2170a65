/** KAJA answers late, or not, or no: a charge is asked for again only where that is safe. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kajaChargesFor, kajaTransactionsFor, newNonce, payByKaja } from '../functions/kaja.ts'
import { openGround, type Ground } from '../functions/purchase.ts'

const CHARGE = { target: 'authorize-net', operation: 'POST /xml/v1/request.api', match: 'authCaptureTransaction' }

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
})
afterAll(() => ground.shop.cloud.stop())

describe('survives', () => {
  test('two connections that break before the third is answered: paid, charged once', async () => {
    const { shop } = ground
    const buyer = await shop.person()
    const cart = await buyer.fill({ productId: 'test-product-1', quantity: 1 })
    const since = shop.cloud.wire.lastCall
    shop.fault({ ...CHARGE, when: 'before', effect: 'drop', times: 2 })
    const { status, body } = await payByKaja(buyer, cart['id'], { token: newNonce('tok_test') })
    shop.calm()
    expect([status, body['order']?.state, body['payment']?.status]).toEqual([201, 'paid', 'succeeded'])
    expect(shop.cloud.wire.calls(since).filter(({ fault }) => fault === 'before drop')).toHaveLength(2)
    expect(kajaChargesFor(shop, body['orderId'])).toMatchObject([{ settleAmount: body['total'] }])
  })
})

describe('refuses', () => {
  test('to ask again after a decline: one attempt, and the sentence for the customer', async () => {
    const { shop } = ground
    const buyer = await shop.person()
    const cart = await buyer.fill({ productId: 'test-product-1', quantity: 2 })
    const { status, body } = await payByKaja(buyer, cart['id'], { token: newNonce('tok_declined') })
    expect([status, body]).toMatchObject([402, { code: 'PAYMENT_DECLINED', error: 'Payment declined. Please use a different card.' }])
    const orderId = (await buyer.get(`/api/orders?customerId=${buyer.id}`)).body['orders'][0].id
    expect(kajaTransactionsFor(shop, orderId)).toHaveLength(1)
  })
})
