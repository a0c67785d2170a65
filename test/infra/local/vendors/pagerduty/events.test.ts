/** The PagerDuty simulator: what it takes, what joins what, and what it refuses. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Disk } from '../../../../../infra/local/disk.ts'
import { HttpPorts } from '../../../../../infra/local/http-ports.ts'
import { Timeline } from '../../../../../infra/local/timeline.ts'
import { createPagerDuty } from '../../../../../infra/local/vendors/pagerduty/pagerduty.ts'
import { Wire } from '../../../../../infra/local/wire.ts'

type Json = Record<string, unknown>

const KEY = '0123456789abcdef0123456789abcdef'
const PAYLOAD = { summary: 'Outbox stuck', source: 'fn:outbox', severity: 'critical' }

async function ground(disk = new Disk()) {
  const timeline = new Timeline()
  const ports = new HttpPorts(new Wire({ now: () => timeline.now(), kill: () => undefined }))
  const vendor = createPagerDuty({ timeline, shelves: disk.shelves('pagerduty'), shopUrl: () => '', random: Math.random })
  const port = await ports.open(vendor.service, 'instance-1')
  onTestFinished(async () => {
    timeline.stop()
    await ports.close()
    disk.close()
  })
  const send = async (event: unknown, path = '/v2/enqueue'): Promise<{ status: number; body: Json }> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: typeof event === 'string' ? event : JSON.stringify(event) })
    return { status: response.status, body: (await response.json()) as Json }
  }
  const tell = (event_action: string, dedup_key: string, wanted: Json = {}) =>
    send({ routing_key: KEY, event_action, dedup_key, ...(event_action === 'trigger' ? { payload: PAYLOAD } : {}), ...wanted })
  return { vendor, timeline, send, tell, alerts: () => vendor.objects('alerts') as Json[] }
}

describe('does', () => {
  test('open an alert, and let a second trigger with its key join it', async () => {
    const { tell, alerts, vendor } = await ground()
    expect(await tell('trigger', 'a')).toEqual({ status: 202, body: { status: 'success', message: 'Event processed', dedup_key: 'a' } })
    await tell('trigger', 'a')
    await tell('trigger', 'b')
    expect(alerts()).toMatchObject([{ dedup_key: 'a', status: 'open', triggers: 2, payload: PAYLOAD }, { dedup_key: 'b', triggers: 1 }])
    expect(vendor.objects('events')).toHaveLength(3)
    expect(vendor.objects('incidents')).toBeUndefined()
  })

  test('acknowledge and end it, and open a new one after that', async () => {
    const { tell, alerts } = await ground()
    await tell('trigger', 'a')
    await tell('acknowledge', 'a')
    expect(alerts().map(({ status }) => status)).toEqual(['acknowledged'])
    await tell('resolve', 'a')
    await tell('trigger', 'a')
    expect(alerts().map(({ status }) => status)).toEqual(['resolved', 'open'])
  })

  test('drop the end of what is not open, and give a trigger without a key one of its own', async () => {
    const { tell, send, alerts } = await ground()
    expect((await tell('resolve', 'nothing')).status).toBe(202)
    const event = { routing_key: KEY, event_action: 'trigger', payload: PAYLOAD }
    const keys = [await send(event), await send(event)].map(({ body }) => body['dedup_key'])
    expect(new Set(keys).size).toBe(2)
    expect(alerts()).toHaveLength(2)
  })

  test('keep the alerts of one routing key from another\'s', async () => {
    const { tell, alerts } = await ground()
    await tell('trigger', 'a')
    await tell('trigger', 'a', { routing_key: KEY.replace('0', 'f') })
    expect(alerts()).toHaveLength(2)
  })

  test('remember everything over a restart, and no key in what it shows', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pagerduty-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    await (await ground(new Disk(directory))).tell('trigger', 'a')
    const { vendor, tell, alerts } = await ground(new Disk(directory))
    await tell('resolve', 'a')
    expect(alerts().map(({ status }) => status)).toEqual(['resolved'])
    expect(JSON.stringify([vendor.requests(), alerts(), vendor.objects('events')])).not.toContain(KEY)
  })

  test('what a person can do in the dashboard', async () => {
    const { vendor, tell, alerts } = await ground()
    await tell('trigger', 'a')
    const id = String(alerts()[0]?.['id'])
    for (const [verb, status] of [['acknowledge', 'acknowledged'], ['resolve', 'resolved']] as const) {
      await vendor.control(['alerts', id, verb], {})
      expect(alerts()[0]?.['status']).toBe(status)
    }
    expect((await vendor.control(['alerts', 'Q0', 'resolve'], {})).status).toBe(404)
    expect((await vendor.control(['explode'], {})).status).toBe(404)
  })
})

describe('refuses', () => {
  test.each<[string, unknown]>([
    ['no routing key', { event_action: 'trigger', payload: PAYLOAD }],
    ['a short routing key', { routing_key: 'abc', event_action: 'trigger', payload: PAYLOAD }],
    ['an unknown action', { routing_key: KEY, event_action: 'explode', dedup_key: 'a' }],
    ['a trigger without a payload', { routing_key: KEY, event_action: 'trigger' }],
    ['no summary', { routing_key: KEY, event_action: 'trigger', payload: { ...PAYLOAD, summary: ' ' } }],
    ['a summary of 1,025 characters', { routing_key: KEY, event_action: 'trigger', payload: { ...PAYLOAD, summary: 'x'.repeat(1025) } }],
    ['no source', { routing_key: KEY, event_action: 'trigger', payload: { ...PAYLOAD, source: undefined } }],
    ['another severity', { routing_key: KEY, event_action: 'trigger', payload: { ...PAYLOAD, severity: 'p0' } }],
    ['a time that is none', { routing_key: KEY, event_action: 'trigger', payload: { ...PAYLOAD, timestamp: 'soon' } }],
    ['details that are a text', { routing_key: KEY, event_action: 'trigger', payload: { ...PAYLOAD, custom_details: 'x' } }],
    ['a key of 256 characters', { routing_key: KEY, event_action: 'trigger', dedup_key: 'x'.repeat(256), payload: PAYLOAD }],
    ['the end of no key', { routing_key: KEY, event_action: 'resolve' }],
    ['more than 512 KB', { routing_key: KEY, event_action: 'trigger', payload: { ...PAYLOAD, custom_details: { text: 'x'.repeat(600_000) } } }],
    ['what is not JSON', '{broken'],
  ])('%s', async (_, event) => {
    const { send, alerts } = await ground()
    expect(await send(event)).toMatchObject({ status: 400, body: { status: 'invalid event', errors: [expect.any(String)] } })
    expect(alerts()).toEqual([])
  })

  test('the 121st event in any minute, which is not kept; the window slides', async () => {
    const { tell, timeline, alerts } = await ground()
    for (let n = 0; n < 60; n++) await tell('trigger', `early-${n}`)
    await timeline.jumpTo(timeline.now() + 30_000)
    for (let n = 0; n < 60; n++) await tell('trigger', `late-${n}`)
    expect((await tell('trigger', 'over')).status).toBe(429)
    await timeline.jumpTo(timeline.now() + 30_500)
    expect((await tell('trigger', 'again')).status).toBe(202)
    expect(alerts()).toHaveLength(121)
  })

  test('what it is told to fail at, and other addresses', async () => {
    const { vendor, tell, send } = await ground()
    await vendor.control(['trouble'], { times: 1 })
    expect((await tell('trigger', 'a')).status).toBe(500)
    expect((await tell('trigger', 'a')).status).toBe(202)
    expect((await send({}, '/v2/nothing')).status).toBe(404)
  })
})
