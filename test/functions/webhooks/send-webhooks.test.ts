/** Events on their way out of the outbox: none is lost and none is made twice, whoever gets to it first. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openGround, until } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'
import { forgetEndpoints, Receiver, register, sale } from './receiver.ts'

let shop: Shop
let admin: Person
let receiver: Receiver

beforeAll(async () => {
  shop = (await openGround({ environment: { WAREHOUSE_DEADLINE_MS: '1000' } })).shop
  receiver = await Receiver.open()
  admin = await shop.person('admin')
}, 30_000)
afterEach(async () => {
  shop.calm()
  await forgetEndpoints(shop)
})
afterAll(async () => {
  await receiver.close()
  await shop.cloud.stop()
})

const openEvents = (): Json[] => shop.documents('outbox').filter(({ data }) => data['eventAtMs'] !== undefined)

describe('does', () => {
  test('write nothing while nobody is registered, and leave nothing behind', async () => {
    await sale(shop)
    expect(await shop.tally('send-webhooks')).toEqual({ saved: 0, published: 0 })
    expect(openEvents()).toHaveLength(1)
    await shop.cloud.drain()
    expect(shop.documents('outbox')).toEqual([])
  })

  test('tell nobody what happened before he was registered', async () => {
    await sale(shop)
    await shop.cloud.advance(1_000)
    const { path } = await register(admin, receiver)
    await shop.cloud.drain()
    expect(receiver.at(path)).toEqual([])
  })

  test('announce many events to several endpoints', async () => {
    const [one, two] = [await register(admin, receiver), await register(admin, receiver)]
    for (let number = 0; number < 4; number += 1) await sale(shop)
    expect((await shop.tally('send-webhooks'))['saved']).toBe(8)
    await shop.cloud.drain()
    expect([receiver.at(one.path).length, receiver.at(two.path).length]).toEqual([4, 4])
  })
})

describe('survives', () => {
  test('two runs at once, and the warehouse beside them: one delivery for each event', async () => {
    const { path } = await register(admin, receiver)
    for (let number = 0; number < 3; number += 1) await sale(shop)
    const runs = await Promise.all(['send-webhooks', 'send-warehouse-rows', 'send-webhooks'].map((job) => shop.cloud.runJob(job)))
    expect(runs.map(({ status }) => status)).toEqual([200, 200, 200])
    await shop.cloud.drain()
    expect(receiver.at(path)).toHaveLength(3)
  })

  test('a warehouse that is away: events are told all the same', async () => {
    const { path } = await register(admin, receiver)
    shop.fault({ target: 'bigquery', when: 'before', effect: 'error', status: 503, times: 1_000 })
    await sale(shop)
    await shop.cloud.runJob('send-warehouse-rows').catch(() => undefined)
    await shop.tally('send-webhooks')
    await until(() => receiver.at(path).length === 1)
    shop.calm()
    await shop.cloud.drain()
    expect(receiver.at(path)).toHaveLength(1)
  })

  test('a run that loses its own: the warehouse announces before its entries go', async () => {
    const { path } = await register(admin, receiver)
    await sale(shop)
    await shop.tally('send-warehouse-rows')
    expect(shop.documents('outbox').filter(({ data }) => data['topic'] === 'warehouse')).toEqual([])
    await shop.cloud.drain()
    expect(receiver.at(path)).toHaveLength(1)
  })
})
