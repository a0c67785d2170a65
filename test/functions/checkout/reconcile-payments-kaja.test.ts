/** Authorize.Net's lists against ours: voids, refunds and attempts by the beginning of an order's id agree; what was done beside us is named. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { kajaChargesFor, newNonce, payByKaja } from '../kaja.ts'
import { openGround, orderOf, ordersOf, PRICE, PRODUCT } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 60_000 })

const JOB = 'reconcile-payments'

let shop: Shop
let admin: Person

beforeAll(async () => {
  shop = (await openGround({ environment: { CHARGE_DEADLINE_MS: '1500', VENDOR_DEADLINE_MS: '2000', STORE_DEADLINE_MS: '1000' } })).shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())

async function bought(token = newNonce()): Promise<{ buyer: Person; orderId: string }> {
  const buyer = await shop.person()
  const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  await payByKaja(buyer, id, { token })
  return { buyer, orderId: ordersOf(shop, buyer)[0]?.['id'] }
}

async function reconciled(): Promise<Record<string, number>> {
  await shop.cloud.advance(20 * 60_000)
  return shop.tally(JOB)
}

function loseWebhooks(): void {
  shop.fault({ target: 'firestore', operation: 'Commit', function: 'receive-authorize-net', when: 'before', effect: 'error', times: 1_000 })
}

function named(state: string): string[] {
  return shop.documents('reconciliation').map(({ data }) => data as Json).filter((one) => one['state'] === state).map(({ kind, amount, gateway }) => `${kind} ${amount} ${gateway}`).sort()
}

describe('does', () => {
  test('find nothing where all is well: sales, one given back before it was settled, one declined, one in parts after settlement', async () => {
    const [, voided, settled] = [await bought(), await bought(), await bought()]
    await bought('tok_declined')
    await admin.post(`/api/orders/${voided.orderId}/refunds`, { reason: 'Changed their mind' })
    expect(await reconciled()).toMatchObject({ refused: 0, settled: 0 })
    await shop.cloud.advance(20 * 3_600_000)
    await shop.act('authorize-net', 'settle')
    admin = await shop.person('admin')
    await admin.post(`/api/orders/${settled.orderId}/refunds`, { amount: 12, reason: 'A scratch' })
    for (let run = 0; run < 3; run += 1) expect(await reconciled()).toMatchObject({ refused: 0, settled: 0 })
    expect([named('open'), named('repaired')]).toEqual([[], []])
    expect([(await orderOf(admin, voided.orderId))['state'], (await orderOf(admin, settled.orderId))['state']]).toEqual(['refunded', 'partially_refunded'])
  })

  test('name a charge of nobody\'s and a charge that was voided beside us, and settle an order whose answer was lost', async () => {
    await shop.act('authorize-net', 'transactions', { amount: '33.00', invoiceNumber: 'TILL-7', description: 'Over the phone' })
    const { orderId } = await bought()
    const transId = kajaChargesFor(shop, orderId)[0]?.['transId']
    loseWebhooks()
    await shop.act('authorize-net', `transactions/${transId}/void`)
    shop.fault({ target: 'authorize-net', when: 'after', effect: 'drop', times: 100 })
    const lost = await bought()
    shop.calm()
    loseWebhooks()
    expect(await reconciled()).toMatchObject({ refused: 2, settled: 1 })
    shop.calm()
    expect(named('open')).toEqual(['charge_without_order 3300 kaja', `refund_unknown ${PRICE} kaja`])
    expect(named('repaired')).toEqual([`payment_missed ${PRICE} kaja`])
    expect((await orderOf(admin, lost.orderId))['state']).toBe('paid')
    expect(await shop.tally(JOB)).toMatchObject({ refused: 0, settled: 0 })
  })
})
