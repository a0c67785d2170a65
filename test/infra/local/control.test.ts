import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLocalCloud, type LocalCloud } from '../../../infra/local/cloud.ts'
import { environmentOf } from '../../../infra/local/environment.ts'
import { addDuration, momentOf } from '../../../infra/local/moments.ts'

const functionsModule = new URL('./fixtures/functions.ts', import.meta.url)
const DAY_MS = 86_400_000
let cloud: LocalCloud

beforeAll(async () => {
  cloud = await createLocalCloud({ port: 0, instances: 2, functionsModule, indexes: { indexes: [] } })
  cloud.servers.pubsub.settings.duplicates = 0
  cloud.servers.pubsub.settings.late = 0
}, 30_000)
afterAll(() => cloud?.stop())

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; json: any }> {
  const init = body === undefined ? { method } : { method, body: typeof body === 'string' ? body : JSON.stringify(body) }
  const answer = await fetch(`${cloud.url}${path}`, init)
  return { status: answer.status, json: await answer.json() }
}

describe('does', () => {
  test('lists every function with its way in, who may call and what its failure costs', async () => {
    const { json } = await ask('GET', '/_local')
    expect(json.functions).toContainEqual({
      name: 'echo',
      kind: 'endpoint',
      route: '/api/echo/:id',
      who: { GET: 'public', POST: ['admin'] },
      impact: 'Nothing can be tested.',
    })
    expect(json.functions.map(({ kind }: { kind: string }) => kind).sort()).toEqual(
      ['endpoint', 'endpoint', 'message', 'schedule', 'webhook'],
    )
    expect(json.services.FIRESTORE_EMULATOR_HOST).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(json.services.STRIPE_API_BASE).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(json.instances).toMatchObject([{ label: 'instance-1', ready: true }, { label: 'instance-2', ready: true }])
  })

  test('moves the clock for the cloud and for every instance, and fires what falls due on the way', async () => {
    const before = Date.parse((await ask('GET', '/_local/clock')).json.now)
    const { status, json } = await ask('POST', '/_local/clock', { advance: 'P1D' })
    expect(status).toBe(200)
    expect(Date.parse(json.now)).toBeGreaterThanOrEqual(before + DAY_MS)
    for (let turn = 0; turn < 2; turn += 1) {
      const seen = await ask('GET', '/api/echo/1')
      expect(Math.abs(Date.parse(seen.json.now) - cloud.now())).toBeLessThan(2_000)
    }
    const job = cloud.servers.scheduler.runner('projects/countinghouse-local/locations/us-central1/jobs/count-notes').job
    expect(cloud.now() - (job.lastAttempt?.atMs ?? 0)).toBeLessThan(3_600_000 + 5_000)
    const to = new Date(cloud.now() + DAY_MS).toISOString()
    expect(Date.parse((await ask('POST', '/_local/clock', { set: to })).json.now)).toBeGreaterThanOrEqual(Date.parse(to))
  })

  test('runs a scheduled function and answers its tally', async () => {
    const { status, json } = await ask('POST', '/_local/jobs/count-notes')
    expect(status).toBe(200)
    expect(json.tally.seen).toBeGreaterThanOrEqual(0)
  })

  test('drains: what was published has been taken when it answers', async () => {
    for (const note of ['a', 'b', 'c']) expect((await ask('GET', `/api/echo/1?publish=${note}`)).status).toBe(200)
    const { json } = await ask('POST', '/_local/drain')
    expect(json).toEqual({ delivered: expect.any(Number), dead: 0 })
    expect(cloud.servers.pubsub.pending()).toBe(0)
    expect(cloud.servers.pubsub.counts().delivered).toBe(3)
  })

  test('runs the jobs that pick up work due in the stores until none is left', async () => {
    let due = 2
    cloud.dueWork = [{ job: 'count-notes', count: () => due-- }]
    expect((await ask('POST', '/_local/drain')).status).toBe(200)
    expect(due).toBe(-1)
    cloud.dueWork = []
  })

  test('counts every call with the function and the request it was made for', async () => {
    const { last } = (await ask('GET', '/_local/calls')).json
    await fetch(`${cloud.url}/api/echo/1?publish=counted`, { headers: { 'X-Request-Id': 'count-me' } })
    const { calls } = (await ask('GET', `/_local/calls?since=${last}`)).json
    expect(calls).toContainEqual(
      expect.objectContaining({ target: 'pubsub', operation: 'Publish', function: 'echo', requestId: 'count-me' }),
    )
    expect(calls[0].instance).toMatch(/^instance-[12]$/)
    await cloud.drain()
  })

  test('shows what a simulator received and holds, and passes on what its dashboard could do', async () => {
    expect((await ask('GET', '/_local/vendors/square/objects/locations')).json.objects.length).toBeGreaterThan(0)
    expect((await ask('GET', '/_local/vendors/resend/requests')).json).toEqual({ requests: [] })
    expect((await ask('POST', '/_local/vendors/resend/no-such-thing', {})).status).toBeGreaterThanOrEqual(400)
  })

  test('shows documents and rows without counting it as a call', async () => {
    const { lastCall } = cloud.wire
    expect((await ask('GET', '/_local/firestore/orders')).json).toEqual({ documents: [] })
    expect((await ask('GET', '/_local/bigquery/commerce/orders')).status).toBeLessThan(500)
    expect(cloud.wire.lastCall).toBe(lastCall)
  })

  test("signs tokens with the shop's own secret, at the cloud's time", async () => {
    const wish = { role: 'organiser', sub: 'me', events: ['ev_1'], expiresIn: '15m' }
    const { token } = (await ask('POST', '/_local/token', wish)).json
    const secret = new TextEncoder().encode(cloud.servers.secrets.value('JWT_SECRET'))
    const { payload } = await jwtVerify(token, secret, { currentDate: new Date(cloud.now()), algorithms: ['HS256'] })
    expect(payload).toMatchObject({ sub: 'me', role: 'organiser', events: ['ev_1'] })
    expect(payload).toMatchObject({ aud: 'livhana-services', iss: 'livhana-auth' })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900)
    const seen = await ask('GET', '/api/echo/1')
    expect(seen.json.env.JWT_SECRET).toBe(cloud.servers.secrets.value('JWT_SECRET'))
  })

  test.each([
    ['2026-01-31T12:00:00.000Z', 'P1M', '2026-02-28T12:00:00.000Z'],
    ['2026-01-31T12:00:00.000Z', 'P1Y2W3DT4H5M6.5S', '2027-02-17T16:05:06.500Z'],
    ['2026-01-31T12:00:00.000Z', 'PT0S', '2026-01-31T12:00:00.000Z'],
  ])('adds to %s the duration %s', (from, duration, to) => {
    expect(new Date(addDuration(Date.parse(from), duration) ?? 0).toISOString()).toBe(to)
  })
})

