/** The seals of the audit trail, the newest first. `npm run verify-audit` proves the events of each. */
import { z } from 'zod'
import { iso } from '#values/time.ts'
import { limitField } from '#values/schema.ts'
import { listSeals } from '#stores/audit.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listAuditSeals = endpoint({
  name: 'list-audit-seals',
  path: '/api/admin/audit/seals',
  impact: 'Staff cannot note down the seals that prove the audit trail.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Daily seals of the audit trail',
    query: z.strictObject({ cursor: z.iso.date().optional(), limit: limitField(31, 100) }),
    reply: z.object({ seals: z.array(z.looseObject({})), nextCursor: z.string().nullable() }),
    run: async ({ query }) => {
      const found = await listSeals({ before: query.cursor, limit: query.limit + 1 })
      const seals = found.slice(0, query.limit).map(({ sealedAtMs, ...seal }) => ({ ...seal, sealedAt: iso(sealedAtMs) }))
      return { seals, nextCursor: found.length > query.limit ? (seals.at(-1)?.day ?? null) : null }
    },
  }),
})
