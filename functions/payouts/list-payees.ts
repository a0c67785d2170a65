/** Lists who may be paid out, by their ids. */
import { z } from 'zod'
import { idField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { payeeView } from '#domain/payee.ts'
import { PayeeShown } from '#domain/shown/books.ts'
import { listPayeesOf } from '#stores/payees.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listPayees = endpoint({
  name: 'list-payees',
  path: '/api/payees',
  impact: 'Staff cannot see who may be paid out.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'List payees',
    query: z.strictObject({ cursor: idField.optional(), limit: limitField(50, 100) }),
    reply: z.object({ payees: listOf(PayeeShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { payees, nextCursor } = await listPayeesOf({ after: query.cursor, limit: query.limit })
      return { payees: payees.map(payeeView), nextCursor }
    },
  }),
})
