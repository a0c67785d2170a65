/**
 * Lists vendor events and mails (vendor `mail`) that were given up, those that have waited longest first; or, by `status`,
 * what became of other events.
 *
 * What they say is not shown: it may hold personal data, and its error names the cause.
 */
import { z } from 'zod'
import { cursorField, idField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { iso } from '#values/time.ts'
import { INBOX_STATUSES, type InboxRecord } from '#domain/inbox.ts'
import { DeadLetterShown } from '#domain/shown/operations.ts'
import { listDead, type DeadLetter } from '#stores/dead-letters.ts'
import { listInbox } from '#stores/inbox.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listDeadLetters = endpoint({
  name: 'list-dead-letters',
  path: '/api/admin/dead-letters',
  impact: 'Staff do not see which vendor events and mails were given up.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Vendor events and mails that were given up',
    query: z.strictObject({
      vendor: idField.optional(),
      status: z.enum(INBOX_STATUSES).default('dead'),
      cursor: cursorField.optional(),
      limit: limitField(20, 100),
    }),
    reply: z.object({ deadLetters: listOf(DeadLetterShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      if (query.status === 'dead') {
        const { letters, nextCursor } = await listDead(query)
        return { deadLetters: letters.map(deadView), nextCursor }
      }
      const { found, nextCursor } = await listInbox(query)
      return { deadLetters: found.map(({ id, record }) => eventView(id, record)), nextCursor }
    },
  }),
})

function deadView({ id, vendor, eventId, type, attempts, lastError, firstSeenAtMs }: DeadLetter): DeadLetterShown {
  return { id, vendor, eventId, type, attempts, lastError, firstSeenAt: iso(firstSeenAtMs), nextRetryAt: null, status: 'dead' }
}

function eventView(id: string, record: InboxRecord): DeadLetterShown {
  const { vendor, id: eventId, type, attempts, lastError, receivedAtMs, nextAtMs, status } = record
  const nextRetryAt = nextAtMs === null ? null : iso(nextAtMs)
  return { id, vendor, eventId, type, attempts, lastError, firstSeenAt: iso(receivedAtMs), nextRetryAt, status }
}
