/** Telling an endpoint again what it missed: each event once a click, under the id that it always had. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openGround } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'
import { forgetEndpoints, Receiver, register, sale } from './receiver.ts'

const PATH = '/api/admin/webhook-deliveries/replay'

let shop: Shop
let admin: Person
let receiver: Receiver

beforeAll(async () => {
  shop = (await openGround()).shop
  receiver = await Receiver.open()
  admin = await shop.person('admin', 'ann')
}, 30_000)
afterEach(() => forgetEndpoints(shop))
afterAll(async () => {
  await receiver.close()
  await shop.cloud.stop()
})

const replay = (wish: Json, key?: string, who: Person = admin): Promise<Answer> => who.post(PATH, { reason: 'it was away', ...wish }, key)

/** An endpoint that was told of so many sales. */
async function told(count: number): Promise<{ path: string; id: string; ids: string[] }> {
  const { path, id } = await register(admin, receiver)
  for (let number = 0; number < count; number += 1) await sale(shop)
  await shop.cloud.drain()
  return { path, id, ids: shop.documents('webhook_deliveries').filter(({ data }) => data['endpointId'] === id).map((one) => one.id) }
}

/** As they are when the schedule was used up. */
async function dead(ids: readonly string[]): Promise<void> {
  const documents = ids.map((id) => ({ path: `webhook_deliveries/${id}`, data: { ...shop.document('webhook_deliveries', id), status: 'dead', attempts: 10, nextAtMs: null } }))
  await shop.cloud.servers.firestore.write(documents)
}

describe('does', () => {
  test('tell again what is named, delivered or dead, with the same id and bytes', async () => {
    const { path, ids } = await told(2)
    await dead(ids.slice(0, 1))
    const { status, body } = await replay({ ids: [...ids, 'whe_none-evt_1'] })
    expect([status, body['replay'].ids.toSorted(), body['replay'].refused]).toEqual([202, ids.toSorted(), [{ id: 'whe_none-evt_1', reason: 'unknown' }]])
    await shop.cloud.drain()
    const received = receiver.at(path)
    expect(received).toHaveLength(4)
    expect(new Set(received.map(({ id, body: bytes }) => id + bytes)).size).toBe(2)
    expect(ids.map((id) => shop.document('webhook_deliveries', id)?.['status'])).toEqual(['delivered', 'delivered'])
  })

  test('tell again what a filter finds, dead ones unless others are asked for, and put it on record', async () => {
    const { path, id, ids } = await told(3)
    await dead(ids.slice(0, 2))
    const { body } = await replay({ filter: { endpointId: id, type: 'order.paid', from: '2020-01-01T00:00:00Z' } })
    expect([body['replay'].ids.length, body['replay'].more]).toEqual([2, false])
    await shop.cloud.drain()
    expect(receiver.at(path)).toHaveLength(5)
    expect((await replay({ filter: { endpointId: id, status: 'delivered' } })).body['replay'].ids).toHaveLength(3)
    await shop.cloud.drain()
    const rows = (await shop.cloud.rows('audit', 'events_log')) as Json[]
    expect(rows.find(({ subject }) => subject === body['replay'].id)).toMatchObject({ who: 'admin ann', what: 'webhook_deliveries.replayed', why: 'it was away' })
  })

  test('say what would be told, and tell nothing, when that is asked', async () => {
    const { path, ids } = await told(1)
    const { status, body } = await replay({ ids, dryRun: true })
    expect([status, body['dryRun']]).toEqual([200, { ids, refused: [], more: false }])
    await shop.cloud.drain()
    expect(receiver.at(path)).toHaveLength(1)
  })
})

describe('refuses', () => {
  test('what is on its way, what says nothing or too much, and whoever may only read', async () => {
    const { path } = await register(admin, receiver)
    receiver.answers(path, 500)
    await sale(shop)
    await shop.cloud.drain()
    const [{ id } = { id: '' }] = shop.documents('webhook_deliveries').filter(({ data }) => data['status'] === 'pending')
    expect((await replay({ ids: [id] })).body['replay']).toMatchObject({ ids: [], refused: [{ id, reason: 'pending' }] })
    for (const wish of [{}, { ids: [] }, { ids: [id], filter: {} }, { ids: [id], reason: '' }, { filter: { status: 'pending' } }]) expect((await replay(wish)).status).toBe(400)
    expect((await replay({ ids: [id] }, undefined, await shop.person('viewer'))).status).toBe(403)
  })
})

describe('survives', () => {
  test('two clicks at once with one key: told once more', async () => {
    const { path, ids } = await told(1)
    const answers = await Promise.all([replay({ ids }, 'once'), replay({ ids }, 'once')])
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    await shop.cloud.drain()
    expect(receiver.at(path)).toHaveLength(2)
  })
})
