/** The gateway KAJA against Authorize.Net's simulator, without a shop around it: what it asks, how often, and what it makes of the answers. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ChargeRequest, Gateway, GatewayName } from '#domain/payment.ts'
import { newId } from '#values/ids.ts'
import { DAY_MS, LOGIN_ID, openAccount, TRANSACTION_KEY, type Json } from '../../infra/local/vendors/authorize-net/at-authorize-net.ts'

type Account = Awaited<ReturnType<typeof openAccount>>

const BEFORE = { ...process.env }
const SETTINGS = { GCP_PROJECT_ID: 'shop', AUTHORIZE_NET_API_LOGIN_ID: LOGIN_ID, AUTHORIZE_NET_TRANSACTION_KEY: TRANSACTION_KEY, CHARGE_DEADLINE_MS: '1500', CHARGE_RETRY_WAIT_MS: '10', VENDOR_DEADLINE_MS: '500' }
let nonces = 0

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterAll(() => {
  vi.useRealTimers()
  process.env = { ...BEFORE }
})

/** The module as an instance with these settings loads it. */
async function gateways(settings: Record<string, string>): Promise<(name: GatewayName) => Gateway> {
  process.env = { ...settings }
  vi.resetModules()
  return (await import('#vendors/gateways.ts')).gatewayNamed
}

async function open(): Promise<{ account: Account; gateway: Gateway }> {
  const account = await openAccount()
  return { account, gateway: (await gateways({ ...SETTINGS, AUTHORIZE_NET_API_BASE: account.url }))('kaja') }
}

function request(more: Partial<ChargeRequest> = {}): ChargeRequest {
  const orderId = newId('ord')
  return {
    orderId, attempt: 1, key: `${orderId}:1`, amount: 5_000, currency: 'USD', token: `tok_visa_test:gateway-${++nonces}`, description: 'Order 7K', capture: true,
    createdAtMs: Date.now(), ...more,
  }
}

function asked(account: Account): string[] {
  return (account.vendor.requests() as Json[]).flatMap(({ body }) => Object.keys(body).map((name) => name.replace('Request', '')))
}

async function charged(gateway: Gateway, more: Partial<ChargeRequest> = {}): Promise<{ transactionId: string; request: ChargeRequest }> {
  const wanted = request(more)
  const outcome = await gateway.charge(wanted)
  if (!('transactionId' in outcome) || outcome.transactionId === null) throw new Error(`not charged: ${JSON.stringify(outcome)}`)
  return { transactionId: outcome.transactionId, request: wanted }
}

/** The simulator's time and ours move together: his clock is set by ours. */
async function pass(account: Account, ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms)
  await account.pass(0)
}

