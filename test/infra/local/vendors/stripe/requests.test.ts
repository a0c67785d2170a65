/** How the API is asked: encoding, keys, lists, search, expansion, and the refusals every endpoint shares. */
import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { parseForm } from '../../../../../infra/local/vendors/stripe/form.ts'
import { atStripe, client, paid, refusal, type Shop } from './at-stripe.ts'

const plain = (text: string): unknown => JSON.parse(JSON.stringify(parseForm(text)))

function raw({ port }: Shop, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    ...init,
    headers: { authorization: 'Bearer sk_test_local', ...init.headers },
  })
}

async function orders({ stripe }: Shop, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 1; n <= count; n += 1) {
    const { id } = await stripe.paymentIntents.create({ amount: 100 * n, currency: 'usd', metadata: { order_id: `o-${n}` } })
    ids.push(id)
  }
  return ids
}

describe('does', () => {
  test('read brackets, indexes, empty brackets and escapes', () => {
    expect(plain('a=1&metadata[order_id]=o-1&expand[0]=x&expand[1]=y&types[]=p&types[]=q&n=a%20b%26c+d')).toEqual({
      a: '1',
      metadata: { order_id: 'o-1' },
      expand: ['x', 'y'],
      types: ['p', 'q'],
      n: 'a b&c d',
    })
    expect(plain('l[][a]=1&l[][b]=2&l[][a]=3&metadata[7]=seven&e=')).toEqual({
      l: [{ a: '1', b: '2' }, { a: '3' }],
      metadata: { 7: 'seven' },
      e: '',
    })
    parseForm('__proto__[stolen]=1&a[__proto__][stolen]=1')
    expect(({} as Record<string, unknown>)['stolen']).toBeUndefined()
  })

  test(
    'understand what curl sends, and both ways to give a key',
    atStripe(async (shop) => {
      const body =
        'amount=1099&currency=usd&confirm=true&payment_method=pm_card_visa&metadata[order_id]=o-1' +
        '&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never' +
        '&expand[]=latest_charge.balance_transaction'
      const basic = `Basic ${Buffer.from('sk_test_local:').toString('base64')}`
      const headers = { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await raw(shop, '/v1/payment_intents', { method: 'POST', body, headers })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('request-id')).toMatch(/^req_/)
      expect(answer.headers.get('stripe-version')).toBe('2026-10-28.endive')
      expect(await answer.json()).toMatchObject({ metadata: { order_id: 'o-1' }, latest_charge: { object: 'charge' } })
    }),
  )

  test(
    'page through a list both ways, newest first',
    atStripe(async (shop) => {
      const { stripe } = shop
      const ids = await orders(shop, 7)
      const first = await stripe.paymentIntents.list({ limit: 3 })
      expect(first).toMatchObject({ object: 'list', url: '/v1/payment_intents', has_more: true })
      expect(first.data.map(({ id }) => id)).toEqual([ids[6], ids[5], ids[4]])
      const second = await stripe.paymentIntents.list({ limit: 4, starting_after: ids[4] ?? '' })
      expect(second.data.map(({ id }) => id)).toEqual([ids[3], ids[2], ids[1], ids[0]])
      expect(second.has_more).toBe(false)
      const back = await stripe.paymentIntents.list({ limit: 2, ending_before: ids[2] ?? '' })
      expect(back.data.map(({ id }) => id)).toEqual([ids[4], ids[3]])
      expect(back.has_more).toBe(true)
      const all: string[] = []
      for await (const { id } of stripe.paymentIntents.list({ limit: 2 })) all.push(id)
      expect(all).toEqual(ids.toReversed())
      const upwards: string[] = []
      for await (const { id } of stripe.paymentIntents.list({ limit: 2, ending_before: ids[0] ?? '' })) upwards.push(id)
      expect(upwards).toEqual(ids.slice(1))
    }),
  )

  test(
    'cut a list by time',
    atStripe(async (shop) => {
      const { stripe, pass } = shop
      const [old] = await orders(shop, 1)
      await pass(60_000)
      const [young] = await orders(shop, 1)
      const { created } = await stripe.paymentIntents.retrieve(young ?? '')
      const listed = async (created: Stripe.RangeQueryParam | number) => {
        return (await stripe.paymentIntents.list({ created })).data.map(({ id }) => id)
      }
      expect(await listed({ gte: created })).toEqual([young])
      expect(await listed({ gt: created })).toEqual([])
      expect(await listed({ lt: created })).toEqual([old])
      expect(await listed({ lte: created, gte: created - 120 })).toEqual([young, old])
      expect(await listed(created)).toEqual([young])
    }),
  )

  test(
    'find by metadata, a while after the thing was made',
    atStripe(
      async (shop) => {
        const { stripe, pass } = shop
        const ids = await orders(shop, 3)
        const search = (query: string) => stripe.paymentIntents.search({ query })
        const wanted = "metadata['order_id']:'o-2' AND status:'requires_payment_method'"
        expect((await search(wanted)).data).toEqual([])
        await pass(61_000)
        expect((await search(wanted)).data.map(({ id }) => id)).toEqual([ids[1]])
        expect((await search('amount>100 AND amount<=300')).data).toHaveLength(2)
        expect((await search("metadata['order_id']:'o-9'")).data).toEqual([])
        expect(await refusal(search('order_id=1'))).toMatchObject({ param: 'query' })
        const found: string[] = []
        for await (const { id } of stripe.paymentIntents.search({ query: "currency:'usd'", limit: 2 })) found.push(id)
        expect(found).toEqual(ids.toReversed())
      },
      { searchLagMs: 60_000 },
    ),
  )

  test(
    'expand ids into objects, in lists too, and nothing else',
    atStripe(async ({ stripe, pass }) => {
      const customer = await stripe.customers.create({ name: 'Ada' })
      await stripe.paymentIntents.create({ ...paid, customer: customer.id })
      await pass(1_100)
      const list = await stripe.paymentIntents.list({ expand: ['data.latest_charge.balance_transaction', 'data.customer'] })
      expect(list.data[0]).toMatchObject({ customer: { name: 'Ada' }, latest_charge: { balance_transaction: { fee: 175 } } })
      const [movement] = (await stripe.balanceTransactions.list({ expand: ['data.source.payment_intent'] })).data
      expect(movement).toMatchObject({ source: { object: 'charge', payment_intent: { status: 'succeeded' } } })
      const error = await refusal(stripe.paymentIntents.create({ ...paid, expand: ['amount'] }))
      expect(error).toMatchObject({ statusCode: 400, param: 'expand' })
      expect(await refusal(stripe.paymentIntents.list({ expand: ['latest_charge'] }))).toMatchObject({ param: 'expand' })
      expect((await stripe.paymentIntents.list()).data).toHaveLength(1)
    }),
  )

  test(
    'name every call by its operation',
    atStripe(async ({ stripe, wire, vendor }) => {
      const { id } = await stripe.paymentIntents.create({ amount: 500, currency: 'usd' }, { idempotencyKey: 'order-1' })
      await stripe.paymentIntents.retrieve(id)
      await stripe.checkout.sessions.list()
      expect(wire.calls().map(({ operation }) => operation)).toEqual([
        'POST /v1/payment_intents',
        'GET /v1/payment_intents/:id',
        'GET /v1/checkout/sessions',
      ])
      expect(vendor.requests()[0]).toMatchObject({
        method: 'POST',
        path: '/v1/payment_intents',
        idempotencyKey: 'order-1',
        body: { amount: '500', currency: 'usd' },
        status: 200,
        instance: 'instance-1',
      })
      expect(vendor.objects('payment_intents')).toMatchObject([{ id, status: 'requires_payment_method' }])
      expect(vendor.objects('lamps')).toBeUndefined()
    }),
  )
})

