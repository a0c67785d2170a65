/** Cards kept at Stripe's simulator, without a shop around it: one card for one key, and what becomes of it when it is charged or removed. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ChargeRequest, Gateway, StoreCardOutcome, StoreCardRequest } from '#domain/payment.ts'
import { newId } from '#values/ids.ts'
import { API_KEY, openShop, WEBHOOK_SECRET, type Shop } from '../../infra/local/vendors/stripe/at-stripe.ts'

const BEFORE = { ...process.env }
const DAY_MS = 86_400_000

let stripe: Shop
let gateway: Required<Pick<Gateway, 'storeCard' | 'storePaying' | 'holderFor' | 'chargeStored' | 'removeCard' | 'charge' | 'find'>>

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  stripe = await openShop()
  Object.assign(process.env, {
    STRIPE_SECRET_KEY: API_KEY, STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET, STRIPE_API_BASE: `http://127.0.0.1:${stripe.port}`, CHARGE_DEADLINE_MS: '3000',
  })
  gateway = (await import('#vendors/stripe/gateway.ts')).stripeGateway as unknown as typeof gateway
})
afterAll(async () => {
  vi.useRealTimers()
  process.env = BEFORE
  await stripe[Symbol.asyncDispose]()
})

function wish(more: Partial<StoreCardRequest> = {}): StoreCardRequest {
  const customerId = more.customerId ?? newId('cus')
  return { customerId, email: `${customerId}@example.com`, token: 'pm_card_visa', key: newId('card'), createdAtMs: Date.now(), ...more }
}

function bill(more: Partial<ChargeRequest> = {}): ChargeRequest {
  const orderId = newId('ord')
  return { orderId, attempt: 1, key: `${orderId}:1`, amount: 5_000, currency: 'USD', token: '', description: 'Order', capture: true, createdAtMs: Date.now(), ...more }
}

async function stored(more: Partial<StoreCardRequest> = {}): Promise<Extract<StoreCardOutcome, { status: 'stored' }>> {
  const outcome = await gateway.storeCard(wish(more))
  if (outcome.status !== 'stored') throw new Error(`not stored: ${JSON.stringify(outcome)}`)
  return outcome
}

function setups(key: string) {
  return (stripe.vendor.objects('setup_intents') as Array<{ id: string; metadata: Record<string, string> }>).filter(({ metadata }) => metadata['card_key'] === key)
}

async function cardsOf(email: string): Promise<string[]> {
  const holders = (await stripe.stripe.customers.list({ email })).data
  expect(holders.length).toBeLessThanOrEqual(1)
  return holders[0] === undefined ? [] : (await stripe.stripe.customers.listPaymentMethods(holders[0].id)).data.map(({ id }) => id)
}

/** The simulator's time and ours move together: his clock is set by ours. */
async function pass(ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms)
  await stripe.pass(0)
}

