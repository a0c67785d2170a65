/** A higher tier at once: the difference for what is left of the month, charged once, granted with it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newNonce } from '../kaja.ts'
import { authenticateCard, saved } from '../saved-cards.ts'
import { change, chargedFor, later, mailsTo, memberOrders, membershipOf, newMember } from '../members.ts'
import { chargesFor, expectAllSettles, expectTrueBooks, openGround, orderOf, timePasses, until, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
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

/** Cents that the gateways took for the orders of a person, in order. */
function taken(person: Person): number[] {
  return memberOrders(shop, person).flatMap(({ id }) => chargedFor(shop, id))
}

describe('does', () => {
  test.each(['stripe', 'kaja'] as const)('charge the difference of half a month by %s, keep the billing day, and raise the discount at once', async (gateway) => {
    const member = await newMember(shop, { tier: 'BRONZE', paymentMethod: gateway === 'stripe' ? { token: 'pm_card_visa' } : { gateway, token: newNonce() } })
    const before = await membershipOf(member)
    const half = (Date.parse(before['periodEndsAt']) - Date.parse(before['startDate'])) / 2
    await shop.cloud.advance(half)
    const back = await later(shop, member)
    const answer = await change(back, 'upgrade', { tier: 'GOLD' }, 'up')
    expect([answer.status, answer.body['membership']]).toMatchObject([200, { id: before['id'], tier: 'GOLD', price: 197, discountPercent: 30, periodEndsAt: before['periodEndsAt'] }])
    const [first, difference] = taken(member)
    expect([first, Math.abs((difference ?? 0) - 7_500) < 5]).toEqual([4_700, true])
    const again = await change(back, 'upgrade', { tier: 'GOLD' }, 'up')
    expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([answer.text, 'true'])
    expect((await change(back, 'upgrade', { tier: 'SILVER' }, 'up')).body['code']).toBe('IDEMPOTENCY_MISMATCH')
    await shop.cloud.drain()
    expect(mailsTo(shop, member).sort()).toEqual(['Welcome: your BRONZE membership at Countinghouse Shop', 'Your membership is now GOLD'])
    expect((await orderOf(back, answer.body['orderId']))['lines'][0].name).toBe(`Upgrade to GOLD membership, until ${dayIn(before['periodEndsAt'])}`)
  })

  test('charge a double click without a key once', async () => {
    const member = await newMember(shop, { tier: 'SILVER' })
    const answers = await Promise.all(Array.from({ length: 5 }, () => change(member, 'upgrade', { tier: 'GOLD' })))
    for (const { status, body } of answers) expect(status === 200 || body['error'] === 'GOLD is not higher than GOLD.').toBe(true)
    expect(taken(member)).toHaveLength(2)
  })

  test('wait for the customer when his bank wants to see him, and be granted by the webhook', async () => {
    const member = await newMember(shop, { tier: 'BRONZE' })
    const card = await member.post(`/api/customers/${member.id}/cards`, { token: 'pm_card_threeDSecure2Required' })
    expect(card.status).toBe(202)
    await authenticateCard(shop, card.body['card'].id)
    await shop.cloud.drain()
    expect((await change(member, 'payment-method', { paymentMethod: { cardId: card.body['card'].id } })).status).toBe(200)
    const waiting = await change(member, 'upgrade', { tier: 'SILVER' })
    expect([waiting.status, waiting.body['payment']]).toMatchObject([202, { status: 'requires_action', clientSecret: expect.any(String) }])
    expect((await membershipOf(member))['tier']).toBe('BRONZE')
    expect((await change(member, 'downgrade', { tier: 'BRONZE' })).status).toBe(409)
    await shop.act('stripe', `payment_intents/${chargesFor(shop, waiting.body['orderId'])[0]?.['id']}/authenticate`, { outcome: 'succeed' })
    await shop.cloud.drain()
    expect((await membershipOf(member))['tier']).toBe('SILVER')
  })

  test('give an upgrade in the last seconds of a month, without asking a gateway', async () => {
    const member = await newMember(shop, { tier: 'SILVER' })
    const { periodEndsAt } = await membershipOf(member)
    await shop.cloud.advance(Date.parse(periodEndsAt) - shop.cloud.now() - 60_000)
    const answer = await change(await later(shop, member), 'upgrade', { tier: 'GOLD' })
    expect([answer.status, answer.body['membership'].tier, taken(member)]).toEqual([200, 'GOLD', [9_700]])
    expect(memberOrders(shop, member)[1]).toMatchObject({ total: 0, state: 'paid', payment: { gateway: 'none' } })
  })
})

