/** Campaigns in figures: their mails as Resend tells of them, and the orders that came of them, from the click to the ledger. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Mails, MINUTE_MS, NEWSLETTER } from '../mails.ts'
import { checkOut, openGround, PRODUCT } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'
import { layRows, warehouseOf } from '../warehouse/warehouse.ts'

const PATH = '/api/bigquery/campaigns'
const HOUR_MS = 60 * MINUTE_MS

let shop: Shop
let mails: Mails
let viewer: Person
let support: Person
let ann: Person
beforeAll(async () => {
  ({ shop } = await openGround({ environment: { API_LIMIT_PER_MINUTE: '100000' } }))
  mails = new Mails(shop)
  ;[viewer, support, ann] = await Promise.all([shop.person('viewer'), shop.person('support'), shop.person()])
})
afterAll(() => shop.cloud.stop())

/** Campaign mails that Resend has sent, asked for by staff one after the other. */
async function mailed(...wishes: Json[]): Promise<string[]> {
  const ids: string[] = []
  for (const wish of wishes) ids.push(await mails.ask(support, { ...NEWSLETTER, ...wish }))
  await shop.cloud.drain()
  // A campaign waits for its turn.
  await shop.cloud.advance(2 * MINUTE_MS)
  await shop.cloud.drain()
  return ids
}

/** What its reader does, as Resend tells it. */
async function does(id: string, type: string, more: Json = {}): Promise<void> {
  await shop.act('resend', `emails/${mails.sent(id)[0]?.['id']}/event`, { type, ...more })
}

async function figures(query = ''): Promise<Json> {
  await shop.cloud.drain()
  // Older than the answer that is kept.
  await shop.cloud.advance(MINUTE_MS)
  await shop.tally('send-warehouse-rows')
  const { status, body } = await viewer.get(`${PATH}${query}`)
  expect(status).toBe(200)
  return body
}

const named = (body: Json, campaign: string): Json[] => body['campaigns'].filter((one: Json) => one['campaign'] === campaign)
const QUIET = { queued: 0, bounced: 0, complained: 0, failed: 0, suppressed: 0 }

