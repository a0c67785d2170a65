/**
 * The syncs of the tills at their full size: a past of any length is brought in, the instance that does it is killed in
 * the middle, and what is in the warehouse in the end is counted. Nothing may be missing, nothing may show twice. Then the
 * dashboard is asked over all of it.
 *
 * Rows a second are told beside those of a process that only reads and parses the same pages: the machine and the
 * simulator are the same for both.
 */
import { BigQuery } from '@google-cloud/bigquery'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PassThroughClient } from 'google-auth-library'
import { LEASE_MS } from '../../shared/domain/sync-run.ts'
import { createLocalCloud, type LocalCloud } from '../local/cloud.ts'
import { LIGHTSPEED_ACCOUNT_ID, LIGHTSPEED_API_KEY, PROJECT_ID } from '../local/servers.ts'
import { furnishShop, shopWork } from '../local/shop.ts'
import { peakMb } from './process-memory.ts'
import type { HasRead, Reading } from './reader.ts'
import { say } from './shop.ts'

export interface SyncSize {
  readonly payments: number
  readonly sales: number
}

export interface SyncFigures {
  readonly rows: number
  readonly seconds: number
  readonly runs: number
  readonly kills: number
  /** Rows of the past in the view, and in the log below it. */
  readonly shown: number
  readonly logged: number
  /** What the instance occupied at most, and what before it began. */
  readonly peakMb: number
  readonly beforeMb: number
  readonly reading: HasRead
  /** What the local BigQuery took to store it. */
  readonly storingSeconds: number
}

interface Till {
  readonly job: string
  readonly table: string
  /** Rows of the past, told by their ids. */
  readonly isPast: string
  readonly order: (cloud: LocalCloud, count: number) => Promise<unknown>
  readonly readings: (cloud: LocalCloud) => Reading[]
}

const READER = fileURLToPath(new URL('reader.ts', import.meta.url))
const LOOK_EVERY_MS = 100
/** Of the rows, after which the instance is killed. */
const KILL_AT = 0.4
const ROWS_IN_A_REQUEST = 500
const HISTORY_MS = 89 * 86_400_000
/** More than one run needs when it does not die. */
const RUNS_MAX = 60

const SQUARE: Till = {
  job: 'sync-square-payments',
  table: 'commerce.square_payments',
  isPast: "STARTS_WITH(id, 'PAST')",
  order: (cloud, payments) => act(cloud, 'square', 'past', { payments }),
  readings: (cloud) => {
    const locations = cloud.vendors.get('square')?.objects('locations') as Array<{ id: string }>
    return locations.map(({ id }) => ({
      url: `${cloud.addresses['SQUARE_API_BASE']}/v2/payments?location_id=${id}&begin_time=2015-01-01T00:00:00Z&sort_field=UPDATED_AT&sort_order=ASC&limit=100`,
      authorization: `Bearer ${cloud.servers.keys.SQUARE_ACCESS_TOKEN}`, list: 'payments', leadsBy: 'cursor' as const,
    }))
  },
}

const LIGHTSPEED: Till = {
  job: 'sync-lightspeed-sales',
  table: 'analytics.lightspeed_transactions',
  isPast: 'LENGTH(id) >= 7',
  order: async (cloud, sales) => {
    // Its limits are not what is measured here: at one drip a second the past would take an hour.
    await act(cloud, 'lightspeed', 'bucket', { size: 1_000_000, drip: 100_000, burst: 1_000_000 })
    await act(cloud, 'lightspeed', 'past', { sales })
  },
  readings: (cloud) => [{
    url: `${cloud.addresses['LIGHTSPEED_API_BASE']}/API/V3/Account/${LIGHTSPEED_ACCOUNT_ID}/Sale.json?sort=timeStamp&limit=100&archived=true&load_relations=%5B%22SaleLines%22%5D`,
    authorization: `Basic ${Buffer.from(`${LIGHTSPEED_API_KEY}:apikey`).toString('base64')}`, list: 'Sale', leadsBy: 'next',
  }],
}

