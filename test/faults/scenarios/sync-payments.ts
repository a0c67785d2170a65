/** Payments of the tills come into the warehouse: none is lost, none shows twice. */
import { freeLease } from '../../functions/catalogue/syncing.ts'
import type { Json } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

const JOB = 'sync-square-payments'

export const syncPayments: Scenario = {
  name: JOB,
  functions: [JOB],
  prepare: async ({ shop }) => {
    await freeLease(shop, JOB)
    const sold: string[] = []
    for (const quantity of ['1', '2']) {
      const { payment } = await shop.act('square', 'payments', { lines: [{ variationId: 'VARTOTE1', quantity }] })
      sold.push(payment['id'])
    }
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
