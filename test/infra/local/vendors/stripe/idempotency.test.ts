/** Idempotency keys, and what the account remembers over a restart. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { atStripe, openShop, paid, refusal } from './at-stripe.ts'

const KEY = { idempotencyKey: 'order-1:pay:1' }

describe('does', () => {
  test(
    'answers the same key with the same outcome, and says so',
    atStripe(async ({ stripe, vendor }) => {
      const first = await stripe.paymentIntents.create(paid, KEY)
      const again = await stripe.paymentIntents.create(paid, KEY)
      expect(again.id).toBe(first.id)
      expect(again.lastResponse.headers['idempotent-replayed']).toBe('true')
      expect(again.lastResponse.headers['idempotency-key']).toBe(KEY.idempotencyKey)
      expect(again.lastResponse.headers['original-request']).toBe(first.lastResponse.requestId)
      expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined()
      expect(vendor.objects('charges')).toHaveLength(1)
    }),
  )

  test(
    'answers a decline again, also when the card would now work',
    atStripe(async ({ stripe, vendor }) => {
      const intent = await stripe.paymentIntents.create({ ...paid, confirm: false, payment_method: 'tok_declined' })
      for (let n = 0; n < 2; n += 1) {
        expect(await refusal(stripe.paymentIntents.confirm(intent.id, {}, KEY))).toMatchObject({
          statusCode: 402,
          code: 'card_declined',
        })
      }
      expect(vendor.objects('charges')).toHaveLength(1)
      const other = stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' }, {
        idempotencyKey: 'order-1:pay:2',
      })
      expect((await other).status).toBe('succeeded')
    }),
  )

  test(
    'answers a 500 again, whether or not the work was done',
    atStripe(async ({ stripe, vendor }) => {
      for (const tookEffect of [true, false]) {
        const key = { idempotencyKey: `broken-${tookEffect}` }
        await vendor.control(['server_errors'], { times: 1, tookEffect })
        for (let n = 0; n < 2; n += 1) {
          expect(await refusal(stripe.paymentIntents.create(paid, key))).toMatchObject({
            type: 'StripeAPIError',
            statusCode: 500,
          })
        }
      }
      expect(vendor.objects('payment_intents')).toHaveLength(1)
    }),
  )

  test(
    'leaves a key free that never got to work',
    atStripe(async ({ stripe, vendor }) => {
      expect((await refusal(stripe.paymentIntents.create({ ...paid, amount: 10 }, KEY))).code).toBe('amount_too_small')
      expect((await refusal(stripe.refunds.create({ payment_intent: 'pi_none' }, KEY))).code).toBe('resource_missing')
      await vendor.control(['rate_limit'], { perSecond: 0 })
      expect((await refusal(stripe.paymentIntents.create(paid, KEY))).statusCode).toBe(429)
      await vendor.control(['rate_limit'], {})
      expect((await stripe.paymentIntents.create(paid, KEY)).status).toBe('succeeded')
    }),
  )

  test(
    'forgets a key when it is 24 hours old: then it charges again',
    atStripe(async ({ stripe, vendor, pass }) => {
      const first = await stripe.paymentIntents.create(paid, KEY)
      await pass(23.9 * 3_600_000)
      expect((await stripe.paymentIntents.create(paid, KEY)).id).toBe(first.id)
      await pass(0.2 * 3_600_000)
      expect((await stripe.paymentIntents.create(paid, KEY)).id).not.toBe(first.id)
      expect(vendor.objects('charges')).toHaveLength(2)
    }),
  )
})

describe('refuses', () => {
  test(
    'the same key for another request',
    atStripe(async ({ stripe, vendor }) => {
      const first = await stripe.paymentIntents.create(paid, KEY)
      for (const call of [
        stripe.paymentIntents.create({ ...paid, amount: 5001 }, KEY),
        stripe.refunds.create({ payment_intent: first.id }, KEY),
      ]) {
        expect(await refusal(call)).toMatchObject({
          type: 'StripeIdempotencyError',
          statusCode: 400,
          rawType: 'idempotency_error',
        })
      }
      expect(vendor.objects('charges')).toHaveLength(1)
      expect(vendor.objects('refunds')).toEqual([])
    }),
  )

  test(
    'the same key while its work is under way',
    atStripe(
      async ({ stripe, vendor }) => {
        const calls = await Promise.allSettled([stripe.paymentIntents.create(paid, KEY), stripe.paymentIntents.create(paid, KEY)])
        const refused = calls.filter((call) => call.status === 'rejected')
        expect(refused).toHaveLength(1)
        expect(refused[0]?.reason).toMatchObject({ type: 'StripeAPIError', statusCode: 409, code: 'idempotency_key_in_use' })
        await vendor.control(['latency'], { ms: 0 })
        const later = await stripe.paymentIntents.create(paid, KEY)
        expect(later.lastResponse.headers['idempotent-replayed']).toBe('true')
        expect(vendor.objects('charges')).toHaveLength(1)
      },
      { latencyMs: 60 },
    ),
  )

  test(
    'a key that is too long',
    atStripe(async ({ stripe }) => {
      expect((await refusal(stripe.customers.create({}, { idempotencyKey: 'k'.repeat(256) }))).statusCode).toBe(400)
    }),
  )
})

describe('survives', () => {
  test(
    'an answer that is lost, and a request that arrives twice',
    atStripe(async ({ stripe, wire, vendor }) => {
      wire.addFault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'after', effect: 'error', status: 502 })
      await refusal(stripe.paymentIntents.create(paid, KEY))
      wire.addFault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'duplicate' })
      const found = await stripe.paymentIntents.create(paid, KEY)
      expect(found.status).toBe('succeeded')
      expect(vendor.objects('charges')).toHaveLength(1)
    }),
  )

  test('a restart: objects, keys, waits and unsent webhooks are still there, and ids go on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stripe-'))
    try {
      let first: { id: string }
      let session: { id: string }
      {
        await using shop = await openShop({ directory })
        shop.receiver.status = 500
        first = await shop.stripe.paymentIntents.create(paid, KEY)
        session = await shop.stripe.checkout.sessions.create({
          mode: 'payment',
          success_url: 'https://shop.example/thanks',
          line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 900, product_data: { name: 'Lamp' } } }],
        })
        await shop.quiet()
      }
      await using shop = await openShop({ directory })
      expect((await shop.stripe.paymentIntents.create(paid, KEY)).id).toBe(first.id)
      const next = await shop.stripe.paymentIntents.create(paid)
      expect(shop.vendor.objects('payment_intents')).toMatchObject([{ id: first.id }, { id: next.id }])
      expect((await shop.stripe.paymentIntents.list({ starting_after: next.id })).data[0]?.id).toBe(first.id)
      await shop.pass(86_400_000)
      expect(await shop.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'expired' })
      const charges = (await shop.stripe.charges.list({ payment_intent: first.id })).data
      expect(charges[0]?.balance_transaction).toMatch(/^txn_/)
      const told = shop.received.filter(({ event }) => event.type === 'payment_intent.succeeded')
      expect(new Set(told.map(({ event }) => event.data.object['id']))).toEqual(new Set([first.id, next.id]))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
