/** A day ends, its last facts reach the warehouse, and its audit trail is sealed. */
import { PRODUCT } from '../../functions/purchase.ts'
import type { Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

const DAY_MS = 86_400_000

export const sealAudit: Scenario = {
  name: 'seal-audit',
  functions: ['send-warehouse-rows', 'publish-audit-seal'],
  // The next run that is due, in case this one dies.
  settlesAfterMinutes: 60,
  prepare: async ({ shop }) => {
    const { id } = await (await shop.person()).buy({ productId: PRODUCT, quantity: 1 })
    const day = dayOf(shop.cloud.now())
    await shop.cloud.jumpTo(Date.parse(`${dayOf(shop.cloud.now() + DAY_MS)}T00:20:30.000Z`))
    const night = async (): Promise<void> => {
      for (const job of ['send-warehouse-rows', 'publish-audit-seal']) await shop.cloud.runJob(job).catch(() => undefined)
    }
    return { run: night, again: night, faults: () => faultsOf(shop, day, String(id)) }
  },
}

/** The day has a seal, and the sale is under it; that the seal is right is among the books. */
function faultsOf(shop: Shop, day: string, orderId: string): string[] {
  const leaves = shop.documents('audit_leaves').filter(({ data }) => data['day'] === day).flatMap(({ data }) => data['leaves'] as string[])
  return [
    ...(shop.document('audit_seals', day) === undefined ? [`${day} was not sealed`] : []),
    ...(leaves.some((leaf) => leaf.includes(` ${orderId}-`)) ? [] : [`the sale ${orderId} is not under the seal of ${day}`]),
  ]
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
