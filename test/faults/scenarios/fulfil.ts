/** Staff hand an order over; when the answer is lost, they click again. */
import { PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const fulfil: Scenario = {
  name: 'fulfil',
  functions: ['fulfil-order'],
  prepare: async ({ shop }) => {
    const [buyer, admin] = [await shop.person(), await shop.person('admin')]
    const order = await buyer.buy({ productId: PRODUCT, quantity: 1 })
    const click = async (): Promise<void> => void (await admin.post(`/api/orders/${order['id']}/fulfil`, { how: 'shipped', tracking: 'T-1' }, 'the-click'))
    return {
      run: click,
      again: click,
      faults: () => {
        const times = (shop.document('orders', order['id'])?.['history'] ?? []).filter(({ state }: { state: string }) => state === 'fulfilled').length
        return times > 1 ? [`order ${order['id']} was handed over ${times} times`] : []
      },
    }
  },
}