describe('refuses', () => {
  const wrong: ReadonlyArray<[Record<string, unknown>, string | undefined, string]> = [
    [{ amount: undefined }, 'parameter_missing', 'amount'],
    [{ currency: undefined }, 'parameter_missing', 'currency'],
    [{ amount: 'ten' }, 'parameter_invalid_integer', 'amount'],
    [{ amount: 10.5 }, 'parameter_invalid_integer', 'amount'],
    [{ amount: -500 }, 'parameter_invalid_integer', 'amount'],
    [{ amount: 49 }, 'amount_too_small', 'amount'],
    [{ amount: 100_000_000 }, 'amount_too_large', 'amount'],
    [{ currency: 'xyz' }, undefined, 'currency'],
    [{ currency: 'USD' }, undefined, 'currency'],
    [{ lamp: 1 }, 'parameter_unknown', 'lamp'],
    [{ payment_method_types: ['card'] }, 'payment_method_types_no_longer_supported', 'payment_method_types'],
    [{ capture_method: 'never' }, undefined, 'capture_method'],
    [{ description: '', amount: '' }, 'parameter_invalid_empty', 'amount'],
    [{ metadata: { ['k'.repeat(41)]: 'v' } }, undefined, `metadata[${'k'.repeat(41)}]`],
    [{ confirm: 'perhaps' }, undefined, 'confirm'],
  ]

  test(
    'parameters that are missing, unknown or wrong, by name, and changes nothing',
    atStripe(async ({ stripe, vendor }) => {
      for (const [change, code, param] of wrong) {
        const error = await refusal(stripe.paymentIntents.create({ ...paid, ...change } as Stripe.PaymentIntentCreateParams))
        expect([change, error.type, error.code, error.param]).toEqual([change, 'StripeInvalidRequestError', code, param])
      }
      expect(vendor.objects('payment_intents')).toEqual([])
      expect(vendor.objects('payment_methods')).toEqual([])
    }),
  )

  test(
    'a wrong key, an unknown address, an unknown id, a body that is not a form',
    atStripe(async (shop) => {
      const stranger = await refusal(client(shop.port, 'sk_test_somebody_else').paymentIntents.create(paid))
      expect(stranger).toMatchObject({ type: 'StripeAuthenticationError', statusCode: 401 })
      expect(stranger.message).not.toContain('somebody_else')
      expect((await fetch(`http://127.0.0.1:${shop.port}/v1/balance`)).status).toBe(401)
      expect((await raw(shop, '/v1/lamps')).status).toBe(404)
      expect(await refusal(shop.stripe.paymentIntents.retrieve('pi_none'))).toMatchObject({
        type: 'StripeInvalidRequestError',
        statusCode: 404,
        code: 'resource_missing',
        message: "No such payment_intent: 'pi_none'",
      })
      const json = { method: 'POST', body: '{"amount":500}', headers: { 'content-type': 'application/json' } }
      expect((await raw(shop, '/v1/payment_intents', json)).status).toBe(400)
      expect(shop.vendor.objects('payment_intents')).toEqual([])
    }),
  )

  test(
    'pages that are too long, and cursors that name nothing',
    atStripe(async ({ stripe }) => {
      expect(await refusal(stripe.charges.list({ limit: 101 }))).toMatchObject({ param: 'limit' })
      expect(await refusal(stripe.charges.list({ limit: 0 }))).toMatchObject({ param: 'limit' })
      expect(await refusal(stripe.charges.list({ starting_after: 'ch_none' }))).toMatchObject({
        code: 'resource_missing',
        param: 'starting_after',
      })
    }),
  )

  test(
    'more requests a second than ordered, and none when nothing is ordered',
    atStripe(async (shop) => {
      const { stripe, vendor, pass } = shop
      await vendor.control(['rate_limit'], { perSecond: 2 })
      await pass(1_000 - (shop.timeline.now() % 1_000))
      const calls = await Promise.allSettled(Array.from({ length: 4 }, () => stripe.balance.retrieve()))
      const limited = calls.filter((call) => call.status === 'rejected').map(({ reason }) => reason as Stripe.errors.StripeError)
      expect(limited.map(({ type, statusCode, code }) => [type, statusCode, code])).toEqual([
        ['StripeRateLimitError', 429, 'rate_limit'],
        ['StripeRateLimitError', 429, 'rate_limit'],
      ])
      expect(limited[0]?.headers?.['stripe-rate-limited-reason']).toBe('global-rate')
      await vendor.control(['rate_limit'], { perSecond: null })
      await Promise.all(Array.from({ length: 30 }, () => stripe.balance.retrieve()))
    }),
  )

  test(
    'control that it does not know',
    atStripe(async ({ vendor }) => {
      expect((await vendor.control(['lamps'], {})).status).toBe(404)
      expect((await vendor.control([], {})).status).toBe(404)
      expect((await vendor.control(['payment_intents', 'pi_none', 'authenticate'], { outcome: 'succeed' })).status).toBe(404)
    }),
  )
})
