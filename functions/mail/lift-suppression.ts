/**
 * Lifts a suppression: mail goes to the address again. At the provider first, for it holds back by itself what bounced;
 * if that fails nothing is lifted, and the same call may be made again.
 *
 * A bounce or complaint from before stays without effect, however late its event comes; a new one counts.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { SCOPES, suppressionView } from '#domain/mail-address.ts'
import { SuppressionShown } from '#domain/shown/mail.ts'
import { liftHold, readAddress } from '#stores/mail-addresses.ts'
import { liftAtResend } from '#vendors/resend/suppressions.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const liftSuppression = endpoint({
  name: 'lift-suppression',
  path: '/api/admin/suppressions/:suppressionId/lift',
  impact: 'A customer whose mailbox works again gets no mail.',
  POST: route({
    who: ['admin'],
    summary: 'Send mail, or campaigns, to an address again',
    body: z.strictObject({ scope: z.enum(SCOPES).default('all'), reason: z.string().trim().min(1).max(500) }),
    reply: z.object({ suppression: SuppressionShown }),
    idempotent: true,
    run: async ({ body, params, once }) => {
      const id = params['suppressionId'] ?? ''
      const known = await readAddress(id)
      if (known === undefined) throw new Failure('NOT_FOUND', { message: 'Suppression not found.' })
      if (body.scope === 'all' && known.holds.all !== null) await liftAtResend([...new Set([...known.spellings, known.address ?? []].flat())])
      return once(async (unit) => ({ suppression: suppressionView(await liftHold(unit, id, body), body.scope) }))
    },
  }),
})
