/**
 * Lists vendor events that were given up, those that have waited longest first; or, by `status`, what became of others.
 *
 * What an event says is not shown: it may hold personal data, and its error names the cause.
 */
import { z } from 'zod'
import { cursorField, idField, limitField } from '#values/schema.ts'
import { iso } from '#values/time.ts'
import { INBOX_STATUSES, type InboxRecord } from '#domain/inbox.ts'
import { listInbox } from '#stores/inbox.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listDeadLetters = endpoint({
  name: 'list-dead-letters',
  path: '/api/admin/dead-letters',
  impact: 'Staff do not see which vendor events were given up.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Vendor events that were given up',
    query: z.strictObject({
      vendor: idField.optional(),
      status: z.enum(INBOX_STATUSES).default('dead'),
      cursor: cursorField.optional(),
      limit: limitField(20, 100),
    }),
    reply: z.object({ deadLetters: z.array(z.looseObject({})), nextCursor: z.string().nullable() }),
    run: async ({ query }) => {
      const { found, nextCursor } = await listInbox(query)
      return { deadLetters: found.map(({ id, record }) => deadLetterView(id, record)), nextCursor }
    },
  }),
})

function deadLetterView(id: string, record: InboxRecord): Record<string, unknown> {
  const { vendor, id: eventId, type, attempts, lastError, receivedAtMs, nextAtMs, status } = record
  const nextRetryAt = nextAtMs === null ? null : iso(nextAtMs)
  return { id, vendor, eventId, type, attempts, lastError, firstSeenAt: iso(receivedAtMs), nextRetryAt, status }
}
