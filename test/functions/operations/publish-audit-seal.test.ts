/** Every day of the audit trail is sealed, once, with all its events; the cases share one shop and go from day to day. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openGround, type Ground } from '../purchase.ts'
import type { Json } from '../shop.ts'
import { eventRows, nightFalls, seal, sealsOf, send, today, tradeADay, verify } from './audit-trail.ts'

const JOB = 'publish-audit-seal'

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
})
afterEach(() => ground.shop.calm())
afterAll(() => ground.shop.cloud.stop())

const run = () => ground.shop.cloud.instances.request(JOB, { method: 'POST', path: '/', headers: {} }, 30_000)
const idsOf = (day: string): string[] => leavesOf(day).map((leaf) => leaf.split(' ')[1] ?? '')
const leavesOf = (day: string): string[] => ground.shop.documents('audit_leaves').filter(({ data }) => data['day'] === day).flatMap(({ data }) => data['leaves'])

/** Every sealed day is there, each once and published, each hanging on the one before. */
async function expectSound(): Promise<void> {
  await send(ground)
  const seals = [...sealsOf(ground.shop).values()].sort((a, b) => (a['day'] < b['day'] ? -1 : 1))
  expect(seals.map(({ previous }) => previous)).toEqual([null, ...seals.slice(0, -1).map(({ hash }) => hash)])
  const published = (await ground.shop.cloud.rows('audit', 'seals_log')) as Array<{ id: string; seal_hash: string; key_id: string | null; signature: string | null }>
  expect(new Map(published.map(({ id, seal_hash: hash }) => [id, hash]))).toEqual(new Map(seals.map(({ day, hash }) => [day, hash])))
  expect(published.every(({ key_id: id, signature }) => id !== null && signature !== null)).toBe(true)
  expect(ground.shop.documents('audit_keys').map(({ id }) => id)).toEqual([...new Set(seals.map(({ keyId }) => keyId))])
}

/** What staff are told, or will be: a fact goes when its alert is written. */
async function alertsAbout(key: string): Promise<Json[]> {
  await ground.shop.cloud.quiet()
  const of = (collection: string): Json[] => ground.shop.documents(collection).map(({ data }) => data).filter((one) => one['key'] === key)
  return [...of('alerts'), ...of('alert_facts').map(({ raise }) => raise as Json)].map(({ details }) => details as Json)
}

/** What was ordered has gone wrong; from now on nothing does. */
function expectStruck(): void {
  expect(ground.shop.cloud.wire.faults().map(({ struck }) => struck)).toEqual([1])
  ground.shop.calm()
}

describe('does', () => {
  test('seal what happened on a day, each event once, when the day is over', async () => {
    const day = today(ground)
    const { orderIds } = await tradeADay(ground)
    await send(ground)
    expect(await seal(ground)).toEqual({ published: 0, deferred: 0 })
    await nightFalls(ground)
    expect(await seal(ground)).toEqual({ published: 1, deferred: 0 })
    const events = (await eventRows(ground)).filter(({ subject }) => orderIds.includes(subject))
    expect(events.map(({ what }) => what).sort()).toEqual(['order.fulfilled', 'order.paid', 'order.paid', 'order.refund_requested', 'order.refunded'])
    expect(idsOf(day).sort()).toEqual(events.map(({ id }) => id).sort())
    expect(sealsOf(ground.shop).get(day)).toMatchObject({ events: 5, late: 0, previous: null })
    await expectSound()
  })

  test('seal a day on which nothing happened', async () => {
    await nightFalls(ground)
    expect(await seal(ground)).toEqual({ published: 1, deferred: 0 })
    expect(sealsOf(ground.shop).get(today(ground, -1))).toMatchObject({ events: 0 })
    await expectSound()
  })

  test('catch up on days that were missed, in their order', async () => {
    await tradeADay(ground)
    await send(ground)
    await nightFalls(ground, 3)
    expect(await seal(ground)).toEqual({ published: 3, deferred: 0 })
    await expectSound()
  })
})

