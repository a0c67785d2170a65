/** Customers, the cards they keep, and setting a card up for later. */
import { describe, expect, test } from 'vitest'
import { atStripe, paid, refusal } from './at-stripe.ts'

const NO_REDIRECT = { automatic_payment_methods: { enabled: true, allow_redirects: 'never' } } as const

describe('does', () => {
  test(
    'keeps a customer, changes and clears what is known, and forgets the customer on request',
    atStripe(async ({ stripe, quiet, received }) => {
      const ada = await stripe.customers.create({ email: 'ada@example.com', name: 'Ada', metadata: { tier: 'gold', note: 'x' } })
      expect(ada.id).toMatch(/^cus_/)
      const changed = await stripe.customers.update(ada.id, {
        name: '',
        metadata: { tier: 'silver', note: '' },
        address: { line1: '1 High St', country: 'US' },
      })
      expect(changed).toMatchObject({
        name: null,
        metadata: { tier: 'silver' },
        address: { line1: '1 High St', country: 'US', city: null },
      })
      expect(changed.metadata).not.toHaveProperty('note')
      expect((await stripe.customers.list({ email: 'ada@example.com' })).data).toHaveLength(1)
      expect(await stripe.customers.del(ada.id)).toEqual({ id: ada.id, object: 'customer', deleted: true })
      expect(await stripe.customers.retrieve(ada.id)).toMatchObject({ deleted: true })
      expect((await stripe.customers.list()).data).toEqual([])
      expect(await refusal(stripe.customers.update(ada.id, { name: 'Ada' }))).toMatchObject({
        statusCode: 404,
        code: 'resource_missing',
      })
      await quiet()
      const updated = received.find(({ event }) => event.type === 'customer.updated')
      expect(updated?.event.data).toMatchObject({ previous_attributes: { name: 'Ada', metadata: { tier: 'gold', note: 'x' } } })
    }),
  )

  test(
    'attaches, lists and detaches cards',
    atStripe(async ({ stripe, quiet, types }) => {
      const ada = await stripe.customers.create({ email: 'ada@example.com' })
      const card = await stripe.paymentMethods.attach('pm_card_visa', { customer: ada.id })
      expect(card).toMatchObject({ customer: ada.id, card: { brand: 'visa', last4: '4242' }, type: 'card' })
      const other = await stripe.paymentMethods.attach('pm_card_mastercard', { customer: ada.id })
      expect((await stripe.customers.listPaymentMethods(ada.id, { type: 'card' })).data.map(({ id }) => id)).toEqual([
        other.id,
        card.id,
      ])
      expect((await stripe.paymentMethods.list({ customer: ada.id })).data).toHaveLength(2)
      const standard = await stripe.customers.update(ada.id, {
        invoice_settings: { default_payment_method: card.id },
        expand: ['invoice_settings.default_payment_method'],
      })
      expect(standard.invoice_settings.default_payment_method).toMatchObject({ id: card.id, card: { last4: '4242' } })
      const named = await stripe.paymentMethods.update(card.id, {
        billing_details: { name: 'Ada' },
        metadata: { nickname: 'blue' },
      })
      expect(named).toMatchObject({ billing_details: { name: 'Ada', email: null }, metadata: { nickname: 'blue' } })
      expect((await stripe.paymentMethods.detach(card.id)).customer).toBeNull()
      expect((await stripe.customers.listPaymentMethods(ada.id)).data.map(({ id }) => id)).toEqual([other.id])
      await quiet()
      expect(types()).toEqual(expect.arrayContaining(['customer.created', 'payment_method.attached', 'payment_method.detached']))
    }),
  )

  test(
    'keeps the card of a payment that says it will be used again',
    atStripe(async ({ stripe }) => {
      const ada = await stripe.customers.create({})
      const first = await stripe.paymentIntents.create({ ...paid, customer: ada.id, setup_future_usage: 'off_session' })
      const [card] = (await stripe.customers.listPaymentMethods(ada.id)).data
      expect(card?.id).toBe(first.payment_method)
      const again = { ...paid, customer: ada.id, payment_method: card?.id ?? '', off_session: true }
      expect((await stripe.paymentIntents.create(again)).status).toBe('succeeded')
      expect((await stripe.paymentIntents.list({ customer: ada.id })).data).toHaveLength(2)
    }),
  )

  test(
    'sets a card up without moving money',
    atStripe(async ({ stripe, quiet, types }) => {
      const ada = await stripe.customers.create({})
      const blank = await stripe.setupIntents.create({ customer: ada.id, ...NO_REDIRECT, metadata: { for: 'membership' } })
      expect(blank).toMatchObject({ status: 'requires_payment_method', usage: 'off_session', metadata: { for: 'membership' } })
      const ready = await stripe.setupIntents.update(blank.id, { payment_method: 'pm_card_visa' })
      expect(ready.status).toBe('requires_confirmation')
      const done = await stripe.setupIntents.confirm(blank.id, { expand: ['payment_method'] })
      expect(done).toMatchObject({ status: 'succeeded', payment_method: { customer: ada.id } })
      const dropped = await stripe.setupIntents.create(NO_REDIRECT)
      expect(await stripe.setupIntents.cancel(dropped.id, { cancellation_reason: 'abandoned' })).toMatchObject({
        status: 'canceled',
      })
      expect((await stripe.setupIntents.list({ customer: ada.id })).data).toHaveLength(1)
      await quiet()
      expect(types()).toContain('setup_intent.succeeded')
      expect((await stripe.charges.list()).data).toEqual([])
    }),
  )
})

