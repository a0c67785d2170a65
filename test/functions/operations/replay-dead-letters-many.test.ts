/**
 * A replay of very many dead letters: the answer comes before the work is done, and none is left out. Their vendor has
 * no worker here: what is measured is the replay, not what the events do.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Inbox } from '../inbox.ts'
import { until } from '../purchase.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const MANY = 10_000
const REPLAYERS = ['replay-dead-letters', 'on-replay-accepted']

let shop: Shop
let inbox: Inbox
let admin: Person
beforeAll(async () => {
  shop = await openShop()
  inbox = new Inbox(shop, 'ord_1')
  admin = await shop.person('admin')
})
afterAll(() => shop.cloud.stop())

/** Asks for a replay, waits until it is worked through, and says what that took. */
async function measured(wish: Json): Promise<{ replay: Json; answeredAs: string; cost: Json }> {
  const since = shop.cloud.wire.lastCall
  const startedAt = performance.now()
  const { status, body } = await admin.post('/api/admin/dead-letters/replay', { reason: 'Their outage is over', ...wish })
  expect(status).toBe(202)
  const answeredMs = Math.round(performance.now() - startedAt)
  const replay = await until(() => {
    const record = shop.document('replays', body['replay'].id)
    return record?.['state'] === 'done' && record
  })
  const cost = { answeredMs, workedMs: Math.round(performance.now() - startedAt), reads: 0, writes: 0 }
  for (const call of shop.cloud.wire.calls(since).filter(({ function: name }) => REPLAYERS.includes(name ?? ''))) {
    cost.reads += call.reads
    cost.writes += call.writes
  }
  process.stdout.write(`replay of ${replay['accepted']}: ${JSON.stringify(cost)}\n`)
  return { replay, answeredAs: body['replay'].state, cost }
}

function unlike(wanted: Json): Json[] {
  return shop.documents('inbox').map(({ data }) => data).filter(({ status, replay }) => status !== wanted['status'] || replay?.count !== wanted['count'])
}

describe('does', () => {
  test(`put back ${MANY} that a filter finds, each once, at one read and one write for each`, async () => {
    await inbox.layDead({ vendor: 'nobody' }, MANY)
    const { replay, answeredAs, cost } = await measured({ filter: { vendor: 'nobody' } })
    expect([answeredAs, replay]).toMatchObject(['running', { accepted: MANY, replayed: MANY, refused: 0 }])
    expect(unlike({ status: 'pending', count: 1 })).toEqual([])
    expect([cost['reads'] / MANY, cost['writes'] / MANY].map((each) => Number(each.toFixed(1)))).toEqual([1, 1])
  }, 60_000)

  test(`put back ${MANY} that are named`, async () => {
    const laid = shop.documents('inbox')
    for (let from = 0; from < MANY; from += 400) {
      const dead = laid.slice(from, from + 400).map(({ id, data }) => ({ path: `inbox/${id}`, data: { ...data, status: 'dead', nextAtMs: null } }))
      await shop.cloud.servers.firestore.write(dead)
    }
    const ids = laid.map(({ id }) => id)
    const { replay, answeredAs } = await measured({ ids: [...ids.slice(1), 'nobody-none'] })
    expect([answeredAs, replay]).toMatchObject(['running', { accepted: MANY, replayed: MANY - 1, refused: 1 }])
    expect(unlike({ status: 'pending', count: 2 })).toMatchObject([{ status: 'dead', replay: { count: 1 } }])
  }, 60_000)
})
