/** Notes that staff write to each other about an order, with who wrote each and when. Customers never see them, and nobody changes them. */
import { z } from 'zod'
import { newId } from '#values/ids.ts'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { noteView } from '#domain/order-note.ts'
import { NoteShown } from '#domain/shown/order.ts'
import { now } from '#platform/clock.ts'
import { addNote, listNotes, refuseUnknownOrder } from '#stores/order-notes.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const addOrListOrderNotes = endpoint({
  name: 'add-or-list-order-notes',
  path: '/api/orders/:orderId/notes',
  impact: 'Staff do not see what their colleagues know of an order.',
  POST: route({
    who: ['support', 'admin'],
    summary: 'Add a note to an order',
    body: z.strictObject({ text: z.string().trim().min(1).max(2_000) }),
    reply: z.object({ note: NoteShown }),
    status: 201,
    idempotent: true,
    run: async ({ body, params, caller, once }) => {
      const orderId = params['orderId'] ?? ''
      await refuseUnknownOrder(orderId)
      const note = { id: newId('note'), orderId, text: body.text, by: whoIs(caller), atMs: now() }
      return once(async (unit) => {
        await addNote(unit, note)
        return { note: noteView(note) }
      })
    },
  }),
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Notes on an order, the newest first',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({ notes: listOf(NoteShown), nextCursor: cursorShown }),
    run: async ({ params, query }) => {
      const orderId = params['orderId'] ?? ''
      await refuseUnknownOrder(orderId)
      const { notes, nextCursor } = await listNotes(orderId, query)
      return { notes: notes.map(noteView), nextCursor }
    },
  }),
})
