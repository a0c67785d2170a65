/**
 * Creates a promo code: a percentage or an amount, for whom, how often and until when; lists them with their uses.
 *
 * A code is never changed, only ended (`end-promo-code`): what a customer was promised by it stays as it was. One that exists is
 * refused, also after its end: whoever has it on paper would be promised something else by it.
 */
import { z } from 'zod'
import { invalid } from '#values/failure.ts'
import { CURRENCY, toMinor, wireAmount } from '#values/money.ts'
import { cursorField, limitField, promoCodeField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { promoCodeView, type PromoWish } from '#domain/promo.ts'
import { PromoCodeShown } from '#domain/shown/mail.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { createCode, listCodes } from '#stores/promo-codes.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const USES_MAX = 1_000_000_000

const Wish = z
  .strictObject({
    code: promoCodeField,
    percent: z.number().gt(0).max(100).optional(),
    amount: wireAmount.gt(0).optional(),
    /** Of the purchases that it counts for; without it the shop's own. */
    currency: z.string().regex(CURRENCY, 'must be a currency such as USD').optional(),
    validFrom: z.iso.datetime({ offset: true }).optional(),
    validUntil: z.iso.datetime({ offset: true }).optional(),
    usesMax: z.int().min(1).max(USES_MAX).optional(),
    oncePerCustomer: z.boolean().default(true),
    /** Of the goods, before anything is taken off. */
    minimumSubtotal: wireAmount.default(0),
    reason: z.string().trim().min(1).max(500),
  })
  .refine(({ percent, amount }) => (percent === undefined) !== (amount === undefined), { path: ['percent'], message: 'send either percent or amount' })
type Body = z.output<typeof Wish>

export const createOrListPromoCodes = endpoint({
  name: 'create-or-list-promo-codes',
  path: '/api/admin/promo-codes',
  impact: 'No promotion can be started.',
  POST: route({
    who: ['admin'],
    summary: 'Create a promo code',
    body: Wish,
    reply: z.object({ promoCode: PromoCodeShown }),
    status: 201,
    idempotent: true,
    run: async ({ body, caller, once }) => {
      const wish = wishOf(body, whoIs(caller))
      return once(async (unit) => ({ promoCode: promoCodeView(await createCode(unit, wish, body.reason), now()) }))
    },
  }),
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Promo codes, the newest first',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({ promoCodes: listOf(PromoCodeShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { promos, nextCursor } = await listCodes(query)
      return { promoCodes: promos.map((promo) => promoCodeView(promo, now())), nextCursor }
    },
  }),
})

function wishOf(body: Body, createdBy: string): PromoWish {
  const { code, usesMax = null, oncePerCustomer } = body
  const currency = body.currency ?? config('shop').CURRENCY
  const [validFromMs, validUntilMs] = [momentOf(body.validFrom), momentOf(body.validUntil)]
  if (validUntilMs !== null && validUntilMs <= Math.max(now(), validFromMs ?? 0)) throw invalid('validUntil', 'must be later than now and than validFrom')
  const minimumSubtotal = minorOf('minimumSubtotal', body.minimumSubtotal, currency)
  return { code, gives: givesOf(body, currency), currency, validFromMs, validUntilMs, usesMax, oncePerCustomer, minimumSubtotal, createdBy }
}

function momentOf(text: string | undefined): number | null {
  return text === undefined ? null : Date.parse(text)
}

function givesOf({ percent, amount = 0 }: Body, currency: string): PromoWish['gives'] {
  if (percent === undefined) return { amount: minorOf('amount', amount, currency) }
  // Hundredths, as cents are.
  const basisPoints = toMinor(percent, 'USD')
  if (basisPoints === undefined) throw invalid('percent', 'has more than two digits after the point')
  return { basisPoints }
}

function minorOf(field: string, major: number, currency: string): number {
  const minor = toMinor(major, currency)
  if (minor === undefined) throw invalid(field, `has more digits than ${currency} has`)
  return minor
}
