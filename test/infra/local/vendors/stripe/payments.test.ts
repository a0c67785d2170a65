/** Payment intents from the first request to the money, with every test card. */
import { describe, expect, test } from 'vitest'
import { atStripe, paid, refusal } from './at-stripe.ts'

const MANUAL = { ...paid, capture_method: 'manual' } as const

describe('does', () => {
  test(
    'charges a card at once, and tells what a charge carries',
    atStripe(async ({ stripe }) => {
      const intent = await stripe.paymentIntents.create({ ...paid, metadata: { order_id: 'o-1' }, expand: ['latest_charge'] })
      expect(intent).toMatchObject({
        object: 'payment_intent',
        amount: 5000,
        amount_received: 5000,
        status: 'succeeded',
        capture_method: 'automatic_async',
        metadata: { order_id: 'o-1' },
        payment_method_types: ['card'],
        next_action: null,
      })
      expect(intent.id).toMatch(/^pi_[0-9A-Za-z]{24}$/)
      expect(intent.client_secret).toContain(`${intent.id}_secret_`)
      expect(intent.latest_charge).toMatchObject({
        paid: true,
        captured: true,
        amount_captured: 5000,
        amount_refunded: 0,
        disputed: false,
        refunded: false,
        status: 'succeeded',
        payment_intent: intent.id,
        outcome: { network_status: 'approved_by_network', type: 'authorized', risk_level: 'normal' },
        payment_method_details: { type: 'card', card: { brand: 'visa', last4: '4242', funding: 'credit' } },
      })
      expect(intent.latest_charge).not.toHaveProperty('refunds')
    }),
  )

  test(
    'keeps the fee back until a second later, then tells it with charge.updated',
    atStripe(async ({ stripe, pass, received }) => {
      const intent = await stripe.paymentIntents.create({ ...paid, amount: 1099, expand: ['latest_charge.balance_transaction'] })
      expect(intent.latest_charge).toMatchObject({ balance_transaction: null })
      await pass(1_500)
      const later = await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge.balance_transaction'] })
      expect(later.latest_charge).toMatchObject({
        balance_transaction: {
          amount: 1099,
          fee: 62,
          net: 1037,
          type: 'charge',
          status: 'pending',
          reporting_category: 'charge',
        },
      })
      const told = received.find(({ event }) => event.type === 'charge.updated')
      expect(told?.event.data).toMatchObject({ previous_attributes: { balance_transaction: null }, object: { object: 'charge' } })
    }),
  )

  test(
    'tells the fee at once when the capture is not asynchronous',
    atStripe(async ({ stripe }) => {
      const intent = await stripe.paymentIntents.create({
        ...paid,
        capture_method: 'automatic',
        expand: ['latest_charge.balance_transaction'],
      })
      expect(intent.latest_charge).toMatchObject({ balance_transaction: { fee: 175, net: 4825 } })
    }),
  )

  test(
    'goes through the states one request at a time',
    atStripe(async ({ stripe }) => {
      const blank = await stripe.paymentIntents.create({ amount: 700, currency: 'eur' })
      expect(blank.status).toBe('requires_payment_method')
      const ready = await stripe.paymentIntents.update(blank.id, {
        payment_method: 'pm_card_mastercard',
        amount: 800,
        description: 'two lamps',
      })
      expect(ready).toMatchObject({ status: 'requires_confirmation', amount: 800, description: 'two lamps' })
      const done = await stripe.paymentIntents.confirm(blank.id, {
        return_url: 'https://shop.example/back',
        expand: ['payment_method'],
      })
      expect(done).toMatchObject({ status: 'succeeded', amount_received: 800, payment_method: { card: { brand: 'mastercard' } } })
    }),
  )

  test(
    'holds an amount and captures a part of it',
    atStripe(async ({ stripe, types, pass }) => {
      const held = await stripe.paymentIntents.create(MANUAL)
      expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 5000, amount_received: 0 })
      const taken = await stripe.paymentIntents.capture(held.id, {
        amount_to_capture: 3000,
        expand: ['latest_charge.balance_transaction'],
      })
      expect(taken).toMatchObject({ status: 'succeeded', amount_capturable: 0, amount_received: 3000 })
      expect(taken.latest_charge).toMatchObject({
        amount_captured: 3000,
        amount_refunded: 0,
        balance_transaction: { amount: 3000, fee: 117 },
      })
      await pass(0)
      expect(types().sort()).toEqual(['payment_intent.amount_capturable_updated', 'payment_intent.succeeded'])
    }),
  )

  test(
    'releases held money without a refund, on request and after seven days',
    atStripe(async ({ stripe, pass, types }) => {
      const first = await stripe.paymentIntents.create(MANUAL)
      const cancelled = await stripe.paymentIntents.cancel(first.id, {
        cancellation_reason: 'requested_by_customer',
        expand: ['latest_charge'],
      })
      expect(cancelled).toMatchObject({ status: 'canceled', amount_capturable: 0, cancellation_reason: 'requested_by_customer' })
      expect(cancelled.latest_charge).toMatchObject({ refunded: false, amount_refunded: 0, captured: false })
      const second = await stripe.paymentIntents.create(MANUAL)
      await pass(7 * 86_400_000 + 1)
      expect(await stripe.paymentIntents.retrieve(second.id)).toMatchObject({
        status: 'canceled',
        cancellation_reason: 'expired',
      })
      expect(types()).toContain('charge.expired')
      expect(types()).not.toContain('charge.refunded')
      expect((await stripe.balanceTransactions.list()).data).toEqual([])
    }),
  )

  test(
    'asks the holder, and charges only when the holder agrees',
    atStripe(async ({ stripe, vendor, pass, types }) => {
      const method = { payment_method: 'pm_card_authenticationRequired' }
      const asked = await stripe.paymentIntents.create({ ...paid, ...method })
      expect(asked).toMatchObject({ status: 'requires_action', next_action: { type: 'use_stripe_sdk' }, latest_charge: null })
      const agreed = await vendor.control(['payment_intents', asked.id, 'authenticate'], { outcome: 'succeed' })
      expect(agreed).toMatchObject({ status: 200, body: { status: 'succeeded' } })
      const away = await stripe.paymentIntents.create({
        ...paid,
        payment_method: 'pm_card_threeDSecure2Required',
        return_url: 'https://shop.example/back',
      })
      expect(away.next_action).toMatchObject({
        type: 'redirect_to_url',
        redirect_to_url: { return_url: 'https://shop.example/back' },
      })
      await vendor.control(['payment_intents', away.id, 'authenticate'], { outcome: 'fail' })
      expect(await stripe.paymentIntents.retrieve(away.id)).toMatchObject({
        status: 'requires_payment_method',
        last_payment_error: { code: 'payment_intent_authentication_failure' },
      })
      expect((await vendor.control(['payment_intents', away.id, 'authenticate'], { outcome: 'succeed' })).status).toBe(400)
      await pass(0)
      expect(types().filter((type) => type !== 'charge.updated').sort()).toEqual([
        'payment_intent.payment_failed',
        'payment_intent.requires_action',
        'payment_intent.requires_action',
        'payment_intent.succeeded',
      ])
    }),
  )

  test(
    'charges a card in absence of its holder once it was set up for that',
    atStripe(async ({ stripe, vendor }) => {
      const customer = await stripe.customers.create({ email: 'ada@example.com' })
      const setup = await stripe.setupIntents.create({
        customer: customer.id,
        confirm: true,
        payment_method: 'pm_card_authenticationRequired',
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      })
      expect(setup.status).toBe('requires_action')
      await vendor.control(['setup_intents', setup.id, 'authenticate'], { outcome: 'succeed' })
      const method = String((await stripe.setupIntents.retrieve(setup.id)).payment_method)
      const later = await stripe.paymentIntents.create({
        ...paid,
        customer: customer.id,
        payment_method: method,
        off_session: true,
      })
      expect(later.status).toBe('succeeded')
    }),
  )

  test(
    'takes tokens and card data as well as payment methods',
    atStripe(async ({ stripe, vendor }) => {
      for (const payment_method of ['tok_visa_test', 'tok_test', 'pm_card_amex']) {
        expect((await stripe.paymentIntents.create({ ...paid, payment_method })).status).toBe('succeeded')
      }
      const { payment_method: _, ...withoutMethod } = paid
      const byToken = { ...withoutMethod, payment_method_data: { type: 'card', card: { token: 'tok_visa' } } } as const
      expect((await stripe.paymentIntents.create(byToken as never)).status).toBe('succeeded')
      const byNumber = { type: 'card', card: { number: '4000000000009995', exp_month: 12, exp_year: 2030, cvc: '123' } }
      const method = await stripe.paymentMethods.create(byNumber as never)
      expect(await refusal(stripe.paymentIntents.create({ ...paid, payment_method: method.id }))).toMatchObject({
        decline_code: 'insufficient_funds',
      })
      expect(JSON.stringify(vendor.requests())).not.toContain('4000000000009995')
    }),
  )

  test(
    'lets risky payments through into a review, until a person approves',
    atStripe(async ({ stripe }) => {
      const intent = await stripe.paymentIntents.create({
        ...paid,
        payment_method: 'pm_card_riskLevelElevated',
        expand: ['latest_charge'],
      })
      expect(intent.latest_charge).toMatchObject({ outcome: { type: 'manual_review', risk_level: 'elevated' } })
      const approved = await stripe.reviews.approve(String(intent.review))
      expect(approved).toMatchObject({ open: false, closed_reason: 'approved' })
      expect((await stripe.paymentIntents.retrieve(intent.id)).review).toBeNull()
    }),
  )
})

