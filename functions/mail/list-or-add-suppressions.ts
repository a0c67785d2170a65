/**
 * Lists addresses that get no mail (or, by `scope`, no campaigns), the latest change first; adds one by hand.
 *
 * Bounces, complaints and unsubscriptions come here by themselves. What is added twice stands as it was; what is lifted
 * is `lift-suppression`'s.
 */
import { z } from 'zod'
import { cursorField, emailField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { SCOPES, suppressionView } from '#domain/mail-address.ts'
import { SuppressionShown } from '#domain/shown/mail.ts'
import { now } from '#platform/clock.ts'
import { addressId, holding, listHeld } from '#stores/mail-addresses.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const scope = z.enum(SCOPES).default('all')

export const listOrAddSuppressions = endpoint({
  name: 'list-or-add-suppressions',
  path: '/api/admin/suppressions',
  impact: 'Staff do not see who gets no mail, and cannot spare somebody.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Addresses that get no mail, or no campaigns',
    query: z.strictObject({ scope, cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({ suppressions: listOf(SuppressionShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { addresses, nextCursor } = await listHeld(query)
      return { suppressions: addresses.map((address) => suppressionView(address, query.scope)), nextCursor }
    },
  }),
  POST: route({
    who: ['support', 'admin'],
    summary: 'Send an address no mail, or no campaigns, any more',
    body: z.strictObject({ address: emailField, scope }),
    reply: z.object({ suppression: SuppressionShown }),
    status: 201,
    idempotent: true,
    run: ({ body, once }) => once(async (unit) => {
      const hold = { reason: 'manual', sinceMs: now(), mailId: null } as const
      const [address] = (await holding(unit, [{ id: addressId(body.address), scope: body.scope, hold, spelling: body.address }]))()
      return { suppression: address === undefined ? {} : suppressionView(address, body.scope) }
    }),
  }),
})
