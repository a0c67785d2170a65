/** Limits: the same for all instances together, whatever dies; and every answer says how much is left. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, Person, type Answer, type Shop } from '../functions/shop.ts'

const MINUTE_MS = 60_000

const AS_SPECIFIED = { API_LIMIT_PER_MINUTE: '100', ADMIN_LIMIT_PER_MINUTE: '60', CHECKOUTS_PER_IP_HOUR: '20' }

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ environment: AS_SPECIFIED })
})
afterAll(() => shop.cloud.stop())

/** To the beginning of a minute, so that what follows falls into one window. */
async function nextMinute(at: Shop = shop): Promise<void> {
  await at.cloud.jumpTo((Math.floor(at.cloud.now() / MINUTE_MS) + 1) * MINUTE_MS)
}

function knock(who: Person, times: number, path = '/api/products/none'): Promise<Answer[]> {
  return Promise.all(Array.from({ length: times }, () => who.get(path)))
}

const passed = (answers: Answer[]): number => answers.filter(({ status }) => status !== 429).length
const header = (answer: Answer | undefined, name: string): number => Number(answer?.headers.get(name))

/** One cloud and its clock: the cases run in order. */
describe('does', () => {
  test('let a hundred requests a minute pass from one address, over two instances together', async () => {
    await nextMinute()
    const answers = await knock(shop.guest(), 140)
    expect(passed(answers)).toBeLessThanOrEqual(100)
    expect(passed(answers)).toBeGreaterThan(80)
  })

  test('say on every answer how many are allowed, left, and until when', async () => {
    await nextMinute()
    const guest = shop.guest()
    const [first, second] = [await guest.get('/api/products/none'), await guest.get('/api/products')]
    for (const answer of [first, second]) {
      expect(header(answer, 'ratelimit-limit')).toBe(100)
      expect(header(answer, 'ratelimit-remaining')).toBeLessThan(100)
      expect(header(answer, 'ratelimit-reset')).toBeGreaterThan(0)
      expect(header(answer, 'ratelimit-reset')).toBeLessThanOrEqual(60)
    }
  })

  test('begin anew with the next minute, when Retry-After is over', async () => {
    await nextMinute()
    const guest = shop.guest()
    const refused = (await knock(guest, 120)).find(({ status }) => status === 429)
    expect(refused?.body).toMatchObject({ success: false, code: 'RATE_LIMITED', retryable: true })
    const seconds = header(refused, 'retry-after')
    expect(seconds).toBe(header(refused, 'ratelimit-reset'))
    await shop.cloud.advance(seconds * 1000)
    expect((await guest.get('/api/products/none')).status).toBe(404)
  })

  test('count every address by itself', async () => {
    await nextMinute()
    const [greedy, modest] = [shop.guest(), shop.guest()]
    await knock(greedy, 120)
    expect((await modest.get('/api/products/none')).status).toBe(404)
  })

  test('let staff make sixty requests a minute to admin addresses, wherever they come from', async () => {
    await nextMinute()
    const token = await shop.cloud.token({ role: 'viewer', sub: 'busy' })
    const [office, home] = ['10.200.0.1', '10.200.0.2'].map((address) => new Person(shop.cloud.url, address, 'busy', token)) as [Person, Person]
    const path = '/api/admin/ledger/entries'
    const answers = await Promise.all([knock(office, 45, path), knock(home, 45, path)])
    expect(passed(answers.flat())).toBeLessThanOrEqual(60)
    expect(passed(answers.flat())).toBeGreaterThan(40)
    expect(header(answers[0][0], 'ratelimit-limit')).toBe(60)
    expect((await new Person(shop.cloud.url, '10.200.0.1', 'x', undefined).get('/api/products/none')).status).toBe(404)
  })

  test('let a customer check out ten times an hour, exactly, however many clicks come at once', async () => {
    const customer = await shop.person()
    const wanted = Array.from({ length: 13 }, (_, index) => ({ customerId: customer.id, ...inline(customer, index + 1) }))
    const answers = await Promise.all(wanted.map((body) => customer.post('/api/checkout', body)))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(10).fill(201), 429, 429, 429])
    const refused = answers.find(({ status }) => status === 429)
    expect(header(refused, 'retry-after')).toBeGreaterThan(3000)
    expect(header(refused, 'retry-after')).toBeLessThanOrEqual(3600)
    await shop.cloud.advance(61 * MINUTE_MS)
    expect((await customer.post('/api/checkout', { customerId: customer.id, ...inline(customer, 20) })).status).toBe(201)
  })

  test('let one address check out twenty times an hour, whoever it is', async () => {
    const address = '10.201.0.1'
    const people = Array.from({ length: 23 }, (_, index) => new Person(shop.cloud.url, address, `neighbour-${index}`, undefined))
    const answers = await Promise.all(people.map((person, index) => person.post('/api/checkout', inline(person, index + 1))))
    expect(answers.filter(({ status }) => status === 201).length).toBe(20)
    expect(answers.filter(({ status }) => status === 429).length).toBe(3)
  }, 20_000)

  test('count a replay against the general limit only', async () => {
    const customer = await shop.person()
    const body = { customerId: customer.id, ...inline(customer, 1) }
    const statuses: number[] = []
    for (let click = 0; click < 12; click += 1) statuses.push((await customer.post('/api/checkout', body, 'one-order')).status)
    expect(new Set(statuses)).toEqual(new Set([201]))
  })
})

function inline(who: Person, quantity: number): object {
  return { email: who.email, cart: [{ productId: 'test-product-1', quantity }], paymentMethod: { token: 'pm_card_visa' } }
}

describe('survives', () => {
  test('the death of all instances: what was used stays used', async () => {
    await nextMinute()
    const guest = shop.guest()
    const before = passed(await knock(guest, 60))
    for (const { label } of shop.cloud.instances.list()) shop.cloud.instances.kill(label)
    await shop.cloud.instances.allReady()
    const after = passed(await knock(guest, 60))
    expect(before).toBe(60)
    expect(before + after).toBeLessThanOrEqual(100)
    expect(before + after).toBeGreaterThan(75)
  })

  test('another shop moving into the same instances: it begins with all its tokens', async () => {
    for (let shops = 0; shops < 2; shops += 1) {
      const one = await openShop({ environment: AS_SPECIFIED })
      expect(passed(await knock(one.guest(), 70))).toBe(70)
      await one.cloud.stop()
    }
  })

  test('the restart of everything', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countinghouse-limits-'))
    const options = { directory, furnish: async () => undefined, environment: AS_SPECIFIED }
    const first = await openShop(options)
    await nextMinute(first)
    const guest = first.guest()
    const before = passed(await knock(guest, 60))
    await first.cloud.stop()
    const second = await openShop(options)
    const again = new Person(second.cloud.url, guest.address, 'again', undefined)
    const answers = await knock(again, 60)
    await second.cloud.stop()
    await rm(directory, { recursive: true, force: true })
    expect(before + passed(answers)).toBeLessThanOrEqual(100)
  }, 20_000)
})