describe('refuses', () => {
  const declines = [
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['tok_declined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', undefined],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', undefined],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', undefined],
    ['pm_card_chargeCustomerFail', 'card_declined', 'generic_decline'],
    ['pm_card_radarBlock', 'card_declined', 'fraudulent'],
  ] as const

  test(
    'a payment by every card that declines, with the whole story in the error',
    atStripe(async ({ stripe, pass, types }) => {
      for (const [payment_method, code, decline] of declines) {
        const error = await refusal(stripe.paymentIntents.create({ ...paid, payment_method }))
        expect(error).toMatchObject({
          type: 'StripeCardError',
          statusCode: 402,
          code,
          doc_url: expect.stringContaining('error-codes'),
        })
        expect(error.decline_code).toBe(decline ?? '')
        expect(error.payment_intent).toMatchObject({
          status: 'requires_payment_method',
          payment_method: null,
          last_payment_error: { code, type: 'card_error', charge: error.charge },
        })
        const charge = await stripe.charges.retrieve(error.charge ?? '')
        expect(charge).toMatchObject({
          status: 'failed',
          paid: false,
          captured: false,
          failure_code: code,
          balance_transaction: null,
        })
      }
      await pass(10_000)
      expect(new Set(types())).toEqual(new Set(['payment_intent.payment_failed']))
    }),
  )

  test(
    'a card that must be asked when its holder is away, or when the caller wants no questions',
    atStripe(async ({ stripe }) => {
      const method = { payment_method: 'pm_card_threeDSecure2Required' }
      const away = await refusal(stripe.paymentIntents.create({ ...paid, ...method, off_session: true }))
      expect(away).toMatchObject({ code: 'authentication_required', statusCode: 402, charge: expect.stringMatching(/^ch_/) })
      const strict = await refusal(stripe.paymentIntents.create({ ...paid, ...method, error_on_requires_action: true }))
      expect(strict).toMatchObject({ code: 'authentication_required', statusCode: 402 })
      expect(strict.payment_intent?.status).toBe('requires_payment_method')
    }),
  )

  test(
    'to charge, capture or cancel from a wrong state, and shows the state',
    atStripe(async ({ stripe }) => {
      const done = await stripe.paymentIntents.create(paid)
      for (const call of [
        stripe.paymentIntents.confirm(done.id),
        stripe.paymentIntents.capture(done.id),
        stripe.paymentIntents.cancel(done.id),
        stripe.paymentIntents.update(done.id, { amount: 6000 }),
      ]) {
        const error = await refusal(call)
        expect(error).toMatchObject({
          statusCode: 400,
          code: 'payment_intent_unexpected_state',
          payment_intent: { status: 'succeeded' },
        })
      }
      expect((await stripe.paymentIntents.update(done.id, { metadata: { note: 'later' } })).metadata).toEqual({ note: 'later' })
      const held = await stripe.paymentIntents.create(MANUAL)
      expect(await refusal(stripe.paymentIntents.capture(held.id, { amount_to_capture: 5001 }))).toMatchObject({
        code: 'amount_too_large',
      })
      const blank = await stripe.paymentIntents.create({ amount: 700, currency: 'usd' })
      const error = await refusal(stripe.paymentIntents.confirm(blank.id, { return_url: 'https://shop.example' }))
      expect(error).toMatchObject({
        code: 'payment_intent_unexpected_state',
        payment_intent: { status: 'requires_payment_method' },
      })
    }),
  )

  test(
    'to confirm without a way back when methods may redirect',
    atStripe(async ({ stripe }) => {
      const { automatic_payment_methods: _, ...rest } = paid
      const error = await refusal(stripe.paymentIntents.create(rest))
      expect(error).toMatchObject({ statusCode: 400, param: 'return_url' })
      expect((await stripe.paymentIntents.create({ ...rest, allowed_payment_method_types: ['card'] })).status).toBe('succeeded')
    }),
  )
})

describe('survives', () => {
  test(
    'many confirms and captures of one intent at once: one is charged, one captures',
    atStripe(async ({ stripe }) => {
      const intent = await stripe.paymentIntents.create({ ...MANUAL, confirm: false })
      const confirms = await Promise.allSettled(Array.from({ length: 8 }, () => stripe.paymentIntents.confirm(intent.id)))
      expect(confirms.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const captures = await Promise.allSettled(Array.from({ length: 8 }, () => stripe.paymentIntents.capture(intent.id)))
      expect(captures.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await stripe.charges.list({ payment_intent: intent.id })).data).toHaveLength(1)
      expect((await stripe.balanceTransactions.list()).data).toHaveLength(1)
    }),
  )
})
