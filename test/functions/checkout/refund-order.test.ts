/**
 * Money back: by amount, by line, or all of it; once for each wish, whatever happens on the way.
 *
 * The file ends with the books: our orders, our ledger, Stripe and Square's shelf must tell the same story.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectAllSettles, openGround, timePasses, until, type Ground } from '../purchase.ts'
import type { Answer, Json, Line, Person, Shop } from '../shop.ts'

const BOOK = 'VARGROWBOOK1'
const TOTE = 'VARTOTE1'

let ground: Ground
let shop: Shop
let admin: Person
/** Bought by somebody, and never refunded. */
let untouched: Json
beforeAll(async () => {
  ground = await openGround({ environment: { TAX_RATES: '[{"state":"TX","category":"*","percent":"8.25"}]' } })
  shop = ground.shop
  await Promise.all([BOOK, TOTE].map((id) => shop.act('square', 'inventory', { variationId: id, quantity: 1000 })))
  await shop.tally('sync-square-catalogue')
  for (const id of [BOOK, TOTE]) ground.stock.set(id, 1000)
  admin = await shop.person('admin')
  untouched = await bought()
})
afterEach(() => shop.calm())
afterAll(async () => {
  try {
    await expectAllSettles(ground)
  } finally {
    await shop.cloud.stop()
  }
})

async function bought(...lines: Line[]): Promise<Json> {
  return (await shop.person()).buy(...(lines.length === 0 ? [{ productId: BOOK, quantity: 2 }] : lines))
}

function refund(order: Json, wish: Json, key?: string, who: Person = admin): Promise<Answer> {
  return who.post(`/api/orders/${order['id']}/refunds`, { reason: 'Came back', ...wish }, key)
}

const given = (order: Json): Json[] => shop.at('stripe', 'refunds').filter(({ metadata }) => metadata['order_id'] === order['id'])
const cents = (order: Json): number => given(order).reduce((sum, { amount }) => sum + amount, 0)
const mailsAbout = (order: Json): number => shop.at('resend', 'emails').filter(({ subject }) => subject === `Your refund for order ${order['number']}`).length
const entriesOf = (order: Json): Json[] =>
  shop.documents('ledger').map(({ data }) => data).filter(({ orderId, kind }) => orderId === order['id'] && kind === 'refund')

async function shown(order: Json): Promise<Json> {
  return (await admin.get(`/api/orders/${order['id']}`)).body['order']
}

