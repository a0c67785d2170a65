/** Becoming a member: charged once, granted with the charge, the card kept; and what everybody sees of it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { change, chargedFor, later, mailsTo, memberOrders, membershipOf, newMember, subscribe } from '../members.ts'
import { unheard } from '../inbox.ts'
import { newNonce } from '../kaja.ts'
import { chargesFor, checkOut, expectAllSettles, expectTrueBooks, openGround, orderOf, PRODUCT, timePasses, until, type Ground } from '../purchase.ts'
import type { Json, Shop } from '../shop.ts'

/** Real time, shared by three tries. */
const CHARGE_DEADLINE_MS = 3_300

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: String(CHARGE_DEADLINE_MS) } })
  shop = ground.shop
}, 30_000)
afterAll(async () => {
  await expectAllSettles(ground)
  await shop.cloud.stop()
})
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

const SECURED = { paymentMethod: { token: 'pm_card_authenticationRequired' } }

describe('does', () => {
  test('charge GOLD 197, keep the card, write welcome, ledger and warehouse, and take 30 % off the next purchase', async () => {
    const member = await shop.person()
    const answer = await subscribe(member)
    expect(answer.status).toBe(201)
    expect(answer.body['membership']).toMatchObject({
      customerId: member.id, email: member.email, tier: 'GOLD', price: 197, currency: 'USD', discountPercent: 30, status: 'active', newsletter: false,
    })
    expect(await membershipOf(member)).toEqual(answer.body['membership'])
    expect(chargedFor(shop, answer.body['orderId'])).toEqual([19_700])
    const { id: cartId, subtotal, discount: off, total } = await member.fill({ productId: PRODUCT, quantity: 2 })
    expect([subtotal, off, total]).toEqual([100, 30, 70])
    const bought = await checkOut(member, { cartId, expectedTotal: 70 })
    expect(bought.body['order']).toMatchObject({ discount: 30, discountPercent: 30, total: 70, state: 'paid' })
    await shop.cloud.drain()
    const order = await orderOf(member, bought.body['orderId'])
    expect(mailsTo(shop, member).sort()).toEqual(['Welcome: your GOLD membership at Countinghouse Shop', `Your order ${order['number']} at Countinghouse Shop`])
    const receipt = shop.at('resend', 'emails').find(({ subject, to }) => String(to) === member.email && String(subject).startsWith('Your order'))
    expect(receipt?.['text']).toContain('Member discount (30 %): -30.00 USD')
    const postings = (orderId: string): Json[] => shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId).flatMap(({ data }) => data['postings'] as Json[])
    expect(postings(answer.body['orderId'])).toEqual([{ account: 'gateway:stripe', amount: 19_700 }, { account: 'memberships', amount: -19_700 }])
    expect(postings(bought.body['orderId'])).toEqual([{ account: 'gateway:stripe', amount: 7_000 }, { account: 'sales', amount: -7_000 }])
    const [row] = ((await shop.cloud.rows('commerce', 'memberships')) as Json[]).filter(({ customer_id }) => customer_id === member.id)
    expect(row).toMatchObject({ tier: 'GOLD', status: 'active', months_paid: 1, order_id: answer.body['orderId'] })
    const cards = (await member.get(`/api/customers/${member.id}/cards`)).body['cards'] as Json[]
    expect(cards).toMatchObject([{ brand: 'visa', last4: '4242', state: 'stored' }])
    expect((await member.call('DELETE', `/api/customers/${member.id}/cards/${cards[0]?.['id']}`)).status).toBe(409)
  })

  test('be paid by KAJA as well, and by a card that was saved before', async () => {
    const [kaja, saved] = [await shop.person(), await shop.person()]
    expect((await subscribe(kaja, { tier: 'SILVER', paymentMethod: { gateway: 'kaja', type: 'credit_card', token: newNonce() } })).body['membership']).toMatchObject({ tier: 'SILVER', price: 97 })
    const stored = await saved.post(`/api/customers/${saved.id}/cards`, { token: 'pm_card_mastercard' })
    const answer = await subscribe(saved, { tier: 'BRONZE', paymentMethod: { cardId: stored.body['card'].id } })
    expect(answer.body['membership']).toMatchObject({ tier: 'BRONZE', price: 47, discountPercent: 10 })
    expect([kaja, saved].flatMap((person) => memberOrders(shop, person).map(({ id }) => chargedFor(shop, id)))).toEqual([[9_700], [4_700]])
    expect((await saved.get(`/api/customers/${saved.id}/cards`)).body['cards']).toHaveLength(1)
  })

  test('answer the same key with the same bytes, also while it runs, and another body with 422', async () => {
    const member = await shop.person()
    const answers = await Promise.all(Array.from({ length: 6 }, () => subscribe(member, {}, 'one-click')))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')).toHaveLength(5)
    const later = await subscribe(member, {}, 'one-click')
    expect([later.status, later.text, later.headers.get('idempotent-replayed')]).toEqual([201, answers[0]?.text, 'true'])
    expect((await subscribe(member, { tier: 'SILVER' }, 'one-click')).body['code']).toBe('IDEMPOTENCY_MISMATCH')
    expect(memberOrders(shop, member).map(({ id }) => chargedFor(shop, id))).toEqual([[19_700]])
  })

  test('charge once for a double click without a key, whichever instance it meets', async () => {
    const member = await shop.person()
    const answers = await Promise.all(Array.from({ length: 6 }, () => subscribe(member)))
    for (const { status, body } of answers) expect(status === 201 || body['error'] === 'Customer already has an active membership').toBe(true)
    expect(answers.some(({ status }) => status === 201)).toBe(true)
    expect(memberOrders(shop, member).map(({ id }) => chargedFor(shop, id))).toEqual([[19_700]])
  })

  test('finish by the webhook when the bank wants to see the customer, and answer the key and the confirmation alike', async () => {
    const member = await shop.person()
    const waiting = await subscribe(member, SECURED, 'secured')
    expect(waiting.status).toBe(202)
    expect(waiting.body['payment']).toMatchObject({ status: 'requires_action', clientSecret: expect.any(String) })
    expect((await member.get(`/api/memberships/${member.id}`)).status).toBe(404)
    expect((await subscribe(member, { tier: 'BRONZE' })).body).toMatchObject({ code: 'CONFLICT', details: { orderId: waiting.body['orderId'] } })
    const [intent] = chargesFor(shop, waiting.body['orderId'])
    await shop.act('stripe', `payment_intents/${intent?.['id']}/authenticate`, { outcome: 'succeed' })
    await shop.cloud.drain()
    expect((await membershipOf(member))['status']).toBe('active')
    const [replayed, confirmed] = [await subscribe(member, SECURED, 'secured'), await member.post(`/api/orders/${waiting.body['orderId']}/confirm`)]
    expect([replayed.status, confirmed.status, confirmed.text]).toEqual([201, 201, replayed.text])
    await timePasses(ground, 2)
    expect(shop.document('cards', memberOrders(shop, member)[0]?.['purpose'].card.id)?.['state']).toBe('stored')
  })

  test('finish by the confirmation, and give up what nobody authenticates: then he may try again', async () => {
    const [quick, gone] = [await shop.person(), await shop.person()]
    const waiting = await subscribe(quick, SECURED)
    await shop.act('stripe', `payment_intents/${chargesFor(shop, waiting.body['orderId'])[0]?.['id']}/authenticate`, { outcome: 'succeed' })
    expect((await quick.post(`/api/orders/${waiting.body['orderId']}/confirm`)).body['membership']).toMatchObject({ tier: 'GOLD', status: 'active' })
    const { body } = await subscribe(gone, SECURED)
    await timePasses(ground, 16)
    expect((await orderOf(gone, body['orderId']))['state']).toBe('expired')
    expect((await subscribe(gone)).status).toBe(201)
  })

  test('begin anew after a cancelled membership, less what is left of it, and keep the old one for the figures', async () => {
    const member = await newMember(shop)
    const first = await membershipOf(member)
    await change(member, 'cancel', { reason: 'trying things out' })
    const half = (Date.parse(first['periodEndsAt']) - Date.parse(first['startDate'])) / 2
    await shop.cloud.advance(half)
    const back = await later(shop, member)
    expect((await subscribe(back, { tier: 'SILVER' })).body['code']).toBe('CONFLICT')
    const gold = await subscribe(back)
    expect(gold.body['membership']).toMatchObject({ tier: 'GOLD', status: 'active' })
    expect(gold.body['membership'].id).not.toBe(first['id'])
    const [charged] = chargedFor(shop, gold.body['orderId'])
    expect(Math.abs((charged ?? 0) - 9_850)).toBeLessThan(5)
    expect(shop.document('past_memberships', first['id'])?.['membership']).toMatchObject({ status: 'cancelled', tier: 'GOLD' })
  })

  test('leave nothing that the gateways\' own books say otherwise, once they are compared', async () => {
    const people = [await newMember(shop), await newMember(shop, { tier: 'SILVER', paymentMethod: { gateway: 'kaja', token: newNonce() } })]
    await timePasses(ground, 40)
    const tally = await shop.tally('reconcile-payments')
    expect([tally['refused'], tally['settled']]).toEqual([0, 0])
    const orderIds = people.flatMap((person) => memberOrders(shop, person).map(({ id }) => id))
    expect(shop.documents('reconciliation').filter(({ data }) => orderIds.includes(data['orderId']))).toEqual([])
  })

  test('hold what is unusual until staff have looked, and grant it when they approve', async () => {
    const member = await shop.person()
    const held = await member.call('POST', '/api/memberships/subscribe', { customerId: member.id, email: member.email, tier: 'GOLD', paymentMethod: { token: 'pm_card_visa' } }, { 'x-country-code': 'KP' })
    expect([held.status, held.body['payment'].status]).toEqual([202, 'in_review'])
    const admin = await shop.person('admin')
    expect((await admin.post(`/api/orders/${held.body['orderId']}/review`, { decision: 'approve', reason: 'a regular' })).status).toBe(200)
    expect(await membershipOf(member)).toMatchObject({ tier: 'GOLD', status: 'active' })
  })
})

