/** What belongs together is put together by hand: shown first, done once, and only where it fits. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { evidenceOf, unreconciled } from '../books.ts'
import { chargeElsewhere, refundElsewhere } from '../dashboard.ts'
import { sweepAfter } from '../inbox.ts'
import { checkOut, openGround, orderOf, ordersOf, PRICE, PRODUCT, timePasses, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 60_000 })

let ground: Ground
let shop: Shop
let admin: Person

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: '1200' } })
  shop = ground.shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectReconciled()
})

function expectReconciled(): void {
  expect(unreconciled(evidenceOf(shop))).toEqual([])
}

async function reconciled(): Promise<void> {
  await shop.cloud.advance(20 * 60_000)
  await shop.tally('reconcile-payments')
}

/** A charge that somebody made elsewhere, on record as a difference. */
async function foreign(amount = PRICE): Promise<{ id: string; transactionId: string }> {
  const { id } = await chargeElsewhere(shop, { amount })
  await reconciled()
  return { id: `charge_without_order-stripe-${id}`, transactionId: id }
}

/** An order whose card was declined. */
async function declined(): Promise<{ buyer: Person; orderId: string }> {
  const buyer = await shop.person()
  const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  await checkOut(buyer, { cartId: id, paymentMethod: { token: 'pm_card_visa_chargeDeclined' } })
  return { buyer, orderId: ordersOf(shop, buyer)[0]?.['id'] }
}

function resolve(id: string, wish: Json, { who = admin, key }: { who?: Person; key?: string } = {}): Promise<Answer> {
  return who.post(`/api/admin/reconciliation/${id}/resolve`, wish, key)
}

async function confirmOf(id: string, wish: Json, who = admin): Promise<string> {
  const { status, body, text } = await resolve(id, wish, { who })
  if (status !== 200) throw new Error(text)
  return body['confirm']
}

function difference(id: string): Json | undefined {
  return shop.document('reconciliation', id)
}

function entriesOf(orderId: string): string[] {
  return shop.documents('ledger').map(({ data }) => data).filter((data) => data['orderId'] === orderId && data['kind'] !== 'fee').map(({ kind }) => kind).sort()
}

async function balance(account: string): Promise<number> {
  const { body } = await admin.get('/api/admin/ledger/accounts')
  return (body['accounts'] as Json[]).find((one) => one['account'] === account)?.['balance'] ?? 0
}

describe('does', () => {
  test('show what would happen and change nothing, then attach a charge to the order that was given up: paid, in the ledger, with receipt and audit', async () => {
    const [{ buyer, orderId }, { id, transactionId }] = [await declined(), await foreign()]
    const wish = { orderId, reason: 'Paid by phone' }
    const shown = await resolve(id, wish)
    expect(shown.body).toMatchObject({ resolved: false, how: 'attached_charge', effects: [expect.stringContaining(`paid by ${transactionId}`), expect.stringContaining('given back')] })
    expect([difference(id)?.['state'], (await orderOf(admin, orderId))['state']]).toEqual(['open', 'payment_failed'])
    const { confirm } = shown.body
    expect((await resolve(id, wish)).body['confirm']).toBe(confirm)
    const done = await resolve(id, { ...wish, confirm })
    expect(done.body).toMatchObject({ resolved: true, order: { id: orderId, state: 'paid', payment: { transactionId } }, difference: { state: 'resolved', resolution: { how: 'attached_charge', orderId, by: `admin ${admin.id}` } } })
    expect([(await orderOf(buyer, orderId))['state'], entriesOf(orderId)]).toEqual(['paid', ['charge']])
    await timePasses(ground, 1)
    expect(shop.at('resend', 'emails').filter(({ to, subject }) => String(to) === buyer.email && String(subject).startsWith('Your order')).length).toBe(1)
    expect(shop.documents('alerts').map(({ data }) => data).find(({ key }) => key === `reconciliation/${id}`)?.['status']).toBe('resolved')
    await reconciled()
    expect(difference(id)?.['state']).toBe('resolved')
  })

  test('attach a refund that was made in the dashboard: given back in the order and in the ledger, the customer told', async () => {
    const buyer = await shop.person()
    const order = await buyer.buy({ productId: PRODUCT, quantity: 1 })
    const { id: refundId } = await refundElsewhere(shop, order['payment'].transactionId, 1_200)
    await reconciled()
    const id = `refund_unknown-stripe-${refundId}`
    const wish = { orderId: order['id'], reason: 'Agreed on the phone' }
    expect((await resolve(id, { ...wish, confirm: await confirmOf(id, wish) })).body['order']).toMatchObject({ state: 'partially_refunded', refunded: 12 })
    expect(entriesOf(order['id'])).toEqual(['charge', 'refund'])
    await reconciled()
    expect(difference(id)?.['state']).toBe('resolved')
  })

  test('book what belongs to nothing as unexplained, so that the ledger says what Stripe says', async () => {
    const { id } = await foreign(2_345)
    const before = [await balance('gateway:stripe'), await balance('unexplained')] as const
    const wish = { reason: 'A test charge of the accountant' }
    expect((await resolve(id, { ...wish, confirm: await confirmOf(id, wish) })).body).toMatchObject({ resolved: true, difference: { resolution: { how: 'booked_unexplained' } } })
    expect(await balance('gateway:stripe')).toBeCloseTo(before[0] + 23.45, 9)
    expect(await balance('unexplained')).toBeCloseTo(before[1] - 23.45, 9)
  })

  test('open again what was booked as unexplained, when the money goes back', async () => {
    const { id, transactionId } = await foreign(999)
    const wish = { reason: 'Nobody knows' }
    await resolve(id, { ...wish, confirm: await confirmOf(id, wish) })
    await refundElsewhere(shop, transactionId, 999)
    await reconciled()
    expect(difference(id)).toMatchObject({ state: 'open', excess: 0, explained: 999 })
    await resolve(id, { ...wish, confirm: await confirmOf(id, wish) })
    expect(difference(id)).toMatchObject({ state: 'resolved', explained: 0 })
    await reconciled()
    expect(difference(id)?.['state']).toBe('resolved')
  })
})