describe('does', () => {
  test('give back all that was paid: the order is refunded, ledger and Stripe agree, one mail goes out', async () => {
    const order = await bought()
    const { status, body } = await refund(order, {})
    expect(status).toBe(201)
    expect(body['refund']).toMatchObject({
      amount: order['total'], status: 'succeeded', reason: 'Came back', restock: false, transactionId: given(order)[0]?.['id'],
    })
    expect(body['order']).toMatchObject({ state: 'refunded', refunded: order['total'] })
    expect(cents(order)).toBe(Math.round(order['total'] * 100))
    expect(entriesOf(order)).toMatchObject([{ postings: expect.arrayContaining([{ account: 'gateway:stripe', amount: -cents(order) }]) }])
    await shop.cloud.drain()
    expect(mailsAbout(order)).toBe(1)
  })

  test('give back parts until nothing is left', async () => {
    const order = await bought()
    const parts = [await refund(order, { amount: 10 }), await refund(order, { amount: 7.53 }), await refund(order, {})]
    expect(parts.map(({ status, body }) => [status, body['order']?.state])).toEqual([
      [201, 'partially_refunded'], [201, 'partially_refunded'], [201, 'refunded'],
    ])
    expect(parts.reduce((sum, { body }) => sum + Math.round(body['refund'].amount * 100), 0)).toBe(Math.round(order['total'] * 100))
    expect(await refund(order, { amount: 0.01 })).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
    expect(given(order).length).toBe(3)
    await shop.cloud.drain()
    expect(mailsAbout(order)).toBe(3)
  })

  test('give back the tax along, so that tax and sales add up to nothing in the end', async () => {
    const order = await bought({ productId: BOOK, quantity: 3 })
    for (const amount of [11.11, 22.22]) await refund(order, { amount })
    await refund(order, {})
    const postings = shop.documents('ledger').filter(({ data }) => data['orderId'] === order['id']).flatMap(({ data }) => data['postings'])
    const balance = (account: string): number => postings.filter((one) => one.account === account).reduce((sum, { amount }) => sum + amount, 0)
    expect(balance('gateway:stripe')).toBe(0)
    expect(balance('tax:payable')).toBe(0)
    expect(balance('sales') + balance('refunds')).toBe(0)
  })

  test('give back lines at what was paid for them; put back on the shelf, Square counts exactly that many more', async () => {
    const order = await bought({ productId: BOOK, quantity: 3 }, { productId: TOTE, quantity: 2 })
    await shop.cloud.drain()
    const before = [shop.shelf(BOOK), shop.shelf(TOTE)]
    const line = order['lines'][0]
    const { body } = await refund(order, { lines: [{ productId: BOOK, quantity: 2 }], restock: true })
    expect(Math.abs(body['refund'].amount - (line.total * 2) / 3)).toBeLessThan(0.006)
    expect(body['order'].lines.map(({ refundedQuantity }: Json) => refundedQuantity)).toEqual([2, 0])
    await shop.cloud.drain()
    expect([shop.shelf(BOOK), shop.shelf(TOTE)]).toEqual([(before[0] ?? 0) + 2, before[1]])
    const rest = await refund(order, { lines: [{ productId: BOOK, quantity: 1 }] })
    expect(Math.round((body['refund'].amount + rest.body['refund'].amount) * 100)).toBe(Math.round(line.total * 100))
    await shop.cloud.drain()
    expect(shop.shelf(BOOK)).toBe((before[0] ?? 0) + 2)
  })

  test('put every line back on the shelf when all is refunded with restock', async () => {
    const order = await bought({ productId: BOOK, quantity: 2 }, { productId: TOTE, quantity: 1 })
    await shop.cloud.drain()
    const before = [shop.shelf(BOOK), shop.shelf(TOTE)]
    expect((await refund(order, { restock: true })).status).toBe(201)
    await shop.cloud.drain()
    expect([shop.shelf(BOOK), shop.shelf(TOTE)]).toEqual([(before[0] ?? 0) + 2, (before[1] ?? 0) + 1])
  })

  test('replay the same key byte for byte, and give nothing twice', async () => {
    const order = await bought()
    const first = await refund(order, { amount: 5 }, 'once')
    await refund(order, { amount: 1 })
    const again = await refund(order, { amount: 5 }, 'once')
    expect(again.text).toBe(first.text)
    expect([first, again].map(({ status, headers }) => [status, headers.get('idempotent-replayed')])).toEqual([[201, null], [201, 'true']])
    expect(given(order).length).toBe(2)
  })

  test('take the same key for another order as another wish', async () => {
    const [one, other] = [await bought(), await bought()]
    const answers = [await refund(one, { amount: 5 }, 'shared'), await refund(other, { amount: 5 }, 'shared')]
    expect(answers.map(({ status, headers }) => [status, headers.get('idempotent-replayed')])).toEqual([[201, null], [201, null]])
  })

  test('leave an audit event that names the admin', async () => {
    const order = await bought()
    await refund(order, {})
    await shop.cloud.drain()
    const events = (await shop.cloud.rows('audit', 'events')) as Json[]
    expect(events.find(({ subject, what }) => subject === order['id'] && what === 'order.refunded')).toMatchObject({ who: `admin ${admin.id}` })
  })
})

