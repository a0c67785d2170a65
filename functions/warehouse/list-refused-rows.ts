/** Rows that BigQuery would not take, each with its reason: they are kept apart until somebody has looked at them. */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { iso } from '#values/time.ts'
import { RefusedRowShown } from '#domain/shown/dashboard.ts'
import { listRefused } from '#stores/refused-rows.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listRefusedRows = endpoint({
  name: 'list-refused-rows',
  path: '/api/admin/warehouse/refused-rows',
  impact: 'Staff do not see what is missing in reports, and why.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Rows that the warehouse refused, the newest first',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(50, 100) }),
    reply: z.object({ rows: listOf(RefusedRowShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { rows, nextCursor } = await listRefused(query)
      return { rows: rows.map(viewOf), nextCursor }
    },
  }),
})

function viewOf({ table, insertId, reason, json, atMs }: Record<string, unknown>): RefusedRowShown {
  return { table: String(table), insertId: String(insertId), reason: String(reason), row: JSON.parse(String(json)), at: iso(Number(atMs)) }
}
