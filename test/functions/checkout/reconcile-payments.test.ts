/** Stripe's own books against ours: every difference named once with its amount and cause, none invented, what can be mended mended. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { evidenceOf, unreconciled } from '../books.ts'
import { chargeElsewhere, lineOf, loseWebhooks, refundElsewhere, stripeOf } from '../dashboard.ts'
import { checkOut, openGround, ordersOf, PRICE, PRODUCT } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 60_000 })

const MINUTE_MS = 60_000
const JOB = 'reconcile-payments'

/** What the seeded differences leave open, others would meet: they have a shop of their own. */
async function openEach(environment: Record<string, string> = {}): Promise<Shop> {
  return (await openGround({ environment })).shop
}

function onRecord(shop: Shop, state?: string): Json[] {
  return shop.documents('reconciliation').map(({ data }) => data).filter((data) => state === undefined || data['state'] === state)
}

/** What a list of differences says, in a word each. */
function named(differences: readonly Json[]): string[] {
  return differences.map(({ kind, amount, currency }) => `${kind} ${amount} ${currency}`).sort()
}

/** So much later the hourly run looks at what has happened. */
async function reconciled(shop: Shop): Promise<Record<string, number>> {
  await shop.cloud.advance(20 * MINUTE_MS)
  return shop.tally(JOB)
}

/** Two runs at the same time, in different instances, as when the scheduler fires twice. */
function twiceAtOnce(shop: Shop): Promise<Array<{ status: number }>> {
  const request = { method: 'POST', path: '/', headers: { 'content-type': 'application/json' }, body: '{}' }
  return Promise.all([1, 2].map(() => shop.cloud.instances.request(JOB, request, 30_000)))
}

function fees(shop: Shop): Json[] {
  return shop.documents('ledger').map(({ data }) => data).filter(({ kind }) => kind === 'fee')
}

function callsOf(shop: Shop, since: number) {
  return shop.cloud.wire.calls(since).filter((call) => call.function === JOB)
}

async function declined(shop: Shop): Promise<Json> {
  const buyer = await shop.person()
  const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  await checkOut(buyer, { cartId: id, paymentMethod: { token: 'pm_card_visa_chargeDeclined' } })
  return ordersOf(shop, buyer)[0] as Json
}

async function bought(shop: Shop, token = 'pm_card_visa'): Promise<{ buyer: Person; order: Json; intentId: string }> {
  const buyer = await shop.person()
  const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  const { body } = await checkOut(buyer, { cartId: id, paymentMethod: { token } })
  return { buyer, order: body['order'], intentId: body['payment'].transactionId }
}

function state(shop: Shop, orderId: string): string {
  return shop.document('orders', orderId)?.['state'] as string
}

