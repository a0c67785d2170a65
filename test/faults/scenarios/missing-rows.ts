/** A row that BigQuery said it took, and that is not in it: it gets there, and nothing looks for it any longer. */
import type { Scenario } from '../scenario.ts'

let rows = 0

export const missingRows: Scenario = {
  name: 'missing-rows',
  functions: ['reconcile-warehouse'],
  // It runs once an hour.
  settlesAfterMinutes: 80,
  prepare: async ({ shop }) => {
    const id = `missing-${(rows += 1)}`
    const at = new Date(shop.cloud.now()).toISOString()
    const json = { id, name: 'Lamp', currency: 'USD', available: true, created_at: at, updated_at: at, row_version: 1, schema_version: 1 }
    const row = { dataset: 'commerce', table: 'square_items_log', insertId: id, json }
    const receipt = { table: 'commerce.square_items_log', count: 1, rows: JSON.stringify([row]), misses: 0, nextAtMs: shop.cloud.now() }
    await shop.cloud.servers.firestore.write([{ path: `warehouse_receipts/${id}`, data: receipt }])
    return {
      run: async () => {
        await shop.cloud.runJob('reconcile-warehouse').catch(() => undefined)
      },
      faults: async () => {
        const found = ((await shop.cloud.rows('commerce', 'square_items')) as Array<Record<string, unknown>>).filter((one) => one['id'] === id)
        const open = shop.documents('warehouse_receipts').some((one) => one.id === id)
        return [
          ...(found.length === 1 ? [] : [`row ${id} shows ${found.length} times in the warehouse`]),
          ...(open ? [`row ${id} is still looked for`] : []),
        ]
      },
    }
  },
}
