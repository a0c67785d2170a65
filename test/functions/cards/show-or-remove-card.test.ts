/** Taking a card back: it pays nothing from then on, and however answers are lost it ends gone here and at the gateway. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { expectAllSettles, expectTrueBooks, openGround, timePasses, type Ground } from '../purchase.ts'
import { atTheStore, authenticateCard, cardsOf, destroyKey, isKept, recordOf, remove, save, saved } from '../saved-cards.ts'
import type { Json, Shop } from '../shop.ts'

const GATEWAYS = ['stripe', 'kaja'] as const
const FORGETS = { stripe: { target: 'stripe', operation: 'POST /v1/payment_methods/:id/detach' }, kaja: { target: 'authorize-net', operation: 'POST /xml/v1/request.api' } }

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: '1500', VENDOR_DEADLINE_MS: '500' } })
  shop = ground.shop
})
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  vi.unstubAllEnvs()
  expectTrueBooks(ground)
})

/** Somebody of the house pays with a card, or no more. */
async function using(cardId: string, customerId: string, isUsed: boolean): Promise<void> {
  atTheStore(shop)
  const [{ transact }, { cardToUse, releaseCard, useCard }] = [await import('#platform/firestore.ts'), await import('#stores/cards.ts')]
  await transact(async (unit) => {
    const card = await cardToUse(unit, cardId, customerId)
    if (card === undefined) throw new Error('no such card')
    await (isUsed ? useCard : releaseCard)(unit, card, 'membership mem_1')
  })
}

describe('does', () => {
  test.each(GATEWAYS)('remove a card at %s and here, and once more without harm', async (gateway) => {
    const buyer = await shop.person()
    const cardId = await saved(buyer, { gateway })
    const answers = [await remove(buyer, cardId), await remove(buyer, cardId)]
    expect(answers.map(({ status, body }) => [status, body['removed']])).toEqual([[200, true], [200, true]])
    expect(isKept(shop, cardId)).toBe(false)
    expect(await cardsOf(buyer)).toEqual([])
    expect(recordOf(shop, cardId)).toMatchObject({ state: 'removed', facts: null, reference: null })
    expect((await buyer.get(`/api/customers/${buyer.id}/cards/${cardId}`)).body['card']).toMatchObject({ state: 'removed', last4: null })
  })

  test('remove it once, however many ask at once', async () => {
    const buyer = await shop.person()
    const cardId = await saved(buyer)
    const answers = await Promise.all(Array.from({ length: 6 }, () => remove(buyer, cardId)))
    // The event of its being stored comes only now.
    await shop.cloud.drain()
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(recordOf(shop, cardId)['history'].map(({ state }: Json) => state)).toEqual(['storing', 'stored', 'removing', 'removed'])
  })

  test('end an attempt that waits at the bank, also for one who authenticates a moment later', async () => {
    for (const seen of [false, true]) {
      const buyer = await shop.person()
      const cardId = (await save(buyer, { token: 'pm_card_authenticationRequired' }, 'secured')).body['card'].id
      await shop.act('stripe', 'webhooks', { late: 1 })
      if (seen) await authenticateCard(shop, cardId)
      expect((await remove(buyer, cardId)).status).toBe(200)
      await shop.act('stripe', 'webhooks', { late: 0 })
      await shop.cloud.drain()
      expect([isKept(shop, cardId), recordOf(shop, cardId)['state']]).toEqual([false, 'removed'])
      expect((await save(buyer, { token: 'pm_card_authenticationRequired' }, 'secured')).status).toBe(409)
    }
  })

  test('let staff remove a customer\'s card, on record with who did it', async () => {
    const [buyer, admin] = [await shop.person(), await shop.person('admin', 'ann')]
    const cardId = await saved(buyer)
    expect((await remove(admin, cardId, buyer.id)).status).toBe(200)
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events_log')) as Json[]).filter(({ subject }) => subject === cardId)
    expect(events.map(({ what, who }) => [what, who])).toEqual(expect.arrayContaining([['card.stored', `customer ${buyer.id}`], ['card.removing', 'admin ann'], ['card.removed', 'admin ann']]))
  })
})

describe('refuses', () => {
  test('a card from which something is paid, until nothing is', async () => {
    const buyer = await shop.person()
    const cardId = await saved(buyer)
    await using(cardId, buyer.id, true)
    const refused = await remove(buyer, cardId)
    expect([refused.status, refused.body['details']]).toEqual([409, { usedBy: ['membership mem_1'] }])
    expect(await cardsOf(buyer)).toHaveLength(1)
    await using(cardId, buyer.id, false)
    expect((await remove(buyer, cardId)).status).toBe(200)
    await expect(using(cardId, buyer.id, true)).rejects.toThrow('no such card')
  })

  test('what is another customer\'s, what never was one, and other roles', async () => {
    const [buyer, other] = [await shop.person(), await shop.person()]
    const cardId = await saved(buyer)
    const declined = (await save(buyer, { token: 'pm_card_visa_chargeDeclined' })).body['details'].cardId
    const answers = [await remove(other, cardId, buyer.id), await remove(other, cardId), await remove(buyer, 'card_none'), await remove(buyer, declined)]
    expect(answers.map(({ status, body }) => [status, body['error']])).toEqual(answers.map(() => [404, 'Card not found.']))
    expect((await remove(shop.guest(), cardId, buyer.id)).status).toBe(401)
    expect((await remove(await shop.person('viewer'), cardId, buyer.id)).status).toBe(403)
    expect(isKept(shop, cardId)).toBe(true)
  })

  test('a card of which nobody knows yet whether it is kept', async () => {
    const buyer = await shop.person()
    shop.fault({ target: 'stripe', operation: 'POST /v1/setup_intents', when: 'before', effect: 'error', status: 500, times: 20 })
    const cardId = (await save(buyer, {}, 'lost')).body['details'].cardId
    expect((await remove(buyer, cardId)).body).toMatchObject({ code: 'CONFLICT', retryable: true })
    shop.calm()
    await timePasses(ground, 2)
    expect((await remove(buyer, cardId)).status).toBe(200)
  })
})

describe('survives', () => {
  test('answers of either gateway that are lost, its customer being forgotten meanwhile too: it pays nothing any more, and the sweep finishes it', async () => {
    const leaving = []
    for (const gateway of GATEWAYS) {
      for (const when of ['before', 'after', 'forgotten'] as const) {
        const buyer = await shop.person()
        const cardId = await saved(buyer, { gateway })
        shop.fault({ ...FORGETS[gateway], when: when === 'after' ? when : 'before', effect: 'drop', times: 20 })
        const answer = await remove(buyer, cardId)
        expect([answer.status, answer.body['removed'], answer.body['card'].state]).toEqual([202, false, 'removing'])
        expect(await cardsOf(buyer)).toEqual([])
        expect(recordOf(shop, cardId)).toMatchObject({ state: 'removing', reference: null, leaving: { sealed: expect.any(String) } })
        if (when === 'forgotten') await destroyKey(shop, buyer.id)
        shop.calm()
        leaving.push({ gateway, buyer, cardId, isForgotten: when === 'forgotten' })
      }
    }
    await timePasses(ground, 2)
    for (const { gateway, buyer, cardId, isForgotten } of leaving) {
      expect([isKept(shop, cardId), recordOf(shop, cardId)['state']]).toEqual([false, 'removed'])
      if (isForgotten) expect((await save(buyer, { gateway })).status).toBe(409)
      else expect((await remove(buyer, cardId)).status).toBe(200)
    }
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
