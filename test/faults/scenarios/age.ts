/** A customer has his age checked, and buys what is for adults; when an answer is lost, the same click comes again. */
import { chargesFor, checkOut, ordersOf } from '../../functions/purchase.ts'
import type { Json } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

/** For adults. */
const SELTZER = 'VARSELTZER1'

export const ageCheck: Scenario = {
  name: 'age-check',
  functions: ['verify-age'],
  prepare: async ({ shop }) => {
    const customer = await shop.person()
    const click = async (): Promise<void> => void (await customer.verifyAge({}, 'the-click'))
    return {
      run: click,
      again: click,
      faults: async () => {
        const verification = shop.document('age_verifications', customer.id)?.['verification']
        const rows = ((await shop.cloud.rows('commerce', 'age_verifications')) as Json[]).filter((row) => row['customer_id'] === customer.id)
        // A request that never came in was not an attempt.
        const wanted = verification === undefined ? [] : [verification.id]
        const found = rows.map(({ id }) => id)
        return JSON.stringify(found) === JSON.stringify(wanted) ? [] : [`customer ${customer.id} has verification ${wanted.join()} and rows ${found.join()}`]
      },
    }
  },
}

export const ageDeposit: Scenario = {
  name: 'age-deposit',
  functions: ['verify-age'],
  environment: { AGE_DEPOSIT: '5.00' },
  prepare: async ({ shop }) => {
    const customer = await shop.person()
    const click = async (): Promise<void> => void (await customer.verifyAge({}, 'the-click'))
    return {
      run: click,
      again: click,
      faults: () => {
        const deposits = shop.documents('age_deposits').map(({ data }) => data).filter(({ customerId }) => customerId === customer.id)
        const verified = shop.document('age_verifications', customer.id) !== undefined
        const held = deposits.filter(({ state, check }) => state === 'held' && check === 'passed')
        return [
          ...held.map(({ id }) => `deposit ${id} of ${customer.id}, who has passed, is still held`),
          ...(verified && !deposits.some(({ check }) => check === 'passed') ? [`customer ${customer.id} was verified without a deposit`] : []),
        ]
      },
    }
  },
}

export const checkoutForAdults: Scenario = {
  name: 'checkout-for-adults',
  functions: ['check-out'],
  prepare: async ({ shop }) => {
    const buyer = await shop.adult()
    const { id } = await buyer.fill({ productId: SELTZER, quantity: 1 })
    const click = async (): Promise<void> => void (await checkOut(buyer, { cartId: id }, 'the-click'))
    return {
      run: click,
      again: click,
      faults: () => {
        const charges = ordersOf(shop, buyer).flatMap((order) => chargesFor(shop, order['id'])).filter(({ status }) => status === 'succeeded')
        const relied = shop.document('age_verifications', buyer.id)?.['reliedOnAtMs'] !== undefined
        return [
          ...(charges.length > 1 ? [`customer ${buyer.id} was charged ${charges.length} times for one click`] : []),
          ...(charges.length > 0 && !relied ? [`customer ${buyer.id} was sold what is for adults, and nothing was looked at for it`] : []),
        ]
      },
    }
  },
}