describe('does', () => {
  let shop: Shop
  beforeAll(async () => {
    // Stripe is silent for long here.
    shop = await openEach({ CHARGE_DEADLINE_MS: '1200' })
  }, 30_000)
  afterAll(() => shop.cloud.stop())

  test('name every one of thirteen seeded differences with amount and cause, invent none, mend what needs no decision, and find nothing new when it looks again', async () => {
    const believe = await loseWebhooks(shop)
    const admin = await shop.person('admin')
    // What is well, before, between and after.
    for (let number = 0; number < 5; number += 1) await bought(shop)
    const refunded = await bought(shop)
    await admin.post(`/api/orders/${refunded.order['id']}/refunds`, { amount: 10, reason: 'A scratch' })

    await chargeElsewhere(shop, { amount: 1_111 })
    await chargeElsewhere(shop, { amount: 1_222, metadata: { order_id: 'ord_ofNobody' } })
    const twice = await bought(shop)
    await chargeElsewhere(shop, { amount: 1_333, metadata: { order_id: twice.order['id'] } })
    const little = await declined(shop)
    await chargeElsewhere(shop, { amount: 1_444, metadata: { order_id: little['id'] } })
    const foreign = await declined(shop)
    await chargeElsewhere(shop, { amount: PRICE, currency: 'eur', metadata: { order_id: foreign['id'] } })
    const unasked = await bought(shop)
    await refundElsewhere(shop, unasked.intentId, 1_555)
    const missed = await declined(shop)
    await chargeElsewhere(shop, { amount: PRICE, metadata: { order_id: missed['id'] } })
    const pretended = await pretendedCharge()
    const lost = await lostRefund(admin)
    const back = await bought(shop, 'pm_card_refundFail')
    await admin.post(`/api/orders/${back.order['id']}/refunds`, { reason: 'Wrong size' })
    const disputed = await bought(shop)
    await shop.act('stripe', 'disputes', { payment_intent: disputed.intentId })
    await shop.act('stripe', 'payouts', { amount: 2_000 })
    const { orderId: stuck, end } = await stuckPayment()
    await shop.cloud.advance(70 * MINUTE_MS)

    const tally = await shop.tally(JOB)
    expect(named(onRecord(shop, 'open'))).toEqual([
      'amount_differs 1444 USD', 'charge_without_order 1111 USD', 'charge_without_order 1222 USD', 'charged_twice 1333 USD', `currency_differs ${PRICE} EUR`,
      `order_without_charge ${PRICE} USD`, `payment_stuck ${PRICE} USD`, 'refund_unknown 1555 USD',
    ])
    expect(named(onRecord(shop, 'repaired'))).toEqual([
      `dispute_unknown ${PRICE} USD`, `payment_missed ${PRICE} USD`, 'payout_unknown 2000 USD', `refund_missed ${PRICE} USD`, `refund_missed ${PRICE} USD`,
    ])
    expect(Object.fromEntries(onRecord(shop).map(({ kind, orderId }) => [`${kind} ${orderId}`, true]))).toMatchObject({
      [`charged_twice ${twice.order['id']}`]: true, [`amount_differs ${little['id']}`]: true, [`currency_differs ${foreign['id']}`]: true,
      [`refund_unknown ${unasked.order['id']}`]: true, [`order_without_charge ${pretended}`]: true, [`payment_stuck ${stuck}`]: true,
    })
    expect(onRecord(shop).every(({ cause }) => /^[A-Z].*\.$/.test(cause))).toBe(true)
    expect([state(shop, missed['id']), state(shop, lost), state(shop, back.order['id']), state(shop, disputed.order['id'])]).toEqual(['paid', 'refunded', 'paid', 'disputed'])
    expect(tally).toMatchObject({ refused: 8, settled: 5, released: 0 })
    expect(unreconciled(evidenceOf(shop))).toEqual([])

    const before = onRecord(shop)
    expect(await shop.tally(JOB)).toMatchObject({ saved: 0, refused: 0, settled: 0, released: 0 })
    expect(onRecord(shop)).toEqual(before)

    end()
    await believe()
    await shop.cloud.advance(60 * MINUTE_MS)
    expect(await shop.tally(JOB)).toMatchObject({ settled: 1, refused: 0 })
    expect(onRecord(shop).find(({ kind }) => kind === 'payment_stuck')).toMatchObject({ state: 'repaired' })
  })

  /** Our books believe an answer that was never true. */
  async function pretendedCharge(): Promise<string> {
    const end = shop.twist('stripe', '/v1/payment_intents', (body) => ({ ...body, status: 'succeeded', amount_received: body['amount'], next_action: null }))
    const { order } = await bought(shop, 'pm_card_authenticationRequired')
    end()
    return order['id']
  }

  async function lostRefund(admin: Person): Promise<string> {
    const { order } = await bought(shop)
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', when: 'after', effect: 'error', status: 500, times: 10 })
    await admin.post(`/api/orders/${order['id']}/refunds`, { reason: 'Changed their mind' })
    shop.calm()
    return order['id']
  }

  /** Stripe says neither yes nor no, for hours. */
  async function stuckPayment(): Promise<{ orderId: string; end: () => void }> {
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'error', status: 500, times: 10 })
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    await checkOut(buyer, { cartId: id })
    shop.calm()
    shop.fault({ target: 'stripe', operation: 'GET /v1/payment_intents', when: 'before', effect: 'error', status: 500, times: 1_000 })
    return { orderId: ordersOf(shop, buyer)[0]?.['id'], end: () => shop.calm() }
  }
})

