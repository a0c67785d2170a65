/**
 * Lists differences between a gateway's books and ours, the latest found first: those that are open, or were.
 * Nothing is changed here; what can be done about one is `resolve-difference`.
 */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { DIFFERENCE_STATES, differenceView } from '#domain/difference.ts'
import { DifferenceShown } from '#domain/shown/books.ts'
import { listDifferencesOf } from '#stores/differences.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listDifferences = endpoint({
  name: 'list-differences',
  path: '/api/admin/reconciliation',
  impact: 'Staff do not see where money and books differ.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Differences between gateways and our books',
    query: z.strictObject({ state: z.enum(DIFFERENCE_STATES).optional(), cursor: cursorField.optional(), limit: limitField(50, 100) }),
    reply: z.object({ differences: listOf(DifferenceShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { differences, nextCursor } = await listDifferencesOf(query)
      return { differences: differences.map(differenceView), nextCursor }
    },
  }),
})
