/** Campaigns in figures: what is known of their mails, and null for what nobody tells. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Person, type Shop } from '../shop.ts'

const PATH = '/api/bigquery/campaigns'

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop({ furnish: async () => undefined })
  viewer = await shop.person('viewer')
})
afterAll(() => shop.cloud.stop())

async function lay(template: string, category: string, statuses: readonly string[]): Promise<void> {
  const writes = statuses.map((status, n) => ({ path: `mails/${template}-${category}-${n}`, data: { template, category, status, createdAtMs: shop.cloud.now() - n } }))
  await shop.cloud.servers.firestore.write(writes)
}

describe('does', () => {
  test('say why there is none', async () => {
    const { status, body } = await viewer.get(PATH)
    expect([status, body['campaigns'], body['emptyBecause']]).toEqual([200, [], 'No campaign was mailed in the last 30 days.'])
  })

  test('count what became of the mails of each, and no mail that was none', async () => {
    await lay('newsletter', 'campaign', ['delivered', 'delivered', 'bounced', 'complained', 'queued', 'suppressed', 'dead_letter'])
    await lay('notice', 'transactional', ['delivered'])
    await lay('summer', 'campaign', ['queued'])
    const { body } = await viewer.get(`${PATH}?limit=1`)
    expect(body['campaigns']).toEqual([{
      campaign: 'newsletter', creative: 'newsletter', queued: 1, sent: 4, delivered: 3, bounced: 1, complained: 1, failed: 1, suppressed: 1, deliveryRate: 0.75, opened: null,
      clicked: null, orders: null, revenue: null,
    }])
    const rest = await viewer.get(`${PATH}?limit=1&cursor=${body['nextCursor']}`)
    expect(rest.body).toMatchObject({ campaigns: [{ campaign: 'summer', sent: 0, deliveryRate: null }], nextCursor: null })
  })
})

describe('refuses', () => {
  test('customers', async () => {
    expect((await (await shop.person()).get(PATH)).status).toBe(403)
  })
})
