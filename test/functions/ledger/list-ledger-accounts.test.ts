/** The books in sums: they are balanced at all times, and they agree with Stripe. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop({ environment: { TAX_RATES: '[{"state":"TX","category":"*","percent":"8.25"}]' } })
  viewer = await shop.person('viewer')
})
afterAll(() => shop.cloud.stop())

async function books(): Promise<Json> {
  const { status, body } = await viewer.get('/api/admin/ledger/accounts')
  expect(status).toBe(200)
  return body
}

async function balance(account: string): Promise<number> {
  const { accounts } = (await books()) as { accounts: Json[] }
  return accounts.find((one) => one['account'] === account)?.['balance'] ?? 0
}

/** What Stripe holds for us, in cents. */
function atStripe(): number {
  const sum = (objects: Json[], field: string) => objects.filter(({ status }) => status === 'succeeded').reduce((all, one) => all + Number(one[field]), 0)
  return sum(shop.at('stripe', 'payment_intents'), 'amount_received') - sum(shop.at('stripe', 'refunds'), 'amount')
}

describe('does', () => {
  test('show nothing before anything was sold', async () => {
    expect(await books()).toMatchObject({ success: true, accounts: [], trialBalance: {} })
  })

  test('book sales and tax of what was sold, and nothing of what was declined', async () => {
    const buyer = await shop.person()
    await buyer.buy({ productId: 'VARGROWBOOK1', quantity: 2 })
    await buyer.pay((await buyer.fill({ productId: 'VARTOTE1', quantity: 1 }))['id'], { token: 'pm_card_chargeDeclined' })
    expect((await books())['accounts']).toEqual(
      expect.arrayContaining([
        { account: 'gateway:stripe', about: expect.stringContaining('Stripe'), currency: 'USD', balance: 47.52 },
        { account: 'sales', about: expect.any(String), currency: 'USD', balance: -43.9 },
        { account: 'tax:payable', about: expect.any(String), currency: 'USD', balance: -3.62 },
      ]),
    )
  })

  test('stay at zero in sum, and equal to Stripe, after sales and refunds of all kinds at once', async () => {
    const [admin, ...buyers] = await Promise.all([shop.person('admin'), shop.person(), shop.person(), shop.person(), shop.person()])
    const orders = await Promise.all(buyers.map((buyer, index) => buyer.buy({ productId: 'VARGROWBOOK1', quantity: index + 1 })))
    const wishes = [{ amount: 3.33 }, { lines: [{ productId: 'VARGROWBOOK1', quantity: 1 }] }, {}, { amount: 0.01 }]
    await Promise.all(orders.map(({ id }, index) => admin.post(`/api/orders/${id}/refunds`, { reason: 'Returned', ...wishes[index] })))
    expect((await books())['trialBalance']).toEqual({ USD: 0 })
    expect(Math.round((await balance('gateway:stripe')) * 100)).toBe(atStripe())
  })

  test('add up more entries than one page of the store holds', async () => {
    const before = await balance('sales')
    const entry = (index: number) => ({
      id: `charge-laid${index}`, kind: 'charge', orderId: `laid${index}`, currency: 'USD', atMs: shop.cloud.now(), reference: 'none',
      postings: [{ account: 'gateway:none', amount: 1 }, { account: 'sales', amount: -1 }],
    })
    await shop.cloud.servers.firestore.write(Array.from({ length: 1100 }, (_, index) => ({ path: `ledger/charge-laid${index}`, data: entry(index) })))
    expect(Math.round(((await balance('sales')) - before) * 100)).toBe(-1100)
    expect((await books())['trialBalance']).toEqual({ USD: 0 })
  })
})

describe('refuses', () => {
  test('everybody but staff', async () => {
    const others = [await shop.person(), await shop.person('scanner'), await shop.person('organiser'), await shop.person('organisation'), shop.guest()]
    const answers = await Promise.all(others.map((who) => who.get('/api/admin/ledger/accounts')))
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 401])
  })
})
