/** People are told of an alert once, and once that it is over: in the log, and through PagerDuty. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ furnish: async () => undefined, environment: { BREAKER_FAILURES: '5' } })
})
afterEach(async () => {
  shop.calm()
  await shop.act('pagerduty', 'rate_limit', { perMinute: 120 })
})
afterAll(() => shop.cloud.stop())

let laid = 0
const newKey = (): string => `matter/${++laid}`

/** A fact in the store, as the commit of what happened puts it there. */
async function lay(key: string, change: 'raise' | 'resolve', wanted: Json = {}): Promise<void> {
  const said = change === 'raise' ? { raise: { key, severity: 'p1', summary: `Something is wrong with ${key}.`, details: { figure: 7 }, ...wanted } } : { resolve: key }
  const nowMs = shop.cloud.now()
  await shop.cloud.servers.firestore.write([{ path: `alert_facts/fact_${String(++laid).padStart(6, '0')}`, data: { key, atMs: nowMs, nextAtMs: nowMs + MINUTE_MS, ...said } }])
}

async function nudge(...keys: string[]): Promise<void> {
  for (const key of keys) shop.cloud.servers.pubsub.publish('alert-changed', { data: JSON.stringify({ key }), attributes: { kind: 'alert' } })
  await shop.cloud.drain()
}

async function tell(key: string, ...changes: Array<'raise' | 'resolve'>): Promise<void> {
  for (const change of changes) await lay(key, change)
  await nudge(key)
}

const record = (key: string): Json => shop.documents('alerts').find(({ data }) => data['key'] === key)?.data as Json
const paged = (key: string): string[] => shop.at('pagerduty', 'events').filter(({ dedup_key }) => dedup_key === key).map(({ event_action }) => event_action)
const alertsAt = (key: string): Json[] => shop.at('pagerduty', 'alerts').filter(({ dedup_key }) => dedup_key === key)
const logged = (key: string): Json[] => shop.cloud.log().flatMap((line) => parsed(line)).filter(({ alert }) => alert === key)

function parsed(line: string): Json[] {
  const from = line.indexOf('{')
  try {
    return from < 0 ? [] : [JSON.parse(line.slice(from)) as Json]
  } catch {
    return []
  }
}

describe('does', () => {
  test.each([
    ['p0', 'critical', 'CRITICAL'],
    ['p1', 'error', 'ERROR'],
    ['p2', 'warning', 'WARNING'],
  ])('tell a %s as %s, and log it by Google\'s name for it', async (severity, atPagerDuty, inLog) => {
    const key = newKey()
    await lay(key, 'raise', { severity, orderId: 'ord_1' })
    await nudge(key)
    expect(alertsAt(key)).toMatchObject([{ status: 'open', triggers: 1, payload: { severity: atPagerDuty, summary: `Something is wrong with ${key}.`, source: 'countinghouse', custom_details: { figure: 7, orderId: 'ord_1', facts: 1 } } }])
    expect(logged(key)).toMatchObject([{ severity: inLog, message: `Something is wrong with ${key}.`, details: { figure: 7 } }])
    expect(record(key)).toMatchObject({ status: 'open', count: 1, toTell: [], nextAtMs: null, toldAtMs: expect.any(Number) })
    expect(shop.documents('alert_facts')).toEqual([])
  })

  test('tell the end when the cause is gone', async () => {
    const key = newKey()
    await tell(key, 'raise')
    await tell(key, 'resolve')
    expect([paged(key), alertsAt(key)[0]?.['status']]).toEqual([['trigger', 'resolve'], 'resolved'])
    expect(record(key)).toMatchObject({ status: 'resolved', version: 2, resolvedAtMs: expect.any(Number) })
    expect(logged(key).map(({ severity }) => severity)).toEqual(['ERROR', 'INFO'])
  })

  test('tell one beginning, however many facts come at once', async () => {
    const key = newKey()
    for (let fact = 0; fact < 250; fact++) await lay(key, 'raise')
    await nudge(key, key, key, key)
    expect(record(key)['count']).toBe(250)
    expect([paged(key), alertsAt(key).length]).toEqual([['trigger'], 1])
  })

  test('tell again after five minutes what is still heard of, and not before', async () => {
    const key = newKey()
    await tell(key, 'raise')
    await shop.cloud.advance(4 * MINUTE_MS)
    await tell(key, 'raise')
    expect(paged(key)).toEqual(['trigger'])
    await shop.cloud.advance(MINUTE_MS)
    await tell(key, 'raise')
    expect([paged(key), alertsAt(key)]).toMatchObject([['trigger', 'trigger'], [{ triggers: 2 }]])
  })

  test('a flap in its order: it began, it was over, it began anew five minutes after it was told first', async () => {
    const key = newKey()
    await tell(key, 'raise')
    await tell(key, 'resolve', 'raise')
    expect([paged(key), record(key)]).toMatchObject([['trigger', 'resolve'], { status: 'open', version: 3, toTell: ['trigger'] }])
    await shop.cloud.advance(5 * MINUTE_MS)
    await shop.tally('sweep-alerts')
    await shop.cloud.drain()
    expect(paged(key)).toEqual(['trigger', 'resolve', 'trigger'])
    expect(alertsAt(key).map(({ status }) => status)).toEqual(['resolved', 'open'])
  })

  test('write down no address and no card', async () => {
    const key = newKey()
    await lay(key, 'raise', { details: { note: 'ann@example.com paid with 4242 4242 4242 4242' } })
    await nudge(key)
    expect(JSON.stringify([logged(key)])).not.toMatch(/ann@|\b4242/)
  })
})