describe('refuses', () => {
  test(
    'to attach or set up a card that declines, except the one that declines only when charged',
    atStripe(async ({ stripe, quiet, types }) => {
      const ada = await stripe.customers.create({})
      const declined = { customer: ada.id, confirm: true, payment_method: 'pm_card_visa_chargeDeclined', ...NO_REDIRECT }
      const error = await refusal(stripe.setupIntents.create(declined))
      expect(error).toMatchObject({ statusCode: 402, code: 'card_declined', setup_intent: { status: 'requires_payment_method' } })
      expect(await refusal(stripe.paymentMethods.attach('pm_card_visa_chargeDeclined', { customer: ada.id }))).toMatchObject({
        statusCode: 402,
      })
      const late = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: ada.id })
      const charge = { ...paid, customer: ada.id, payment_method: late.id }
      expect(await refusal(stripe.paymentIntents.create(charge))).toMatchObject({ code: 'card_declined' })
      await quiet()
      expect(types()).toContain('setup_intent.setup_failed')
    }),
  )

  test(
    'a card that was used or detached without a customer, or that belongs to somebody else',
    atStripe(async ({ stripe }) => {
      const used = await stripe.paymentIntents.create(paid)
      const again = { ...paid, payment_method: String(used.payment_method) }
      expect((await refusal(stripe.paymentIntents.create(again))).message).toContain('may not be used again')
      const [ada, bob] = [await stripe.customers.create({}), await stripe.customers.create({})]
      const card = await stripe.paymentMethods.attach('pm_card_visa', { customer: ada.id })
      for (const customer of [{}, { customer: bob.id }]) {
        const error = await refusal(stripe.paymentIntents.create({ ...paid, payment_method: card.id, ...customer }))
        expect(error.param).toBe('payment_method')
      }
      await stripe.paymentMethods.detach(card.id)
      const error = await refusal(stripe.paymentMethods.attach(card.id, { customer: ada.id }))
      expect(error.message).toContain('may not be used again')
    }),
  )

  test(
    'customers, cards and addresses that are not there or make no sense',
    atStripe(async ({ stripe }) => {
      expect(await refusal(stripe.paymentIntents.create({ ...paid, customer: 'cus_none' }))).toMatchObject({
        code: 'resource_missing',
        param: 'customer',
      })
      expect(await refusal(stripe.paymentIntents.create({ ...paid, payment_method: 'pm_none' }))).toMatchObject({
        code: 'resource_missing',
        param: 'payment_method',
      })
      expect(await refusal(stripe.customers.create({ email: 'nobody' }))).toMatchObject({ code: 'email_invalid', param: 'email' })
      expect(await refusal(stripe.paymentMethods.detach('pm_none'))).toMatchObject({ statusCode: 404 })
    }),
  )
})
