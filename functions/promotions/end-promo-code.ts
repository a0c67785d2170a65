/**
 * Ends a promo code: from then on nobody can use it. Orders that hold a use of it keep it.
 *
 * Safe to run twice: what is ended stays so, with the reason that was given first. A checkout that has read the code before is
 * refused by its version.
 */
import { z } from 'zod'
import { promoCodeView } from '#domain/promo.ts'
import { PromoCodeShown } from '#domain/shown/mail.ts'
import { now } from '#platform/clock.ts'
import { endCode } from '#stores/promo-codes.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const endPromoCode = endpoint({
  name: 'end-promo-code',
  path: '/api/admin/promo-codes/:code/end',
  impact: 'A promotion that went wrong cannot be stopped.',
  POST: route({
    who: ['admin'],
    summary: 'End a promo code',
    body: z.strictObject({ reason: z.string().trim().min(1).max(500) }),
    reply: z.object({ promoCode: PromoCodeShown }),
    idempotent: true,
    run: async ({ body, params, once }) => {
      const code = (params['code'] ?? '').toUpperCase()
      return once(async (unit) => ({ promoCode: promoCodeView(await endCode(unit, code, body.reason), now()) }))
    },
  }),
})
