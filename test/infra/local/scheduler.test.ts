/** Scheduler through Google's client and over jumps of the clock. */
import { CloudSchedulerClient } from '@google-cloud/scheduler'
import { credentials } from '@grpc/grpc-js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Disk } from '../../../infra/local/disk.ts'
import { GrpcPorts } from '../../../infra/local/grpc-ports.ts'
import { createScheduler, type Fire, type Fired, type Scheduler } from '../../../infra/local/scheduler.ts'
import { Timeline } from '../../../infra/local/timeline.ts'
import { Wire } from '../../../infra/local/wire.ts'

process.env['METADATA_SERVER_DETECTION'] = 'none'

interface Firing {
  readonly name: string
  readonly headers: Record<string, string>
  readonly target: { url: string; method: string; body: Buffer }
  readonly due: string
  readonly atMs: number
}

interface Clockwork {
  readonly timeline: Timeline
  readonly scheduler: Scheduler
  readonly fired: Firing[]
}

/** A scheduler whose clock stands at the moment given. */
function clockwork(options: { start?: string; answer?: (n: number) => ReturnType<Fire>; disk?: Disk } = {}): Clockwork {
  const timeline = new Timeline(Date.parse(options.start ?? '2026-12-01T00:00:30Z') - Date.now())
  const fired: Firing[] = []
  const fire: Fire = (name, headers, target) => {
    fired.push({ name, headers, target, due: headers['x-cloudscheduler-scheduletime'] ?? '', atMs: timeline.now() })
    return options.answer?.(fired.length) ?? Promise.resolve({ status: 200, body: { saved: 1 } })
  }
  const scheduler = createScheduler({ timeline, disk: options.disk ?? new Disk(), projectId: 'shop', fire })
  return { timeline, scheduler, fired }
}

const to = (moment: string) => Date.parse(moment)
const URL_OF = 'http://127.0.0.1:1/sweep'

