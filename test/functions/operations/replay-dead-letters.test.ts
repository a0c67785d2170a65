/** Dead letters put back on their schedule by a person: each event applied once, each replay counted once. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ABOUT_US_NOT, expectDead, Inbox, sweepAfter, tellStripes } from '../inbox.ts'
import { Mails } from '../mails.ts'
import { PRODUCT, checkOut } from '../purchase.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

const PATH = '/api/admin/dead-letters/replay'
const WHY = { reason: 'Stripe was away' }
const ONE_DAY = 24 * 60

let shop: Shop
let inbox: Inbox
let mails: Mails
beforeAll(async () => {
  shop = await openShop({ environment: { TRANSACTION_DEADLINE_MS: '2000' } })
  inbox = new Inbox(shop, (await (await shop.person()).buy({ productId: 'VARTOTE1', quantity: 1 }))['id'])
  mails = new Mails(shop)
  await shop.cloud.drain()
})
afterEach(async () => {
  shop.calm()
  await shop.cloud.servers.firestore.write(shop.documents('inbox').map(({ id }) => ({ path: `inbox/${id}`, delete: true })))
})
afterAll(() => shop.cloud.stop())

/** The same person, with a token that is still good when days have passed. */
const ann = (): Promise<Person> => shop.person('admin', 'ann')

async function replay(wish: Json, key?: string, who?: Person): Promise<Answer> {
  return (who ?? (await ann())).post(PATH, { ...WHY, ...wish }, key)
}

/** What the audit trail says about a replay. */
async function auditOf(replayId: string): Promise<Json[]> {
  await shop.cloud.drain()
  const rows = (await shop.cloud.rows('audit', 'events_log')) as Json[]
  return rows.filter(({ subject }) => subject === replayId)
}

/** How often each of these was put back, by their own records. */
const countsOf = (ids: readonly string[]): number[] => ids.map((id) => inbox.record(id)['replay']?.count ?? 0)

