/** Another card for a membership: kept before it is taken, and what is owed tried with it at once. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newNonce } from '../kaja.ts'
import { authenticateCard, cardsOf, remove, saved } from '../saved-cards.ts'
import { change, chargedFor, later, mailsTo, memberOrders, membershipOf, newMember } from '../members.ts'
import { expectAllSettles, expectTrueBooks, openGround, until, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
  debtors = await runIntoDebt(4)
}, 30_000)
afterAll(async () => {
  await expectAllSettles(ground)
  await shop.cloud.stop()
})
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

function cardOf({ id }: Person): Json {
  return shop.document('memberships', id)?.['membership'].card as Json
}

/** Members who owe a month: it was due on the same day for all. */
let debtors: Person[] = []

async function runIntoDebt(count: number): Promise<Person[]> {
  const members: Person[] = []
  for (let joined = 0; joined < count; joined += 1) {
    const member = await newMember(shop, { tier: 'SILVER' })
    await change(member, 'payment-method', { paymentMethod: { token: 'pm_card_chargeCustomerFail' } })
    members.push(member)
  }
  const { periodEndsAt } = await membershipOf(members.at(-1) as Person)
  await shop.cloud.advance(Date.parse(periodEndsAt) - shop.cloud.now())
  await shop.tally('renew-memberships')
  return members
}

/** One of them, as he comes back. */
function owing(): Promise<Person> {
  return later(shop, debtors.pop() as Person)
}

describe('does', () => {
  test('take a new card of either gateway, and let the one before it be removed', async () => {
    const member = await newMember(shop)
    await shop.cloud.drain()
    const [first] = await cardsOf(member)
    const kaja = await change(member, 'payment-method', { paymentMethod: { gateway: 'kaja', token: newNonce() } }, 'to-kaja')
    expect([kaja.status, kaja.body['membership'].status, cardOf(member)['gateway']]).toEqual([200, 'active', 'kaja'])
    expect((await change(member, 'payment-method', { paymentMethod: { gateway: 'kaja', token: newNonce() } }, 'to-kaja')).body['code']).toBe('IDEMPOTENCY_MISMATCH')
    expect((await remove(member, first?.['id'])).status).toBe(200)
    expect((await remove(member, cardOf(member)['id'])).status).toBe(409)
    const known = await saved(member)
    expect((await change(member, 'payment-method', { paymentMethod: { cardId: known } })).status).toBe(200)
    expect(cardOf(member)).toEqual({ id: known, gateway: 'stripe' })
    expect(memberOrders(shop, member)).toHaveLength(1)
  })

  test('answer the same key with the same bytes, and a double click with one card', async () => {
    const member = await newMember(shop)
    const wish = { paymentMethod: { token: 'pm_card_mastercard' } }
    const answers = await Promise.all(Array.from({ length: 4 }, () => change(member, 'payment-method', wish, 'one')))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    await Promise.all(Array.from({ length: 4 }, () => change(member, 'payment-method', { paymentMethod: { token: 'pm_card_amex' } })))
    await shop.cloud.drain()
    expect((await cardsOf(member)).map(({ brand }) => brand).sort()).toEqual(['amex', 'mastercard', 'visa'])
  })

  test('charge what is owed at once, once for a click, and go on with the billing day', async () => {
    const member = await owing()
    expect((await membershipOf(member))['status']).toBe('payment_failed')
    const wish = { paymentMethod: { token: 'pm_card_visa' } }
    const answers = await Promise.all(Array.from({ length: 4 }, () => change(member, 'payment-method', wish, 'pay-now')))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]?.body['membership']).toMatchObject({ status: 'active' })
    expect(memberOrders(shop, member).flatMap(({ id }) => chargedFor(shop, id))).toEqual([9_700, 9_700])
  })

  test('answer 202 when the bank wants to see the customer before the card is kept, and go on when he comes back', async () => {
    const member = await owing()
    const wish = { paymentMethod: { token: 'pm_card_authenticationRequired' } }
    const waiting = await change(member, 'payment-method', wish, 'secured')
    expect([waiting.status, waiting.body['clientSecret']]).toEqual([202, expect.any(String)])
    expect((await membershipOf(member))['status']).toBe('payment_failed')
    await authenticateCard(shop, waiting.body['card'].id)
    await shop.cloud.drain()
    // His bank wants to see him for the charge as well, while he is there: the webhook finishes it.
    const charged = await change(member, 'payment-method', wish, 'secured')
    expect([charged.status, charged.body['payment'], cardOf(member)['id']]).toMatchObject([202, { status: 'requires_action' }, waiting.body['card'].id])
    await shop.act('stripe', `payment_intents/${charged.body['payment'].transactionId}/authenticate`, { outcome: 'succeed' })
    await shop.cloud.drain()
    const done = await change(member, 'payment-method', wish, 'secured')
    expect([done.status, done.body['membership'].status]).toEqual([200, 'active'])
  })
})