export async function benchSync({ payments, sales }: SyncSize): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'countinghouse-bench-'))
  const cloud = await createLocalCloud({ port: 0, instances: 1, directory, furnish: furnishShop, dueWork: shopWork, jobsPaused: true })
  try {
    tell('payments at Square', await measured(cloud, SQUARE, payments))
    tell('sales at Lightspeed', await measured(cloud, LIGHTSPEED, sales))
    for (const look of await looks(cloud)) say(`${look.path} over all of it`, `${look.ms.toFixed(0)} ms, ${look.mode}`)
  } finally {
    await cloud.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

export interface Look {
  readonly path: string
  readonly ms: number
  /** `live` when BigQuery answered within the deadline. */
  readonly mode: string
}

/** What staff look at, each asked once, by the first who asks. */
export async function looks(cloud: LocalCloud): Promise<Look[]> {
  const headers = { authorization: `Bearer ${await cloud.token({ role: 'viewer', sub: 'bench' })}` }
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const history = `historical?from=${day(cloud.now() - HISTORY_MS)}&to=${day(cloud.now())}`
  const found: Look[] = []
  for (const page of ['dashboard', history, 'products', 'channels', 'hours', 'cohorts', 'segments']) {
    const began = performance.now()
    const answer = await fetch(`${cloud.url}/api/bigquery/${page}`, { headers })
    const { mode } = (await answer.json()) as { mode?: string }
    found.push({ path: `GET /api/bigquery/${page.split('?')[0]}`, ms: performance.now() - began, mode: mode ?? String(answer.status) })
  }
  return found
}

/** Both tills of a cloud that is there already, one after the other. */
export async function measureSync(cloud: LocalCloud, { payments, sales }: SyncSize): Promise<{ square: SyncFigures; lightspeed: SyncFigures }> {
  return { square: await measured(cloud, SQUARE, payments), lightspeed: await measured(cloud, LIGHTSPEED, sales) }
}

async function measured(cloud: LocalCloud, till: Till, count: number): Promise<SyncFigures> {
  await till.order(cloud, count)
  const beforeMb = await highest(cloud)
  const watched = watchMemory(cloud)
  // Its rows are stored and it has not noted it: the worst moment.
  cloud.wire.addFault({ target: 'bigquery', operation: 'insertAll', function: till.job, when: 'after', effect: 'kill', skip: Math.floor((count * KILL_AT) / ROWS_IN_A_REQUEST) })
  const since = cloud.wire.lastCall
  let seconds = 0
  let runs = 0
  for (let state = ''; state !== 'done' && runs < RUNS_MAX; runs += 1) {
    const began = performance.now()
    await cloud.runJob(till.job).catch(() => undefined)
    seconds += (performance.now() - began) / 1_000
    state = lastState(cloud, till.job)
    if (state === 'done') break
    await cloud.instances.allReady()
    await cloud.advance(LEASE_MS)
  }
  const peak = await watched()
  const kills = cloud.wire.faults().reduce((struck, fault) => struck + fault.struck, 0)
  cloud.wire.clearFaults()
  const storingSeconds = sum(cloud.wire.calls(since).flatMap(({ target, ms: took }) => (target === 'bigquery' ? [took] : []))) / 1_000
  const read: HasRead[] = []
  for (const reading of till.readings(cloud)) read.push(await readAll(reading))
  const [shown, logged] = [await counted(cloud, till.table, till.isPast), await counted(cloud, `${till.table}_log`, till.isPast)]
  const reading = { rows: sum(read.map(({ rows }) => rows)), seconds: sum(read.map((one) => one.seconds)), peakMb: Math.max(...read.map((one) => one.peakMb)) }
  return { rows: count, seconds, runs: runs + 1, kills, shown: shown.distinct === shown.rows ? shown.rows : Number.NaN, logged: logged.rows, peakMb: peak, beforeMb, reading, storingSeconds }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Looks at what the instances occupy while they work. @returns the end of it, which answers the most that was seen */
function watchMemory(cloud: LocalCloud): () => Promise<number> {
  let peak = 0
  let hasEnded = false
  const watching = (async () => {
    while (!hasEnded) {
      peak = Math.max(peak, await highest(cloud))
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  })()
  return async () => {
    hasEnded = true
    await watching
    return peak
  }
}

async function highest(cloud: LocalCloud): Promise<number> {
  const peaks = await Promise.all(cloud.instances.list().map(({ pid }) => peakMb(pid)))
  return Math.max(0, ...peaks.filter((peak) => !Number.isNaN(peak)))
}

function runsOf(cloud: LocalCloud, job: string): Array<Record<string, unknown>> {
  return cloud.servers.firestore.peek('sync_runs').map(({ data }) => data as Record<string, unknown>).filter((run) => run['job'] === job)
}

function lastState(cloud: LocalCloud, job: string): string {
  const runs = runsOf(cloud, job).sort((one, other) => Number(other['startedAtMs']) - Number(one['startedAtMs']))
  return String(runs[0]?.['state'] ?? '')
}

async function readAll(reading: Reading): Promise<HasRead> {
  const { stdout } = await promisify(execFile)(process.execPath, [READER, JSON.stringify(reading)])
  return JSON.parse(stdout) as HasRead
}

async function counted(cloud: LocalCloud, table: string, isPast: string): Promise<{ rows: number; distinct: number }> {
  const client = new BigQuery({ projectId: PROJECT_ID, apiEndpoint: cloud.addresses['BIGQUERY_EMULATOR_HOST'] ?? '', authClient: new PassThroughClient() as never })
  const [found] = await client.query({ query: `SELECT COUNT(*) AS total, COUNT(DISTINCT id) AS distinct_ids FROM \`${table}\` WHERE ${isPast}` })
  const { total, distinct_ids: distinct } = (found as Array<{ total: number; distinct_ids: number }>)[0] ?? { total: 0, distinct_ids: 0 }
  return { rows: Number(total), distinct: Number(distinct) }
}

async function act(cloud: LocalCloud, vendor: string, action: string, body: unknown): Promise<void> {
  const answer = await cloud.vendors.get(vendor)?.control([action], body)
  if (answer?.status !== 200) throw new Error(`${vendor} ${action}: ${JSON.stringify(answer?.body)}`)
}

function tell(what: string, figures: SyncFigures): void {
  const { rows, seconds, runs, kills, shown, logged, reading, storingSeconds } = figures
  say(`${rows} ${what}`, `${seconds.toFixed(1)} s in ${runs} runs, ${kills} killed: ${(rows / seconds).toFixed(0)} rows/s`)
  say('... only reading and parsing the same pages', `${reading.seconds.toFixed(1)} s: ${(reading.rows / reading.seconds).toFixed(0)} rows/s, the sync takes ${(seconds / reading.seconds).toFixed(1)} times as long`)
  say('... only storing them, by the local BigQuery', `${storingSeconds.toFixed(1)} s: the sync takes ${(seconds / (reading.seconds + storingSeconds)).toFixed(2)} times as long as both`)
  say('... the instance occupied at most', `${figures.peakMb.toFixed(0)} MB, ${(figures.peakMb - figures.beforeMb).toFixed(0)} MB more than before (the reader alone ${reading.peakMb.toFixed(0)} MB)`)
  say('... in the view, each once', `${shown} of ${rows}; ${logged - rows} rows more in the log below it`)
  if (shown !== rows) process.exitCode = 1
}