describe('refuses', () => {
  test('what does not fit: another amount, an order that is paid, one that does not exist, a difference that does not exist', async () => {
    const { id } = await foreign(PRICE + 1)
    const { orderId } = await declined()
    const paid = await (await shop.person()).buy({ productId: PRODUCT, quantity: 1 })
    const misfit = await resolve(id, { orderId, reason: 'Try' })
    expect([misfit.status, misfit.body['details']]).toEqual([409, { charged: 50.01, currency: 'USD', total: 50, orderCurrency: 'USD' }])
    expect((await resolve(id, { orderId: paid['id'], reason: 'Try' })).status).toBe(409)
    expect((await resolve(id, { orderId: 'ord_nobody', reason: 'Try' })).status).toBe(404)
    expect((await resolve('charge_without_order-stripe-pi_none', { orderId, reason: 'Try' })).status).toBe(404)
    await reconciled()
  })

  test('a confirmation that is invented, old, of another wish, of another admin, or of what has changed since', async () => {
    const [{ orderId }, { id }] = [await declined(), await foreign()]
    const [wish, other] = [{ orderId, reason: 'Paid by phone' }, await shop.person('admin')]
    const confirm = await confirmOf(id, wish)
    expect((await resolve(id, { ...wish, confirm: `${shop.cloud.now() + 60_000}.cfm_guess` })).status).toBe(409)
    expect((await resolve(id, { ...wish, reason: 'Another', confirm })).status).toBe(409)
    expect((await resolve(id, { ...wish, confirm }, { who: other })).status).toBe(409)
    await shop.cloud.advance(21 * 60_000)
    expect((await resolve(id, { ...wish, confirm })).status).toBe(409)
    expect(difference(id)?.['state']).toBe('open')
    expect((await orderOf(admin, orderId))['state']).toBe('payment_failed')
  })

  test('an order whose own payment may still be made', async () => {
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    await checkOut(buyer, { cartId, paymentMethod: { token: 'pm_card_authenticationRequired' } })
    const orderId = ordersOf(shop, buyer)[0]?.['id']
    const { id } = await foreign()
    const wish = { orderId, reason: 'Paid by phone' }
    const { status, body } = await resolve(id, { ...wish, confirm: await confirmOf(id, wish) })
    expect([status, body['error']]).toEqual([409, 'This order\'s own payment may still be made.'])
    expect(difference(id)?.['state']).toBe('open')
  })

  test('everybody but admins', async () => {
    for (const role of ['viewer', 'support', 'customer'] as const) {
      expect((await resolve('any', { reason: 'Try' }, { who: await shop.person(role) })).status).toBe(403)
    }
  })
})

