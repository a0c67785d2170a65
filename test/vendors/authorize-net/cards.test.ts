/** Cards kept at Authorize.Net's simulator, without a shop around it: one card for one key, although the vendor knows no keys. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ChargeRequest, Gateway, StoreCardOutcome, StoreCardRequest } from '#domain/payment.ts'
import { newId } from '#values/ids.ts'
import { LOGIN_ID, openAccount, TRANSACTION_KEY, type Json } from '../../infra/local/vendors/authorize-net/at-authorize-net.ts'

type Account = Awaited<ReturnType<typeof openAccount>>
type Cards = Required<Pick<Gateway, 'storeCard' | 'storePaying' | 'charge' | 'chargeStored' | 'removeCard' | 'find' | 'refund' | 'cancel'>>

const BEFORE = { ...process.env }
const SETTINGS = { GCP_PROJECT_ID: 'shop', AUTHORIZE_NET_API_LOGIN_ID: LOGIN_ID, AUTHORIZE_NET_TRANSACTION_KEY: TRANSACTION_KEY, CHARGE_DEADLINE_MS: '2500', VENDOR_DEADLINE_MS: '500' }
const HOUR_MS = 3_600_000
let nonces = 0

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterAll(() => {
  vi.useRealTimers()
  process.env = BEFORE
})

async function open(): Promise<{ account: Account; gateway: Cards }> {
  const account = await openAccount({}, undefined, Date.now())
  process.env = { ...SETTINGS, AUTHORIZE_NET_API_BASE: account.url }
  vi.resetModules()
  return { account, gateway: (await import('#vendors/authorize-net/gateway.ts')).authorizeNetGateway as unknown as Cards }
}

function wish(more: Partial<StoreCardRequest> = {}): StoreCardRequest {
  return { customerId: 'customer-1', email: 'maria@example.com', token: `tok_visa_test:card-${++nonces}`, key: newId('card'), createdAtMs: Date.now(), ...more }
}

function bill(more: Partial<ChargeRequest> = {}): ChargeRequest {
  const orderId = newId('ord')
  return { orderId, attempt: 1, key: `${orderId}:1`, amount: 5_000, currency: 'USD', token: '', description: 'Order 7K', capture: true, createdAtMs: Date.now(), ...more }
}

async function stored(gateway: Cards, more: Partial<StoreCardRequest> = {}): Promise<Extract<StoreCardOutcome, { status: 'stored' }>> {
  const outcome = await gateway.storeCard(wish(more))
  if (outcome.status !== 'stored') throw new Error(`not stored: ${JSON.stringify(outcome)}`)
  return outcome
}

function asked(account: Account): string[] {
  return (account.vendor.requests() as Json[]).flatMap(({ body }) => Object.keys(body).map((name) => name.replace('Request', '')))
}

describe('does', () => {
  test('look before it stores, and tell brand, last digits and expiry', async () => {
    const { account, gateway } = await open()
    expect(await stored(gateway)).toMatchObject({ card: { brand: 'visa', last4: '1111', expiryMonth: 12, expiryYear: 2031 } })
    expect(asked(account)).toEqual(['getCustomerProfile', 'createCustomerProfile', 'getCustomerProfile'])
  })

  test('keep one card for one key, however often and at once it is sent; two keys are two cards, also of one number', async () => {
    const { account, gateway } = await open()
    const request = wish()
    const outcomes = [...(await Promise.all([1, 2, 3].map(() => gateway.storeCard(request)))), await gateway.storeCard(request)]
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1)
    expect(account.vendor.objects('profiles')).toHaveLength(1)
    expect((await stored(gateway)).reference).not.toBe('reference' in outcomes[0]! ? outcomes[0].reference : '')
  })

  test('keep the card of a charge, once for one key', async () => {
    const { account, gateway } = await open()
    const paid = await gateway.charge(bill({ token: 'tok_mastercard_test:kept' }))
    const transactionId = 'transactionId' in paid ? (paid.transactionId ?? '') : ''
    const request = wish({ token: '' })
    const outcomes = [await gateway.storePaying(request, transactionId), await gateway.storePaying(request, transactionId)]
    expect(outcomes[0]).toMatchObject({ status: 'stored', card: { brand: 'mastercard', last4: '0015' } })
    expect(outcomes[1]).toEqual(outcomes[0])
    expect(account.vendor.objects('profiles')).toHaveLength(1)
    expect(await gateway.storePaying(wish(), '1')).toEqual({ status: 'declined', declineCode: 'not_kept' })
  })

  test('charge a stored card once for each key, give it back, and set it aside and let go', async () => {
    const { account, gateway } = await open()
    const { reference } = await stored(gateway)
    const request = bill()
    const outcome = await gateway.chargeStored(request, reference)
    const transactionId = outcome.status === 'succeeded' ? (outcome.transactionId ?? '') : ''
    expect(outcome).toMatchObject({ status: 'succeeded', amount: 5_000 })
    expect(await gateway.chargeStored({ ...request, again: true }, reference)).toMatchObject({ status: 'succeeded', transactionId })
    expect(await gateway.chargeStored(request, reference)).toMatchObject({ status: 'succeeded', transactionId })
    expect(await gateway.find(request, null)).toMatchObject({ status: 'succeeded', transactionId })
    expect(await gateway.refund({ refundId: newId('ref'), orderId: request.orderId, transactionId, amount: 5_000, createdAtMs: Date.now() })).toMatchObject({ status: 'succeeded' })
    const aside = await gateway.chargeStored(bill({ capture: false }), reference)
    expect(aside).toMatchObject({ status: 'authorised' })
    expect(await gateway.cancel('transactionId' in aside ? (aside.transactionId ?? '') : '')).toMatchObject({ status: 'cancelled' })
    expect(account.vendor.objects('transactions')).toHaveLength(2)
  })

  test('forget a card, and forget it once more; what is forgotten cannot be charged', async () => {
    const { account, gateway } = await open()
    const { reference } = await stored(gateway)
    for (let times = 0; times < 2; times++) expect(await gateway.removeCard(reference)).toBe('removed')
    expect(account.vendor.objects('profiles')).toEqual([])
    expect(await gateway.chargeStored(bill(), reference)).toMatchObject({ status: 'declined', declineCode: 'card_removed' })
  })
})

describe('refuses', () => {
  test.each([
    ['tok_declined', 'card_declined'],
    ['tok_avs_mismatch', 'avs_mismatch'],
    ['tok_card_expired', 'expired_card'],
    ['tok_expired', 'invalid_payment_token'],
  ])('the card of %s, and keeps nothing', async (token, declineCode) => {
    const { account, gateway } = await open()
    expect(await gateway.storeCard(wish({ token: `${token}:refused` }))).toEqual({ status: 'declined', declineCode })
    expect(account.vendor.objects('profiles')).toEqual([])
  })

  test('a charge of a card that was good to be stored', async () => {
    const { gateway } = await open()
    const { reference } = await stored(gateway, { token: 'tok_charge_declined' })
    expect(await gateway.chargeStored(bill(), reference)).toMatchObject({ status: 'declined', declineCode: 'card_declined' })
  })

  test('to send what is so old that it could be made a second time: it only looks', async () => {
    const { account, gateway } = await open()
    expect(await gateway.storeCard(wish({ createdAtMs: Date.now() - 16 * 60_000 }))).toEqual({ status: 'declined', declineCode: 'too_late' })
    const { reference } = await stored(gateway)
    expect(await gateway.chargeStored(bill({ createdAtMs: Date.now() - 8 * HOUR_MS }), reference)).toEqual({ status: 'absent' })
    expect(account.vendor.objects('transactions')).toEqual([])
  })
})

describe('survives', () => {
  test('a lost answer, whether it took effect or not: one card', async () => {
    for (const tookEffect of [false, true]) {
      const { account, gateway } = await open()
      const request = wish()
      await gateway.storeCard(wish())
      await account.act('server_errors', { times: 1, tookEffect })
      expect(['stored', 'unknown']).toContain((await gateway.storeCard(request)).status)
      expect(await gateway.storeCard(request)).toMatchObject({ status: 'stored' })
      expect(account.vendor.objects('profiles')).toHaveLength(2)
    }
  })

  test('a charge whose answer is lost: looked for, and made once', async () => {
    const { account, gateway } = await open()
    const { reference } = await stored(gateway)
    const request = bill()
    await account.act('server_errors', { times: 1, tookEffect: true })
    expect(await gateway.chargeStored(request, reference)).toMatchObject({ status: 'succeeded' })
    expect(account.vendor.objects('transactions')).toHaveLength(1)
  })

  test('the vendor being away: unknown, and a removal counts against it', async () => {
    const { account, gateway } = await open()
    const { reference } = await stored(gateway)
    await account.act('server_errors', { times: 50 })
    expect(await gateway.storeCard(wish())).toMatchObject({ status: 'unknown' })
    await expect(gateway.removeCard(reference)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })
})