describe('does', () => {
  test('keep one card for one key, however often and at once it is sent, with one holder for all cards of a customer', async () => {
    const first = wish()
    const outcomes = [...(await Promise.all([1, 2, 3].map(() => gateway.storeCard(first)))), await gateway.storeCard(first)]
    expect(outcomes[0]).toMatchObject({ status: 'stored', card: { brand: 'visa', last4: '4242', expiryMonth: 12 } })
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1)
    expect(await cardsOf(first.email)).toHaveLength(1)
    expect(await gateway.storeCard({ ...first, key: newId('card'), token: 'pm_card_mastercard' })).toMatchObject({ card: { last4: '4444' } })
    expect(await cardsOf(first.email)).toHaveLength(2)
  })

  test('charge a stored card without the customer, find it, and take one of several tries only', async () => {
    const { reference } = await stored()
    const request = bill()
    const outcome = await gateway.chargeStored(request, reference)
    expect(outcome).toMatchObject({ status: 'succeeded', amount: 5_000 })
    expect(await gateway.chargeStored(request, reference)).toMatchObject({ transactionId: 'transactionId' in outcome ? outcome.transactionId : '' })
    expect(await gateway.find(request, null)).toMatchObject({ status: 'succeeded' })
    expect((await stripe.stripe.paymentIntents.list({ limit: 100 })).data.filter(({ metadata }) => metadata['order_id'] === request.orderId)).toHaveLength(1)
  })

  test('keep the card of a charge that has named its holder, and of no other', async () => {
    const request = wish({ token: '' })
    const holder = await gateway.holderFor(request)
    expect(await gateway.holderFor(request)).toBe(holder)
    const [kept, other] = [await gateway.charge(bill({ token: 'pm_card_visa', holder })), await gateway.charge(bill({ token: 'pm_card_visa' }))]
    const idOf = (outcome: typeof kept): string => ('transactionId' in outcome ? (outcome.transactionId ?? '') : '')
    const outcome = await gateway.storePaying(request, idOf(kept))
    expect(outcome).toMatchObject({ status: 'stored', reference: expect.stringContaining(holder), card: { last4: '4242' } })
    expect(await gateway.chargeStored(bill(), outcome.status === 'stored' ? outcome.reference : '')).toMatchObject({ status: 'succeeded' })
    expect(await gateway.storePaying(wish(), idOf(other))).toEqual({ status: 'declined', declineCode: 'not_kept' })
  })

  test('say that the bank wants to see the customer, and once he was seen that the card is stored', async () => {
    const request = wish({ token: 'pm_card_authenticationRequired' })
    const waiting = await gateway.storeCard(request)
    expect(waiting).toMatchObject({ status: 'requires_action', nextAction: { type: 'use_stripe_sdk' } })
    expect(await gateway.storeCard(request)).toMatchObject({ status: 'requires_action' })
    await stripe.vendor.control(['setup_intents', setups(request.key)[0]?.id ?? '', 'authenticate'], { outcome: 'succeed' })
    expect(await gateway.storeCard(request)).toMatchObject({ status: 'stored', card: { last4: '3155' } })
    await pass(DAY_MS)
    expect(await gateway.storeCard(request)).toMatchObject({ status: 'stored' })
    expect(setups(request.key)).toHaveLength(1)
  })

  test('let the bank ask a customer who is there, and be declined by it when he is not', async () => {
    const request = wish({ token: 'pm_card_threeDSecure2Required' })
    await gateway.storeCard(request)
    await stripe.vendor.control(['setup_intents', setups(request.key)[0]?.id ?? '', 'authenticate'], { outcome: 'succeed' })
    const outcome = await gateway.storeCard(request)
    const reference = outcome.status === 'stored' ? outcome.reference : ''
    expect(await gateway.chargeStored(bill(), reference)).toMatchObject({ status: 'declined', declineCode: 'authentication_required' })
    expect(await gateway.chargeStored(bill({ present: true }), reference)).toMatchObject({ status: 'requires_action' })
  })

  test('forget a card, and forget it once more; what is forgotten cannot be charged', async () => {
    const request = wish()
    const { reference } = await stored(request)
    for (let times = 0; times < 2; times++) expect(await gateway.removeCard(reference)).toBe('removed')
    expect(await cardsOf(request.email)).toEqual([])
    expect(await gateway.chargeStored(bill(), reference)).toMatchObject({ status: 'declined' })
    expect(await gateway.removeCard('cus_none/pm_none')).toBe('removed')
  })

  test('end an attempt that waits for its customer, or forget the card of one who was faster', async () => {
    for (const seen of [false, true]) {
      const request = wish({ token: 'pm_card_authenticationRequired' })
      const waiting = await gateway.storeCard(request)
      const setupId = waiting.status === 'requires_action' ? waiting.setupId : ''
      if (seen) await stripe.vendor.control(['setup_intents', setupId, 'authenticate'], { outcome: 'succeed' })
      for (let times = 0; times < 2; times++) expect(await gateway.removeCard(setupId)).toBe('removed')
      expect(await cardsOf(request.email)).toEqual([])
    }
  })
})

