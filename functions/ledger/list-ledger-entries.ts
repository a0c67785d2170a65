/** Journal entries, the newest first, all or those of one order, a page at a time. */
import { z } from 'zod'
import { cursorField, idField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { entryView } from '#domain/ledger.ts'
import { EntryShown } from '#domain/shown/books.ts'
import { listEntries } from '#stores/ledger.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listLedgerEntries = endpoint({
  name: 'list-ledger-entries',
  path: '/api/admin/ledger/entries',
  impact: 'Staff cannot trace money to its order.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Journal entries',
    query: z.strictObject({ orderId: idField.optional(), cursor: cursorField.optional(), limit: limitField(50, 100) }),
    reply: z.object({ entries: listOf(EntryShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { entries, nextCursor } = await listEntries(query)
      return { entries: entries.map(entryView), nextCursor }
    },
  }),
})