/** Orders that were paid without a fault, put where they would be: hundreds of checkouts are another test's business. */
async function sold(shop: Shop, ids: readonly string[]): Promise<void> {
  const { Firestore } = await import('@google-cloud/firestore')
  const [host = '', port = ''] = (shop.cloud.addresses['FIRESTORE_EMULATOR_HOST'] ?? '').split(':')
  const store = new Firestore({ projectId: shop.cloud.servers.pubsub.projectId, host, port: Number(port), ssl: false })
  const { order } = await bought(shop)
  const [paid, charge] = [shop.document('orders', order['id']) as Json, shop.document('ledger', `charge-${order['id']}`) as Json]
  const stripe = await stripeOf(shop)
  for (let from = 0; from < ids.length; from += 100) {
    const batch = store.batch()
    const intents = await Promise.all(ids.slice(from, from + 100).map((id) => stripe.paymentIntents.create({
      amount: PRICE, currency: 'usd', metadata: { order_id: id }, payment_method: 'pm_card_visa', automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    })))
    for (const { id: transactionId, metadata } of intents) {
      const id = metadata['order_id'] ?? ''
      batch.set(store.doc(`orders/${id}`), { ...paid, id, payment: { ...paid['payment'], transactionId } })
      batch.set(store.doc(`ledger/charge-${id}`), { ...charge, id: `charge-${id}`, orderId: id, reference: transactionId, atMs: shop.cloud.now() })
    }
    await batch.commit()
    await Promise.all(intents.map(({ id }) => stripe.paymentIntents.confirm(id)))
  }
  await store.terminate()
}

