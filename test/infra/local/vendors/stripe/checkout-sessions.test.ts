/** Hosted checkout: a session is paid once, or expires, and says which. */
import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { atStripe, refusal } from './at-stripe.ts'

const CART: Stripe.Checkout.SessionCreateParams = {
  mode: 'payment',
  success_url: 'https://shop.example/thanks?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'https://shop.example/cart',
  client_reference_id: 'o-1',
  customer_email: 'ada@example.com',
  metadata: { order_id: 'o-1' },
  payment_intent_data: { metadata: { order_id: 'o-1' }, description: 'Order o-1' },
  line_items: [
    { quantity: 2, price_data: { currency: 'usd', unit_amount: 1500, product_data: { name: 'Lamp' } } },
    { quantity: 1, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'Shipping' } } },
  ],
}

describe('does', () => {
  test(
    'opens a page with the lines and the total, and completes when it is paid',
    atStripe(async ({ stripe, vendor, quiet, received, types }) => {
      const open = await stripe.checkout.sessions.create(CART)
      expect(open).toMatchObject({
        object: 'checkout.session',
        status: 'open',
        payment_status: 'unpaid',
        amount_total: 3500,
        currency: 'usd',
        payment_intent: null,
        ui_mode: 'hosted_page',
        client_reference_id: 'o-1',
      })
      expect(open.url).toContain(open.id)
      const lines = await stripe.checkout.sessions.listLineItems(open.id)
      expect(lines.data).toMatchObject([
        { description: 'Lamp', quantity: 2, amount_total: 3000, price: { unit_amount: 1500 } },
        { description: 'Shipping', amount_total: 500 },
      ])
      const answer = await vendor.control(['checkout', 'sessions', open.id, 'pay'], {
        payment_method: 'pm_card_visa',
        name: 'Ada',
      })
      expect(answer).toMatchObject({ status: 200, body: { status: 'complete' } })
      const done = await stripe.checkout.sessions.retrieve(open.id, { expand: ['payment_intent.latest_charge', 'line_items'] })
      expect(done).toMatchObject({
        status: 'complete',
        payment_status: 'paid',
        url: null,
        customer_details: { email: 'ada@example.com', name: 'Ada' },
        payment_intent: {
          status: 'succeeded',
          amount: 3500,
          metadata: { order_id: 'o-1' },
          latest_charge: { description: 'Order o-1' },
        },
        line_items: { data: [{ description: 'Lamp' }, { description: 'Shipping' }] },
      })
      await quiet()
      expect(types()).toEqual(expect.arrayContaining(['payment_intent.succeeded', 'checkout.session.completed']))
      const told = received.find(({ event }) => event.type === 'checkout.session.completed')
      expect(told?.event.data.object).toMatchObject({ id: open.id, payment_status: 'paid', metadata: { order_id: 'o-1' } })
      expect((await vendor.control(['checkout', 'sessions', open.id, 'pay'], {})).status).toBe(400)
    }),
  )

  test(
    'stays open after a decline, and is paid through the same intent',
    atStripe(async ({ stripe, vendor }) => {
      const { id } = await stripe.checkout.sessions.create(CART)
      const declined = await vendor.control(['checkout', 'sessions', id, 'pay'], { payment_method: 'tok_declined' })
      expect(declined).toMatchObject({ status: 402, body: { error: { code: 'card_declined' } } })
      const between = await stripe.checkout.sessions.retrieve(id)
      expect(between).toMatchObject({ status: 'open', payment_status: 'unpaid' })
      const intent = String(between.payment_intent)
      expect((await refusal(stripe.paymentIntents.cancel(intent))).message).toContain('Expire the Checkout Session')
      await vendor.control(['checkout', 'sessions', id, 'pay'], { payment_method: 'pm_card_authenticationRequired' })
      expect((await stripe.checkout.sessions.retrieve(id)).status).toBe('open')
      await vendor.control(['payment_intents', intent, 'authenticate'], { outcome: 'succeed' })
      expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({
        status: 'complete',
        payment_status: 'paid',
        payment_intent: intent,
      })
      expect((await stripe.charges.list({ payment_intent: intent })).data.filter(({ paid }) => paid)).toHaveLength(1)
    }),
  )

  test(
    'expires on request, when its time is up, and when the customer walks away',
    atStripe(async ({ stripe, vendor, timeline, pass, types }) => {
      const nowS = Math.floor(timeline.now() / 1000)
      const [asked, timed, left] = await Promise.all([
        stripe.checkout.sessions.create(CART),
        stripe.checkout.sessions.create({ ...CART, expires_at: nowS + 1_900 }),
        stripe.checkout.sessions.create(CART),
      ])
      expect(asked.expires_at - asked.created).toBe(86_400)
      expect(await stripe.checkout.sessions.expire(asked.id)).toMatchObject({ status: 'expired', url: null })
      expect((await refusal(stripe.checkout.sessions.expire(asked.id))).statusCode).toBe(400)
      await vendor.control(['checkout', 'sessions', timed.id, 'pay'], { payment_method: 'tok_declined' })
      expect((await vendor.control(['checkout', 'sessions', left.id, 'abandon'], {})).body).toMatchObject({ status: 'expired' })
      await pass(1_901_000)
      const over = await stripe.checkout.sessions.retrieve(timed.id, { expand: ['payment_intent'] })
      expect(over).toMatchObject({ status: 'expired', payment_intent: { status: 'canceled' } })
      expect(types().filter((type) => type === 'checkout.session.expired')).toHaveLength(3)
      expect((await stripe.checkout.sessions.list({ status: 'expired' })).data).toHaveLength(3)
    }),
  )

  test(
    'shows the page as a form: what is bought, what went wrong, the bank\'s question, and the way back once it is paid',
    atStripe(async ({ stripe, vendor }) => {
      const { id, url } = await stripe.checkout.sessions.create({ ...CART, success_url: 'https://shop.example/thanks?session={CHECKOUT_SESSION_ID}' })
      expect(url).toContain(`/_local/vendors/stripe/pages/pay/${id}`)
      const page = async (form?: Record<string, string>) => {
        const answer = await vendor.page?.(['pay', id], form === undefined ? undefined : new URLSearchParams(form))
        return { status: answer?.status, text: String(answer?.body), location: answer?.headers?.['location'] }
      }
      expect((await page()).text).toMatch(/Pay \$35\.00 usd[^]*2 × Lamp: \$30\.00 usd[^]*value="ada@example\.com" readonly[^]*https:\/\/shop\.example\/cart/)
      expect((await page({ payment_method: 'pm_card_visa_chargeDeclined' })).text).toContain('Your card was declined.')
      expect((await page({ payment_method: 'pm_none' })).status).toBe(400)
      expect((await page({ payment_method: 'pm_card_authenticationRequired' })).text).toContain('is this you?')
      expect((await page({ bank: 'no' })).text).toContain('failed authentication')
      await page({ payment_method: 'pm_card_authenticationRequired' })
      expect(await page({ bank: 'yes' })).toMatchObject({ status: 303, location: `https://shop.example/thanks?session=${id}` })
      expect((await page()).text).toContain('You have paid')
      expect(await vendor.page?.(['pay', 'cs_none'], undefined)).toMatchObject({ status: 404 })
      expect(vendor.page?.(['other'], undefined)).toBeUndefined()
    }),
  )

  test(
    'completes at once when the customer pays by bank transfer, and is paid or not when that arrives',
    atStripe(async ({ stripe, vendor, quiet, types }) => {
      for (const outcome of ['succeed', 'fail']) {
        const { id } = await stripe.checkout.sessions.create(CART)
        expect((await vendor.control(['checkout', 'sessions', id, 'arrive'], { outcome })).status).toBe(400)
        await vendor.control(['checkout', 'sessions', id, 'pay'], { payment_method: 'pm_usBankAccount' })
        const expand = { expand: ['payment_intent'] }
        expect(await stripe.checkout.sessions.retrieve(id, expand)).toMatchObject({
          status: 'complete', payment_status: 'unpaid', payment_intent: { status: 'processing' },
        })
        expect((await refusal(stripe.checkout.sessions.expire(id))).statusCode).toBe(400)
        await vendor.control(['checkout', 'sessions', id, 'arrive'], { outcome })
        expect(await stripe.checkout.sessions.retrieve(id, expand)).toMatchObject({
          status: 'complete',
          payment_status: outcome === 'succeed' ? 'paid' : 'unpaid',
          payment_intent: { status: outcome === 'succeed' ? 'succeeded' : 'requires_payment_method' },
        })
      }
      await quiet()
      expect(types()).toEqual(expect.arrayContaining(['checkout.session.async_payment_succeeded', 'checkout.session.async_payment_failed']))
    }),
  )

  test(
    'sets a card up for a customer it makes',
    atStripe(async ({ stripe, vendor }) => {
      const open = await stripe.checkout.sessions.create({
        mode: 'setup',
        currency: 'usd',
        success_url: 'https://shop.example/thanks',
      })
      expect(open).toMatchObject({ payment_status: 'no_payment_required', amount_total: null })
      await vendor.control(['checkout', 'sessions', open.id, 'pay'], { payment_method: 'pm_card_visa', email: 'bob@example.com' })
      const done = await stripe.checkout.sessions.retrieve(open.id, { expand: ['setup_intent', 'customer'] })
      expect(done).toMatchObject({
        status: 'complete',
        setup_intent: { status: 'succeeded' },
        customer: { email: 'bob@example.com' },
      })
      expect((await stripe.customers.listPaymentMethods((done.customer as Stripe.Customer).id)).data).toHaveLength(1)
    }),
  )

  test(
    'holds the money when asked to, and is paid once it is captured',
    atStripe(async ({ stripe, vendor }) => {
      const { id } = await stripe.checkout.sessions.create({ ...CART, payment_intent_data: { capture_method: 'manual' } })
      await vendor.control(['checkout', 'sessions', id, 'pay'], {})
      const held = await stripe.checkout.sessions.retrieve(id)
      expect(held).toMatchObject({ status: 'complete', payment_status: 'unpaid' })
      await stripe.paymentIntents.capture(String(held.payment_intent))
      expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe('paid')
    }),
  )
})

