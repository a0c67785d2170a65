/** Carts that nobody has touched for 30 days go; all others stay. The cases share one clock and run in order. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const DAY_MS = 86_400_000

let shop: Shop
let guest: Person
beforeAll(async () => {
  shop = await openShop()
  guest = shop.guest()
})
afterAll(() => shop.cloud.stop())

const sweep = (): Promise<Record<string, number>> => shop.tally('sweep-carts')
const exists = (id: string): boolean => shop.document('carts', id) !== undefined

/** Carts as they would lie there, opened so many days ago. */
async function lay(count: number, daysAgo: number, more: Json = {}): Promise<string[]> {
  const { id } = await guest.fill()
  const model = shop.document('carts', id)
  const atMs = shop.cloud.now() - daysAgo * DAY_MS
  const ids = Array.from({ length: count }, (_, index) => `${id}-${index}`)
  const dates = { createdAtMs: atMs, updatedAtMs: atMs, expireAtMs: atMs + 30 * DAY_MS }
  await shop.cloud.servers.firestore.write(ids.map((one) => ({ path: `carts/${one}`, data: { ...model, id: one, ...dates, ...more } })))
  await guest.call('DELETE', `/api/carts/${id}`)
  return ids
}

describe('does', () => {
  test('delete a cart 30 days after its last change, not a minute before', async () => {
    const { id } = await guest.fill({ productId: 'VARTOTE1', quantity: 1 })
    await shop.cloud.advance(30 * DAY_MS - 60_000)
    expect(await sweep()).toMatchObject({ deleted: 0 })
    expect(exists(id)).toBe(true)
    await shop.cloud.advance(120_000)
    expect(await sweep()).toMatchObject({ deleted: 1 })
    expect((await guest.get(`/api/carts/${id}`)).status).toBe(404)
  })

  test('count from the last change, not from the beginning', async () => {
    const { id } = await guest.fill({ productId: 'VARTOTE1', quantity: 1 })
    await shop.cloud.advance(20 * DAY_MS)
    await guest.call('PUT', `/api/carts/${id}/items`, { productId: 'VARTOTE1', quantity: 2 })
    await shop.cloud.advance(20 * DAY_MS)
    await sweep()
    expect(exists(id)).toBe(true)
    await shop.cloud.advance(11 * DAY_MS)
    expect(await sweep()).toMatchObject({ deleted: 1 })
  })

  test('leave nothing behind in the way of the same purchase another day', async () => {
    const purchase = { email: guest.email, cart: [{ productId: 'VARTOTE1', quantity: 1 }], paymentMethod: { token: 'pm_card_visa' } }
    const bought = [await guest.post('/api/checkout', purchase)]
    for (const days of [1, 1]) {
      await shop.cloud.advance(days * DAY_MS)
      expect(await sweep()).toMatchObject({ deleted: 1 })
      bought.push(await guest.post('/api/checkout', purchase))
    }
    expect([bought.map(({ status }) => status), new Set(bought.map(({ body }) => body['orderId'])).size]).toEqual([[201, 201, 201], 3])
  })

  test('delete all of them when there are more than a page', async () => {
    const old = await lay(230, 31)
    const young = await lay(5, 3)
    expect(await sweep()).toMatchObject({ deleted: 230 })
    expect(old.some(exists)).toBe(false)
    expect(young.every(exists)).toBe(true)
  })

  test('fire by itself once a day', async () => {
    const [id = ''] = await lay(1, 31)
    shop.resumeJobs(['sweep-carts'])
    await shop.cloud.advance(DAY_MS)
    shop.pauseJobs()
    expect(exists(id)).toBe(false)
  })
})

describe('refuses', () => {
  test('to delete a cart whose order may still be paid', async () => {
    const customer = shop.guest()
    const { id } = await customer.fill({ productId: 'VARTOTE1', quantity: 1 })
    expect((await customer.pay(id, { token: 'pm_card_authenticationRequired' })).status).toBe(202)
    await shop.cloud.advance(31 * DAY_MS)
    await sweep()
    expect(exists(id)).toBe(true)
    await shop.tally('sweep-reservations')
    await sweep()
    expect(exists(id)).toBe(false)
  })
})

describe('survives', () => {
  test('two sweeps at once: each cart is counted once', async () => {
    await lay(60, 31)
    const run = () => shop.cloud.instances.request('sweep-carts', { method: 'POST', path: '/', headers: {} }, 30_000)
    const answers = await Promise.all([run(), run()])
    const tallies = answers.map(({ body }) => JSON.parse(body.toString('utf8')).tally.deleted)
    expect(tallies[0] + tallies[1]).toBe(60)
  })

  test('a cart that is touched while it is being swept: it stays', async () => {
    const [id = ''] = await lay(1, 31)
    shop.fault({ target: 'firestore', operation: 'BatchGetDocuments', match: `/documents/carts/${id}`, when: 'before', effect: 'delay', delayMs: 60_000 })
    const sweeping = sweep()
    await expect.poll(() => shop.cloud.wire.faults()[0]?.struck).toBe(1)
    await guest.call('PUT', `/api/carts/${id}/items`, { productId: 'VARTOTE1', quantity: 1 })
    shop.calm()
    expect(await sweeping).toMatchObject({ deleted: 0 })
    expect(exists(id)).toBe(true)
  })

  test('its instance being killed on the way: the next sweep does the rest', async () => {
    const old = await lay(20, 31)
    shop.fault({ target: 'firestore', operation: 'Commit', match: '/documents/carts/', when: 'after', effect: 'kill', skip: 5 })
    await shop.cloud.runJob('sweep-carts').catch(() => undefined)
    shop.calm()
    await shop.cloud.instances.allReady()
    await sweep()
    expect(old.some(exists)).toBe(false)
  })
})
