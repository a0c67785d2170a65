/**
 * An admin gives back what was paid by KAJA: all of it before it is settled, a part afterwards, and a part that has to
 * wait for the settlement. When the answer is lost, the same click comes again.
 */
import { kajaChargesFor, kajaRefundsFor, payByKaja } from '../../functions/kaja.ts'
import { PRODUCT } from '../../functions/purchase.ts'
import type { Json, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

const PART: Json = { lines: [{ productId: PRODUCT, quantity: 1 }], reason: 'One was broken', restock: false }
const WAIT_MS = 16 * 60_000

export const refundKaja = refund('refund-kaja', { reason: 'Changed their mind', restock: true })
export const refundKajaPart = refund('refund-kaja-part', PART, { before: settles })
export const refundKajaLater = refund('refund-kaja-later', PART, { after: settlesAndSweeps })

interface Around {
  readonly before?: (shop: Shop) => Promise<void>
  readonly after?: (shop: Shop) => Promise<void>
}

function refund(name: string, wish: Json, { before, after }: Around = {}): Scenario {
  return {
    name,
    functions: ['refund-order', ...(after === undefined ? [] : ['sweep-reservations']), 'on-authorize-net-event'],
    prepare: async ({ shop }) => {
      const [buyer, admin] = [await shop.person(), await shop.person('admin')]
      const { id } = await buyer.fill({ productId: PRODUCT, quantity: 2 })
      const { body } = await payByKaja(buyer, id)
      if (body['success'] !== true) throw new Error(`The order was not paid: ${JSON.stringify(body)}`)
      await before?.(shop)
      const click = async (): Promise<void> => void (await admin.post(`/api/orders/${body['orderId']}/refunds`, wish, 'the-click'))
      return {
        run: async () => {
          await click()
          await after?.(shop)
        },
        again: click,
        faults: () => {
          const [charge] = kajaChargesFor(shop, body['orderId'])
          const refunds = kajaRefundsFor(shop, body['orderId']).length + (charge?.['transactionStatus'] === 'voided' ? 1 : 0)
          return refunds > 1 ? [`order ${body['orderId']} was refunded ${refunds} times by KAJA for one click`] : []
        },
      }
    },
  }
}

async function settles(shop: Shop): Promise<void> {
  await shop.act('authorize-net', 'settle')
}

async function settlesAndSweeps(shop: Shop): Promise<void> {
  await settles(shop)
  await shop.cloud.advance(WAIT_MS)
  await shop.cloud.runJob('sweep-reservations').catch(() => undefined)
}