describe('does', () => {
  test('put back what is named: applied at once, counted, and the answer says how to watch it', async () => {
    const ids = await inbox.layDead(ABOUT_US_NOT, 3)
    const { status, body } = await replay({ ids })
    expect({ status, ...body }).toMatchObject({
      status: 202, success: true, refused: [], watch: `/api/admin/dead-letters/replays/${body['replay'].id}`,
      replay: { state: 'done', accepted: 3, replayed: 3, refused: 0, filter: null, requestedBy: 'admin ann', reason: 'Stripe was away' },
    })
    await shop.cloud.drain()
    expect(inbox.statuses(ids)).toEqual({ ignored: 3 })
    expect(countsOf(ids)).toEqual([1, 1, 1])
  })

  test('send mails that were given up, named or by filter: each once, however often it is clicked', async () => {
    const dead = { status: 'dead_letter', attempts: 6, nextAtMs: null, dueSinceMs: null, lastError: 'resend 503' } as const
    const [named, found, other] = [await mails.lay(dead), await mails.lay({ ...dead, template: 'refund' }), await mails.lay(dead)]
    const wishes = [{ ids: [`mail-${named}`, 'mail-none'] }, { ids: [`mail-${named}`] }, { filter: { vendor: 'mail', type: 'refund' } }, { filter: { vendor: 'mail', type: 'refund' } }]
    const answers = await Promise.all(wishes.map((wish) => replay(wish)))
    await shop.cloud.drain()
    for (const { status, body } of answers) expect([status, body['replay'].state]).toEqual([202, 'done'])
    expect(answers[0]?.body['refused']).toContainEqual({ id: 'mail-none', reason: 'unknown' })
    expect([named, found].map((id) => [mails.of(id)['status'], mails.of(id)['replay'].count, mails.sent(id).length])).toEqual([['sent', 1, 1], ['sent', 1, 1]])
    expect([mails.of(other)['status'], mails.sent(other).length]).toEqual(['dead_letter', 0])
    expect((await replay({ ids: [`mail-${named}`] })).body['refused']).toEqual([{ id: `mail-${named}`, reason: 'sent' }])
    await shop.cloud.servers.firestore.write([{ path: `mails/${other}`, delete: true }])
  })

  test('find events and mails by one filter, and count both before', async () => {
    await inbox.layDead(ABOUT_US_NOT, 2)
    const id = await mails.lay({ status: 'dead_letter', attempts: 6, nextAtMs: null, dueSinceMs: null, createdAtMs: shop.cloud.now() - 1000 })
    expect((await replay({ filter: {}, dryRun: true })).body['dryRun']).toMatchObject({ wouldReplay: 3, ids: [`mail-${id}`, expect.any(String), expect.any(String)] })
    expect((await replay({ filter: {} })).body['replay']).toMatchObject({ state: 'done', accepted: 3, replayed: 3 })
    await shop.cloud.drain()
    expect([mails.of(id)['status'], mails.sent(id).length]).toEqual(['sent', 1])
  })

  test('settle the order that a dead letter was about', async () => {
    const buyer = await shop.person()
    const { body } = await checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 1 }], paymentMethod: { token: 'pm_card_authenticationRequired' } })
    shop.fault({ target: 'firestore', operation: 'Commit', function: 'receive-stripe', when: 'before', effect: 'error', status: 7, times: 50 })
    await shop.act('stripe', `payment_intents/${body['payment'].transactionId}/authenticate`, { outcome: 'succeed' })
    const intent = shop.at('stripe', 'payment_intents').find(({ id }) => id === body['payment'].transactionId)
    const payload = JSON.stringify({ id: 'evt_x', object: 'event', type: 'payment_intent.succeeded', data: { object: intent } })
    const ids = await inbox.layDead({ subject: body['orderId'], payload })
    expect((await replay({ ids })).status).toBe(202)
    shop.calm()
    await shop.cloud.drain()
    expect((await buyer.get(`/api/orders/${body['orderId']}`)).body['order']['state']).toBe('paid')
    expect(inbox.statuses(ids)).toEqual({ applied: 1 })
  })

  test('put back what a filter finds, and nothing else', async () => {
    const wanted = await inbox.layDead({ ...ABOUT_US_NOT, receivedAtMs: 5_000 }, 2)
    const others = [
      ...(await inbox.layDead({ ...ABOUT_US_NOT, receivedAtMs: 4_999 })), ...(await inbox.layDead({ ...ABOUT_US_NOT, receivedAtMs: 6_000 })),
      ...(await inbox.layDead({ receivedAtMs: 5_000 })), ...(await inbox.layDead({ ...ABOUT_US_NOT, vendor: 'square', receivedAtMs: 5_000 })),
    ]
    const filter = { vendor: 'stripe', type: 'customer.created', status: 'dead', from: '1970-01-01T00:00:05Z', to: '1970-01-01T01:00:06+01:00' }
    const { body } = await replay({ filter })
    expect(body['replay']).toMatchObject({
      accepted: 2, replayed: 2, refused: 0,
      filter: { vendor: 'stripe', type: 'customer.created', from: '1970-01-01T00:00:05.000Z', to: '1970-01-01T00:00:06.000Z' },
    })
    await shop.cloud.drain()
    expect([inbox.statuses(wanted), inbox.statuses(others)]).toEqual([{ ignored: 2 }, { dead: 4 }])
    for (const part of [{ vendor: 'square' }, { type: 'payment_intent.succeeded' }, {}]) expect((await replay({ filter: part })).status).toBe(202)
    expect(inbox.statuses(others)['dead']).toBeUndefined()
  })

  test('say what would happen, and change nothing, when that is asked', async () => {
    const dead = await inbox.layDead({}, 120)
    const [pending] = await inbox.lay({ nextAtMs: 9e12 }) as [string]
    await shop.cloud.drain()
    const kept = (): string => JSON.stringify(['inbox', 'replays', 'replay_batches', 'outbox', 'operations'].map((name) => shop.documents(name)))
    const before = kept()
    const named = await replay({ ids: [...dead, pending, 'stripe-evt_none'], dryRun: true })
    expect([named.status, named.body['dryRun']]).toEqual([200, {
      wouldReplay: 120, wouldRefuse: 2, ids: dead.slice(0, 100), refused: [{ id: pending, reason: 'pending' }, { id: 'stripe-evt_none', reason: 'unknown' }],
    }])
    const found = await replay({ filter: { vendor: 'stripe' }, dryRun: true })
    expect(found.body['dryRun']).toMatchObject({ wouldReplay: 120, wouldRefuse: 0, refused: [] })
    expect(found.body['dryRun'].ids).toHaveLength(100)
    expect(kept()).toBe(before)
  })

  test('leave in the audit trail who, why, how many, by which filter, and what came of it', async () => {
    await inbox.layDead(ABOUT_US_NOT, 2)
    const support = await shop.person('support')
    const { body } = await replay({ filter: { vendor: 'stripe' }, reason: 'Their outage is over' }, undefined, support)
    const trail = await auditOf(body['replay'].id)
    expect(trail).toHaveLength(2)
    for (const event of trail) expect(event).toMatchObject({ who: `support ${support.id}`, why: 'Their outage is over' })
    const said = Object.fromEntries(trail.map(({ what, after }) => [what, JSON.parse(after)]))
    expect(said).toEqual({
      'dead_letters.replay_requested': { accepted: 2, filter: { vendor: 'stripe' } }, 'dead_letters.replayed': { replayed: 2, refused: 0 },
    })
  })

  test('put a failing event back at the start of its schedule; it becomes a dead letter again, and can be replayed again', async () => {
    const [id] = (await inbox.layDead()) as [string]
    for (let count = 1; count <= 2; count += 1) {
      await replay({ ids: [id] })
      const waits: number[] = []
      for (let tries = 1; tries <= 6; tries += 1) {
        await shop.cloud.drain()
        const { nextAtMs, attempts } = inbox.record(id)
        expect(attempts).toBe(count * 6 + tries)
        if (nextAtMs === null) break
        waits.push(Math.round((nextAtMs - shop.cloud.now()) / 60_000))
        await shop.cloud.jumpTo(nextAtMs)
      }
      expect(waits).toEqual([1, 5, 30, 120, 1440])
      expectDead(inbox.record(id))
      expect(countsOf([id])).toEqual([count])
    }
  })

  test('keep the record of an event that was replayed on day 44 for as long again: the vendor\'s resending changes nothing', async () => {
    const event = { id: 'evt_old', object: 'event', type: 'customer.created', data: { object: {} } }
    expect(await tellStripes(shop, event)).toBe(200)
    await shop.cloud.drain()
    const dead = { ...inbox.record('stripe-evt_old'), status: 'dead', attempts: 6 }
    await shop.cloud.servers.firestore.write([{ path: 'inbox/stripe-evt_old', data: dead }])
    await shop.cloud.advance(44 * ONE_DAY * 60_000)
    await replay({ ids: ['stripe-evt_old'] })
    await shop.cloud.drain()
    await shop.cloud.advance(43 * ONE_DAY * 60_000)
    expect(inbox.record('stripe-evt_old')['status']).toBe('ignored')
    await shop.cloud.advance(3 * ONE_DAY * 60_000)
    expect(inbox.record('stripe-evt_old')).toBeUndefined()
  })
})

