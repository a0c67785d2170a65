/** Staff see which payments are disputed, and until when they must answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGround, PRODUCT, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

const DAY_MS = 86_400_000

let ground: Ground
let shop: Shop
let viewer: Person
/** Disputes with evidence due on later and later days; the last one is closed. */
const disputes: Json[] = []

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
  for (let day = 0; day < 5; day++) {
    const buyer = await shop.person()
    const { id, number, payment } = await buyer.buy({ productId: PRODUCT, quantity: 1 })
    const dispute = await shop.act('stripe', 'disputes', { payment_intent: payment.transactionId, inquiry: day === 1 })
    disputes.push({ ...dispute, orderId: id, orderNumber: number })
    await shop.cloud.drain()
    await shop.cloud.advance(DAY_MS)
  }
  await shop.act('stripe', `disputes/${disputes[4]?.['id']}/close`, { status: 'won' })
  await shop.cloud.drain()
  viewer = await shop.person('viewer')
}, 60_000)
afterAll(() => shop.cloud.stop())

async function list(query = ''): Promise<Json> {
  const { status, body } = await viewer.get(`/api/admin/disputes?${query}`)
  expect(status).toBe(200)
  return body
}

const ids = (some: readonly Json[]): string[] => some.map(({ id }) => id)

describe('does', () => {
  test('list all disputes, the latest first, each with its order, its deadline and how it stands', async () => {
    const { disputes: found, nextCursor } = await list()
    expect([ids(found), nextCursor]).toEqual([ids(disputes).toReversed(), null])
    expect(found[0]).toMatchObject({ status: 'won', evidenceDueAt: null })
    const first = disputes[0] as Json
    expect(found.at(-1)).toEqual({
      id: first['id'], orderId: first['orderId'], orderNumber: first['orderNumber'], gateway: 'stripe', status: 'needs_response', amount: 50, currency: 'USD',
      reason: 'fraudulent', evidenceDueAt: new Date(first['evidence_details'].due_by * 1000).toISOString(), answered: false,
      openedAt: new Date(first['created'] * 1000).toISOString(), closedAt: null,
    })
  })

  test('list those that wait for evidence, the nearest deadline first, an inquiry too', async () => {
    expect(ids((await list('state=unanswered'))['disputes'])).toEqual(ids(disputes.slice(0, 4)))
  })

  test('list page by page, each dispute once', async () => {
    for (const state of ['all', 'unanswered']) {
      const whole = ids((await list(`state=${state}`))['disputes'])
      const pages: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const page: Json = await list(`state=${state}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
        pages.push(...ids(page['disputes']))
        cursor = page['nextCursor']
      }
      expect(pages).toEqual(whole)
    }
  })
})

describe('refuses', () => {
  test.each([['state=lost', 'state'], ['limit=0', 'limit'], ['limit=101', 'limit'], ['cursor=bm9uc2Vuc2U', 'cursor'], ['order=1', 'order']])('%s: 400 that names the field', async (query, field) => {
    const { status, body } = await viewer.get(`/api/admin/disputes?${query}`)
    expect({ status, field: body['details']?.fields[0].field }).toEqual({ status: 400, field })
  })

  test('everybody but staff', async () => {
    const others = [await shop.person(), await shop.person('scanner'), await shop.person('organiser'), shop.guest()]
    const answers = await Promise.all(others.map((who) => who.get('/api/admin/disputes')))
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 401])
  })

  test('to list, or to book, a dispute about a charge that is none of ours', async () => {
    const response = await fetch(`${shop.cloud.addresses['STRIPE_API_BASE']}/v1/payment_intents`, {
      method: 'POST',
      body: 'amount=700&currency=usd&confirm=true&payment_method=pm_card_visa&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never',
      headers: { authorization: `Bearer ${shop.cloud.servers.keys.STRIPE_SECRET_KEY}`, 'content-type': 'application/x-www-form-urlencoded' },
    })
    const entries = shop.documents('ledger').length
    const { id: disputeId } = await shop.act('stripe', 'disputes', { payment_intent: ((await response.json()) as Json)['id'] })
    await shop.cloud.drain()
    const records = shop.documents('inbox').filter(({ data }) => String(data['payload']).includes(disputeId))
    expect(records.map(({ data }) => data['status'])).toEqual(['ignored', 'ignored'])
    expect(shop.documents('ledger')).toHaveLength(entries)
    expect(ids((await list())['disputes'])).not.toContain(disputeId)
  })
})