describe('does', () => {
  test('say why there is none', async () => {
    expect(await figures()).toMatchObject({ mode: 'live', campaigns: [], emptyBecause: 'No campaign was mailed in the last 30 days.', nextCursor: null })
  })

  test('count opens and clicks once for each mail, told twice and in disorder, and the order that came of it, less what was refunded', async () => {
    await shop.act('resend', 'webhooks', { enabled: true, duplicates: 1, late: 0.5 })
    const [green = '', red = '', blue = ''] = await mailed(
      { to: 'ann@example.com', customerId: ann.id, campaign: 'spring', creative: 'green' }, { to: 'bob@example.com', customerId: 'bob', campaign: 'spring', creative: 'red' },
      { to: 'ann@example.com', customerId: ann.id, campaign: 'spring', creative: 'red' },
    )
    for (const type of ['opened', 'opened', 'clicked', 'clicked']) await does(green, type)
    await does(blue, 'clicked')
    await shop.cloud.advance(HOUR_MS)
    await does(green, 'clicked')
    await does(red, 'opened')
    await shop.cloud.advance(HOUR_MS)
    await shop.cloud.drain()
    const order = await checkOut(ann, { cart: [{ productId: PRODUCT, quantity: 2 }] })
    expect(order.status).toBe(201)
    const refund = await (await shop.person('admin')).post(`/api/orders/${order.body['orderId']}/refunds`, { amount: 30, reason: 'damaged' })
    expect(refund.status).toBe(201)
    const body = await figures()
    expect(body).toMatchObject({ mode: 'live', currency: 'USD', days: 30, nextCursor: null })
    const { total } = order.body
    expect(named(body, 'spring')).toEqual([
      { campaign: 'spring', creative: 'green', ...QUIET, sent: 1, delivered: 1, deliveryRate: 1, opened: 1, clicked: 1, orders: 1, revenue: Math.round(total * 100 - 3000) / 100 },
      { campaign: 'spring', creative: 'red', ...QUIET, sent: 2, delivered: 2, deliveryRate: 1, opened: 2, clicked: 1, orders: 0, revenue: 0 },
    ])
    const email = (await support.get(`/api/emails/${green}`)).body['email']
    expect(email).toMatchObject({ status: 'delivered', campaign: 'spring', creative: 'green', openedAt: expect.any(String), clickedAt: expect.any(String) })
  })

  test('leave each fact in the warehouse once, by the version of the mail', async () => {
    const [rows] = await warehouseOf(shop).query('SELECT id, row_version FROM `engagement.mails_log` WHERE created_at > TIMESTAMP("2020-01-01")')
    const facts = rows.map(({ id, row_version: version }: Json) => `${id} ${version}`)
    expect(new Set(facts).size).toBe(facts.length)
  })

  test('call a mail that names nobody its template\'s, and say that nobody knows what came of it', async () => {
    const [id = ''] = await mailed({ to: 'stranger@example.com' })
    await does(id, 'clicked', { click: { link: /<([^>]+)>/.exec(mails.sent(id)[0]?.['headers']['List-Unsubscribe'])?.[1] } })
    await shop.cloud.advance(HOUR_MS)
    // Who leaves has opened it, and followed nothing that it offers.
    expect(named(await figures(), 'newsletter')).toMatchObject([{ creative: 'newsletter', sent: 1, opened: 1, clicked: 0, orders: null, revenue: null }])
  })

  test('count what was not delivered, and what waits', async () => {
    const [held = ''] = await mailed({ to: 'bounced@resend.dev', campaign: 'lost', customerId: 'gone' })
    expect(mails.of(held)['campaign']).toBe('lost')
    await mails.ask(support, { ...NEWSLETTER, to: 'later@example.com', campaign: 'lost', sendAt: new Date(shop.cloud.now() + 48 * HOUR_MS).toISOString() })
    expect(named(await figures(), 'lost')).toMatchObject([{ queued: 1, sent: 1, delivered: 0, deliveryRate: 0, bounced: 1, opened: 0, orders: 0, revenue: 0 }])
  })

  test('show them page by page, and those of a shorter while', async () => {
    const first = await figures('?limit=2')
    const rest = (await viewer.get(`${PATH}?limit=2&cursor=${first['nextCursor']}`)).body
    expect([...first['campaigns'], ...rest['campaigns']].map(({ campaign, creative }: Json) => `${campaign} ${creative}`)).toEqual(['lost lost', 'newsletter newsletter', 'spring green', 'spring red'])
    expect(rest['nextCursor']).toBeNull()
  })
})

describe('refuses', () => {
  test('customers, and a cursor that is not its own', async () => {
    expect((await ann.get(PATH)).status).toBe(403)
    expect((await viewer.get(`${PATH}?cursor=rubbish`)).status).toBe(400)
  })
})

describe('survives', () => {
  test('a row of before a mail had clicks', async () => {
    const at = new Date(shop.cloud.now()).toISOString()
    await layRows(shop, 'engagement.mails_log', [{ id: 'eml_old', campaign: 'before', creative: 'before', category: 'campaign', status: 'delivered', created_at: at, updated_at: at, row_version: 1, schema_version: 1 }])
    expect(named(await figures('?days=2'), 'before')).toMatchObject([{ sent: 1, opened: 0, clicked: 0, orders: null }])
  })

  test('the worker being killed as it counts a click, and the answer of its commit being lost: counted once', async () => {
    const [id = ''] = await mailed({ to: 'dan@example.com', customerId: 'dan', campaign: 'killed' })
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/mails/${id}`, when: 'after', effect: 'kill' })
    await does(id, 'clicked')
    await shop.cloud.advance(HOUR_MS)
    await shop.cloud.drain()
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(HOUR_MS)
    shop.calm()
    expect(named(await figures(), 'killed')).toMatchObject([{ sent: 1, opened: 1, clicked: 1 }])
    expect(mails.of(id)['clicksMs']).toHaveLength(1)
  })
})