describe('refuses', () => {
  test.each([
    ['pm_card_visa_chargeDeclined', 'generic_decline'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card'],
    ['pm_none', 'resource_missing'],
  ])('the card %s, with its code, also when it is asked again', async (token, declineCode) => {
    const request = wish({ token })
    for (let times = 0; times < 2; times++) expect(await gateway.storeCard(request)).toEqual({ status: 'declined', declineCode })
    expect(await cardsOf(request.email)).toEqual([])
  })

  test('a card whose customer failed at his bank', async () => {
    const request = wish({ token: 'pm_card_authenticationRequired' })
    await gateway.storeCard(request)
    await stripe.vendor.control(['setup_intents', setups(request.key)[0]?.id ?? '', 'authenticate'], { outcome: 'fail' })
    expect(await gateway.storeCard(request)).toEqual({ status: 'declined', declineCode: 'setup_intent_authentication_failure' })
  })

  test('to send an attempt that is so old that its key may be forgotten', async () => {
    expect(await gateway.storeCard(wish({ createdAtMs: Date.now() - DAY_MS }))).toEqual({ status: 'declined', declineCode: 'too_late' })
  })

  test('to charge with a card of somebody else', async () => {
    const [mine, other] = [await stored(), await stored()]
    const crossed = `${mine.reference.split('/')[0]}/${other.reference.split('/')[1]}`
    expect(await gateway.chargeStored(bill(), crossed)).toMatchObject({ status: 'declined' })
  })
})

describe('survives', () => {
  test('a lost answer of each call: one holder, one card', async () => {
    for (const operation of ['GET /v1/customers', 'POST /v1/customers', 'POST /v1/setup_intents']) {
      const request = wish()
      stripe.wire.addFault({ target: 'stripe', operation, when: 'after', effect: 'drop', times: 2 })
      expect(await gateway.storeCard(request)).toMatchObject({ status: 'stored' })
      expect(setups(request.key)).toHaveLength(1)
      expect(await cardsOf(request.email)).toHaveLength(1)
    }
  })

  test('a charge that is sent again in other words: the first one counts, and no card is called declined for it', async () => {
    const request = bill({ token: 'pm_card_visa', holder: await gateway.holderFor(wish()) })
    const first = await gateway.charge(request)
    const { holder: _other, ...rest } = request
    expect(first).toMatchObject({ status: 'succeeded' })
    expect(await gateway.charge(rest)).toMatchObject({ status: 'succeeded', transactionId: 'transactionId' in first ? first.transactionId : '' })
  })

  test('Stripe being away: unknown; later the same key finds what was kept, or keeps it then', async () => {
    for (const when of ['before', 'after'] as const) {
      const request = wish()
      stripe.wire.addFault({ target: 'stripe', operation: 'POST /v1/setup_intents', when, effect: 'error', status: 500, times: 20 })
      expect(await gateway.storeCard(request)).toMatchObject({ status: 'unknown' })
      stripe.wire.clearFaults()
      await pass(120_000)
      expect(await gateway.storeCard(request)).toMatchObject({ status: 'stored' })
      expect(setups(request.key)).toHaveLength(1)
    }
  })

  test('an error that Stripe has kept under the key: found by what the setup carries', async () => {
    const request = wish()
    await gateway.storeCard(wish({ customerId: request.customerId }))
    await stripe.vendor.control(['server_errors'], { times: 1, tookEffect: true })
    expect(await gateway.storeCard(request)).toMatchObject({ status: 'unknown' })
    await pass(120_000)
    expect(await gateway.storeCard(request)).toMatchObject({ status: 'stored' })
  })

  test('a removal that is not answered: it counts against Stripe, and is done the next time', async () => {
    const { reference } = await stored()
    stripe.wire.addFault({ target: 'stripe', operation: 'POST /v1/payment_methods/:id/detach', when: 'after', effect: 'drop', times: 20 })
    await expect(gateway.removeCard(reference)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    stripe.wire.clearFaults()
    expect(await gateway.removeCard(reference)).toBe('removed')
  })
})
