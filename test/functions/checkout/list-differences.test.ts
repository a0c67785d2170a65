/** Staff see where money and books differ: by state, page by page, and nobody else does. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { chargeElsewhere } from '../dashboard.ts'
import { openGround } from '../purchase.ts'
import type { Json, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

const PATH = '/api/admin/reconciliation'

let shop: Shop

beforeAll(async () => {
  shop = (await openGround()).shop
  for (const amount of [101, 202, 303]) await chargeElsewhere(shop, { amount })
  await shop.cloud.advance(20 * 60_000)
  await shop.tally('reconcile-payments')
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('show each difference with kind, amount, cause and what the gateway lists of it', async () => {
    const viewer = await shop.person('viewer')
    const { status, body } = await viewer.get(`${PATH}?state=open`)
    expect(status).toBe(200)
    expect((body['differences'] as Json[]).map(({ amount }) => amount).sort()).toEqual([1.01, 2.02, 3.03])
    expect(body['differences'].find(({ amount }: Json) => amount === 2.02)).toMatchObject({
      kind: 'charge_without_order', state: 'open', gateway: 'stripe', currency: 'USD', excess: 2.02, orderId: null, closedAt: null, resolution: null,
      cause: 'The gateway took 2.02 USD: it names no order.', movements: [{ kind: 'charge', amount: 2.02, currency: 'USD' }],
    })
  })

  test('go through all of them by pages, each once, and list none that is not in the state', async () => {
    const support = await shop.person('support')
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await support.get(`${PATH}?limit=2${cursor}`)
      seen.push(...(body['differences'] as Json[]).map(({ id }) => id as string))
      if (body['nextCursor'] === null) break
      cursor = `&cursor=${body['nextCursor']}`
    }
    expect(new Set(seen).size).toBe(3)
    expect(seen).toHaveLength(3)
    expect((await support.get(`${PATH}?state=repaired`)).body['differences']).toEqual([])
  })
})

describe('refuses', () => {
  test.each(['?state=lost', '?cursor=nobody', '?limit=0', '?limit=101', '?other=1'])('%s', async (query) => {
    const admin = await shop.person('admin')
    expect((await admin.get(`${PATH}${query}`)).status).toBe(400)
  })

  test('customers, and whoever is not signed in', async () => {
    expect((await (await shop.person()).get(PATH)).status).toBe(403)
    expect((await shop.guest().get(PATH)).status).toBe(401)
  })
})
