/**
 * The hourly reconciliation after a sale whose answer was lost: it posts the fee and settles the order. When it dies or is
 * not answered, the next run does what is left.
 */
import { evidenceOf, unreconciled } from '../../functions/books.ts'
import { checkOut, ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Person, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

const LATER_MS = 20 * 60_000

export const reconcilePayments: Scenario = {
  name: 'reconcile-payments',
  functions: ['reconcile-payments'],
  settlesAfterMinutes: 70,
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const order = await lostSale(shop, buyer, id)
    const run = async (): Promise<void> => void (await shop.cloud.runJob('reconcile-payments').catch(() => undefined))
    return {
      run,
      again: run,
      faults: () => {
        const entries = shop.documents('ledger').map(({ data }) => data).filter(({ orderId }) => orderId === order)
        const kinds = entries.map(({ kind }) => kind).sort().join(' and ')
        const open = shop.documents('reconciliation').map(({ data }) => data).filter(({ state }) => state === 'open')
        return [
          ...(kinds === 'charge and fee' ? [] : [`order ${order} has ${kinds} in the ledger`]),
          ...open.map(({ id: difference, cause }) => `${difference} is still open: ${cause}`),
          ...unreconciled(evidenceOf(shop)),
        ]
      },
    }
  },
}

/** Stripe charged, and neither its answer nor its event has reached us: the order waits. */
async function lostSale(shop: Shop, buyer: Person, cartId: string): Promise<string> {
  shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'after', effect: 'drop', times: 10 })
  await checkOut(buyer, { cartId })
  shop.calm()
  shop.fault({ target: 'firestore', operation: 'Commit', function: 'receive-stripe', when: 'before', effect: 'error', times: 1_000 })
  await shop.cloud.advance(LATER_MS)
  shop.calm()
  return ordersOf(shop, buyer)[0]?.['id'] as string
}
