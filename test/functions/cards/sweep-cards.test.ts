/** Cards that nobody finished: found, kept or ended, and forgotten where they are not wanted. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectAllSettles, expectTrueBooks, openGround, timePasses, type Ground } from '../purchase.ts'
import { newNonce } from '../kaja.ts'
import { authenticateCard, cardsOf, isKept, recordOf, save, setupOf } from '../saved-cards.ts'
import type { Shop } from '../shop.ts'

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: '1500' } })
  shop = ground.shop
  await shop.act('stripe', 'webhooks', { late: 1 })
})
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

describe('does', () => {
  test('nothing while nothing is due', async () => {
    expect(await shop.tally('sweep-cards')).toEqual({ read: 0, settled: 0, unchanged: 0, failed: 0 })
  })

  test('keep a card that was not answered, once, also without its customer coming back', async () => {
    for (const [target, operation, when, skip] of [['stripe', 'POST /v1/setup_intents', 'before', 0], ['authorize-net', 'POST /xml/v1/request.api', 'after', 1]] as const) {
      const buyer = await shop.person()
      const card = target === 'stripe' ? {} : { gateway: 'kaja', token: newNonce() }
      shop.fault({ target, operation, when, effect: 'drop', skip, times: 20 })
      expect((await save(buyer, card, 'lost')).status).toBe(504)
      shop.calm()
      await shop.cloud.advance(61_000)
      expect(await shop.tally('sweep-cards')).toMatchObject({ read: 1, settled: 1 })
      expect(await cardsOf(buyer)).toMatchObject([{ state: 'stored' }])
      expect((await save(buyer, card, 'lost')).status).toBe(201)
    }
  })

  test('leave alone what somebody runs', async () => {
    const buyer = await shop.person()
    shop.fault({ target: 'stripe', operation: 'POST /v1/setup_intents', when: 'before', effect: 'error', status: 500, times: 20 })
    const cardId = (await save(buyer, {}, 'lost')).body['details'].cardId
    shop.calm()
    await shop.cloud.advance(50_000)
    shop.fault({ target: 'stripe', operation: 'POST /v1/setup_intents', when: 'before', effect: 'delay', delayMs: 1_000 })
    const running = save(buyer, {}, 'lost')
    await shop.cloud.advance(11_000)
    await shop.tally('sweep-cards')
    expect((await running).status).toBe(201)
    expect(recordOf(shop, cardId)['state']).toBe('stored')
  })

  test('end at Stripe what its customer has left at his bank, and ask nobody any more', async () => {
    const buyer = await shop.person()
    const cardId = (await save(buyer, { token: 'pm_card_authenticationRequired' }, 'left')).body['card'].id
    await shop.cloud.advance(14 * 60_000)
    expect(await shop.tally('sweep-cards')).toMatchObject({ read: 0 })
    await shop.cloud.advance(61_000)
    expect(await shop.tally('sweep-cards')).toMatchObject({ settled: 1 })
    expect([setupOf(shop, cardId)?.['status'], recordOf(shop, cardId)['state']]).toEqual(['canceled', 'removed'])
    expect((await save(buyer, { token: 'pm_card_authenticationRequired' }, 'left')).status).toBe(409)
    expect((await save(buyer, { token: 'pm_card_authenticationRequired' }, 'anew')).status).toBe(202)
    await timePasses(ground, 20)
  })

  test('keep what was authenticated in the last moment, although no webhook came', async () => {
    const buyer = await shop.person()
    const cardId = (await save(buyer, { token: 'pm_card_authenticationRequired' }, 'late')).body['card'].id
    await authenticateCard(shop, cardId)
    await shop.cloud.advance(16 * 60_000)
    await shop.tally('sweep-cards')
    expect(await cardsOf(buyer)).toMatchObject([{ id: cardId, state: 'stored' }])
  })
})

describe('survives', () => {
  test('a gateway that is away for long: asked less and less often, and finished when it is back', async () => {
    const buyer = await shop.person()
    shop.fault({ target: 'authorize-net', operation: 'POST /xml/v1/request.api', when: 'after', effect: 'error', status: 500, times: 1_000 })
    const cardId = (await save(buyer, { gateway: 'kaja', token: newNonce() }, 'long')).body['details'].cardId
    await timePasses(ground, 3)
    await timePasses(ground, 3)
    expect(recordOf(shop, cardId)).toMatchObject({ state: 'storing', unanswered: 3 })
    shop.calm()
    await timePasses(ground, 5)
    expect([recordOf(shop, cardId)['state'], isKept(shop, cardId)]).toEqual(['stored', true])
  })

  test('all of it: once time has passed nothing is stuck', async () => {
    await shop.act('stripe', 'webhooks', { late: 0 })
    await expectAllSettles(ground)
  })
})
