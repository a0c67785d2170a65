/** Events and their delivery: signed, repeated, disordered, never lost while the vendor still tries. */
import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { signatureHeader } from '../../../../../infra/local/vendors/stripe/webhook-signature.ts'
import { atStripe, paid, refusal, type Received, type Shop, WEBHOOK_SECRET } from './at-stripe.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** What the shop would do: verify the raw bytes, at the clock's time. */
function verified({ stripe, timeline }: Shop, received: Received | undefined, secret = WEBHOOK_SECRET): Stripe.Event {
  const header = String(received?.headers['stripe-signature'])
  return stripe.webhooks.constructEvent(received?.body ?? '', header, secret, 300, undefined, timeline.now())
}

describe('does', () => {
  test('sign as the vendor does, to the letter', () => {
    const body =
      '{"id":"evt_1TestSim0001","object":"event","api_version":"2026-10-28.endive","created":1760000000,' +
      '"data":{"object":{"id":"pi_1TestSim0001","object":"payment_intent","amount":1099,"currency":"usd",' +
      '"status":"succeeded"}},"livemode":false,"pending_webhooks":1,"request":{"id":"req_1",' +
      '"idempotency_key":"order-1:pay:1"},"type":"payment_intent.succeeded"}'
    const header = 't=1760000000,v1=08c4b144db3e43b5847fbbb52be3fc2f44a2a8cf88f9c3b01cf0b5ced034094c'
    expect(Buffer.byteLength(body)).toBe(349)
    expect(signatureHeader(body, ['whsec_test_c2ltdWxhdG9yLXNlY3JldA'], 1_760_000_000)).toBe(header)
    const event = new Stripe('sk_test_x').webhooks.constructEvent(body, header, 'whsec_test_c2ltdWxhdG9yLXNlY3JldA', 0)
    expect(event.id).toBe('evt_1TestSim0001')
  })

  test(
    'send what happened, signed at the moment of sending, with its cause',
    atStripe(async (shop) => {
      const { stripe, quiet, received } = shop
      const intent = await stripe.paymentIntents.create(paid, { idempotencyKey: 'order-1:pay:1' })
      await quiet()
      expect(received).toHaveLength(1)
      const event = verified(shop, received[0])
      expect(event).toMatchObject({
        object: 'event',
        type: 'payment_intent.succeeded',
        api_version: '2026-10-28.endive',
        livemode: false,
        pending_webhooks: 1,
        request: { id: intent.lastResponse.requestId, idempotency_key: 'order-1:pay:1' },
        data: { object: { id: intent.id, status: 'succeeded' } },
      })
      expect(received[0]?.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'user-agent': expect.stringContaining('Stripe/1.0'),
      })
      expect(() => verified(shop, received[0], 'whsec_other')).toThrow()
    }),
  )

  test(
    'keep every event for 30 days, and list them by type, by time and by whether they arrived',
    atStripe(async ({ stripe, receiver, quiet, pass }) => {
      receiver.status = 500
      const lost = await stripe.paymentIntents.create(paid)
      await quiet()
      receiver.status = 200
      await stripe.paymentIntents.create({ ...paid, metadata: { n: '2' } })
      await quiet()
      const both = await stripe.events.list({ types: ['payment_intent.succeeded', 'payment_intent.created'] })
      expect(both.data.map(({ type }) => type)).toEqual([
        'payment_intent.succeeded',
        'payment_intent.created',
        'payment_intent.succeeded',
        'payment_intent.created',
      ])
      expect((await stripe.events.list({ type: 'charge.*' })).data.map(({ type }) => type)).toEqual([
        'charge.succeeded',
        'charge.succeeded',
      ])
      const missed = (await stripe.events.list({ delivery_success: false })).data
      expect(missed).toMatchObject([{ type: 'payment_intent.succeeded', pending_webhooks: 1, data: { object: { id: lost.id } } }])
      const arrived = (await stripe.events.list({ type: 'payment_intent.succeeded', delivery_success: true })).data
      expect(arrived).toMatchObject([{ pending_webhooks: 0 }])
      await pass(29 * DAY_MS)
      expect((await stripe.events.retrieve(missed[0]?.id ?? '')).id).toBe(missed[0]?.id)
      await pass(1.1 * DAY_MS)
      expect(await refusal(stripe.events.retrieve(missed[0]?.id ?? ''))).toMatchObject({ statusCode: 404 })
      expect((await stripe.events.list()).data).toEqual([])
    }),
  )

  test(
    'show in an event what was true then, not what is true now',
    atStripe(async ({ stripe }) => {
      const { id } = await stripe.paymentIntents.create({ ...paid, capture_method: 'manual' })
      await stripe.paymentIntents.capture(id)
      const [event] = (await stripe.events.list({ type: 'payment_intent.amount_capturable_updated' })).data
      expect(event?.data).toMatchObject({ object: { status: 'requires_capture' }, previous_attributes: { amount_capturable: 0 } })
    }),
  )

  test(
    'send again what the dashboard asks for',
    atStripe(async ({ stripe, vendor, quiet, received }) => {
      await stripe.paymentIntents.create(paid)
      await quiet()
      const id = received[0]?.event.id ?? ''
      expect((await vendor.control(['events', id, 'resend'], {})).status).toBe(200)
      await quiet()
      expect(received.map(({ event }) => event.id)).toEqual([id, id])
      expect((await vendor.control(['events', 'evt_none', 'resend'], {})).status).toBe(404)
    }),
  )

  test(
    'sign with both secrets for a day after a roll-over',
    atStripe(async (shop) => {
      const { stripe, vendor, pass, received } = shop
      await vendor.control(['webhooks', 'roll_secret'], { secret: 'whsec_next' })
      expect(vendor.webhookSecret).toBe('whsec_next')
      await stripe.customers.create({})
      await shop.quiet()
      expect(verified(shop, received[0]).type).toBe('customer.created')
      expect(verified(shop, received[0], 'whsec_next').type).toBe('customer.created')
      await pass(DAY_MS)
      await stripe.customers.create({})
      await shop.quiet()
      expect(verified(shop, received[1], 'whsec_next').type).toBe('customer.created')
      expect(() => verified(shop, received[1])).toThrow()
    }),
  )

  test(
    'send only the types the endpoint subscribes to',
    atStripe(
      async ({ stripe, quiet, types }) => {
        await stripe.paymentIntents.create(paid)
        await quiet()
        expect(types().sort()).toEqual(['charge.succeeded', 'payment_intent.created'])
      },
      { eventTypes: ['payment_intent.created', 'charge.succeeded'] },
    ),
  )
})