describe('does', () => {
  test('fire at every due time of a jump, in order, each at its own moment', async () => {
    const { timeline, scheduler, fired } = clockwork()
    scheduler.add({ name: 'sweep', cron: '*/15 * * * *', url: URL_OF })
    scheduler.add({ name: 'close-day', cron: '30 0 * * *', url: URL_OF })
    await timeline.jumpTo(to('2026-12-01T01:00:00Z'))
    expect(fired.map(({ name, due }) => `${name} ${due}`)).toEqual([
      'sweep 2026-12-01T00:15:00.000Z',
      'close-day 2026-12-01T00:30:00.000Z',
      'sweep 2026-12-01T00:30:00.000Z',
      'sweep 2026-12-01T00:45:00.000Z',
      'sweep 2026-12-01T01:00:00.000Z',
    ])
    for (const { due, atMs } of fired) expect(atMs - Date.parse(due)).toBeLessThan(60_000)
    timeline.stop()
  })

  test('keep a job that is declared paused from firing until it is resumed', async () => {
    const { timeline, scheduler, fired } = clockwork()
    scheduler.add({ name: 'sweep', cron: '*/15 * * * *', url: URL_OF, paused: true })
    await timeline.jumpTo(to('2026-12-01T01:00:00Z'))
    expect(fired).toEqual([])
    scheduler.pause('projects/shop/locations/us-central1/jobs/sweep', false)
    await timeline.jumpTo(to('2026-12-01T01:15:00Z'))
    expect(fired.map(({ due }) => due)).toEqual(['2026-12-01T01:15:00.000Z'])
    timeline.stop()
  })

  test('send the headers that Scheduler sends, and a token for the function', async () => {
    const { timeline, scheduler, fired } = clockwork()
    scheduler.add({ name: 'sweep', cron: '0 * * * *', url: URL_OF })
    await timeline.jumpTo(to('2026-12-01T01:00:00Z'))
    const [{ headers, target }] = fired as [Firing]
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-cloudscheduler': 'true',
      'x-cloudscheduler-jobname': 'sweep',
      'x-cloudscheduler-scheduletime': '2026-12-01T01:00:00.000Z',
    })
    expect(target).toMatchObject({ url: URL_OF, method: 'POST' })
    const token = (headers['authorization'] ?? '').replace('Bearer ', '').split('.')
    const claims = JSON.parse(Buffer.from(token[1] ?? '', 'base64url').toString()) as Record<string, unknown>
    expect(claims).toMatchObject({ aud: URL_OF, email: 'scheduler@shop.iam.gserviceaccount.com', email_verified: true })
    expect(Number(claims['exp']) * 1000).toBeGreaterThan(timeline.now())
    timeline.stop()
  })

  test('keep to the job\'s time zone, over the change of the clocks', async () => {
    const { timeline, scheduler, fired } = clockwork({ start: '2026-10-31T00:00:00Z' })
    scheduler.add({ name: 'close-day', cron: '0 9 * * *', timeZone: 'America/Chicago', url: URL_OF })
    await timeline.jumpTo(to('2026-11-02T23:00:00Z'))
    expect(fired.map(({ due }) => due)).toEqual([
      '2026-10-31T14:00:00.000Z',
      '2026-11-01T15:00:00.000Z',
      '2026-11-02T15:00:00.000Z',
    ])
    timeline.stop()
  })

  test('thin a job to sixty firings in a long jump, evenly, the first and the last due time among them', async () => {
    const { timeline, scheduler, fired } = clockwork()
    scheduler.add({ name: 'sweep', cron: '* * * * *', url: URL_OF })
    scheduler.add({ name: 'daily', cron: '0 12 * * *', url: URL_OF })
    await timeline.jumpTo(to('2026-12-31T00:00:30Z'))
    const dues = fired.filter(({ name }) => name === 'sweep').map(({ due }) => Date.parse(due))
    expect(dues).toHaveLength(60)
    expect([dues[0], dues.at(-1)]).toEqual([to('2026-12-01T00:01:00Z'), to('2026-12-31T00:00:00Z')])
    const gaps = dues.slice(1).map((due, index) => due - (dues[index] ?? 0))
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(60_000)
    expect(fired.filter(({ name }) => name === 'daily')).toHaveLength(30)
    await timeline.jumpTo(to('2026-12-31T00:03:10Z'))
    expect(fired.slice(-3).map(({ due }) => due.slice(11, 16))).toEqual(['00:01', '00:02', '00:03'])
    timeline.stop()
  })

  test('fire sixty times in a long jump also where the schedule is uneven', async () => {
    const { timeline, scheduler, fired } = clockwork()
    scheduler.add({ name: 'mornings', cron: '* 9 * * *', url: URL_OF })
    await timeline.jumpTo(to('2026-12-04T00:00:00Z'))
    const dues = fired.map(({ due }) => due)
    expect(new Set(dues).size).toBe(60)
    expect([dues[0], dues.at(-1)]).toEqual(['2026-12-01T09:00:00.000Z', '2026-12-03T09:59:00.000Z'])
    timeline.stop()
  })

  test('run a job now and answer what the function answered', async () => {
    const { timeline, scheduler, fired } = clockwork()
    scheduler.add({ name: 'sweep', cron: '0 0 1 1 *', url: URL_OF })
    expect(await scheduler.runNow('sweep')).toEqual({ status: 200, body: { saved: 1 } })
    expect(fired).toHaveLength(1)
    expect(scheduler.pending()).toBe(0)
    timeline.stop()
  })

  test('try again by the job\'s policy, and not at all without one', async () => {
    const { timeline, scheduler, fired } = clockwork({ answer: async () => ({ status: 500, body: '' }) })
    scheduler.add({ name: 'stubborn', cron: '0 12 1 * *', url: URL_OF, retries: 3 })
    scheduler.add({ name: 'plain', cron: '0 12 1 * *', url: URL_OF })
    await timeline.jumpTo(to('2026-12-02T00:00:00Z'))
    const noon = to('2026-12-01T12:00:00Z')
    const stubborn = fired.filter(({ name }) => name === 'stubborn')
    expect(stubborn.map(({ atMs }) => Math.floor((atMs - noon) / 1000))).toEqual([0, 5, 15, 35])
    expect(new Set(fired.map(({ due }) => due)).size).toBe(1)
    expect(fired.filter(({ name }) => name === 'plain')).toHaveLength(1)
    timeline.stop()
  })
})

describe('refuses', () => {
  test('two executions of a job at once: the second waits', async () => {
    const ends: Array<() => void> = []
    const answer = () => new Promise<Fired>((resolve) => ends.push(() => resolve({ status: 200, body: null })))
    const { timeline, scheduler, fired } = clockwork({ answer })
    scheduler.add({ name: 'slow', cron: '0 0 1 1 *', url: URL_OF })
    const runs = [scheduler.runNow('slow'), scheduler.runNow('slow')]
    await until(() => fired.length > 0)
    expect([fired.length, scheduler.pending()]).toEqual([1, 2])
    ends[0]?.()
    await runs[0]
    await until(() => fired.length > 1)
    ends[1]?.()
    await runs[1]
    expect(scheduler.pending()).toBe(0)
    timeline.stop()
  })
})

