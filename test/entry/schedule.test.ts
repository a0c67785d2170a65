/** The seam of everything that runs on a clock: it answers a tally, fires when due, and may run twice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ScheduleDeclaration } from '#entry/declaration.ts'
import { openShop, type Json, type Shop } from '../functions/shop.ts'

const MINUTE_MS = 60_000
const WORDS = ['read', 'saved', 'unchanged', 'refused', 'sent', 'settled', 'released', 'deleted', 'published', 'deferred', 'failed']

let shop: Shop
let jobs: ScheduleDeclaration[]
beforeAll(async () => {
  shop = await openShop()
  jobs = shop.cloud.declarations.filter((one): one is ScheduleDeclaration => one.kind === 'schedule')
})
afterAll(() => shop.cloud.stop())

const ask = (name: string) => shop.cloud.instances.request(name, { method: 'POST', path: '/', headers: { 'x-request-id': `run-${name}` } }, 30_000)

describe('does', () => {
  test('answer with a tally of known words, each a whole number', async () => {
    expect(jobs.length).toBeGreaterThan(5)
    for (const { name } of jobs) {
      const { status, body } = await shop.cloud.runJob(name)
      expect([name, status]).toEqual([name, 200])
      const { tally } = body as { tally: Record<string, number> }
      for (const [word, count] of Object.entries(tally)) {
        expect(WORDS).toContain(word)
        expect(Number.isInteger(count) && count >= 0).toBe(true)
      }
    }
  })

  test('fire when it is due, by the shop\'s clock', async () => {
    shop.resumeJobs()
    const before = shop.cloud.wire.lastCall
    await shop.cloud.advance(16 * MINUTE_MS)
    shop.pauseJobs()
    const ran = new Set(shop.cloud.wire.calls(before).map((call) => call.function))
    for (const { name, cron } of jobs) if (cron.startsWith('*')) expect(ran).toContain(name)
  })
})

describe('refuses', () => {
  test('to do anything twice when two runs come at once', async () => {
    await (await shop.person()).buy({ productId: 'test-product-1', quantity: 3 })
    for (const { name } of jobs) {
      const answers = await Promise.all([ask(name), ask(name)])
      expect([name, ...answers.map(({ status }) => status)]).toEqual([name, 200, 200])
    }
    await shop.cloud.drain()
    expect(shop.shelf('test-product-1')).toBe(997)
    expect(((await shop.cloud.rows('commerce', 'orders')) as Json[]).length).toBe(1)
  })
})

describe('survives', () => {
  test('a vendor being away: a failure in our shape, nothing of the inside, and the next run is well', async () => {
    shop.fault({ target: 'square', when: 'before', effect: 'error', status: 500, times: 99 })
    const { status, body } = await shop.cloud.runJob('sync-square-catalogue')
    shop.calm()
    expect({ status, ...(body as Json) }).toMatchObject({ status: 503, success: false, code: 'SERVICE_UNAVAILABLE', retryable: true })
    expect(JSON.stringify(body)).not.toMatch(/square|500/i)
    expect((await shop.cloud.runJob('sync-square-catalogue')).status).toBe(200)
  })
})
