/** `Idempotency-Key`: the first use runs, every other gets the first one's very bytes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Answer, type Person, type Shop } from '../functions/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const replayed = ({ headers }: Answer): boolean => headers.get('idempotent-replayed') === 'true'
const cartOf = ({ body }: Answer): string => body['cart']?.id
const carts = (who: Person): number => shop.documents('carts').filter(({ data }) => data['customerId'] === who.id).length

describe('does', () => {
  test('answer the same bytes to the same request, marked as replayed, and make nothing twice', async () => {
    const customer = await shop.person()
    const [first, second, third] = [await customer.post('/api/carts', {}, 'k1'), await customer.post('/api/carts', {}, 'k1'), await customer.post('/api/carts', {}, 'k1')]
    expect([first.status, second.status, third.status]).toEqual([201, 201, 201])
    expect([second.text, third.text]).toEqual([first.text, first.text])
    expect([first, second, third].map(replayed)).toEqual([false, true, true])
    expect(carts(customer)).toBe(1)
  })

  test('run once when ten requests come to two instances at the same moment', async () => {
    const customer = await shop.person()
    const answers = await Promise.all(Array.from({ length: 10 }, () => customer.post('/api/carts', {}, 'at-once')))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(answers.filter((answer) => !replayed(answer)).length).toBe(1)
    expect(carts(customer)).toBe(1)
  })

  test('take the order of fields and the spaces between them for what they are', async () => {
    const customer = await shop.person()
    const { id } = await customer.fill()
    const put = (body: string) => customer.call('PUT', `/api/carts/${id}/items`, body, { 'idempotency-key': 'k2' })
    const [first, second] = [await put('{"productId":"VARTOTE1","quantity":1}'), await put('{ "quantity": 1,\n "productId": "VARTOTE1" }')]
    expect(second.text).toBe(first.text)
    expect(replayed(second)).toBe(true)
  })

  test('replay what was answered then, not what is true now', async () => {
    const customer = await shop.person()
    const { id } = await customer.fill()
    const put = (quantity: number, key: string) => customer.call('PUT', `/api/carts/${id}/items`, { productId: 'VARTOTE1', quantity }, { 'idempotency-key': key })
    const first = await put(1, 'then')
    await put(5, 'later')
    expect((await put(1, 'then')).text).toBe(first.text)
    expect((await customer.get(`/api/carts/${id}`)).body['cart'].lines[0].quantity).toBe(5)
  })

  test('keep keys apart by caller, by role, and by endpoint', async () => {
    const [one, other, admin] = [await shop.person('customer', 'same-sub'), await shop.person(), await shop.person('admin', 'same-sub')]
    const answers = [await one.post('/api/carts', {}, 'mine'), await other.post('/api/carts', {}, 'mine'), await admin.post('/api/carts', {}, 'mine')]
    answers.push(await shop.guest().post('/api/carts', {}, 'mine'), await shop.guest().post('/api/carts', {}, 'mine'))
    expect(answers.map(replayed)).toEqual([false, false, false, false, false])
    expect(new Set(answers.map(cartOf)).size).toBe(5)
    const put = await one.call('PUT', `/api/carts/${cartOf(answers[0] as Answer)}/items`, { productId: 'VARTOTE1', quantity: 1 }, { 'idempotency-key': 'mine' })
    expect([put.status, replayed(put)]).toEqual([200, false])
  })

  test('keep no failure: the same key may try again', async () => {
    const customer = await shop.person()
    const { id } = await customer.fill()
    const put = () => customer.call('PUT', `/api/carts/${id}/items`, { productId: 'VARSTARTERTRIO1', quantity: 1 }, { 'idempotency-key': 'hopeful' })
    expect((await put()).status).toBe(409)
    await shop.act('square', 'inventory', { variationId: 'VARSTARTERTRIO1', quantity: 5 })
    await shop.tally('sync-square-catalogue')
    const again = await put()
    expect([again.status, replayed(again)]).toEqual([200, false])
  })

  test('take keys of 1 and of 255 signs', async () => {
    const customer = await shop.person()
    for (const key of ['!', '~'.repeat(255)]) expect((await customer.post('/api/carts', {}, key)).status).toBe(201)
  })
})

describe('does, as time goes by,', () => {
  test('remember for 24 hours, then take the key as new', async () => {
    const guest = shop.guest()
    const first = await guest.post('/api/carts', {}, 'day')
    await shop.cloud.advance(24 * 3_600_000 - 60_000)
    expect((await guest.post('/api/carts', {}, 'day')).text).toBe(first.text)
    await shop.cloud.advance(61_000)
    const next = await guest.post('/api/carts', {}, 'day')
    expect([next.status, replayed(next)]).toEqual([201, false])
    expect(cartOf(next)).not.toBe(cartOf(first))
  })
})

describe('refuses', () => {
  test('the same key with another body: 422, and nothing is made', async () => {
    const customer = await shop.person()
    await customer.post('/api/carts', {}, 'mixed')
    const { status, body } = await customer.post('/api/carts', { customerId: customer.id }, 'mixed')
    expect({ status, code: body['code'], retryable: body['retryable'] }).toEqual({ status: 422, code: 'IDEMPOTENCY_MISMATCH', retryable: false })
    expect(carts(customer)).toBe(1)
  })

  test('the same key for another cart: 422', async () => {
    const customer = await shop.person()
    const [one, other] = [await customer.fill(), await customer.fill()]
    const put = (id: string) => customer.call('PUT', `/api/carts/${id}/items`, { productId: 'VARTOTE1', quantity: 1 }, { 'idempotency-key': 'cart' })
    expect([(await put(one['id'])).status, (await put(other['id'])).status]).toEqual([200, 422])
  })

  test.each([['of 256 signs', 'k'.repeat(256)], ['with a space in it', 'two words'], ['with signs beyond ASCII', 'cl\u00e9'], ['that is empty', '']])(
    'a key %s: 400 that names the header',
    async (_, key) => {
      const customer = await shop.person()
      const { status, body } = await customer.post('/api/carts', {}, key)
      expect({ status, field: body['details']?.fields[0].field }).toEqual({ status: 400, field: 'Idempotency-Key' })
      expect(carts(customer)).toBe(0)
    },
  )
})

describe('survives', () => {
  test('a commit whose answer is lost: one cart, and the caller gets it', async () => {
    const customer = await shop.person()
    await customer.get('/api/orders')
    shop.fault({ target: 'firestore', operation: 'Commit', match: customer.id, when: 'after', effect: 'error', status: 10 })
    const first = await customer.post('/api/carts', {}, 'lost')
    expect(first.status).toBe(201)
    expect((await customer.post('/api/carts', {}, 'lost')).text).toBe(first.text)
    expect(carts(customer)).toBe(1)
  })

  test.each(['before', 'after'] as const)('its instance being killed %s the commit: the same key makes one cart', async (when) => {
    const customer = await shop.person()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `"${customer.id}"`, when, effect: 'kill' })
    const lost = await customer.post('/api/carts', {}, 'killed')
    expect({ status: lost.status, code: lost.body['code'], retryable: lost.body['retryable'] }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE', retryable: true })
    await shop.cloud.instances.allReady()
    const again = await customer.post('/api/carts', {}, 'killed')
    expect([again.status, replayed(again)]).toEqual([201, when === 'after'])
    expect(carts(customer)).toBe(1)
  })
})
