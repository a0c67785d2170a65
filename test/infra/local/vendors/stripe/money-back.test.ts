/** Refunds, disputes and payouts: what moves, when, and what the balance says afterwards. */
import { describe, expect, test } from 'vitest'
import { atStripe, paid, refusal, type Shop } from './at-stripe.ts'

const DAY_MS = 86_400_000

async function payBy({ stripe, pass }: Shop, payment_method: string) {
  const intent = await stripe.paymentIntents.create({ ...paid, payment_method })
  await pass(1_100)
  return intent
}

async function nets({ stripe }: Shop): Promise<number> {
  return (await stripe.balanceTransactions.list({ limit: 100 })).data.reduce((sum, { net }) => sum + net, 0)
}

describe('does', () => {
  test(
    'gives money back in parts until nothing is left',
    atStripe(async (shop) => {
      const { stripe, pass, received } = shop
      const { id } = await payBy(shop, 'pm_card_visa')
      const part = await stripe.refunds.create({
        payment_intent: id,
        amount: 2000,
        reason: 'requested_by_customer',
        metadata: { line: '1' },
      })
      expect(part).toMatchObject({ status: 'succeeded', amount: 2000, payment_intent: id, metadata: { line: '1' } })
      const rest = await stripe.refunds.create({ charge: String(part.charge), expand: ['charge.refunds', 'balance_transaction'] })
      expect(rest).toMatchObject({
        amount: 3000,
        balance_transaction: { amount: -3000, fee: 0, type: 'refund' },
        charge: { refunded: true, amount_refunded: 5000 },
      })
      expect((rest.charge as { refunds: { data: unknown[] } }).refunds.data).toHaveLength(2)
      expect((await stripe.refunds.list({ payment_intent: id })).data.map((refund) => refund.id)).toEqual([rest.id, part.id])
      await pass(0)
      const told = received.filter(({ event }) => event.type === 'charge.refunded')
      expect(told[0]?.event.data).toMatchObject({
        object: { amount_refunded: 2000, refunded: false },
        previous_attributes: { amount_refunded: 0 },
      })
      expect(await nets(shop)).toBe(-175)
    }),
  )

  test(
    'takes a refund back that fails at the bank later',
    atStripe(async (shop) => {
      const { stripe, pass, types } = shop
      const { id } = await payBy(shop, 'pm_card_refundFail')
      const refund = await stripe.refunds.create({ payment_intent: id })
      expect(refund.status).toBe('succeeded')
      await pass(61_000)
      const failed = await stripe.refunds.retrieve(refund.id, { expand: ['failure_balance_transaction'] })
      expect(failed).toMatchObject({
        status: 'failed',
        failure_reason: 'expired_or_canceled_card',
        failure_balance_transaction: { amount: 5000, type: 'refund_failure' },
      })
      expect(await stripe.charges.retrieve(String(refund.charge))).toMatchObject({ refunded: false, amount_refunded: 0 })
      expect(types()).toEqual(expect.arrayContaining(['refund.created', 'charge.refunded', 'refund.updated', 'refund.failed']))
      expect(await nets(shop)).toBe(5000 - 175)
    }),
  )

  test(
    'lets a pending refund succeed later, unless it is cancelled',
    atStripe(async (shop) => {
      const { stripe, pass } = shop
      const { id } = await payBy(shop, 'pm_card_pendingRefund')
      const first = await stripe.refunds.create({ payment_intent: id, amount: 1000 })
      const second = await stripe.refunds.create({ payment_intent: id, amount: 1500 })
      expect([first.status, second.status]).toEqual(['pending', 'pending'])
      expect((await stripe.refunds.cancel(second.id)).status).toBe('canceled')
      await pass(61_000)
      expect((await stripe.refunds.retrieve(first.id)).status).toBe('succeeded')
      expect((await stripe.refunds.retrieve(second.id)).status).toBe('canceled')
      expect((await stripe.charges.retrieve(String(first.charge))).amount_refunded).toBe(1000)
    }),
  )

  test(
    'fails a refund when the dashboard says so',
    atStripe(async (shop) => {
      const { id } = await payBy(shop, 'pm_card_visa')
      const refund = await shop.stripe.refunds.create({ payment_intent: id })
      const answer = await shop.vendor.control(['refunds', refund.id, 'fail'], { failure_reason: 'lost_or_stolen_card' })
      expect(answer).toMatchObject({ status: 200, body: { status: 'failed', failure_reason: 'lost_or_stolen_card' } })
    }),
  )

  test(
    'opens the dispute a card brings, takes the money with a fee, and gives it back when it is won',
    atStripe(async (shop) => {
      const { stripe, pass, types, vendor } = shop
      const { id } = await payBy(shop, 'pm_card_createDisputeProductNotReceived')
      await pass(3_000)
      const [dispute] = (await stripe.disputes.list({ payment_intent: id })).data
      expect(dispute).toMatchObject({
        status: 'needs_response',
        reason: 'product_not_received',
        amount: 5000,
        is_charge_refundable: false,
        evidence_details: { has_evidence: false, past_due: false },
        balance_transactions: [{ amount: -5000, fee: 1500, net: -6500, type: 'adjustment', reporting_category: 'dispute' }],
      })
      expect((await stripe.charges.retrieve(String(dispute?.charge))).disputed).toBe(true)
      expect(await refusal(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ code: 'charge_disputed' })
      const sent = await stripe.disputes.update(dispute?.id ?? '', { evidence: { customer_name: 'Ada' }, submit: true })
      expect(sent).toMatchObject({
        status: 'under_review',
        evidence: { customer_name: 'Ada' },
        evidence_details: { submission_count: 1 },
      })
      const won = await vendor.control(['disputes', sent.id, 'close'], { status: 'won' })
      expect(won.body).toMatchObject({ status: 'won', balance_transactions: [{ net: -6500 }, { net: 5000 }] })
      expect((await vendor.control(['disputes', sent.id, 'close'], { status: 'lost' })).status).toBe(400)
      await pass(0)
      expect(types().filter((type) => type.startsWith('charge.dispute')).sort()).toEqual([
        'charge.dispute.closed',
        'charge.dispute.created',
        'charge.dispute.funds_reinstated',
        'charge.dispute.funds_withdrawn',
        'charge.dispute.updated',
      ])
      expect(await nets(shop)).toBe(5000 - 175 - 1500)
    }),
  )

  test(
    'moves no money for an inquiry',
    atStripe(async (shop) => {
      const { stripe, vendor, pass, types } = shop
      const { id } = await payBy(shop, 'pm_card_createDisputeInquiry')
      await pass(3_000)
      const [inquiry] = (await stripe.disputes.list({ payment_intent: id })).data
      expect(inquiry).toMatchObject({ status: 'warning_needs_response', balance_transactions: [], is_charge_refundable: true })
      expect((await vendor.control(['disputes', inquiry?.id ?? '', 'close'], { status: 'lost' })).body).toMatchObject({
        status: 'warning_closed',
      })
      await pass(0)
      expect(types()).not.toContain('charge.dispute.funds_withdrawn')
      expect(await nets(shop)).toBe(5000 - 175)
    }),
  )

  test(
    'loses a dispute that nobody answers, or that is given up, or that losing evidence decides',
    atStripe(async (shop) => {
      const { stripe, vendor, pass } = shop
      const open = async () => {
        const { id } = await payBy(shop, 'pm_card_visa')
        const { body } = await vendor.control(['disputes'], { payment_intent: id, reason: 'duplicate', amount: 1200 })
        return body as { id: string; amount: number; reason: string }
      }
      const [silent, conceded, lost, won] = [await open(), await open(), await open(), await open()]
      expect(silent).toMatchObject({ amount: 1200, reason: 'duplicate' })
      expect((await stripe.disputes.close(conceded.id)).status).toBe('lost')
      const evidence = (text: string) => ({ evidence: { uncategorized_text: text }, submit: true })
      expect((await stripe.disputes.update(lost.id, evidence('losing_evidence'))).status).toBe('lost')
      expect((await stripe.disputes.update(won.id, evidence('winning_evidence'))).status).toBe('won')
      await pass(10 * DAY_MS)
      expect(await stripe.disputes.retrieve(silent.id)).toMatchObject({ status: 'lost', evidence_details: { past_due: true } })
    }),
  )

  test(
    'pays the balance out with everything it consists of',
    atStripe(async (shop) => {
      const { stripe, vendor, pass, types } = shop
      await payBy(shop, 'pm_card_visa')
      await payBy(shop, 'pm_card_bypassPending')
      expect(await stripe.balance.retrieve()).toMatchObject({
        available: [{ amount: 4825, currency: 'usd' }],
        pending: [{ amount: 4825, currency: 'usd' }],
      })
      const answer = await vendor.control(['payouts'], {})
      const payout = answer.body as { id: string }
      expect(payout).toMatchObject({ amount: 9650, status: 'in_transit', automatic: true })
      const contents = await stripe.balanceTransactions.list({ payout: payout.id })
      expect(contents.data.reduce((sum, { net }) => sum + net, 0)).toBe(0)
      expect((await vendor.control(['payouts'], {})).status).toBe(400)
      await pass(2 * DAY_MS)
      expect(await stripe.payouts.retrieve(payout.id)).toMatchObject({ status: 'paid', reconciliation_status: 'completed' })
      expect(types()).toEqual(expect.arrayContaining(['payout.paid', 'payout.reconciliation_completed']))
      expect((await stripe.balanceTransactions.list({ type: 'charge' })).data.map(({ status }) => status)).toEqual([
        'available',
        'available',
      ])
    }),
  )

  test(
    'puts the money of a payout back that its bank refused',
    atStripe(async (shop) => {
      const { vendor, pass, stripe } = shop
      await payBy(shop, 'pm_card_visa')
      const first = (await vendor.control(['payouts'], { fails: true })).body as { id: string }
      await pass(2 * DAY_MS)
      expect(await stripe.payouts.retrieve(first.id)).toMatchObject({ status: 'failed', failure_code: 'account_closed' })
      expect((await vendor.control(['payouts'], {})).body).toMatchObject({ amount: 4825 })
    }),
  )
})