describe('survives', () => {
  test('a restart: jobs, pauses and last attempts are kept, a missed due time is not made up for', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'scheduler-'))
    const before = clockwork({ disk: new Disk(directory), answer: async () => ({ status: 503, body: '' }) })
    before.scheduler.add({ name: 'sweep', cron: '0 * * * *', url: URL_OF })
    before.scheduler.add({ name: 'paused', cron: '0 * * * *', url: URL_OF })
    const paused = 'projects/shop/locations/us-central1/jobs/paused'
    before.scheduler.pause(paused, true)
    await before.timeline.jumpTo(to('2026-12-01T01:00:00Z'))
    before.timeline.stop()

    const after = clockwork({ disk: new Disk(directory), start: '2026-12-01T05:30:00Z' })
    after.scheduler.add({ name: 'paused', cron: '30 * * * *', url: URL_OF })
    expect(after.scheduler.runner(paused).job).toMatchObject({ paused: true, cron: '30 * * * *' })
    const { job } = after.scheduler.runner(paused.replace('paused', 'sweep'))
    expect(job.lastAttempt).toMatchObject({ code: 14 })
    await after.timeline.jumpTo(to('2026-12-01T06:00:00Z'))
    expect(after.fired.map(({ name, due }) => `${name} ${due}`)).toEqual(['sweep 2026-12-01T06:00:00.000Z'])
    after.timeline.stop()
    rmSync(directory, { recursive: true })
  })

  test('a function that cannot be reached: the failure is noted and the next due time comes', async () => {
    const { timeline, scheduler, fired } = clockwork({ answer: () => Promise.reject(new Error('ECONNREFUSED')) })
    scheduler.add({ name: 'sweep', cron: '0 * * * *', url: URL_OF })
    await timeline.jumpTo(to('2026-12-01T02:00:00Z'))
    expect(fired).toHaveLength(2)
    const [runner] = scheduler.list('projects/shop/locations/us-central1')
    expect(runner?.job.lastAttempt).toMatchObject({ code: 14, message: 'ECONNREFUSED' })
    await expect(scheduler.runNow('sweep')).rejects.toThrow('ECONNREFUSED')
    timeline.stop()
  })

  test('being deleted while it runs: it does not come back', async () => {
    let end = () => {}
    const answer = () => new Promise<Fired>((resolve) => (end = () => resolve({ status: 200, body: null })))
    const { timeline, scheduler, fired } = clockwork({ start: '2026-12-01T00:59:59.900Z', answer })
    scheduler.add({ name: 'sweep', cron: '0 * * * *', url: URL_OF })
    const name = 'projects/shop/locations/us-central1/jobs/sweep'
    await until(() => fired.length === 1)
    scheduler.delete(name)
    end()
    await timeline.jumpTo(to('2026-12-01T05:00:00Z'))
    expect(fired).toHaveLength(1)
    expect(() => scheduler.runner(name)).toThrow(expect.objectContaining({ code: 5 }))
    timeline.stop()
  })

  test.for([['changed'], ['paused and resumed']] as const)('being %s while it runs: one execution a due time', async ([how]) => {
    const ends: Array<() => void> = []
    const answer = () => new Promise<Fired>((resolve) => ends.push(() => resolve({ status: 200, body: null })))
    const { timeline, scheduler, fired } = clockwork({ start: '2026-12-01T00:59:59.950Z', answer })
    scheduler.add({ name: 'sweep', cron: '0 * * * *', url: URL_OF })
    await until(() => fired.length === 1)
    const name = 'projects/shop/locations/us-central1/jobs/sweep'
    if (how === 'changed') scheduler.add({ name: 'sweep', cron: '0 */2 * * *', url: URL_OF })
    else for (const paused of [true, false]) scheduler.pause(name, paused)
    ends.shift()?.()
    const jumped = timeline.jumpTo(to('2026-12-01T02:00:00Z'))
    await until(() => fired.length === 2)
    ends.shift()?.()
    await jumped
    expect(fired.map(({ due }) => due.slice(11, 16))).toEqual(['01:00', '02:00'])
    timeline.stop()
  })
})