describe('refuses', () => {
  test('what is not higher, what nobody has, and everybody else\'s membership', async () => {
    const member = await newMember(shop, { tier: 'SILVER' })
    for (const tier of ['BRONZE', 'SILVER']) expect((await change(member, 'upgrade', { tier })).body).toMatchObject({ code: 'CONFLICT', error: `${tier} is not higher than SILVER.` })
    expect((await change(member, 'upgrade', { tier: 'DIAMOND' })).status).toBe(400)
    expect((await change(await shop.person(), 'upgrade', { tier: 'GOLD' })).body).toMatchObject({ code: 'NOT_FOUND', error: 'Membership not found.' })
    const stranger = await shop.person()
    expect((await stranger.call('PUT', `/api/memberships/${member.id}/upgrade`, { tier: 'GOLD' })).body).toMatchObject({ code: 'NOT_FOUND', error: 'Membership not found.' })
    expect(taken(member)).toEqual([9_700])
  })

  test('a card that is declined: the tier stays, and another card may be given and tried', async () => {
    const member = await newMember(shop, { tier: 'BRONZE' })
    await change(member, 'payment-method', { paymentMethod: { token: 'pm_card_chargeCustomerFail' } })
    const declined = await change(member, 'upgrade', { tier: 'GOLD' })
    expect([declined.status, declined.body['code'], (await membershipOf(member))['tier']]).toEqual([402, 'PAYMENT_DECLINED', 'BRONZE'])
    await change(member, 'payment-method', { paymentMethod: { cardId: await saved(member) } })
    expect((await change(member, 'upgrade', { tier: 'GOLD' })).body['membership'].tier).toBe('GOLD')
    await shop.cloud.drain()
    expect(mailsTo(shop, member)).toHaveLength(2)
  })
})

describe('survives', () => {
  test('an upgrade that is paid when the membership is cancelled already: the money goes back', async () => {
    const member = await newMember(shop, { tier: 'BRONZE' })
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'after', effect: 'delay', delayMs: 1_000, times: 1 })
    const upgrading = change(member, 'upgrade', { tier: 'GOLD' })
    await until(() => memberOrders(shop, member).length === 2)
    await change(member, 'cancel', { reason: 'changed my mind' })
    const answer = await upgrading
    expect([answer.status, answer.body['code']]).toEqual([409, 'CONFLICT'])
    for (const minutes of [2, 2]) await timePasses(ground, minutes)
    const [, second] = memberOrders(shop, member) as [Json, Json]
    expect([second['state'], (await membershipOf(member))['tier']]).toEqual(['refunded', 'BRONZE'])
  })

  test('a death that takes the answer of a charge along: the same key tells the truth', async () => {
    const member = await newMember(shop, { tier: 'BRONZE' })
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'after', effect: 'kill', times: 1 })
    await change(member, 'upgrade', { tier: 'SILVER' }, 'lost').catch(() => undefined)
    await shop.cloud.advance(31_000)
    const again = await until(async () => {
      const answer = await change(member, 'upgrade', { tier: 'SILVER' }, 'lost').catch(() => undefined)
      return answer?.status === 200 ? answer : undefined
    })
    expect(again.body['membership'].tier).toBe('SILVER')
    expect(taken(member)).toHaveLength(2)
  })
})

/** The day at the store that a moment belongs to. */
function dayIn(moment: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago' }).format(new Date(moment))
}