describe('does', () => {
  test('charge by one call, and look before it sends what somebody may have sent', async () => {
    const { account, gateway } = await open()
    const first = await charged(gateway)
    expect(asked(account)).toEqual(['createTransaction'])
    expect(await gateway.charge({ ...first.request, again: true })).toMatchObject({ status: 'succeeded', transactionId: first.transactionId, amount: 5_000 })
    expect(asked(account).slice(1)).toEqual(['getUnsettledTransactionList', 'getSettledBatchList', 'getTransactionDetails'])
    const unsent = request({ again: true })
    expect(await gateway.charge(unsent)).toMatchObject({ status: 'succeeded' })
    expect(account.vendor.objects('transactions')).toHaveLength(2)
  })

  test('never send an attempt whose nonce must be dead by now: it only looks', async () => {
    const { account, gateway } = await open()
    expect(await gateway.charge(request({ createdAtMs: Date.now() - 16 * 60_000 }))).toEqual({ status: 'absent' })
    expect(account.vendor.objects('transactions')).toEqual([])
  })

  test('find by our reference what was declined, held, taken; taken before declined', async () => {
    const { gateway } = await open()
    for (const [card, status] of [['tok_declined', 'declined'], ['tok_held', 'authorised'], ['tok_test', 'succeeded']] as const) {
      const { request: sent } = await charged(gateway, { token: `${card}:find` })
      expect(await gateway.find(sent, null)).toMatchObject({ status })
    }
    const twice = request({ token: 'tok_declined' })
    await gateway.charge(twice)
    await gateway.charge({ ...twice, token: 'tok_test' })
    expect(await gateway.find(twice, null)).toMatchObject({ status: 'succeeded' })
    expect(await gateway.find(request(), null)).toEqual({ status: 'absent' })
  })

  test('find it after more than one page of others, and in the batch in which it was settled', async () => {
    const { account, gateway } = await open()
    const { request: sent, transactionId } = await charged(gateway)
    for (let n = 0; n < 205; n++) await account.act('transactions', { amount: `${n + 1}.00` })
    expect(await gateway.find(sent, null)).toMatchObject({ transactionId })
    await pass(account, 3 * DAY_MS)
    expect(await gateway.find(sent, null)).toMatchObject({ status: 'succeeded', transactionId })
  })

  test('set aside, take, and take once more: taken once; let go, and let go once more', async () => {
    const { gateway } = await open()
    const taken = await charged(gateway, { capture: false })
    expect(await gateway.find(taken.request, taken.transactionId)).toMatchObject({ status: 'authorised', held: null, amount: 5_000 })
    for (let times = 0; times < 2; times++) expect(await gateway.capture(taken.request, taken.transactionId)).toMatchObject({ status: 'succeeded', amount: 5_000 })
    expect(await gateway.cancel(taken.transactionId)).toMatchObject({ status: 'succeeded' })
    const gone = await charged(gateway, { capture: false })
    for (let times = 0; times < 2; times++) expect(await gateway.cancel(gone.transactionId)).toMatchObject({ status: 'cancelled' })
    expect(await gateway.capture(gone.request, gone.transactionId)).toMatchObject({ status: 'cancelled' })
  })

  test('let through what is held, and take it too where it was only to be authorised', async () => {
    const { gateway } = await open()
    for (const capture of [true, false]) {
      const { request: sent, transactionId } = await charged(gateway, { token: 'tok_held', capture })
      expect(await gateway.find(sent, transactionId)).toMatchObject({ status: 'authorised', held: 'authorize_net_253' })
      expect(await gateway.capture(sent, transactionId)).toMatchObject({ status: 'succeeded', transactionId })
    }
  })

  test('list as movements what moved: charges, refunds, and both for what was voided; nothing of what was held or declined', async () => {
    const { account, gateway } = await open()
    const fromMs = Date.now()
    const [settled, voided] = [await charged(gateway), await charged(gateway)]
    for (const token of ['tok_declined', 'tok_held']) await gateway.charge(request({ token }))
    const unheld = await charged(gateway, { capture: false })
    await gateway.cancel(unheld.transactionId)
    const back = { refundId: newId('ref'), orderId: voided.request.orderId, transactionId: voided.transactionId, amount: 5_000, createdAtMs: Date.now() }
    expect(await gateway.refund(back)).toMatchObject({ status: 'succeeded', gatewayRefundId: voided.transactionId })
    await pass(account, DAY_MS)
    const part = { ...back, refundId: newId('ref'), orderId: settled.request.orderId, transactionId: settled.transactionId, amount: 1_200 }
    const given = await gateway.refund(part)
    const moved = (await gateway.movements(fromMs - 1_000, Date.now() + 1_000)).map(({ kind, amount, transactionId, reference, sourceId, fee }) => ({ kind, amount, transactionId, reference, sourceId, fee }))
    const plain = { fee: 0, sourceId: undefined }
    expect(moved).toHaveLength(4)
    expect(moved).toEqual(
      expect.arrayContaining([
        { ...plain, kind: 'charge', amount: 5_000, transactionId: settled.transactionId, reference: settled.request.orderId.slice(0, 22) },
        { ...plain, kind: 'charge', amount: 5_000, transactionId: voided.transactionId, reference: voided.request.orderId },
        { ...plain, kind: 'refund', amount: -5_000, transactionId: voided.transactionId, reference: null, sourceId: voided.transactionId },
        { ...plain, kind: 'refund', amount: -1_200, transactionId: settled.transactionId, reference: part.refundId },
      ]),
    )
    expect(given).toMatchObject({ status: 'succeeded' })
    expect((await gateway.movements(fromMs - 1_000, fromMs + 60_000)).map(({ kind }) => kind).toSorted()).toEqual(['charge', 'charge', 'refund'])
    expect(await gateway.movements(fromMs - 10 * DAY_MS, fromMs - 9 * DAY_MS)).toEqual([])
  })
})

describe('refuses', () => {
  test('to be a gateway of a shop that has no credentials for it', async () => {
    const gatewayNamed = await gateways({ GCP_PROJECT_ID: 'shop' })
    expect(() => gatewayNamed('kaja')).toThrow('is not set up in this shop')
  })

  test('to charge with credentials that are not taken: certainly nothing was charged', async () => {
    const account = await openAccount()
    const gatewayNamed = await gateways({ ...SETTINGS, AUTHORIZE_NET_TRANSACTION_KEY: 'another', AUTHORIZE_NET_API_BASE: account.url })
    expect(await gatewayNamed('kaja').charge(request())).toMatchObject({ status: 'unavailable', answered: true })
  })
})

describe('survives', () => {
  test('an answer that is no answer of the API: unknown, and it counts against the vendor', async () => {
    const { account, gateway } = await open()
    await account.act('server_errors', { times: 50, tookEffect: true })
    const sent = request()
    const outcome = await gateway.charge(sent)
    expect(outcome).toMatchObject({ status: 'unknown', reason: expect.stringContaining('500') })
    expect('answered' in outcome).toBe(false)
    await account.act('server_errors', { times: 0 })
    expect(await gateway.find(sent, null)).toMatchObject({ status: 'succeeded' })
    expect(account.vendor.objects('transactions')).toHaveLength(1)
  })

  test('the vendor failing while it tells of movements: none are told rather than some', async () => {
    const { account, gateway } = await open()
    await charged(gateway)
    await account.act('server_errors', { times: 1 })
    await expect(gateway.movements(Date.now() - DAY_MS, Date.now())).rejects.toThrow()
  })

  test('a refund asked for at the same moment by two: made once', async () => {
    const { account, gateway } = await open()
    const { transactionId, request: sent } = await charged(gateway)
    await account.act('settle')
    const wish = { refundId: newId('ref'), orderId: sent.orderId, transactionId, amount: 700, createdAtMs: Date.now() }
    const outcomes = await Promise.all([1, 2, 3].map(() => gateway.refund(wish)))
    expect(new Set(outcomes.map((outcome) => ('gatewayRefundId' in outcome ? outcome.gatewayRefundId : outcome.status))).size).toBe(1)
    expect((account.vendor.objects('transactions') as Json[]).filter(({ refTransId }) => refTransId === transactionId)).toHaveLength(1)
  })
})
