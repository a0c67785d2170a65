/** What Stripe tells of a card whose customer was at his bank: in any order, twice, late, and after we had given up. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { stripeOf } from '../dashboard.ts'
import { expectAllSettles, expectTrueBooks, openGround, timePasses, type Ground } from '../purchase.ts'
import { authenticateCard, cardsOf, isKept, recordOf, save, saved, setupOf } from '../saved-cards.ts'
import type { Json, Person, Shop } from '../shop.ts'

const SECURED = { token: 'pm_card_authenticationRequired' }

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
})
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

async function waiting(): Promise<{ buyer: Person; cardId: string }> {
  const buyer = await shop.person()
  return { buyer, cardId: (await save(buyer, SECURED, 'click')).body['card'].id }
}

function events(type: string): Json[] {
  return shop.documents('inbox').map(({ data }) => data).filter((event) => event['type'] === type)
}

describe('does', () => {
  test('keep the card that its customer has authenticated, without any call of his', async () => {
    const { buyer, cardId } = await waiting()
    await authenticateCard(shop, cardId)
    await shop.cloud.drain()
    expect(await cardsOf(buyer)).toMatchObject([{ id: cardId, last4: '3155', state: 'stored' }])
    expect((await save(buyer, SECURED, 'click')).status).toBe(201)
  })

  test('say no when he failed, with the same answer for ever', async () => {
    const { buyer, cardId } = await waiting()
    await authenticateCard(shop, cardId, 'fail')
    await shop.cloud.drain()
    const answers = [await save(buyer, SECURED, 'click'), await save(buyer, SECURED, 'click')]
    expect(answers.map(({ status }) => status)).toEqual([402, 402])
    expect(answers[0]?.text).toBe(answers[1]?.text)
    expect([isKept(shop, cardId), await cardsOf(buyer)]).toEqual([false, []])
  })

  test('keep a card that its customer has finished with another one after the first had failed', async () => {
    const { buyer, cardId } = await waiting()
    await authenticateCard(shop, cardId, 'fail')
    await shop.cloud.drain()
    const stripe = await stripeOf(shop)
    await stripe.setupIntents.confirm(String(setupOf(shop, cardId)?.['id']), { payment_method: 'pm_card_mastercard' })
    await shop.cloud.drain()
    expect(await cardsOf(buyer)).toMatchObject([{ id: cardId, last4: '4444' }])
  })

  test('change nothing by an event that tells what is known, or that is about no card of ours', async () => {
    const buyer = await shop.person()
    const cardId = await saved(buyer)
    const before = recordOf(shop, cardId)
    const stripe = await stripeOf(shop)
    await stripe.setupIntents.create({ confirm: true, payment_method: 'pm_card_visa', automatic_payment_methods: { enabled: true, allow_redirects: 'never' }, metadata: { card_key: '../orders/x' } })
    await shop.cloud.drain()
    expect(recordOf(shop, cardId)).toEqual(before)
    expect(events('setup_intent.succeeded').map(({ status }) => status)).not.toContain('pending')
  })
})

describe('survives', () => {
  test('events twice, late and in the wrong order', async () => {
    await shop.act('stripe', 'webhooks', { duplicates: 1, late: 0.5 })
    const all = [await waiting(), await waiting(), await waiting()]
    for (const { cardId } of all) await authenticateCard(shop, cardId)
    await shop.cloud.drain()
    await shop.act('stripe', 'webhooks', { duplicates: 0, late: 0 })
    await shop.cloud.drain()
    for (const { cardId } of all) expect(recordOf(shop, cardId)['history'].map(({ state }: Json) => state)).toEqual(['storing', 'requires_action', 'stored'])
  })

  test('Stripe not answering: the event is tried again, and its card is kept', async () => {
    const { cardId } = await waiting()
    await authenticateCard(shop, cardId)
    shop.fault({ target: 'stripe', operation: 'GET /v1/setup_intents/:id', when: 'before', effect: 'error', status: 503, times: 3 })
    await shop.cloud.drain()
    shop.calm()
    await timePasses(ground, 2)
    expect(recordOf(shop, cardId)['state']).toBe('stored')
    expect(events('setup_intent.succeeded').map(({ status }) => status)).not.toContain('pending')
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