describe('refuses', () => {
  test('a second membership, and charges nothing for it', async () => {
    const member = await newMember(shop)
    for (const key of [undefined, 'another']) {
      const { status, body } = await subscribe(member, { tier: 'SILVER' }, key)
      expect([status, body['success'], body['error'], body['code']]).toEqual([409, false, 'Customer already has an active membership', 'CONFLICT'])
    }
    expect(memberOrders(shop, member)).toHaveLength(1)
  })

  test('a card that is declined, and takes another one at once', async () => {
    const member = await shop.person()
    const declined = await subscribe(member, { paymentMethod: { token: 'pm_card_visa_chargeDeclined' } }, 'first')
    expect([declined.status, declined.body['error']]).toEqual([402, 'Payment declined. Please use a different card.'])
    expect((await subscribe(member, { paymentMethod: { token: 'pm_card_visa_chargeDeclined' } }, 'first')).text).toBe(declined.text)
    expect((await member.get(`/api/memberships/${member.id}`)).status).toBe(404)
    expect((await subscribe(member)).status).toBe(201)
    await shop.cloud.drain()
    expect(mailsTo(shop, member)).toEqual(['Welcome: your GOLD membership at Countinghouse Shop'])
  })

  test.each<[Json, string]>([
    [{ tier: 'PLATINUM' }, 'tier'], [{ email: 'nobody' }, 'email'], [{ paymentMethod: {} }, 'paymentMethod.token'],
    [{ paymentMethod: { token: 'pm_card_visa', cardId: 'card_1' } }, 'paymentMethod.token'], [{ paymentMethod: { cardId: 'card_unknown' } }, 'paymentMethod.cardId'],
    [{ paymentMethod: { gateway: 'paypal', token: 'x' } }, 'paymentMethod.gateway'], [{ customerId: undefined }, 'customerId'], [{ newsletter: 'yes' }, 'newsletter'],
  ])('%j: 400 that names the field', async (wanted, field) => {
    const person = await shop.person()
    const { status, body } = await subscribe(person, wanted)
    expect([status, body['details']?.fields[0].field]).toEqual([400, field])
    expect(memberOrders(shop, person)).toEqual([])
  })

  test('a card number, somebody else\'s membership, and whoever may not', async () => {
    const person = await shop.person()
    expect((await subscribe(person, { paymentMethod: { token: '4242424242424242' } })).status).toBe(400)
    expect((await subscribe(person, { customerId: 'somebody-else' })).status).toBe(404)
    expect((await subscribe(shop.guest())).status).toBe(401)
    for (const role of ['viewer', 'support', 'organiser'] as const) expect((await subscribe(await shop.person(role))).status).toBe(403)
  })
})

