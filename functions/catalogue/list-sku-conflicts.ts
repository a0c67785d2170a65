/** SKUs that both tills have: Square's product counts, Lightspeed's is left out of the window until one of them is changed. */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { conflictView } from '#domain/counter-product.ts'
import { SkuConflictShown } from '#domain/shown/operations.ts'
import { listConflicts } from '#stores/counter-products.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listSkuConflicts = endpoint({
  name: 'list-sku-conflicts',
  path: '/api/admin/sku-conflicts',
  impact: 'Staff do not see which products are kept in both tills.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'SKUs that both tills have',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(50, 100) }),
    reply: z.object({ conflicts: listOf(SkuConflictShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { conflicts, nextCursor } = await listConflicts(query)
      return { conflicts: conflicts.map(conflictView), nextCursor }
    },
  }),
})