describe('survives', () => {
  test(
    'a receiver that is down: tries again for three days, each time with a fresh signature, then gives up',
    atStripe(async (shop) => {
      const { stripe, receiver, pass, received } = shop
      receiver.status = 503
      await stripe.customers.create({})
      await shop.quiet()
      await pass(MINUTE_MS)
      await pass(5 * MINUTE_MS)
      expect(received).toHaveLength(3)
      expect(verified(shop, received[2]).id).toBe(received[0]?.event.id)
      expect(received[2]?.headers['stripe-signature']).not.toBe(received[0]?.headers['stripe-signature'])
      await pass(4 * DAY_MS)
      expect(received).toHaveLength(10)
      receiver.status = 200
      await pass(DAY_MS)
      expect(received).toHaveLength(10)
    }),
  )

  test(
    'its own disorder: everything arrives, some of it twice and late',
    atStripe(async ({ stripe, vendor, pass, received }) => {
      expect((await vendor.control(['webhooks'], { duplicates: 0.5, late: 0.5 })).body).toEqual({ duplicates: 0.5, late: 0.5 })
      expect(vendor.disorder).toEqual({ duplicates: 0.5, late: 0.5 })
      const made: string[] = []
      for (let n = 0; n < 20; n += 1) made.push((await stripe.customers.create({ name: `c${n}` })).id)
      await pass(2_000)
      const arrived = received.map(({ event }) => String(event.data.object['id']))
      expect(new Set(arrived)).toEqual(new Set(made))
      expect(arrived.length).toBeGreaterThan(made.length)
      expect([...new Set(arrived)]).not.toEqual(made)
    }),
  )
})
