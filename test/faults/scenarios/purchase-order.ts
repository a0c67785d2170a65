/** An order to a supplier that staff approve: one order of its number, one mail to the supplier. */
import type { Json } from '../../functions/shop.ts'
import { PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

let suppliers = 0

export const purchaseOrder: Scenario = {
  name: 'purchase-order',
  functions: ['approve-or-list-purchase-orders'],
  prepare: async ({ shop }) => {
    const admin = await shop.person('admin')
    const supplierEmail = `supplier-${(suppliers += 1)}@example.com`
    const last = shop.documents('purchase_numbers').find(({ id }) => id === PRODUCT)?.data['last'] ?? 0
    const wish = { productId: PRODUCT, quantity: 12, orderNumber: last + 1, supplierEmail, reason: 'Runs out' }
    const approve = async (): Promise<void> => {
      await admin.post('/api/purchase-orders', wish, supplierEmail).catch(() => undefined)
    }
    const ours = (): Json[] => shop.documents('purchase_orders').filter(({ data }) => data['supplierEmail'] === supplierEmail).map(({ data }) => data)
    return {
      run: approve,
      again: approve,
      faults: () => {
        const [orders, mails] = [ours(), shop.at('resend', 'emails').filter(({ to }) => String(to) === supplierEmail)]
        return [
          ...(orders.length > 1 ? [`${supplierEmail} was sent ${orders.length} orders`] : []),
          ...(mails.length === orders.length ? [] : [`${supplierEmail} got ${mails.length} mails for ${orders.length} orders`]),
        ]
      },
    }
  },
}