/** What follows is asked by Google's client. */
const parent = 'projects/shop/locations/us-central1'
const name = `${parent}/jobs/report`
let works: Clockwork
let ports: GrpcPorts
let client: CloudSchedulerClient
beforeAll(async () => {
  works = clockwork()
  ports = new GrpcPorts(new Wire({ now: () => works.timeline.now(), kill: () => {} }))
  ports.add(works.scheduler.service)
  const port = await ports.open('instance-1')
  client = new CloudSchedulerClient({ servicePath: '127.0.0.1', port, sslCreds: credentials.createInsecure() })
})
beforeEach(async () => {
  for (const { job } of works.scheduler.list(parent)) works.scheduler.delete(job.name)
  const httpTarget = { uri: URL_OF, oidcToken: { serviceAccountEmail: 'a@b.c' }, body: Buffer.from('{}'), headers: { A: 'b' } }
  await client.createJob({ parent, job: { name, schedule: '0 6 * * *', timeZone: 'UTC', httpTarget } })
})
afterAll(async () => {
  works.timeline.stop()
  await client.close()
  await ports.close()
})

describe('does', () => {
  test('make, find and list jobs', async () => {
    const [job] = await client.getJob({ name })
    expect(job).toMatchObject({
      name,
      schedule: '0 6 * * *',
      timeZone: 'UTC',
      state: 'ENABLED',
      scheduleTime: { seconds: String(to('2026-12-01T06:00:00Z') / 1000) },
      attemptDeadline: { seconds: '180' },
      retryConfig: { retryCount: 0 },
      lastAttemptTime: null,
    })
    expect((await client.listJobs({ parent }))[0].map((one) => one.name)).toEqual([name])
  })

  test('run a job, pause and resume it, and show its last attempt', async () => {
    await client.pauseJob({ name })
    expect((await client.getJob({ name }))[0]).toMatchObject({ state: 'PAUSED', scheduleTime: null })
    const before = works.fired.length
    await client.runJob({ name })
    await until(() => works.fired.length > before && works.scheduler.pending() === 0)
    expect(works.fired.at(-1)).toMatchObject({ headers: { a: 'b', 'content-type': 'application/octet-stream' } })
    expect(String(works.fired.at(-1)?.target.body)).toBe('{}')
    const [job] = await client.resumeJob({ name })
    expect(job).toMatchObject({ state: 'ENABLED', status: { code: 0 } })
    expect(job.lastAttemptTime).not.toBeNull()
  })

  test('change what the mask names, and leave the rest', async () => {
    const job = { name, schedule: '30 7 * * *', retryConfig: { retryCount: 2 }, timeZone: 'Asia/Tokyo' }
    const [changed] = await client.updateJob({ job, updateMask: { paths: ['schedule', 'retry_config'] } })
    expect(changed).toMatchObject({
      schedule: '30 7 * * *',
      timeZone: 'UTC',
      retryConfig: { retryCount: 2 },
      httpTarget: { uri: URL_OF, headers: { A: 'b' }, oidcToken: { serviceAccountEmail: 'a@b.c' } },
    })
  })

  test('delete a job', async () => {
    await client.deleteJob({ name })
    await expect(client.getJob({ name })).rejects.toMatchObject({ code: 5 })
    await expect(client.runJob({ name })).rejects.toMatchObject({ code: 5 })
  })
})

describe('refuses', () => {
  test.for([
    ['six fields', { schedule: '0 0 6 * * *' }],
    ['a minute that is none', { schedule: '61 * * * *' }],
    ['a time zone that is none', { timeZone: 'Mars/Olympus' }],
    ['six retries', { retryConfig: { retryCount: 6 } }],
    ['a deadline under 15 seconds', { attemptDeadline: { seconds: 14 } }],
    ['a target that is no address', { httpTarget: { uri: 'sweep' } }],
  ] as const)('%s', async ([, wrong]) => {
    const job = { name: `${parent}/jobs/bad`, schedule: '* * * * *', httpTarget: { uri: URL_OF }, ...wrong }
    await expect(client.createJob({ parent, job })).rejects.toMatchObject({ code: 3 })
  })

  test('a name that is taken', async () => {
    const job = { name, schedule: '* * * * *', httpTarget: { uri: URL_OF } }
    await expect(client.createJob({ parent, job })).rejects.toMatchObject({ code: 6 })
  })
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}