describe('refuses', () => {
  test(
    'to give back more than was taken, twice, or what was never captured',
    atStripe(async (shop) => {
      const { stripe } = shop
      const { id } = await payBy(shop, 'pm_card_visa')
      expect(await refusal(stripe.refunds.create({ payment_intent: id, amount: 5001 }))).toMatchObject({
        statusCode: 400,
        param: 'amount',
      })
      await stripe.refunds.create({ payment_intent: id })
      expect(await refusal(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ code: 'charge_already_refunded' })
      const held = await stripe.paymentIntents.create({ ...paid, capture_method: 'manual' })
      expect((await refusal(stripe.refunds.create({ payment_intent: held.id }))).statusCode).toBe(400)
      const blank = await stripe.paymentIntents.create({ amount: 500, currency: 'usd' })
      expect(await refusal(stripe.refunds.create({ payment_intent: blank.id }))).toMatchObject({
        code: 'payment_intent_unexpected_state',
      })
      expect(await refusal(stripe.refunds.create({ payment_intent: 'pi_none' }))).toMatchObject({
        code: 'resource_missing',
        param: 'payment_intent',
      })
      expect(await refusal(stripe.refunds.create({}))).toMatchObject({ code: 'parameter_missing' })
      expect(await refusal(stripe.refunds.create({ payment_intent: id, amount: 0 }))).toMatchObject({
        code: 'parameter_invalid_integer',
      })
    }),
  )
})

describe('survives', () => {
  test(
    'many refunds of one charge at once: together never more than was paid',
    atStripe(async (shop) => {
      const { stripe } = shop
      const { id } = await payBy(shop, 'pm_card_visa')
      const calls = Array.from({ length: 12 }, () => stripe.refunds.create({ payment_intent: id, amount: 900 }))
      const results = await Promise.allSettled(calls)
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
      const [charge] = (await stripe.charges.list({ payment_intent: id })).data
      expect(charge).toMatchObject({ amount_refunded: 4500, refunded: false })
    }),
  )
})