describe('refuses', () => {
  test('more than is left, naming how much that is', async () => {
    const order = await bought()
    await refund(order, { amount: 40 })
    const left = Math.round((order['total'] - 40) * 100) / 100
    const { status, body } = await refund(order, { amount: order['total'] })
    expect({ status, rule: body['details'].fields[0] }).toEqual({ status: 400, rule: { field: 'amount', rule: `at most ${left} is left to refund` } })
    expect(given(order).length).toBe(1)
  })

  test.each([
    [{ amount: 0 }, 'amount'],
    [{ amount: -1 }, 'amount'],
    [{ amount: 1.005 }, 'amount'],
    [{ amount: '5' }, 'amount'],
    [{ amount: 1, reason: '' }, 'reason'],
    [{ amount: 1, reason: undefined }, 'reason'],
    [{ amount: 1, lines: [{ productId: BOOK, quantity: 1 }] }, 'amount'],
    [{ lines: [] }, 'lines'],
    [{ lines: [{ productId: BOOK, quantity: 0 }] }, 'lines.0.quantity'],
    [{ lines: [{ productId: BOOK, quantity: 3 }] }, 'lines.0.quantity'],
    [{ lines: [{ productId: TOTE, quantity: 1 }] }, 'lines.0.productId'],
    [{ lines: [{ productId: BOOK, quantity: 1 }, { productId: BOOK, quantity: 1 }] }, 'lines'],
    [{ refundAll: true }, 'refundAll'],
  ])('%j: 400 that names the field, and no money moves', async (wish, field) => {
    const { status, body } = await refund(untouched, wish)
    expect({ status, field: body['details']?.fields[0].field }).toEqual({ status: 400, field })
    expect(given(untouched)).toEqual([])
  })

  test('another wish under a key that was used: 422', async () => {
    const order = await bought()
    expect((await refund(order, { amount: 5 }, 'mixed')).status).toBe(201)
    const others = [{ amount: 6 }, {}, { amount: 5, reason: 'Another' }, { amount: 5, restock: true }, { lines: [{ productId: BOOK, quantity: 1 }] }]
    for (const wish of others) {
      const { status, body } = await refund(order, wish, 'mixed')
      expect([wish, status, body['code']]).toEqual([wish, 422, 'IDEMPOTENCY_MISMATCH'])
    }
    expect(cents(order)).toBe(500)
  })

  test('orders that were never paid, and orders that are not there', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: BOOK, quantity: 1 })
    const declined = await buyer.pay(id, { token: 'pm_card_chargeDeclined' })
    expect(await refund({ id: declined.body['details'].orderId }, {})).toMatchObject({ status: 409, body: { details: { state: 'payment_failed' } } })
    expect((await refund({ id: 'ord_00000000000000000000000000' }, {})).status).toBe(404)
  })

  test('everybody but an admin', async () => {
    const buyer = await shop.person()
    const order = await buyer.buy({ productId: BOOK, quantity: 1 })
    const others = [buyer, await shop.person('support'), await shop.person('viewer'), await shop.person('scanner'), shop.guest()]
    const answers = await Promise.all(others.map((who) => refund(order, {}, undefined, who)))
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 401])
    expect(given(order)).toEqual([])
  })

  test('what Stripe refuses: 409, and the amount can be asked for again', async () => {
    const order = await bought()
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', when: 'before', effect: 'error', status: 400 })
    expect(await refund(order, { amount: 5 })).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
    expect(await shown(order)).toMatchObject({ refunded: 0, state: 'paid', refunds: [{ status: 'failed' }] })
    expect((await refund(order, {})).body['order']).toMatchObject({ state: 'refunded', refunded: order['total'] })
  })
})