describe('refuses', () => {
  test('the end of what never began, and a nudge about nothing', async () => {
    const key = newKey()
    await tell(key, 'resolve')
    await nudge(newKey())
    expect([paged(key), record(key), shop.documents('alert_facts')]).toEqual([[], undefined, []])
  })
})

describe('survives', () => {
  test('nudges twice and at once, on both instances: told once', async () => {
    const keys = Array.from({ length: 6 }, newKey)
    for (const key of keys) await lay(key, 'raise')
    await nudge(...keys, ...keys, ...keys)
    expect(keys.map((key) => paged(key))).toEqual(keys.map(() => ['trigger']))
  })

  test('a lost answer of PagerDuty: told again, one alert', async () => {
    const key = newKey()
    shop.fault({ target: 'pagerduty', match: key, when: 'after', effect: 'drop' })
    await tell(key, 'raise')
    expect(record(key)).toMatchObject({ toTell: ['trigger'], attempts: 1 })
    await shop.cloud.advance(31 * SECOND_MS)
    await shop.tally('sweep-alerts')
    await shop.cloud.drain()
    expect([alertsAt(key).length, record(key)['toTell'], logged(key).length]).toEqual([1, [], 1])
  })

  test('PagerDuty having had enough: it waits a minute, and all are told', async () => {
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.act('pagerduty', 'rate_limit', { perMinute: 2 })
    const keys = Array.from({ length: 5 }, newKey)
    for (const key of keys) await lay(key, 'raise')
    await nudge(...keys)
    expect(keys.filter((key) => paged(key).length === 1).length).toBe(2)
    await shop.act('pagerduty', 'rate_limit', { perMinute: 120 })
    for (let minute = 0; minute < 3; minute++) {
      await shop.cloud.advance(MINUTE_MS + SECOND_MS)
      await shop.tally('sweep-alerts')
      await shop.cloud.drain()
    }
    expect(keys.map((key) => alertsAt(key).length)).toEqual([1, 1, 1, 1, 1])
  })

  test('PagerDuty being away for a day: the log has it, and it is told when something new is heard', async () => {
    const key = newKey()
    shop.fault({ target: 'pagerduty', when: 'before', effect: 'error', status: 503, times: 1_000 })
    await tell(key, 'raise')
    for (let step = 0; step < 18 && record(key)['nextAtMs'] !== null; step++) {
      await shop.cloud.advance(120 * MINUTE_MS)
      await shop.tally('sweep-alerts')
      await shop.cloud.drain()
    }
    expect(record(key)).toMatchObject({ status: 'open', toTell: ['trigger'], nextAtMs: null, lastError: expect.stringContaining('503') })
    expect(logged(key).length).toBe(1)
    shop.calm()
    await tell(key, 'raise')
    // One alert tries for all; the others follow when it was taken.
    for (let minute = 0; minute < 3; minute++) {
      await shop.cloud.advance(MINUTE_MS)
      await shop.tally('sweep-alerts')
      await shop.cloud.drain()
    }
    expect([alertsAt(key).length, record(key)['toTell']]).toEqual([1, []])
  })

  // Every other call is struck by the scenario `alert` of the faults.
  test('its instance being killed after PagerDuty was told: told, one alert', async () => {
    const key = newKey()
    await lay(key, 'raise')
    shop.fault({ target: 'pagerduty', match: key, when: 'after', effect: 'kill' })
    await nudge(key)
    expect(shop.cloud.wire.faults().map(({ struck }) => struck)).toEqual([1])
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.tally('sweep-alerts')
    await shop.cloud.drain()
    expect([record(key)['toTell'], alertsAt(key).length, alertsAt(key)[0]?.['status']]).toEqual([[], 1, 'open'])
  })
})
