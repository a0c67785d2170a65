/** Vendor events that were given up, as staff see them: what, why, since when, and never what they say. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Inbox, tellStripes } from '../inbox.ts'
import { Mails } from '../mails.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const PATH = '/api/admin/dead-letters'
const FAR_MS = Date.UTC(2100, 0, 1)

let shop: Shop
let inbox: Inbox
let support: Person
let dead: string[]
beforeAll(async () => {
  shop = await openShop()
  inbox = new Inbox(shop, 'ord_1')
  support = await shop.person('support')
  dead = []
  for (let n = 0; n < 5; n += 1) dead.push(...(await inbox.layDead({ receivedAtMs: 1_000 + n, payload: '{"email":"maria@example.com"}' })))
  await inbox.layDead({ vendor: 'square', receivedAtMs: 500 })
  await inbox.lay({ attempts: 2, nextAtMs: FAR_MS, lastError: 'away' })
  await inbox.lay({ status: 'applied', nextAtMs: null })
})
afterAll(() => shop.cloud.stop())

async function listed(query = ''): Promise<Json[]> {
  const { status, body } = await support.get(`${PATH}?${query}`)
  expect(status).toBe(200)
  return body['deadLetters']
}

describe('does', () => {
  test('list them, those that have waited longest first, with all that staff need and nothing of what they say', async () => {
    const found = await listed('vendor=stripe')
    expect(found.map(({ id }) => id)).toEqual(dead)
    expect(found[0]).toEqual({
      id: dead[0], vendor: 'stripe', eventId: dead[0]?.slice('stripe-'.length), type: 'payment_intent.succeeded', attempts: 6, lastError: 'Stripe was away.',
      firstSeenAt: '1970-01-01T00:00:01.000Z', nextRetryAt: null, status: 'dead',
    })
    expect(JSON.stringify(found)).not.toContain('maria')
  })

  test('list a page at a time, each once', async () => {
    const pages: string[][] = []
    for (let cursor = ''; ; ) {
      const { body } = await support.get(`${PATH}?vendor=stripe&limit=2${cursor}`)
      pages.push(body['deadLetters'].map(({ id }: Json) => id))
      if (body['nextCursor'] === null) break
      cursor = `&cursor=${body['nextCursor']}`
    }
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1])
    expect(pages.flat()).toEqual(dead)
  })

  test('list mails that were given up among them, by when they were queued, a page at a time', async () => {
    const mails = new Mails(shop)
    const given = { status: 'dead_letter', attempts: 6, nextAtMs: null, dueSinceMs: null, lastError: 'resend 503' } as const
    const ids = [await mails.lay({ ...given, createdAtMs: 1_002 }), await mails.lay({ ...given, createdAtMs: 2_000 })]
    const pages: Json[][] = []
    for (let cursor = ''; ; ) {
      const { body } = await support.get(`${PATH}?limit=3${cursor}`)
      pages.push(body['deadLetters'])
      if (body['nextCursor'] === null) break
      cursor = `&cursor=${body['nextCursor']}`
    }
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 2])
    expect(pages.flat().map(({ vendor }) => vendor)).toEqual(['square', 'stripe', 'stripe', 'mail', 'stripe', 'stripe', 'stripe', 'mail'])
    expect(await listed('vendor=mail')).toEqual(ids.map((id, n) => ({
      id: `mail-${id}`, vendor: 'mail', eventId: id, type: 'receipt', attempts: 6, lastError: 'resend 503', firstSeenAt: new Date([1_002, 2_000][n] ?? 0).toISOString(), nextRetryAt: null, status: 'dead',
    })))
    await shop.cloud.servers.firestore.write(ids.map((id) => ({ path: `mails/${id}`, delete: true })))
  })

  test('list all vendors\', one vendor\'s, and by status those that wait for their next try', async () => {
    expect(await listed()).toHaveLength(6)
    expect(await listed('vendor=square')).toHaveLength(1)
    expect(await listed('vendor=nobody')).toEqual([])
    expect(await listed('status=applied')).toHaveLength(1)
    expect(await listed('status=pending')).toMatchObject([{ status: 'pending', attempts: 2, nextRetryAt: '2100-01-01T00:00:00.000Z' }])
  })

  test('list those of ids that no document could be named by, or that two events share', async () => {
    const long = 'x'.repeat(5_000)
    const odd = ['', ' ', 'a/b', 'a_b', 'evt/../carts', '..', '__evt__', 'ä€😀', '@', long, `${long}y`, 'two words', '\u0000']
    const nameless = { object: 'event', type: 'payment_intent.succeeded', data: { object: { metadata: { order_id: 'ord_1' } } } }
    const events = [...odd.map((id) => ({ ...nameless, id })), nameless, { ...nameless, created: 2 }, { ...nameless, id: '', created: 3 }, nameless]
    for (const event of events) expect(await tellStripes(shop, event)).toBe(200)
    await shop.cloud.drain()
    const found = await listed('status=ignored&limit=100')
    expect(found).toHaveLength(odd.length + 3)
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length)
    for (const { id, eventId } of found) expect([/^[\w.:@#+-]{1,128}$/.test(id), eventId.length <= 500, eventId.length > 0]).toEqual([true, true, true])
    expect(shop.documents('inbox').filter(({ data }) => data['subject'] === 'ord_1' && data['status'] === 'pending')).toHaveLength(1)
  })

  test('cost one query a page for each kind, events and mails', async () => {
    const before = shop.cloud.wire.lastCall
    await support.call('GET', `${PATH}?limit=3`, undefined, { 'x-request-id': 'one-page' })
    const calls = shop.cloud.wire.calls(before).filter(({ requestId, operation }) => requestId === 'one-page' && operation === 'RunQuery')
    expect(calls.map(({ reads }) => reads).sort()).toEqual([1, 4])
  })
})

describe('refuses', () => {
  test.each([['limit=0', 'limit'], ['limit=101', 'limit'], ['cursor=rubbish', 'cursor'], ['status=lost', 'status'], ['vendor=a%20b', 'vendor'], ['type=x', 'type']])(
    '%s: 400 that names the field',
    async (query, field) => {
      const { status, body } = await support.get(`${PATH}?${query}`)
      expect({ status, field: body['details']?.fields[0].field }).toEqual({ status: 400, field })
    },
  )

  test('everybody but staff', async () => {
    const others = [await shop.person('customer'), await shop.person('scanner'), await shop.person('organiser'), shop.guest()]
    expect((await Promise.all(others.map((who) => who.get(PATH)))).map(({ status }) => status)).toEqual([403, 403, 403, 401])
    expect((await (await shop.person('viewer')).get(PATH)).status).toBe(200)
  })
})
