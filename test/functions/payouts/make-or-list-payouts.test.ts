/** Partners are paid once for each payout id, never more than is there, three times an hour. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectTrueBooks, timePasses, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'
import { balanceOf, openTreasury, payOut, PAYEE, register, TAKINGS, transfersFor } from './treasury.ts'

let ground: Ground
let shop: Shop
let admin: Person
let payouts = 0

beforeAll(async () => {
  ground = await openTreasury()
  shop = ground.shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.tally('sweep-payouts')
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

const nextId = (): string => `gig-${++payouts}`
const stored = (id: string): Json => shop.document('payouts', id) as Json

describe('does', () => {
  test('pay a registered payee: Stripe moves the money, the ledger says so, and it is on record', async () => {
    const before = balanceOf(shop, 'gateway:stripe')
    const payoutId = nextId()
    const { status, body } = await payOut(admin, { payoutId, amount: 12.34 })
    const [transfer] = transfersFor(shop, payoutId)
    expect(transfer).toMatchObject({ amount: 1234, currency: 'usd', destination: 'acct_band' })
    expect({ status, payout: body['payout'] }).toMatchObject({
      status: 201, payout: { id: payoutId, recipientId: PAYEE, destination: 'acct_band', amount: 12.34, currency: 'USD', state: 'paid', transferId: transfer?.['id'], reason: 'The gig', requestedBy: `admin ${admin.id}` },
    })
    expect([balanceOf(shop, 'gateway:stripe'), balanceOf(shop, 'payouts:transit')]).toEqual([before - 1234, 0])
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject }) => subject === payoutId)
    expect(events.map(({ what, who }) => [what, who]).sort()).toEqual([['payout.paid', `admin ${admin.id}`], ['payout.pending', `admin ${admin.id}`]])
    const rows = ((await shop.cloud.rows('commerce', 'payments')) as Json[]).filter(({ id }) => id === payoutId)
    expect(rows.map(({ kind, status: state, amount }) => [kind, state, Number(amount)])).toEqual([['payout', 'paid', -12.34]])
  })

  test('answer the same payout id, and the same key, byte for byte, and pay nothing twice', async () => {
    const payoutId = nextId()
    const [first, again] = [await payOut(admin, { payoutId }), await payOut(admin, { payoutId })]
    expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([first.text, 'true'])
    const [keyed, twice] = [await payOut(admin, {}, 'the-click'), await payOut(admin, {}, 'the-click')]
    expect(twice.text).toBe(keyed.text)
    expect([transfersFor(shop, payoutId).length, transfersFor(shop, keyed.body['payout'].id).length]).toEqual([1, 1])
  })

  test('list payouts, the newest first, page by page', async () => {
    const viewer = await shop.person('viewer')
    for (const payoutId of [nextId(), nextId(), nextId()]) await payOut(admin, { payoutId, amount: 1 })
    const first = (await viewer.get('/api/payouts?limit=2')).body
    const second = (await viewer.get(`/api/payouts?limit=100&cursor=${first['nextCursor']}`)).body
    const times = [...first['payouts'], ...second['payouts']].map(({ createdAt }: Json) => createdAt)
    expect(times).toEqual([...times].sort().reverse())
    expect([times.length, second['nextCursor']]).toEqual([shop.documents('payouts').length, null])
  })
})

describe('refuses', () => {
  test.each([
    [{ amount: 0, payoutId: 'x' }, 'amount'],
    [{ amount: -1, payoutId: 'x' }, 'amount'],
    [{ amount: 1.005, payoutId: 'x' }, 'amount'],
    [{ currency: 'usd', payoutId: 'x' }, 'currency'],
    [{ reason: ' ', payoutId: 'x' }, 'reason'],
    [{ payoutId: '../x' }, 'payoutId'],
    [{ destination: 'acct_mine', payoutId: 'x' }, 'destination'],
    [{ recipientId: 'stranger', payoutId: 'x' }, 'recipientId'],
    [{}, 'payoutId'],
  ])('%j: 400 that names the field, and nothing is paid', async (wish, field) => {
    const before = shop.at('stripe', 'transfers').length
    const { status, body } = await payOut(admin, wish)
    expect({ status, field: body['details']?.fields[0].field }).toEqual({ status: 400, field })
    expect(shop.at('stripe', 'transfers')).toHaveLength(before)
  })

  test('a payee who is not active any more', async () => {
    await register(admin, 'former', 'acct_former')
    expect((await payOut(admin, { recipientId: 'former', payoutId: nextId() })).status).toBe(201)
    await register(admin, 'former', 'acct_former', { active: false })
    expect((await payOut(admin, { recipientId: 'former', payoutId: nextId() })).status).toBe(400)
  })

  test('another wish under an id or a key that was used: 422', async () => {
    const payoutId = nextId()
    expect((await payOut(admin, { payoutId }, 'mixed')).status).toBe(201)
    const others = [payOut(admin, { payoutId, amount: 11 }), payOut(admin, { payoutId: nextId() }, 'mixed'), payOut(admin, { payoutId, reason: 'Another' }, 'mixed')]
    for (const answer of await Promise.all(others)) expect([answer.status, answer.body['code']]).toEqual([422, 'IDEMPOTENCY_MISMATCH'])
    expect((await payOut(admin, { payoutId }, 'mixed')).headers.get('idempotent-replayed')).toBe('true')
  })

  test('more than the ledger shows at Stripe, in that currency', async () => {
    const { status, body } = await payOut(admin, { payoutId: nextId(), amount: TAKINGS + 1 })
    expect({ status, available: body['details'].available }).toEqual({ status: 409, available: balanceOf(shop, 'gateway:stripe') / 100 })
    expect(await payOut(admin, { payoutId: nextId(), currency: 'EUR' })).toMatchObject({ status: 409, body: { details: { available: 0, currency: 'EUR' } } })
    expect(await payOut(admin, { payoutId: nextId(), currency: 'JPY', amount: 0.5 })).toMatchObject({ status: 400 })
  })

  test('what Stripe refuses: failed, told again the same way, and the money is ours again', async () => {
    await register(admin, 'gone', 'acct_gone')
    const payoutId = nextId()
    const before = balanceOf(shop, 'gateway:stripe')
    const [first, again] = [await payOut(admin, { payoutId, recipientId: 'gone' }), await payOut(admin, { payoutId, recipientId: 'gone' })]
    expect(first).toMatchObject({ status: 409, body: { code: 'CONFLICT', details: { payoutId, reason: 'resource_missing' } } })
    expect(again.text).toBe(first.text)
    expect([stored(payoutId)['state'], balanceOf(shop, 'gateway:stripe'), balanceOf(shop, 'payouts:transit')]).toEqual(['failed', before, 0])
    await shop.cloud.drain()
    expect(shop.documents('alerts').map(({ data }) => data['key'])).toContain(`payout/${payoutId}`)
  })

  test('everybody but an admin to pay, everybody but staff to look', async () => {
    for (const role of ['viewer', 'support', 'customer', 'organiser'] as const) expect((await payOut(await shop.person(role), { payoutId: nextId() })).status).toBe(403)
    expect((await (await shop.person('organiser')).get('/api/payouts')).status).toBe(403)
    expect((await shop.guest().get('/api/payouts')).status).toBe(401)
  })
})

describe('survives', () => {
  test('the same payout asked for ten times at once, by two admins: paid once', async () => {
    const other = await shop.person('admin')
    const payoutId = nextId()
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => payOut(index % 2 === 0 ? admin : other, { payoutId })))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(transfersFor(shop, payoutId)).toHaveLength(1)
  })

  test('many payouts at once that are more than is there: no cent more than there is', async () => {
    const there = balanceOf(shop, 'gateway:stripe')
    const amount = Math.floor(there * 0.4) / 100
    const answers = await Promise.all(Array.from({ length: 6 }, () => payOut(admin, { payoutId: nextId(), amount })))
    expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(2)
    expect(answers.filter(({ status }) => status === 409 || status === 503)).toHaveLength(4)
    expect(balanceOf(shop, 'gateway:stripe')).toBe(there - 2 * Math.round(amount * 100))
  })

  test('no answer: 504 that says so, and money that may be gone is not paid out again', async () => {
    const payoutId = nextId()
    const there = balanceOf(shop, 'gateway:stripe')
    shop.fault({ target: 'stripe', operation: 'POST /v1/transfers', when: 'before', effect: 'error', status: 503, times: 10 })
    const answer = await payOut(admin, { payoutId, amount: 2 })
    expect(answer).toMatchObject({ status: 504, body: { code: 'GATEWAY_TIMEOUT', details: { payoutId } } })
    expect([stored(payoutId)['state'], balanceOf(shop, 'gateway:stripe'), balanceOf(shop, 'payouts:transit')]).toEqual(['unknown', there - 200, 200])
    shop.calm()
    await timePasses(ground, 2)
    expect(await shop.tally('sweep-payouts')).toMatchObject({ read: 1, settled: 1 })
  })

  // Every other call is struck by the scenario `payout` of the faults.
  test('answers, commits and an instance lost on the way: paid once, by who asks again or by the sweep', async () => {
    const struck = [
      ['Stripe answers after it paid, and nobody hears it', 'again', { target: 'stripe', operation: 'POST /v1/transfers', when: 'after', effect: 'drop', times: 10 }],
      ['Stripe is not reached at all', 'sweep', { target: 'stripe', operation: 'POST /v1/transfers', when: 'before', effect: 'drop', times: 10 }],
      ['its second commit is lost', 'again', { target: 'firestore', operation: 'Commit', match: 'payout-arrival-partner', when: 'after', effect: 'drop' }],
      ['its first commit is lost', 'sweep', { target: 'firestore', operation: 'Commit', match: 'payouts:transit', when: 'after', effect: 'drop' }],
      ['its instance dies after Stripe paid', 'sweep', { target: 'stripe', operation: 'POST /v1/transfers', when: 'after', effect: 'kill' }],
    ] as const
    const asked = new Map<string, string>()
    for (const [what, by, fault] of struck) {
      const payoutId = nextId()
      asked.set(payoutId, what)
      shop.fault({ ...fault })
      await payOut(admin, { payoutId, amount: 1 })
      expect([what, shop.cloud.wire.faults().map(({ struck: times }) => times > 0)]).toEqual([what, [true]])
      shop.calm()
      if (by === 'again') expect([what, (await payOut(admin, { payoutId, amount: 1 })).status]).toEqual([what, 201])
    }
    await timePasses(ground, 2)
    await shop.tally('sweep-payouts')
    for (const [payoutId, what] of asked) expect([what, stored(payoutId)['state'], transfersFor(shop, payoutId).length]).toEqual([what, 'paid', 1])
  })
})