describe('survives', () => {
  test('two cards in two tabs at once: one membership, and no money kept for another', async () => {
    const member = await shop.person()
    await Promise.all([subscribe(member, {}, 'tab-1'), subscribe(member, { tier: 'SILVER', paymentMethod: { token: 'pm_card_mastercard' } }, 'tab-2')])
    await timePasses(ground, 2)
    const kept = memberOrders(shop, member).filter(({ state }) => state === 'paid')
    expect(kept).toHaveLength(1)
    expect((await membershipOf(member))['tier']).toBe(kept[0]?.['purpose'].tier)
  })

  test('money that comes when another click has made him a member: it goes back, and he is told', async () => {
    const member = await shop.person()
    // Stripe gets all tries when nobody waits for them any more.
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match: 'amount=4700&', when: 'before', effect: 'delay', delayMs: CHARGE_DEADLINE_MS + 1_500, times: 3 })
    const lost = await subscribe(member, { tier: 'BRONZE' }, 'lost')
    expect(lost.status).toBe(504)
    const { orderId } = lost.body['details']
    await shop.cloud.advance(61_000)
    await shop.tally('sweep-reservations')
    expect((await orderOf(member, orderId))['state']).toBe('payment_failed')
    const second = await subscribe(member, { tier: 'SILVER' })
    expect(second.status).toBe(201)
    await until(() => chargesFor(shop, orderId).length > 0)
    for (const minutes of [2, 2]) await timePasses(ground, minutes)
    expect(await orderOf(member, orderId)).toMatchObject({ state: 'refunded', refunded: 47 })
    expect(await membershipOf(member)).toEqual(second.body['membership'])
    expect(mailsTo(shop, member).map((subject) => subject.split(' ').slice(0, 2).join(' ')).sort()).toEqual(['Welcome: your', 'Your refund'])
  })

  test('a charge whose answer is lost: the same key tells the truth, and it is paid once', async () => {
    const member = await shop.person()
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'after', effect: 'drop', times: 1 })
    await subscribe(member, {}, 'lost').catch(() => undefined)
    await shop.cloud.advance(31_000)
    const again = await until(async () => {
      const answer = await subscribe(member, {}, 'lost').catch(() => undefined)
      return answer?.status === 201 ? answer : undefined
    })
    expect(again.body['membership']).toMatchObject({ status: 'active' })
    expect(memberOrders(shop, member).flatMap(({ id }) => chargedFor(shop, id))).toEqual([19_700])
  })

  test('a gateway that is away: nothing is charged, and the same key may be tried again', async () => {
    const member = await shop.person()
    shop.fault({ target: 'stripe', when: 'before', effect: 'error', status: 429, times: 20 })
    const away = await subscribe(member, {}, 'away')
    expect(away.status).toBe(503)
    shop.calm()
    expect((await subscribe(member, {}, 'away')).status).toBe(201)
  })

  // Every other call is struck by the scenarios `subscribe-stripe` and `subscribe-kaja` of the faults.
  test('a death between the charge and its commit: the sweep grants what was paid, and keeps the card', async () => {
    const member = await shop.person()
    // The first commit places the order, the second settles it.
    shop.fault({ target: 'firestore', operation: 'Commit', match: 'membership-welcome', function: 'subscribe-customer', when: 'before', effect: 'kill', times: 1 })
    await unheard(shop, () => subscribe(member, {}, 'dying').catch(() => undefined))
    expect((await member.get(`/api/memberships/${member.id}`)).status).toBe(404)
    for (const minutes of [2, 2]) await timePasses(ground, minutes)
    expect(await membershipOf(member)).toMatchObject({ status: 'active', tier: 'GOLD' })
    const [order] = memberOrders(shop, member)
    expect(chargedFor(shop, order?.['id'])).toEqual([19_700])
    await shop.tally('sweep-cards')
    expect(shop.document('cards', order?.['purpose'].card.id)?.['state']).toBe('stored')
    expect(mailsTo(shop, member)).toEqual(['Welcome: your GOLD membership at Countinghouse Shop'])
  })
})