describe('survives', { timeout: 20_000 }, () => {
  test('two admins who both give back everything: one of them does', async () => {
    const order = await bought()
    const answers = await Promise.all([refund(order, {}), refund(order, {}, undefined, await shop.person('admin'))])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(cents(order)).toBe(Math.round(order['total'] * 100))
  })

  test('six refunds at once that are too much together: as many as fit', async () => {
    const order = await bought({ productId: TOTE, quantity: 4 })
    const answers = await Promise.all(Array.from({ length: 6 }, () => refund(order, { amount: 25 })))
    const done = answers.filter(({ status }) => status === 201).length
    expect(done).toBe(Math.floor(order['total'] / 25))
    expect(answers.filter(({ status }) => status === 400).length).toBe(6 - done)
    expect(cents(order)).toBe(done * 2_500)
  })

  test('the same key from two instances at the same moment: one refund, one answer', async () => {
    const order = await bought()
    const answers = await Promise.all(Array.from({ length: 4 }, () => refund(order, { amount: 5 }, 'twins')))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    expect(new Set(answers.map(({ body }) => body['refund'].id)).size).toBe(1)
    expect(cents(order)).toBe(500)
  })

  test('one lost answer of Stripe: asked again under the same key', async () => {
    const order = await bought()
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', when: 'after', effect: 'drop' })
    expect((await refund(order, {})).status).toBe(201)
    expect(given(order).length).toBe(1)
  })

  test('Stripe silent for good: 504, the order says pending; time or the same key finishes it, once', async () => {
    const orders = await Promise.all([bought(), bought(), bought()])
    const [deaf, done, asked] = orders
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', match: deaf['id'], when: 'before', effect: 'drop', times: 99 })
    for (const { id } of [done, asked]) shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', match: id, when: 'after', effect: 'drop', times: 99 })
    const lost = await Promise.all(orders.map((order) => refund(order, { amount: 5 }, 'silent')))
    shop.calm()
    for (const answer of lost) {
      expect(answer).toMatchObject({ status: 504, body: { code: 'GATEWAY_TIMEOUT', retryable: true } })
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(await shown(deaf)).toMatchObject({ state: 'paid', refunded: 5, refunds: [{ status: 'pending', amount: 5 }] })
    expect(await refund(asked, { amount: 5 }, 'silent')).toMatchObject({ status: 201, body: { order: { state: 'partially_refunded' } } })
    await timePasses(ground, 2)
    for (const order of orders) {
      expect(await shown(order)).toMatchObject({ state: 'partially_refunded', refunds: [{ status: 'succeeded', amount: 5 }] })
      expect((await refund(order, { amount: 5 }, 'silent')).status).toBe(201)
      expect({ cents: cents(order), mails: mailsAbout(order) }).toEqual({ cents: 500, mails: 1 })
    }
  })

  /** Every call in every way: `npm run test:faults -- --scenario refund-full`, `refund-partial`. */
  test('its instance being killed: the same key or, when nobody asks again, the sweep finishes it, and it is given once', async () => {
    const orders = await Promise.all([bought(), bought()])
    const [asked, left] = orders
    await shop.cloud.drain()
    shop.fault({ target: 'firestore', operation: 'Commit', match: asked['id'], when: 'after', effect: 'kill' })
    expect((await refund(asked, { amount: 5 }, 'killed')).status).toBe(503)
    await shop.cloud.instances.allReady()
    expect((await refund(asked, { amount: 5 }, 'killed')).status).toBe(201)
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', match: left['id'], when: 'after', effect: 'kill' })
    expect((await refund(left, { amount: 5 })).status).toBe(503)
    await shop.cloud.instances.allReady()
    await timePasses(ground, 2)
    for (const order of orders) {
      expect(await shown(order)).toMatchObject({ state: 'partially_refunded', refunded: 5, refunds: [{ status: 'succeeded' }] })
      expect({ cents: cents(order), mails: mailsAbout(order) }).toEqual({ cents: 500, mails: 1 })
    }
  })

  test('an answer of our own store that does not come: whoever asks again does not wait for it, nor does who buys the same', async () => {
    const order = await bought()
    const wish = { lines: [{ productId: BOOK, quantity: 1 }], restock: true }
    shop.fault({ target: 'firestore', operation: 'BatchGetDocuments', function: 'refund-order', match: order['id'], when: 'after', effect: 'delay', delayMs: 60_000 })
    const unheard = refund(order, wish, 'unheard')
    await until(() => shop.cloud.wire.faults()[0]?.struck === 1)
    const [again, other] = await Promise.all([refund(order, wish, 'unheard'), bought()])
    expect([again.status, other['state']]).toEqual([201, 'paid'])
    shop.calm()
    expect((await unheard).text).toBe(again.text)
    expect(given(order).length).toBe(1)
  })

  test('a day and more before anybody asks again, when Stripe has forgotten the key', async () => {
    const order = await bought()
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', when: 'after', effect: 'drop', times: 99 })
    expect((await refund(order, { amount: 5 })).status).toBe(504)
    shop.calm()
    await timePasses(ground, 25 * 60)
    admin = await shop.person('admin', admin.id)
    expect(await shown(order)).toMatchObject({ refunds: [{ status: 'succeeded' }] })
    expect(cents(order)).toBe(500)
  })

  test('a bank that refuses a refund Stripe had taken: order, ledger and Stripe still agree', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: BOOK, quantity: 1 })
    const order = (await buyer.pay(id, { token: 'pm_card_refundFail' })).body['order']
    expect((await refund(order, {})).status).toBe(201)
    await timePasses(ground, 5)
    expect(given(order)).toMatchObject([{ status: 'failed' }])
    expect(await shown(order)).toMatchObject({ state: 'paid', refunded: 0, refunds: [{ status: 'failed' }] })
  })
})