describe('refuses', () => {
  test('a card that cannot be kept: the membership keeps the one it has', async () => {
    const member = await newMember(shop)
    const before = cardOf(member)
    const declined = await change(member, 'payment-method', { paymentMethod: { token: 'pm_card_visa_chargeDeclined' } })
    expect([declined.status, declined.body['code'], cardOf(member)]).toEqual([402, 'PAYMENT_DECLINED', before])
  })

  test('a card that is kept and declined for what is owed: 402, no mail, no step towards suspension', async () => {
    const member = await owing()
    const declined = await change(member, 'payment-method', { paymentMethod: { token: 'pm_card_chargeCustomerFail' } }, 'again')
    expect([declined.status, declined.body['code'], (await membershipOf(member))['status']]).toEqual([402, 'PAYMENT_DECLINED', 'payment_failed'])
    await shop.cloud.drain()
    expect(mailsTo(shop, member)).toEqual(['Welcome: your SILVER membership at Countinghouse Shop', 'Payment failed, please update card'])
    expect(shop.document('memberships', member.id)?.['membership'].unpaid.declined).toBe(1)
  })

  test('what is none of his cards, who is no member, who has cancelled, and strangers', async () => {
    const [member, other, nobody] = [await newMember(shop), await shop.person(), await shop.person()]
    const foreign = await saved(other)
    expect((await change(member, 'payment-method', { paymentMethod: { cardId: foreign } })).body['details'].fields[0].field).toBe('paymentMethod.cardId')
    expect((await change(member, 'payment-method', { paymentMethod: {} })).status).toBe(400)
    expect((await change(nobody, 'payment-method', { paymentMethod: { token: 'pm_card_visa' } })).status).toBe(404)
    expect(await cardsOf(nobody)).toEqual([])
    expect((await other.call('PUT', `/api/memberships/${member.id}/payment-method`, { paymentMethod: { cardId: foreign } })).status).toBe(404)
    await change(member, 'cancel', { reason: 'x' })
    expect((await change(member, 'payment-method', { paymentMethod: { token: 'pm_card_mastercard' } })).status).toBe(409)
  })
})

describe('survives', () => {
  // Every other call is struck by the scenario `payment-method` of the faults.
  test('a death that takes the answer of a charge along: the same key finishes it, and what is owed is paid once', async () => {
    const member = await owing()
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'after', effect: 'kill', times: 1 })
    const wish = { paymentMethod: { token: 'pm_card_visa' } }
    await change(member, 'payment-method', wish, 'lost').catch(() => undefined)
    expect(shop.cloud.wire.faults().map(({ struck }) => struck)).toEqual([1])
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(31_000)
    const done = await until(async () => {
      const answer = await change(member, 'payment-method', wish, 'lost').catch(() => undefined)
      return answer?.status === 200 ? answer : undefined
    })
    expect(done.body['membership'].status).toBe('active')
    expect(memberOrders(shop, member).flatMap(({ id }) => chargedFor(shop, id))).toEqual([9_700, 9_700])
  })
})