describe('refuses', () => {
  test.each([
    ['/_local/clock', { advance: '3 days' }, /ISO 8601 duration/],
    ['/_local/clock', { advance: 'P' }, /ISO 8601 duration/],
    ['/_local/clock', { set: '2020-01-01T00:00:00.000Z' }, /only moves forward/],
    ['/_local/clock', { set: 'tomorrow' }, /ISO 8601 moment/],
    ['/_local/clock', { advance: 'P100Y' }, /20 years/],
    ['/_local/clock', {}, /advance/],
    ['/_local/clock', 'no json', /must be JSON/],
    ['/_local/token', { role: 'king', sub: 'me' }, /role/],
    ['/_local/token', { role: 'admin' }, /sub/],
    ['/_local/faults', { target: 'nowhere', when: 'before', effect: 'drop' }, /must be one of .*firestore/],
    ['/_local/faults', { target: 'stripe', when: 'before', effect: 'explode' }, /effect/],
    ['/_local/faults', { target: 'stripe', when: 'before', effect: 'drop', time: 1 }, /time/],
  ])('answers 400 with a sentence to %s %j', async (path, body, sentence) => {
    const { status, json } = await ask('POST', path, body)
    expect(status).toBe(400)
    expect(json).toMatchObject({ success: false, code: 'INVALID_INPUT', error: expect.stringMatching(sentence) })
  })

  test.each([
    ['POST', '/_local/jobs/echo', 404],
    ['POST', '/_local/vendors/acme/disputes', 404],
    ['GET', '/_local/vendors/stripe/objects/unicorns', 404],
    ['POST', '/_local/instances/instance-9/kill', 404],
    ['GET', '/_local/nothing', 404],
    ['PUT', '/_local/clock', 405],
    ['GET', '/_local/calls?since=x', 400],
  ])('answers %s %s with %i', async (method, path, status) => {
    const answer = await ask(method, path)
    expect(answer.status).toBe(status)
    expect(answer.json.error).toMatch(/\.$/)
  })

  test('lets no credentials of the person, and no other address, into an instance', () => {
    const person = {
      PATH: '/bin',
      STORE_TIMEZONE: 'America/Chicago',
      GOOGLE_APPLICATION_CREDENTIALS: '/home/me/key.json',
      FIRESTORE_EMULATOR_HOST: 'elsewhere:1',
      STRIPE_SECRET_KEY: 'sk_live_real',
      LIGHTSPEED_REFRESH_TOKEN: 'real',
    }
    const parts = { person, addresses: { FIRESTORE_EMULATOR_HOST: 'here:1' }, secrets: {}, settings: { SHOP_NAME: 'x' } }
    expect(environmentOf(parts)).toEqual({
      PATH: '/bin',
      STORE_TIMEZONE: 'America/Chicago',
      SHOP_NAME: 'x',
      FIRESTORE_EMULATOR_HOST: 'here:1',
      METADATA_SERVER_DETECTION: 'none',
      FIRESTORE_ENABLE_TRACING: 'OFF',
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
    })
  })

  test('gives durations and moments no meaning they do not have', () => {
    for (const text of ['', 'P', 'PT', 'P1DT', '-P1D', 'P1H', '1D']) expect(addDuration(0, text)).toBeUndefined()
    for (const text of ['2026-13-01T00:00:00Z', '2026-12-01', '2026-12-01T00:00:00']) expect(momentOf(text)).toBeUndefined()
  })
})

