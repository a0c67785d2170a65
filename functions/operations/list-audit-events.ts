/** Who changed what on a day, and why, in the order in which it happened, as the warehouse holds it: a minute or two after the change. */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, dayShown, listOf } from '#values/shown.ts'
import { dayOf } from '#domain/audit-seal.ts'
import { AuditEventShown } from '#domain/shown/operations.ts'
import { now } from '#platform/clock.ts'
import { listEvents } from '#stores/audit-events.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listAuditEvents = endpoint({
  name: 'list-audit-events',
  path: '/api/admin/audit',
  impact: 'Staff cannot see who changed what.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Audit events of a day, in UTC',
    query: z.strictObject({ day: z.iso.date().optional(), cursor: cursorField.optional(), limit: limitField(50, 100) }),
    reply: z.object({ day: dayShown, events: listOf(AuditEventShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const day = query.day ?? dayOf(now())
      return { day, ...(await listEvents({ ...query, day })) }
    },
  }),
})