describe('survives', () => {
  test('a double click with one key, the same again with another, and a lost answer: attached once', async () => {
    const [{ orderId }, { id }] = [await declined(), await foreign()]
    const wish = { orderId, reason: 'Paid by phone' }
    const body = { ...wish, confirm: await confirmOf(id, wish) }
    const [one, two] = await Promise.all([resolve(id, body, { key: 'the-click' }), resolve(id, body, { key: 'the-click' })])
    expect([one.status, two.status]).toEqual([200, 200])
    expect(one.text).toBe(two.text)
    expect((await resolve(id, body, { key: 'the-click' })).text).toBe(one.text)
    const again = await resolve(id, body, { key: 'another-click' })
    expect([again.status, again.body['details']]).toEqual([409, { state: 'resolved', how: 'attached_charge', orderId, by: `admin ${admin.id}` }])
    expect(entriesOf(orderId)).toEqual(['charge'])
  })

  /** A payout to our bank of which Stripe told, and says nothing more when it is asked. */
  async function silentPayout(amount: number): Promise<string> {
    shop.fault({ target: 'stripe', operation: 'payouts', when: 'before', effect: 'error', status: 503, times: 1_000 })
    const payout = await shop.act('stripe', 'payouts', { amount })
    await shop.cloud.drain()
    await reconciled()
    return `payout_unknown-stripe-${payout['balance_transaction']}`
  }

  /** Stripe answers again, and what it told comes back on its schedule. */
  async function heard(): Promise<void> {
    shop.calm()
    await sweepAfter(shop, 60)
  }

  test('the event of a payout that staff have booked as unexplained meanwhile: it is booked once, as what it is', async () => {
    const before = await balance('unexplained')
    const id = await silentPayout(2_100)
    const wish = { reason: 'Stripe says nothing' }
    await resolve(id, { ...wish, confirm: await confirmOf(id, wish) })
    expect(difference(id)?.['explained']).toBe(-2_100)
    expect(await balance('unexplained')).toBeCloseTo(before + 21, 9)
    await heard()
    expect(difference(id)).toMatchObject({ state: 'repaired', explained: 0 })
    expect(await balance('unexplained')).toBeCloseTo(before, 9)
    await reconciled()
    expect(difference(id)?.['state']).toBe('repaired')
  })

  test('a payout that is booked while staff still look at it: it is not booked as unexplained too', async () => {
    const before = await balance('unexplained')
    const id = await silentPayout(2_200)
    const wish = { reason: 'Stripe says nothing' }
    const confirm = await confirmOf(id, wish)
    await heard()
    expect(await resolve(id, { ...wish, confirm })).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
    expect(await balance('unexplained')).toBe(before)
    await reconciled()
    expect(difference(id)?.['state']).toBe('repaired')
  })

  test('two admins who attach one charge to two orders at once: one order is paid', async () => {
    const other = await shop.person('admin')
    const [mine, theirs, { id }] = [await declined(), await declined(), await foreign()]
    const wishes = [{ orderId: mine.orderId, reason: 'Mine' }, { orderId: theirs.orderId, reason: 'Theirs' }] as const
    const confirms = [await confirmOf(id, wishes[0]), await confirmOf(id, wishes[1], other)]
    const answers = await Promise.all([resolve(id, { ...wishes[0], confirm: confirms[0] }), resolve(id, { ...wishes[1], confirm: confirms[1] }, { who: other })])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const states = await Promise.all([mine, theirs].map(async ({ orderId }) => (await orderOf(admin, orderId))['state']))
    expect(states.sort()).toEqual(['paid', 'payment_failed'])
  })

  test.each(['before', 'after'] as const)('death of the instance %s the commit: the same key gets the truth', async (when) => {
    const [{ orderId }, { id }] = [await declined(), await foreign()]
    const wish = { orderId, reason: 'Paid by phone' }
    const body = { ...wish, confirm: await confirmOf(id, wish) }
    shop.fault({ target: 'firestore', operation: 'Commit', function: 'resolve-difference', match: id, when, effect: 'kill' })
    const key = `a-click-${when}`
    const lost = await resolve(id, body, { key }).catch(() => undefined)
    expect(lost?.status).not.toBe(200)
    shop.calm()
    const again = await resolve(id, body, { key })
    expect([again.status, again.body['order']?.state]).toEqual([200, 'paid'])
    expect(entriesOf(orderId)).toEqual(['charge'])
  })
})