describe('refuses', () => {
  test('to seal a day within a quarter of an hour after its end: its last calls may still write', async () => {
    await ground.shop.cloud.jumpTo(Date.parse(`${today(ground, 1)}T00:14:00.000Z`))
    expect(await seal(ground)).toEqual({ published: 0, deferred: 0 })
    await ground.shop.cloud.advance(120_000)
    expect(await seal(ground)).toEqual({ published: 1, deferred: 0 })
  })

  test('to seal a day while facts of it wait for the warehouse, and seals it complete when they have arrived', async () => {
    const day = today(ground)
    await tradeADay(ground)
    ground.shop.fault({ target: 'bigquery', operation: 'insertAll', when: 'before', effect: 'error', status: 400, times: 99 })
    await ground.shop.cloud.runJob('send-warehouse-rows')
    await nightFalls(ground)
    expect(await seal(ground)).toEqual({ published: 0, deferred: 1 })
    expect(await alertsAbout('audit/unsealed')).toMatchObject([{ day }])
    await nightFalls(ground)
    expect(await seal(ground)).toEqual({ published: 0, deferred: 1 })
    ground.shop.calm()
    await send(ground)
    expect(await seal(ground)).toEqual({ published: 2, deferred: 0 })
    expect(sealsOf(ground.shop).get(day)).toMatchObject({ events: 5, late: 0 })
    await expectSound()
  })
})

describe('survives', () => {
  test.each([['twice at once', false], ['after a lost answer', true]])('facts that are brought to the warehouse %s, and two runs at once: each event is counted once, one seal', async (_, isLost) => {
    const day = today(ground)
    await tradeADay(ground)
    if (isLost) ground.shop.fault({ target: 'firestore', operation: 'Commit', match: 'audit_leaves', when: 'after', effect: 'error', times: 1, status: 14 })
    const once = () => ground.shop.cloud.instances.request('send-warehouse-rows', { method: 'POST', path: '/', headers: {} }, 30_000)
    await Promise.all([once(), once()])
    if (isLost) expectStruck()
    await send(ground)
    expect(idsOf(day).length).toBe(new Set(idsOf(day)).size)
    await nightFalls(ground)
    const answers = await Promise.all([run(), run()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(sealsOf(ground.shop).get(day)).toMatchObject({ events: 5 })
    await expectSound()
  })

  test('an event that comes after its day was sealed: the next seal holds it and names the day it is of', async () => {
    const day = today(ground)
    await tradeADay(ground)
    await send(ground)
    await nightFalls(ground)
    await seal(ground)
    const at = `${day}T23:59:59.000Z`
    const json = { id: 'late-1', who: 'admin ann', what: 'order.refunded', subject: 'ord_x', why: 'slow', created_at: at, updated_at: at, row_version: 1, schema_version: 1 }
    const rows = [{ dataset: 'audit', table: 'events_log', insertId: 'late-1', json: JSON.stringify(json) }]
    await ground.shop.cloud.servers.firestore.write([{ path: 'outbox/late', data: { topic: 'warehouse', createdAtMs: ground.shop.cloud.now(), rows } }])
    await send(ground)
    expect(await alertsAbout('audit/late')).toMatchObject([{ events: 1, named: `late-1 of ${day}` }])
    await nightFalls(ground)
    await seal(ground)
    expect(sealsOf(ground.shop).get(today(ground, -1))).toMatchObject({ events: 1, late: 1 })
    expect(sealsOf(ground.shop).get(day)).toMatchObject({ events: 5, late: 0 })
    await expectSound()
  })

  // A death at every other call is tried by the scenario `seal-audit` of the faults.
  test('a death after its second commit: the next run seals the same', async () => {
    await tradeADay(ground)
    await send(ground)
    await nightFalls(ground)
    ground.shop.fault({ target: 'firestore', operation: 'Commit', match: 'audit', skip: 1, when: 'after', effect: 'kill', times: 1 })
    await ground.shop.cloud.runJob(JOB).catch(() => undefined)
    expectStruck()
    await ground.shop.cloud.instances.allReady()
    await seal(ground)
    expect(sealsOf(ground.shop).get(today(ground, -1))).toMatchObject({ events: 5 })
    await expectSound()
  })

  test('all of this: every day can be proved from what the warehouse holds', async () => {
    const seals = [...sealsOf(ground.shop).values()]
    const { code, lines } = await verify(ground)
    expect(lines).toEqual(seals.map(({ day, events, root, hash }) => `${day} ok ${events} events root ${root} seal ${hash}`))
    expect(code).toBe(0)
  })
})