describe('refuses', () => {
  test('what is no dead letter, or not there at all: named with why, the others replayed', async () => {
    const [dead] = (await inbox.layDead(ABOUT_US_NOT)) as [string]
    const [pending] = (await inbox.lay({ nextAtMs: 9e12 })) as [string]
    const [applied] = (await inbox.lay({ status: 'applied', nextAtMs: null })) as [string]
    const [ignored] = (await inbox.lay({ status: 'ignored', nextAtMs: null })) as [string]
    const before = [pending, applied, ignored].map((id) => inbox.record(id))
    const { status, body } = await replay({ ids: [pending, dead, applied, 'stripe-evt_none', ignored, dead] })
    expect(status).toBe(202)
    expect(body['replay']).toMatchObject({ accepted: 5, replayed: 1, refused: 4 })
    expect(body['refused']).toEqual([
      { id: pending, reason: 'pending' }, { id: applied, reason: 'applied' }, { id: 'stripe-evt_none', reason: 'unknown' }, { id: ignored, reason: 'ignored' },
    ])
    expect([pending, applied, ignored].map((id) => inbox.record(id))).toEqual(before)
  })

  test.each<[string, Json, string]>([
    ['no reason', { ids: ['a'], reason: ' ' }, 'reason'],
    ['a reason without end', { ids: ['a'], reason: 'x'.repeat(501) }, 'reason'],
    ['neither ids nor filter', {}, 'ids'],
    ['both', { ids: ['a'], filter: {} }, 'ids'],
    ['no ids', { ids: [] }, 'ids'],
    ['an id that is none', { ids: ['a', '../carts/x'] }, 'ids.1'],
    ['more than 10,000', { ids: Array.from({ length: 10_001 }, (_, n) => `e${n}`) }, 'ids'],
    ['another status', { filter: { status: 'applied' } }, 'filter.status'],
    ['a date that is none', { filter: { from: 'yesterday' } }, 'filter.from'],
    ['an end before its beginning', { filter: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' } }, 'filter.to'],
    ['an unknown field', { filter: { payload: 'x' } }, 'payload'],
  ])('%s: 400 that names the field, nothing changed', async (_what, wish, field) => {
    const [id] = (await inbox.layDead()) as [string]
    const { status, body } = await replay(wish)
    expect([status, body['details']?.fields[0].field]).toEqual([400, expect.stringContaining(field)])
    expectDead(inbox.record(id))
  })

  test('everybody but support and admin', async () => {
    const ids = await inbox.layDead()
    const others = [await shop.person('viewer'), await shop.person('customer'), await shop.person('scanner'), shop.guest()]
    expect((await Promise.all(others.map((who) => replay({ ids }, undefined, who)))).map(({ status }) => status)).toEqual([403, 403, 403, 401])
    expect(inbox.statuses(ids)).toEqual({ dead: 1 })
  })

  test('the same key for another wish', async () => {
    const [one, other] = (await inbox.layDead({}, 2)) as [string, string]
    await replay({ ids: [one] }, 'mine')
    expect(await replay({ ids: [other] }, 'mine')).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_MISMATCH' } })
    expectDead(inbox.record(other))
  })
})

describe('survives', () => {
  test.each([['with', 'clicked'], ['without', undefined]])('a double click %s a key: each event put back once', async (_with, key) => {
    const ids = await inbox.layDead(ABOUT_US_NOT, 5)
    const admin = await ann()
    const answers = await Promise.all(Array.from({ length: 6 }, () => replay({ ids }, key, admin)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202))
    const replays = new Map(answers.map(({ body }) => [body['replay'].id, body['replay'].replayed as number]))
    expect([...replays.values()].reduce((sum, count) => sum + count, 0)).toBe(5)
    if (key !== undefined) expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    await shop.cloud.drain()
    expect([inbox.statuses(ids), countsOf(ids)]).toEqual([{ ignored: 5 }, [1, 1, 1, 1, 1]])
  })

  test('two admins at once, by name and by filter: each event put back once, each refusal told', async () => {
    const admins = [await ann(), await shop.person('admin', 'ben')]
    const ids = await inbox.layDead(ABOUT_US_NOT, 24)
    const wishes = [{ ids }, { filter: { vendor: 'stripe' } }, { ids: [...ids].reverse() }, { filter: {} }]
    const answers = await Promise.all(wishes.map((wish, n) => replay(wish, undefined, admins[n % 2])))
    const counts = answers.map(({ body }) => body['replay'] as Json)
    expect(counts.reduce((sum, { replayed }) => sum + replayed, 0)).toBe(24)
    for (const { accepted, replayed, refused, filter } of counts) if (filter === null) expect(replayed + refused).toBe(accepted)
    await shop.cloud.drain()
    expect([inbox.statuses(ids), new Set(countsOf(ids))]).toEqual([{ ignored: 24 }, new Set([1])])
  })

  test('a scheduled retry at the same moment: the last try fails or the replay comes first, the event is applied once either way', async () => {
    const ids = await inbox.lay({ ...ABOUT_US_NOT, attempts: 5, nextAtMs: shop.cloud.now() }, 12)
    await inbox.layDead(ABOUT_US_NOT, 12)
    const [, answer] = await Promise.all([shop.tally('sweep-inbox'), replay({ filter: {} }), replay({ ids })])
    expect(answer.body['replay'].replayed).toBe(12)
    await shop.cloud.drain()
    await sweepAfter(shop, 2)
    const records = shop.documents('inbox').map(({ data }) => data)
    expect(records.filter(({ status }) => status !== 'ignored')).toEqual([])
    expect(records.map(({ attempts }) => attempts).sort()).toEqual([...Array(12).fill(5), ...Array(12).fill(6)])
  })

  test('a lost answer of its commit without a key: the answer is that of the commit that took effect', async () => {
    const ids = await inbox.layDead(ABOUT_US_NOT, 3)
    shop.fault({ target: 'firestore', operation: 'Commit', function: 'replay-dead-letters', match: ids[0] as string, when: 'after', effect: 'drop' })
    expect(await replay({ ids: [...ids, 'stripe-evt_none'] })).toMatchObject({
      status: 202, body: { replay: { replayed: 3, refused: 1, state: 'done' }, refused: [{ id: 'stripe-evt_none', reason: 'unknown' }] },
    })
    await shop.cloud.drain()
    expect(inbox.statuses(ids)).toEqual({ ignored: 3 })
  })

  test('Pub/Sub being away: what is put back is swept a minute later', async () => {
    const ids = await inbox.layDead(ABOUT_US_NOT, 3)
    shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'error', status: 14 })
    expect((await replay({ ids })).status).toBe(202)
    await shop.cloud.drain()
    expect(inbox.statuses(ids)).toEqual({ pending: 3 })
    await sweepAfter(shop, 1)
    expect(inbox.statuses(ids)).toEqual({ ignored: 3 })
  })

  // Every other call is struck by the scenario of its name of the faults.
  test.each([['before', 'drop'], ['after', 'drop'], ['after', 'hang'], ['after', 'kill']] as const)(
    'its commit struck (%s, %s), and asked again with the same key: replayed once, counted once',
    async (when, effect) => {
      const ids = await inbox.layDead(ABOUT_US_NOT, 3)
      shop.fault({ target: 'firestore', operation: 'Commit', function: 'replay-dead-letters', match: ids[0] as string, when, effect })
      await replay({ ids }, `struck-${when}-${effect}`).catch(() => undefined)
      await shop.cloud.instances.allReady()
      const again = await replay({ ids }, `struck-${when}-${effect}`)
      expect(again).toMatchObject({ status: 202, body: { replay: { replayed: 3, refused: 0 }, refused: [] } })
      await sweepAfter(shop, 2)
      expect([inbox.statuses(ids), countsOf(ids)]).toEqual([{ ignored: 3 }, [1, 1, 1]])
      expect(await auditOf(again.body['replay'].id)).toHaveLength(2)
    },
  )
})
