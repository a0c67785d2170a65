/** An admin gives back a line and the fee of what was shipped; when the answer is lost, the same click comes again. */
import { checkOut, PRODUCT } from '../../functions/purchase.ts'
import type { Json } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

const ADDRESS = { name: 'Jo Doe', line1: '1 Main St', city: 'Austin', state: 'TX', postalCode: '78701', country: 'US' }
const WISH = { lines: [{ productId: PRODUCT, quantity: 1 }], shipping: true, restock: true, reason: 'Broken on its way' }

export const refundShipped: Scenario = {
  name: 'refund-shipped',
  functions: ['check-out', 'refund-order'],
  prepare: async ({ shop }) => {
    const [buyer, admin] = [await shop.person(), await shop.person('admin')]
    const purchase = { cart: [{ productId: PRODUCT, quantity: 2 }], fulfilment: { how: 'ship', address: ADDRESS } }
    let orderId = ''
    const both = async (): Promise<void> => {
      const { body } = await checkOut(buyer, purchase, 'the-click')
      orderId = String(body['orderId'] ?? orderId)
      await admin.post(`/api/orders/${orderId}/refunds`, WISH, 'the-refund')
    }
    return {
      run: both,
      again: both,
      faults: () => {
        const order = shop.document('orders', orderId)
        const given = (order?.['refunds'] ?? []).filter(({ status }: Json) => status === 'succeeded')
        const wrong = given.filter(({ amount, shipping }: Json) => amount !== order?.['total'] / 2 + order?.['shipping'] / 2 || shipping !== order?.['shipping'])
        return [
          ...(given.length > 1 ? [`order ${orderId} was refunded ${given.length} times for one click`] : []),
          ...wrong.map(({ id, amount }: Json) => `refund ${id} of order ${orderId} gives ${amount} back`),
        ]
      },
    }
  },
}