describe('survives', () => {
  test('loses the answer of exactly the call that was ordered to be lost, and nothing after it', async () => {
    const fault = { target: 'pubsub', operation: 'Publish', when: 'before', effect: 'error', status: 7 }
    expect((await ask('POST', '/_local/faults', fault)).status).toBe(201)
    expect((await ask('GET', '/api/echo/1?publish=x').catch(() => ({ status: 500 }))).status).toBe(500)
    expect((await ask('GET', '/_local/faults')).json.faults).toMatchObject([{ target: 'pubsub', struck: 1 }])
    expect((await ask('DELETE', '/_local/faults')).json).toEqual({ faults: [] })
    expect((await ask('GET', '/api/echo/1?publish=x')).status).toBe(200)
    await cloud.drain()
  })

  test('kills the instance that makes a call, at exactly that point, and goes on with another', async () => {
    const delivered = cloud.servers.pubsub.counts().delivered
    const restarts = (): number => cloud.instances.list().reduce((sum, instance) => sum + instance.restarts, 0)
    const before = restarts()
    await ask('POST', '/_local/faults', { target: 'pubsub', operation: 'Publish', when: 'after', effect: 'kill' })
    expect((await ask('GET', '/api/echo/1?publish=last-word')).status).toBe(503)
    await ask('DELETE', '/_local/faults')
    await cloud.instances.allReady()
    expect(restarts()).toBe(before + 1)
    await cloud.drain()
    expect(cloud.servers.pubsub.counts().delivered).toBe(delivered + 1)
  })

  test('keeps apart who makes the calls that wait together for a first connection', async () => {
    expect(cloud.instances.kill('instance-1')).toBe(true)
    await cloud.instances.allReady()
    const { lastCall } = cloud.wire
    const ids = Array.from({ length: 12 }, (_, index) => `first-${index}`)
    await Promise.all(ids.map((id) => fetch(`${cloud.url}/api/echo/1?publish=x`, { headers: { 'X-Request-Id': id } })))
    const published = cloud.wire.calls(lastCall).filter(({ operation }) => operation === 'Publish')
    expect(published.map(({ requestId }) => requestId).sort()).toEqual(ids.sort())
    await cloud.drain()
  })

  test('gives a message up after its attempts, counts it as dead, and waits for no back-off meanwhile', async () => {
    await ask('GET', '/api/echo/1?publish=poison')
    expect((await ask('POST', '/_local/drain')).json.dead).toBe(0)
    await ask('POST', '/_local/clock', { advance: 'PT1H' })
    expect((await ask('POST', '/_local/drain')).json.dead).toBe(1)
  })

  test('goes on after the end of everything with the same secrets, time and messages', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cloud-'))
    const options = { directory, port: 0, instances: 1, functionsModule, indexes: { indexes: [] } }
    let furnished = 0
    const furnish = async (): Promise<void> => void (furnished += 1)
    const first = await createLocalCloud({ ...options, furnish })
    await expect(createLocalCloud(options)).rejects.toThrow('Another local cloud is at work')
    await first.advance(5 * DAY_MS)
    const secret = first.servers.secrets.value('JWT_SECRET')
    await first.stop()
    const second = await createLocalCloud({ ...options, furnish })
    expect(second.now() - Date.now()).toBeGreaterThanOrEqual(5 * DAY_MS - 5_000)
    expect(second.servers.secrets.value('JWT_SECRET')).toBe(secret)
    expect(furnished).toBe(1)
    await second.stop()
    const fresh = await createLocalCloud({ ...options, fresh: true, furnish })
    expect(fresh.now() - Date.now()).toBeLessThan(DAY_MS)
    expect(fresh.servers.secrets.value('JWT_SECRET')).not.toBe(secret)
    expect(furnished).toBe(2)
    await fresh.stop()
    rmSync(directory, { recursive: true, force: true })
  }, 30_000)
})
