/** Saving a card: kept once for each click at whichever gateway, seen by its owner only, and never named in the clear. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newNonce } from '../kaja.ts'
import { expectAllSettles, expectTrueBooks, openGround, until, type Ground } from '../purchase.ts'
import { authenticateCard, cardsOf, isKept, recordOf, remove, save, saved, setupOf } from '../saved-cards.ts'
import type { Json, Shop } from '../shop.ts'

const HOUR_MS = 3_600_000
const GATEWAYS = ['stripe', 'kaja'] as const

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: '1500', CARDS_PER_IP_HOUR: '12' } })
  shop = ground.shop
})
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

describe('does', () => {
  test.each(GATEWAYS)('save a card by %s, and tell its owner what may be seen of it', async (gateway) => {
    const buyer = await shop.person()
    const answer = await save(buyer, { gateway }, 'click')
    expect(answer.status).toBe(201)
    const card = answer.body['card']
    expect(card).toMatchObject({ gateway, state: 'stored', brand: 'visa', last4: gateway === 'kaja' ? '1111' : '4242', expiryMonth: 12 })
    expect(await cardsOf(buyer)).toEqual([card])
    expect((await buyer.get(`/api/customers/${buyer.id}/cards/${card.id}`)).body['card']).toEqual(card)
    expect(isKept(shop, card.id)).toBe(true)
    expect(answer.text).not.toMatch(/pm_|cus_|seti_|profile/i)
  })

  test('keep the gateway\'s name for it sealed, and neither token nor address', async () => {
    const buyer = await shop.person()
    const ids = [await saved(buyer, { gateway: 'stripe' }), await saved(buyer, { gateway: 'kaja' })]
    for (const id of ids) {
      const record = recordOf(shop, id)
      expect(record).toMatchObject({ state: 'stored', token: null, email: null, reference: expect.stringMatching(/^[\w-]{60,}$/) })
      expect(JSON.stringify(record)).not.toMatch(/\b(pm|cus|seti|tok)_|example\.com/)
    }
  })

  test.each(GATEWAYS)('keep one card for one click at %s, however often and on whichever instance it comes', async (gateway) => {
    const buyer = await shop.person()
    const token = gateway === 'kaja' ? newNonce() : 'pm_card_visa'
    for (const key of ['double', undefined]) {
      const card = { gateway, token: key === undefined && gateway === 'kaja' ? newNonce() : token }
      const answers = await Promise.all(Array.from({ length: 4 }, () => save(buyer, card, key)))
      answers.push(await save(buyer, card, key))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
      expect(answers.at(-1)?.headers.get('idempotent-replayed')).toBe('true')
    }
    expect(await cardsOf(buyer)).toHaveLength(2)
  })

  test('list the newest first, and save by another key another card', async () => {
    const buyer = await shop.person()
    const ids = []
    for (const token of ['pm_card_visa', 'pm_card_mastercard', 'pm_card_amex']) ids.unshift(await saved(buyer, { token }))
    expect((await cardsOf(buyer)).map(({ id }) => id)).toEqual(ids)
    expect((await save(buyer, {}, 'another')).body['card'].id).not.toBe(ids[2])
    expect(await cardsOf(buyer)).toHaveLength(4)
  })

  test('answer 202 with what the bank needs, and say how it went when asked again', async () => {
    const buyer = await shop.person()
    await shop.act('stripe', 'webhooks', { late: 1 })
    const [first, second] = [await save(buyer, { token: 'pm_card_authenticationRequired' }, 'secured'), await save(buyer, { token: 'pm_card_authenticationRequired' }, 'secured')]
    const cardId = first.body['card'].id
    expect([first.status, second.status]).toEqual([202, 202])
    expect(first.body).toMatchObject({ clientSecret: setupOf(shop, cardId)?.['client_secret'], nextAction: { type: 'use_stripe_sdk' }, card: { state: 'requires_action', last4: null } })
    expect(await cardsOf(buyer)).toEqual([])
    await authenticateCard(shop, cardId)
    const answers = await Promise.all(Array.from({ length: 4 }, () => save(buyer, { token: 'pm_card_authenticationRequired' }, 'secured')))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    await shop.act('stripe', 'webhooks', { late: 0 })
    await shop.cloud.drain()
    expect(await cardsOf(buyer)).toMatchObject([{ id: cardId, last4: '3155' }])
  })

  test('let staff save for a customer, and see his cards', async () => {
    const [buyer, admin, viewer] = [await shop.person(), await shop.person('admin'), await shop.person('viewer')]
    const answer = await save(admin, { email: buyer.email }, 'for-him', buyer.id)
    expect(answer.status).toBe(201)
    expect(await cardsOf(buyer)).toEqual(await cardsOf(viewer, buyer.id))
    expect(recordOf(shop, answer.body['card'].id)['history'].map(({ state }: Json) => state)).toEqual(['storing', 'stored'])
  })

  test('put each saved card on record, without what is personal', async () => {
    const buyer = await shop.person()
    const cardId = await saved(buyer)
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events_log')) as Json[]).filter(({ subject }) => subject === cardId)
    expect(events.map(({ what, who, via }) => [what, who, via])).toEqual([['card.stored', `customer ${buyer.id}`, 'store-or-list-cards']])
    expect(JSON.stringify(events)).not.toMatch(/\b4242\b|example\.com/)
  })
})

describe('refuses', () => {
  test.each([
    ['stripe', 'pm_card_visa_chargeDeclined', 'generic_decline'],
    ['kaja', 'tok_declined', 'card_declined'],
  ])('a card that its bank declines, by %s, and takes another one at once', async (gateway, name, declineCode) => {
    const buyer = await shop.person()
    const token = gateway === 'kaja' ? newNonce(name) : name
    const answers = [await save(buyer, { gateway, token }, 'bad'), await save(buyer, { gateway, token }, 'bad')]
    expect(answers.map(({ status }) => status)).toEqual([402, 402])
    expect(answers[0]?.body).toMatchObject({ code: 'PAYMENT_DECLINED', details: { declineCode } })
    expect(answers[1]?.text).toBe(answers[0]?.text)
    expect(await cardsOf(buyer)).toEqual([])
    await saved(buyer, { gateway })
  })

  test('the same card without a key only until it is tried anew', async () => {
    const buyer = await shop.person()
    const card = { token: 'pm_card_visa_chargeDeclined' }
    const answers = [await save(buyer, card), await save(buyer, card)]
    expect(answers[0]?.body['details'].cardId).not.toBe(answers[1]?.body['details'].cardId)
    const cardId = await saved(buyer)
    await remove(buyer, cardId)
    expect(await saved(buyer)).not.toBe(cardId)
  })

  test('strangers, guests, other roles and other customers\' cards', async () => {
    const [buyer, other] = [await shop.person(), await shop.person()]
    const cardId = await saved(buyer)
    expect((await save(other, {}, undefined, buyer.id)).status).toBe(404)
    expect((await other.get(`/api/customers/${buyer.id}/cards`)).status).toBe(404)
    expect((await other.get(`/api/customers/${other.id}/cards/${cardId}`)).status).toBe(404)
    expect((await save(shop.guest(), {}, undefined, buyer.id)).status).toBe(401)
    expect((await save(await shop.person('support'), { email: 'a@b.co' }, undefined, buyer.id)).status).toBe(403)
    expect(await cardsOf(buyer)).toHaveLength(1)
  })

  test.each<[string, Json]>([
    ['token', { token: '' }],
    ['token', { token: 'x'.repeat(501) }],
    ['gateway', { gateway: 'none' }],
    ['email', { email: 'nobody' }],
    ['number', { number: '1' }],
  ])('what makes no sense, by name: %s', async (field, card) => {
    const answer = await save(await shop.person(), card)
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(field)])
  })

  test('a card number, and staff who name no address', async () => {
    const buyer = await shop.person()
    expect((await save(buyer, { token: '4242424242424242' })).status).toBe(400)
    expect((await save(await shop.person('admin'), {}, undefined, buyer.id)).body['details'].fields[0].field).toBe('email')
    expect(shop.documents('cards').filter(({ data }) => data['customerId'] === buyer.id)).toEqual([])
  })

  test('the same key with another card', async () => {
    const buyer = await shop.person()
    await save(buyer, {}, 'one')
    expect((await save(buyer, { token: 'pm_card_mastercard' }, 'one')).body['code']).toBe('IDEMPOTENCY_MISMATCH')
    expect(await cardsOf(buyer)).toHaveLength(1)
  })

  test('an eleventh card, and more tries within an hour than anybody needs', async () => {
    const buyer = await shop.person()
    for (let n = 0; n < 10; n++) expect((await save(buyer, {}, `card-${n}`)).status).toBe(201)
    expect((await save(buyer, {}, 'one-more')).body).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
    await shop.cloud.advance(HOUR_MS)
    const full = await save(buyer, {}, 'one-too-many')
    expect([full.status, full.body['error']]).toEqual([409, expect.stringContaining('10 cards')])
    await remove(buyer, (await cardsOf(buyer))[0]?.['id'])
    expect((await save(buyer, {}, 'now')).status).toBe(201)
  })
})

describe('survives', () => {
  test.each(GATEWAYS)('an answer of %s that is lost: the same click gets the truth', async (gateway) => {
    const operation = gateway === 'kaja' ? 'POST /xml/v1/request.api' : 'POST /v1/setup_intents'
    for (const [when, skip] of [['after', 1], ['before', 0]] as const) {
      const buyer = await shop.person()
      const card = { gateway, token: gateway === 'kaja' ? newNonce() : 'pm_card_visa' }
      shop.fault({ target: gateway === 'kaja' ? 'authorize-net' : 'stripe', operation, when, effect: 'error', status: 500, skip: gateway === 'kaja' ? skip : 0, times: 20 })
      const first = await save(buyer, card, 'click')
      // The webhook may be faster than the last try.
      expect(when === 'after' ? [201, 504] : [504]).toContain(first.status)
      shop.calm()
      await shop.cloud.advance(2 * 60_000)
      expect((await save(buyer, card, 'click')).status).toBe(201)
      expect(await cardsOf(buyer)).toHaveLength(1)
    }
  })

  test('an instance that dies while the card is stored: another one takes over and stores it once', async () => {
    const buyer = await shop.person()
    shop.fault({ target: 'stripe', operation: 'POST /v1/setup_intents', when: 'after', effect: 'kill' })
    await save(buyer, {}, 'click').catch(() => undefined)
    await shop.cloud.advance(31_000)
    const answer = await until(async () => {
      const again = await save(buyer, {}, 'click').catch(() => undefined)
      return again?.status === 201 ? again : undefined
    })
    expect(await cardsOf(buyer)).toEqual([answer.body['card']])
  })

  test('a refusal that says nothing against the card: the same key tries anew', async () => {
    const buyer = await shop.person()
    shop.fault({ target: 'stripe', operation: 'POST /v1/setup_intents', when: 'before', effect: 'error', status: 429, times: 3 })
    const first = await save(buyer, {}, 'click')
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, expect.any(String)])
    shop.calm()
    expect((await save(buyer, {}, 'click')).status).toBe(201)
    expect(await cardsOf(buyer)).toHaveLength(1)
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
