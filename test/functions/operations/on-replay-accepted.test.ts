/** The work on a replay of several batches: continued by whoever comes next, repeated by nobody. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ABOUT_US_NOT, Inbox, sweepAfter } from '../inbox.ts'
import { until } from '../purchase.ts'
import { openShop, type Json, type Shop } from '../shop.ts'
import type { Fault } from '../../../infra/local/wire.ts'

/** The request does 200 of them, and so does a batch of whoever goes on. */
const COUNT = 410
/** Nobody works for this vendor: what is tested is the replay, not what its events do. */
const UNHEARD: Json = { vendor: 'nobody' }
/** So many of the last batch are for a worker, where a test is about what comes of them. */
const HEARD = 15

let shop: Shop
let inbox: Inbox
beforeAll(async () => {
  shop = await openShop()
  inbox = new Inbox(shop, 'ord_1')
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

interface Accepted {
  readonly id: string
  readonly ids: readonly string[]
}

/** Lays dead letters and asks for all of them, with something struck meanwhile. */
async function accepted(strike: () => void = () => undefined, heard = 0): Promise<Accepted> {
  const ids = [...(await inbox.layDead(UNHEARD, COUNT - heard)), ...(await inbox.layDead(ABOUT_US_NOT, heard))]
  strike()
  const { status, body } = await (await shop.person('support')).post('/api/admin/dead-letters/replay', { filter: {}, reason: 'Outage is over' })
  expect([status, body['replay']]).toMatchObject([202, { state: 'running', accepted: COUNT, replayed: 200 }])
  return { id: body['replay'].id, ids }
}

const recordOf = (id: string): Json => shop.document('replays', id) as Json
const done = (id: string): Promise<boolean> => until(() => recordOf(id)['state'] === 'done')

/** Every event was put back once, the replay counted it once, and the audit trail tells of it once. */
async function expectAllOnce({ id, ids }: Accepted): Promise<void> {
  expect(recordOf(id)).toMatchObject({ state: 'done', replayed: COUNT, refused: 0, nextAtMs: null })
  const records = shop.documents('inbox').filter((document) => ids.includes(document.id))
  expect(records.filter(({ data }) => data['status'] !== (data['vendor'] === 'nobody' ? 'pending' : 'ignored') || data['replay'].count !== 1)).toEqual([])
  expect(records).toHaveLength(COUNT)
  await shop.cloud.drain()
  const trail = ((await shop.cloud.rows('audit', 'events_log')) as Json[]).filter(({ subject }) => subject === id)
  expect(trail.map(({ what }) => what).sort()).toEqual(['dead_letters.replay_requested', 'dead_letters.replayed'])
  await inbox.remove(ids)
}

const message = (data: unknown): string => shop.cloud.servers.pubsub.publish('replay-accepted', { data: JSON.stringify(data) })

describe('does', () => {
  test('work through what the request left, and have it applied', async () => {
    const replay = await accepted(undefined, HEARD)
    await done(replay.id)
    await sweepAfter(shop, 1)
    await expectAllOnce(replay)
  })

  test('leave alone what died after the replay was asked for', async () => {
    const replay = await accepted()
    await done(replay.id)
    const [later] = (await inbox.layDead(UNHEARD)) as [string]
    message({ replayId: replay.id })
    await expectAllOnce(replay)
    expect(inbox.record(later)['status']).toBe('dead')
    await inbox.remove([later])
  })
})

describe('refuses', () => {
  test('messages about no replay, or that cannot be read', async () => {
    const failed = shop.cloud.servers.pubsub.dead().length
    message({ replayId: 'rpl_none' })
    message({})
    message('rubbish')
    await shop.cloud.drain()
    expect(shop.cloud.servers.pubsub.dead()).toHaveLength(failed)
  })
})

describe('survives', () => {
  const strike = (fault: Omit<Fault, 'match'> & { match: string }) => (): void => shop.fault(fault)

  test('five runners at once: each batch is worked by one of them', async () => {
    const replay = await accepted()
    for (let runner = 0; runner < 5; runner += 1) message({ replayId: replay.id })
    await done(replay.id)
    await expectAllOnce(replay)
  })

  test('its message lost: the sweep goes on with it', async () => {
    const replay = await accepted(
      strike({ target: 'pubsub', operation: 'Publish', match: 'replay-accepted', when: 'before', effect: 'error', status: 14 }),
    )
    expect(recordOf(replay.id)['state']).toBe('running')
    await sweepAfter(shop, 1)
    await expectAllOnce(replay)
  })

  test('the nudges of its batches lost: the sweep gives them a minute later', async () => {
    const lost = strike({ target: 'pubsub', operation: 'Publish', match: 'inbox-stripe', when: 'before', effect: 'error', status: 14, times: 99 })
    const replay = await accepted(lost, HEARD)
    await done(replay.id)
    expect(inbox.statuses(replay.ids)).toEqual({ pending: COUNT })
    shop.calm()
    await sweepAfter(shop, 1)
    await expectAllOnce(replay)
  })

  test.each([['after', 'kill'], ['before', 'drop']] as const)(
    'its second batch struck (%s, %s): the message comes again, the work goes on where it was',
    async (when, effect) => {
      const replay = await accepted(
        strike({ target: 'firestore', operation: 'Commit', function: 'on-replay-accepted', match: 'replays/', when, effect, skip: 1 }),
      )
      for (let minutes = 0; minutes < 3; minutes += 1) await sweepAfter(shop, 1)
      await expectAllOnce(replay)
    },
  )
})
