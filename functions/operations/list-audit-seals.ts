/**
 * The seals of the audit trail, the newest first, and the public keys that they are signed with. `npm run verify-audit`
 * proves the events of each; whoever notes a key down needs to believe neither store.
 */
import { z } from 'zod'
import { iso } from '#values/time.ts'
import { limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { SealKeyShown, SealShown } from '#domain/shown/operations.ts'
import { listSealKeys, listSeals } from '#stores/audit.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listAuditSeals = endpoint({
  name: 'list-audit-seals',
  path: '/api/admin/audit/seals',
  impact: 'Staff cannot note down the seals that prove the audit trail.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Daily seals of the audit trail',
    query: z.strictObject({ cursor: z.iso.date().optional(), limit: limitField(31, 100) }),
    reply: z.object({ seals: listOf(SealShown), keys: listOf(SealKeyShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const [found, kept] = [await listSeals({ before: query.cursor, limit: query.limit + 1 }), await listSealKeys()]
      const seals = found.slice(0, query.limit).map(({ sealedAtMs, ...seal }) => ({ ...seal, sealedAt: iso(sealedAtMs) }))
      const keys = kept.map(({ id, publicKey, sinceMs }) => ({ id, publicKey, since: iso(sinceMs) }))
      return { seals, keys, nextCursor: found.length > query.limit ? (seals.at(-1)?.day ?? null) : null }
    },
  }),
})