describe('hour by hour', () => {
  let shop: Shop
  beforeAll(async () => {
    shop = await openEach()
  }, 30_000)
  afterAll(() => shop.cloud.stop())

  describe('does', () => {
    test('post each fee once, with its order, and leave what is younger than 15 minutes for the next run', async () => {
      const { order, intentId } = await bought(shop)
      const { id, fee } = await lineOf(shop, intentId)
      await shop.tally(JOB)
      expect(fees(shop)).toEqual([])
      expect(await reconciled(shop)).toEqual({ read: 1, saved: 1, refused: 0, settled: 0, released: 0 })
      const postings = [{ account: 'gateway:stripe', amount: -fee }, { account: 'fees', amount: fee }]
      expect(fees(shop)).toEqual([expect.objectContaining({ id: `fee-${id}`, orderId: order['id'], postings })])
      expect(await reconciled(shop)).toMatchObject({ saved: 0, refused: 0 })
      expect(unreconciled(evidenceOf(shop))).toEqual([])
    })

    test('call staff when money cannot be explained, and say that it is over when a refund nobody asked for came back', async () => {
      const { order, intentId } = await bought(shop)
      const { id } = await refundElsewhere(shop, intentId, 700)
      expect(await reconciled(shop)).toMatchObject({ refused: 1 })
      const difference = onRecord(shop, 'open')[0]
      expect(difference).toMatchObject({ id: `refund_unknown-stripe-${id}`, orderId: order['id'], excess: -700 })
      await shop.cloud.drain()
      const alert = (): Json | undefined => shop.documents('alerts').map(({ data }) => data).find(({ key }) => key === `reconciliation/${difference?.['id']}`)
      expect(alert()).toMatchObject({ status: 'open', severity: 'p0', details: { amount: 7, currency: 'USD' } })
      await shop.cloud.advance(3 * 3_600_000)
      await shop.act('stripe', `refunds/${id}/fail`)
      expect(await reconciled(shop)).toMatchObject({ refused: 0 })
      await shop.cloud.drain()
      await shop.tally(JOB)
      await shop.cloud.drain()
      expect(onRecord(shop)).toEqual([expect.objectContaining({ state: 'vanished', movements: [expect.anything(), expect.anything()] })])
      expect(alert()?.['status']).toBe('resolved')
      expect(unreconciled(evidenceOf(shop))).toEqual([])
    })

    test('read nothing but entries where all is well: 250 payments, listed by the hundred', { timeout: 120_000 }, async () => {
      const many = Array.from({ length: 250 }, (_, index) => `ord_many${index}`)
      await sold(shop, many.slice(1))
      const odd = await chargeElsewhere(shop, { amount: PRICE, metadata: { order_id: 'ord_many0' } })
      await shop.cloud.advance(20 * MINUTE_MS)
      const since = shop.cloud.wire.lastCall
      expect(await shop.tally(JOB)).toMatchObject({ saved: 251, refused: 1 })
      expect(onRecord(shop, 'open')).toEqual([expect.objectContaining({ kind: 'charge_without_order', transactionId: odd['id'], amount: PRICE })])
      const calls = callsOf(shop, since)
      const reads = calls.reduce((sum, call) => sum + call.reads, 0)
      const pages = calls.filter(({ target, operation }) => target === 'stripe' && operation.includes('balance_transactions')).length
      // Each entry by its date, once for each gateway of the shop and again where spans touch; each fee when it is posted.
      expect(reads / 250).toBeLessThan(5)
      expect(pages).toBeLessThan(20)
      expect(unreconciled(evidenceOf(shop))).toEqual([])
    })
  })

  describe('survives', () => {
    test('two runs at once: each fee is posted once, each difference is one record', async () => {
      const before = [fees(shop).length, onRecord(shop).length] as const
      for (let number = 0; number < 4; number += 1) await bought(shop)
      await chargeElsewhere(shop, { amount: 4_321 })
      await shop.cloud.advance(20 * MINUTE_MS)
      expect((await twiceAtOnce(shop)).map(({ status }) => status)).toEqual([200, 200])
      expect([fees(shop).length, onRecord(shop).length]).toEqual([before[0] + 5, before[1] + 1])
      expect(onRecord(shop).find(({ amount }) => amount === 4_321)).toMatchObject({ kind: 'charge_without_order', version: 1 })
      expect(unreconciled(evidenceOf(shop))).toEqual([])
    })

    test('Stripe that does not list its books: the run fails, nothing is named, and the next one goes on where it stopped', async () => {
      const before = onRecord(shop)
      await bought(shop)
      await shop.cloud.advance(20 * MINUTE_MS)
      shop.fault({ target: 'stripe', operation: 'GET /v1/balance_transactions', when: 'before', effect: 'error', status: 500, times: 100 })
      expect((await shop.cloud.runJob(JOB)).status).toBe(503)
      shop.calm()
      expect(onRecord(shop)).toEqual(before)
      expect(await reconciled(shop)).toMatchObject({ saved: 1, refused: 0 })
      expect(unreconciled(evidenceOf(shop))).toEqual([])
    })

    test('days without a run: it begins where it stopped', async () => {
      await bought(shop)
      await shop.cloud.advance(3 * 24 * 60 * MINUTE_MS)
      await bought(shop)
      expect(await reconciled(shop)).toMatchObject({ saved: 2, refused: 0 })
      expect(unreconciled(evidenceOf(shop))).toEqual([])
    })

    test('death in the middle of posting: the next run finishes, once', async () => {
      for (let number = 0; number < 3; number += 1) await bought(shop)
      await shop.cloud.advance(20 * MINUTE_MS)
      for (const when of ['before', 'after'] as const) {
        shop.fault({ target: 'firestore', operation: 'Commit', function: JOB, when, effect: 'kill' })
        await shop.cloud.runJob(JOB).catch(() => undefined)
        shop.calm()
      }
      await shop.tally(JOB)
      expect(unreconciled(evidenceOf(shop))).toEqual([])
      expect(new Set(fees(shop).map(({ id }) => id)).size).toBe(fees(shop).length)
    })
  })
})
