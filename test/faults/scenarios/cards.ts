/** A card is saved, authenticated, taken back: at whichever gateway there is one for one click, and none when it is gone. */
import { newNonce } from '../../functions/kaja.ts'
import { authenticateCard, cardsOf, remove, save, setupOf } from '../../functions/saved-cards.ts'
import type { Person, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

type Gateway = 'stripe' | 'kaja'

function storing(gateway: Gateway): Scenario {
  return {
    name: `store-card-${gateway}`,
    functions: ['store-or-list-cards', 'sweep-cards'],
    prepare: async ({ shop }) => {
      const buyer = await shop.person()
      const card = { gateway, token: gateway === 'kaja' ? newNonce() : 'pm_card_visa' }
      const click = async (): Promise<void> => void (await save(buyer, card, 'the-click').catch(() => undefined))
      return { run: click, again: click, faults: () => missing(shop, buyer) }
    },
  }
}

function removing(gateway: Gateway): Scenario {
  return {
    name: `remove-card-${gateway}`,
    functions: ['show-or-remove-card', 'sweep-cards'],
    prepare: async ({ shop }) => {
      const buyer = await shop.person()
      const answer = await save(buyer, { gateway })
      const cardId = answer.body['card'].id as string
      const take = async (): Promise<void> => void (await remove(buyer, cardId).catch(() => undefined))
      return { run: take, again: take, faults: () => kept(shop, cardId) }
    },
  }
}

export const [storeCardStripe, storeCardKaja] = [storing('stripe'), storing('kaja')]
export const [removeCardStripe, removeCardKaja] = [removing('stripe'), removing('kaja')]

/** The customer is at his bank; the webhook, and a second call of his, find out how it went. */
export const cardAuthentication: Scenario = {
  name: 'card-authentication',
  functions: ['store-or-list-cards', 'receive-stripe', 'on-stripe-card', 'sweep-cards'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const click = async (): Promise<void> => void (await save(buyer, { token: 'pm_card_authenticationRequired' }, 'the-click').catch(() => undefined))
    await click()
    const cardId = shop.documents('cards').find(({ data }) => data['customerId'] === buyer.id)?.id ?? ''
    return {
      run: async () => {
        if (setupOf(shop, cardId)?.['status'] === 'requires_action') await authenticateCard(shop, cardId)
        await click()
      },
      again: click,
      faults: () => missing(shop, buyer),
    }
  },
}

/** One card by one click, if anybody heard it. */
async function missing(shop: Shop, buyer: Person): Promise<string[]> {
  const wanted = shop.documents('cards').filter(({ data }) => data['customerId'] === buyer.id).length
  const cards = await cardsOf(buyer)
  return cards.length === wanted && wanted <= 1 ? [] : [`customer ${buyer.id} has ${cards.length} cards by one click, ${wanted} on record`]
}

/** It may be that nobody ever heard the wish. */
function kept(shop: Shop, cardId: string): string[] {
  const state = shop.document('cards', cardId)?.['state']
  return state === 'stored' || state === 'removed' ? [] : [`card ${cardId} is ${state}`]
}
