/**
 * Pays a partner or an organiser out, once for each payout id; lists what was paid.
 *
 * The payout is written first, which takes its amount off what the ledger shows at the gateway and counts it among the
 * three of this hour; then the gateway is asked under the payout's own id; then it is settled. So no two payouts pay more
 * than is there, and a lost answer is asked for again (same id, same key, or the sweep): nothing is ever paid twice.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { CURRENCY, toMinor, wireAmount } from '#values/money.ts'
import { cursorField, idField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { isOpenPayout, payoutView, type Payout } from '#domain/payout.ts'
import { PayoutShown } from '#domain/shown/books.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { askPayout, behindBreaker, listPayoutsOf, settlePayoutOf } from '#stores/payouts.ts'
import { payOut } from '#vendors/stripe/payouts.ts'
import type { Reply } from '#entry/answer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Wish = z.strictObject({
  payoutId: idField.optional(),
  recipientId: idField,
  amount: wireAmount.gt(0),
  currency: z.string().regex(CURRENCY, 'must be a currency such as USD'),
  reason: z.string().trim().min(1).max(500),
})

export const makeOrListPayouts = endpoint({
  name: 'make-or-list-payouts',
  path: '/api/payouts',
  impact: 'Partners and organisers are not paid.',
  POST: route({
    who: ['admin'],
    summary: 'Pay a registered payee out, once for each payout id',
    body: Wish,
    reply: z.object({ payout: PayoutShown }),
    status: 201,
    idempotent: true,
    fails: ['NOT_FOUND'],
    run,
  }),
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'List payouts, the newest first',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({ payouts: listOf(PayoutShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { payouts, nextCursor } = await listPayoutsOf(query)
      return { payouts: payouts.map(payoutView), nextCursor }
    },
  }),
})

const UNANSWERED = 'The payment service did not answer. The payout will be finished; it will not be paid twice.'

async function run(call: Call<z.output<typeof Wish>, unknown>): Promise<Reply> {
  const { payout: asked, known } = await askPayout(wishOf(call), call.body.recipientId, config('limits').PAYOUTS_PER_HOUR)
  const payout = await finished(asked)
  if (payout.answer !== null) return { ...payout.answer, replayed: known }
  throw new Failure('GATEWAY_TIMEOUT', { message: UNANSWERED, details: { payoutId: payout.id }, retryAfterSeconds: 60 })
}

function wishOf({ body, caller, key, requestHash }: Call<z.output<typeof Wish>, unknown>) {
  const amount = toMinor(body.amount, body.currency)
  if (amount === undefined) throw invalid('amount', `has more digits than ${body.currency} has`)
  if (body.payoutId === undefined && key === undefined) throw invalid('payoutId', 'send payoutId or an Idempotency-Key: nothing may be paid twice')
  const ofKey = key === undefined ? null : derivedId('pay', [caller.role, caller.id ?? '', key])
  return {
    id: body.payoutId ?? ofKey ?? '', amount, currency: body.currency, reason: body.reason, requestedBy: `${caller.role} ${caller.id ?? ''}`, requestHash, keyDigest: ofKey,
  }
}

/** Asks the gateway for a payout that is still open. */
async function finished(payout: Payout): Promise<Payout> {
  if (!isOpenPayout(payout)) return payout
  const outcome = await behindBreaker(payout, () => payOut(payout))
  return (await settlePayoutOf(payout.id, { outcome, cause: 'answered' })) ?? payout
}
