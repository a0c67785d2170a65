/** A customer pays with a saved card, or wants the card kept that pays; when the answer is lost, the same click comes again. */
import { kajaChargesFor, newNonce } from '../../functions/kaja.ts'
import { chargesFor, checkOut, ordersOf, PRODUCT } from '../../functions/purchase.ts'
import { saved } from '../../functions/saved-cards.ts'
import type { Json, Person, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

type Gateway = 'stripe' | 'kaja'

export const [savedCardStripe, savedCardKaja] = [saving('stripe'), saving('kaja')]
export const [keepCardStripe, keepCardKaja] = [keeping('stripe'), keeping('kaja')]

function saving(gateway: Gateway): Scenario {
  return checkout(`saved-card-${gateway}`, ['check-out'], async (buyer) => ({ cardId: await saved(buyer, { gateway }) }))
}

function keeping(gateway: Gateway): Scenario {
  const token = (): string => (gateway === 'kaja' ? newNonce() : 'pm_card_visa')
  return checkout(`keep-card-${gateway}`, ['check-out', 'sweep-cards'], async () => ({ gateway, token: token(), save: true }))
}

function checkout(name: string, functions: readonly string[], method: (buyer: Person) => Promise<Json>): Scenario {
  return {
    name,
    functions,
    prepare: async ({ shop }) => {
      const buyer = await shop.person()
      const paymentMethod = await method(buyer)
      const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
      const click = async (): Promise<void> => void (await checkOut(buyer, { cartId, paymentMethod }, 'the-click').catch(() => undefined))
      return { run: click, again: click, faults: () => chargedTwice(shop, buyer) }
    },
  }
}

function chargedTwice(shop: Shop, buyer: Person): string[] {
  const charges = ordersOf(shop, buyer).flatMap(({ id }) => [...chargesFor(shop, id).filter(({ status }) => status === 'succeeded'), ...kajaChargesFor(shop, id)])
  return charges.length > 1 ? [`customer ${buyer.id} was charged ${charges.length} times for one click`] : []
}