describe('refuses', () => {
  const wrong: ReadonlyArray<[string, Record<string, unknown>, string]> = [
    ['no mode', { mode: undefined }, 'mode'],
    ['no lines', { line_items: undefined }, 'line_items'],
    ['no way back', { success_url: undefined }, 'success_url'],
    ['an old page name', { ui_mode: 'hosted' }, 'ui_mode'],
    ['a short life', { expires_at: 1_000_000_000 }, 'expires_at'],
    ['old method types', { payment_method_types: ['card'] }, 'payment_method_types'],
    [
      'a line without a quantity',
      { line_items: [{ price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'x' } } }] },
      'line_items[0][quantity]',
    ],
    ['an unknown price', { line_items: [{ price: 'price_none', quantity: 1 }] }, 'line_items[0][price]'],
    [
      'a total too small',
      { line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 49, product_data: { name: 'x' } } }] },
      'line_items',
    ],
    ['two buyers', { customer: 'cus_none' }, 'customer'],
  ]

  test(
    'a session that nobody could pay',
    atStripe(async ({ stripe }) => {
      for (const [name, change, param] of wrong) {
        const cart = { ...CART, ...change } as Stripe.Checkout.SessionCreateParams
        const error = await refusal(stripe.checkout.sessions.create(cart))
        expect([name, error.statusCode, error.param]).toEqual([name, 400, param])
      }
      expect((await stripe.checkout.sessions.list()).data).toEqual([])
    }),
  )
})
