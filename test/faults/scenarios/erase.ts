/** An admin forgets a customer who is verified and has bought; when the answer is lost, the same wish comes again. */
import { isGenuine } from '../../../shared/domain/certificate.ts'
import { isNameless } from '../../../shared/domain/nameless.ts'
import type { Order } from '../../../shared/domain/order.ts'
import { erase as ask, recordsOf } from '../../functions/customers/forgetting.ts'
import { PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const erase: Scenario = {
  name: 'erase',
  functions: ['erase-customer'],
  prepare: async ({ shop }) => {
    const [customer, admin] = [await shop.adult(), await shop.person('admin')]
    await customer.buy({ productId: PRODUCT, quantity: 1 })
    const click = async (): Promise<void> => void (await ask(admin, customer, { key: 'the-click' }))
    return {
      run: click,
      again: click,
      faults: () => {
        const erasure = shop.document('erasures', customer.id)
        // A wish that never came in was not asked for.
        if (erasure === undefined) return shop.document('age_verifications', customer.id) === undefined ? [`${customer.id} was erased, and nobody had asked for it`] : []
        const { state, certificate } = erasure
        const orders = shop.documents('orders').filter(({ data }) => data['customerId'] === customer.id).map(({ data }) => data as Order)
        const counted = certificate === null ? {} : recordsOf(certificate)
        return [
          ...(state !== 'done' || certificate === null || !isGenuine(certificate) ? [`the erasure of ${customer.id} is ${state}, without a certificate that holds`] : []),
          ...(JSON.stringify([1, 1, 1, 1, 1]) === JSON.stringify(['customer_keys', 'age_verifications', 'orders', 'mails', 'carts'].map((store) => counted[store])) ? [] : [`the certificate of ${customer.id} counts ${JSON.stringify(counted)}`]),
          ...(shop.document('customer_keys', customer.id)?.['sealed'] === undefined ? [] : [`the key of ${customer.id} is still there`]),
          ...(shop.document('age_verifications', customer.id) === undefined ? [] : [`the verification of ${customer.id} is still there`]),
          ...orders.filter((order) => !isNameless(order)).map(({ id }) => `order ${id} still names ${customer.id}`),
        ]
      },
    }
  },
}
