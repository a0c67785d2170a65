/** Payments of the tills come into the warehouse: none is lost, none shows twice. */
import { newId } from '#values/ids.ts'
import { iso } from '#values/time.ts'
import { freeLease } from '../../functions/catalogue/syncing.ts'
import type { Json } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

const JOB = 'sync-square-payments'
/** Of something that nobody counts: what is on the shelf is another scenario's matter. */
const PAYMENT = { status: 'COMPLETED', source_type: 'CASH', amount_money: { amount: 500, currency: 'USD' }, location_id: 'LSTOREMAIN001' }

export const syncPayments: Scenario = {
  name: JOB,
  functions: [JOB],
  prepare: async ({ shop }) => {
    await freeLease(shop, JOB)
    const sold = [newId('TILL'), newId('TILL')]
    await shop.act('square', 'import', { payments: sold.map((id) => ({ ...PAYMENT, id, created_at: iso(shop.cloud.now()) })) })
    return {
      run: async () => void (await shop.cloud.runJob(JOB).catch(() => undefined)),
      faults: async () => {
        await freeLease(shop, JOB)
        const { status } = await shop.cloud.runJob(JOB)
        const rows = ((await shop.cloud.rows('commerce', 'square_payments')) as Json[]).map(({ id }) => id)
        const wrong = sold.filter((id) => rows.filter((one) => one === id).length !== 1)
        return [...wrong.map((id) => `payment ${id} is not once in the warehouse`), ...(status === 200 ? [] : [`${JOB} does not run any more`])]
      },
    }
  },
}
