/**
 * Answers of the dashboard, kept for all instances: what many ask for at once is asked of BigQuery once.
 *
 * Whoever finds an answer too old takes its lease and refreshes it; everybody else waits for him, and takes over when the
 * lease ends without an answer: its holder is dead. What cannot be refreshed is answered as it last was, marked with the
 * reason, and tried again after half the time that an answer is kept. Within an instance those who ask at once share one wait.
 */
import { gunzipSync, gzipSync } from 'node:zlib'
import { REFRESH_KEY, refreshAlert, type Shown } from '#domain/dashboard.ts'
import { Failure } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { DAY_MS } from '#values/time.ts'
import { queryQuickly, type Fields, type Statement } from '#platform/bigquery.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { jitter, pause, within } from '#platform/deadline.ts'
import { derivedId } from '#platform/derived.ts'
import { doc, readOne, revise, type Doc, type Writer } from '#platform/firestore.ts'
import { inMemory } from '#platform/in-memory.ts'
import { log } from '#platform/log.ts'
import { alertPlace, nudgeKeys, raiseAlert, resolveAlert } from './alerts.ts'

const TRIES_MAX = 3
const LOOK_EVERY_MS = 100
/** Longer than a refresh may take: a lease that ends has no holder any more. */
const LEASE_BEYOND_MS = 1_000
const KEPT_MS = 30 * DAY_MS
/** What fits into a document, with room for the rest of it. */
const ANSWER_BYTES_MAX = 900_000

interface Kept {
  /** Rows as JSON, packed; null: nothing was ever loaded. */
  readonly rows: Uint8Array | null
  readonly watermarkMs: number | null
  readonly loadedAtMs: number
  /** From then on it is asked for again. */
  readonly refreshAtMs: number
  /** Why the last refresh failed; null: it did not. */
  readonly failure: string | null
  /** Refreshes that failed one after the other. */
  readonly failures: number
  readonly holder: string | null
  readonly leaseUntilMs: number
}

const NOTHING: Kept = { rows: null, watermarkMs: null, loadedAtMs: 0, refreshAtMs: 0, failure: null, failures: 0, holder: null, leaseUntilMs: 0 }
type Rows = readonly Fields[]

const waiting = inMemory<string, Promise<Shown<Rows>>>()
/** What this instance answered last, for when the shop's own store is away. */
const lastShown = inMemory<string, Shown<Rows>>()
const LAST_SHOWN_MAX = 100

/** What is asked for. */
export interface Report {
  /** With all that the answer depends on, days that pass by themselves excepted: the same name is the same answer. */
  readonly name: string
  readonly statement: Statement
  /** An answer of before is too old however new it is: it is yesterday's. */
  readonly notBeforeMs?: number
  /** Figures that the shop's own store has, added to the first row whenever it is loaded. */
  readonly beside?: () => Promise<Fields>
}

export function reportRows(report: Report): Promise<Shown<Rows>> {
  const shared = waiting.get(report.name)
  if (shared !== undefined) return shared
  const answer = alsoWithoutStore(report).finally(() => waiting.delete(report.name))
  waiting.set(report.name, answer)
  return answer
}

/** @throws Failure SERVICE_UNAVAILABLE when the store is away and this instance has never answered it */
async function alsoWithoutStore(report: Report): Promise<Shown<Rows>> {
  try {
    const shown = await within(config('warehouse').BQ_QUERY_DEADLINE_MS + LEASE_BEYOND_MS, 'report', answered(report))
    if (lastShown.size >= LAST_SHOWN_MAX) lastShown.clear()
    lastShown.set(report.name, shown)
    return shown
  } catch (error) {
    const last = lastShown.get(report.name)
    if (last === undefined || !(error instanceof Failure) || error.code !== 'SERVICE_UNAVAILABLE') throw error
    return { ...last, mode: last.mode === 'mock' ? 'mock' : 'degraded', reason: 'The store of the shop did not answer.' }
  }
}

async function answered(report: Report): Promise<Shown<Rows>> {
  const { name, notBeforeMs = 0 } = report
  const place = await doc('reports', derivedId('rep', [name]))
  const giveUpAt = performance.now() + config('warehouse').BQ_QUERY_DEADLINE_MS
  for (;;) {
    const kept = keptIn((await readOne(place)).data())
    if (isFresh(kept, notBeforeMs)) return shown(kept, kept.failure)
    const holder = kept.leaseUntilMs > now() ? undefined : await takeLease(place, { name, notBeforeMs })
    if (holder !== undefined) return refreshed(place, holder, report)
    if (performance.now() + LOOK_EVERY_MS > giveUpAt) return shown(kept, kept.failure ?? 'It is being asked for just now.')
    await pause(LOOK_EVERY_MS)
  }
}

/** One that could not be refreshed is left alone for a while, also when it is yesterday's. */
function isFresh({ refreshAtMs, loadedAtMs, failure }: Kept, notBeforeMs: number): boolean {
  return refreshAtMs > now() && (failure !== null || loadedAtMs >= notBeforeMs)
}

function keptIn(data: unknown): Kept {
  return { ...NOTHING, ...(data as Partial<Kept> | undefined) }
}

/** The name of whoever refreshes it now; undefined when somebody else does, or has. */
async function takeLease(place: Doc, { name, notBeforeMs }: { readonly name: string; readonly notBeforeMs: number }): Promise<string | undefined> {
  const holder = newId('ref')
  return revise(async (unit) => {
    const kept = keptIn((await unit.get(place)).data())
    if (kept.holder === holder) return holder
    if (isFresh(kept, notBeforeMs) || kept.leaseUntilMs > now()) return undefined
    const leaseUntilMs = now() + config('warehouse').BQ_QUERY_DEADLINE_MS + LEASE_BEYOND_MS
    unit.set(place, { ...kept, name, holder, leaseUntilMs, expireAt: new Date(now() + KEPT_MS) })
    return holder
  })
}

async function refreshed(place: Doc, holder: string, { name, statement, beside = nothingBeside }: Report): Promise<Shown<Rows>> {
  const { BQ_CACHE_TTL_MS: keptMs } = config('warehouse')
  const free = { holder: null, leaseUntilMs: 0 }
  try {
    const [rows, more] = await Promise.all([tried(statement), beside()])
    const all = rows.map((row, index) => (index === 0 ? { ...row, ...more } : row))
    return await written({ place, holder, name }, { ...loaded(all), ...free, loadedAtMs: now(), refreshAtMs: now() + keptMs, failure: null })
  } catch (error) {
    const reason = error instanceof Failure ? (error.reason ?? error.message) : String(error)
    log.warn('a report could not be refreshed', { why: reason })
    return written({ place, holder, name }, { ...free, refreshAtMs: now() + keptMs / 2, failure: sentenceOf(error) })
  }
}

async function nothingBeside(): Promise<Fields> {
  return {}
}

function sentenceOf(error: unknown): string {
  return error instanceof Failure && error.code === 'INTERNAL_ERROR' ? 'BigQuery refused to answer.' : 'BigQuery did not answer.'
}

function loaded(rows: Rows): Pick<Kept, 'rows' | 'watermarkMs'> {
  // Every row has the same one.
  const packed = gzipSync(JSON.stringify(rows.map(({ watermark: _watermark, ...row }) => row)))
  if (packed.length > ANSWER_BYTES_MAX) throw new Failure('INTERNAL_ERROR', { reason: 'the answer is larger than a document' })
  const watermark = rows[0]?.['watermark']
  return { rows: packed, watermarkMs: typeof watermark === 'string' ? Date.parse(watermark) : null }
}

/** A statement that BigQuery refuses is refused again; what it did not answer is asked for again while there is time. */
async function tried(statement: Statement): Promise<Rows> {
  const giveUpAt = performance.now() + config('warehouse').BQ_QUERY_DEADLINE_MS
  for (let attempt = 1; ; attempt++) {
    try {
      return await queryQuickly(statement, giveUpAt - performance.now())
    } catch (error) {
      const again = error instanceof Failure && error.code === 'SERVICE_UNAVAILABLE' && attempt < TRIES_MAX
      if (!again || performance.now() > giveUpAt) throw error
      await pause(jitter(attempt))
    }
  }
}

/** A holder who was too slow writes nothing: another has taken over. */
async function written({ place, holder, name }: Held, change: Partial<Kept>): Promise<Shown<Rows>> {
  const alert = await alertPlace()
  const { kept, told } = await revise(async (unit) => {
    const before = keptIn((await unit.get(place)).data())
    const after = { ...before, ...change, failures: change.failure === null ? 0 : before.failures + 1 }
    if (before.holder !== holder) return { kept: after, told: false }
    unit.set(place, { ...after })
    return { kept: after, told: tellStaff(unit, alert, { name, before: before.failures, after: after.failures }) }
  })
  if (told) await nudgeKeys([REFRESH_KEY])
  return shown(kept, kept.failure)
}

interface Held {
  readonly place: Doc
  readonly holder: string
  readonly name: string
}

/** Several failures in a row are an alert, which the next good one takes back. */
function tellStaff(writer: Writer, alert: Doc, { name, before, after }: { readonly name: string; readonly before: number; readonly after: number }): boolean {
  const { ALERT_FAILED_RUNS: most } = config('alerts')
  if (after >= most) raiseAlert(writer, alert, refreshAlert(name, after))
  else if (before >= most) resolveAlert(writer, alert, REFRESH_KEY)
  return after >= most || before >= most
}

function shown({ rows, watermarkMs }: Kept, failure: string | null): Shown<Rows> {
  if (rows === null) return { mode: 'mock', value: [], watermarkMs: null, reason: failure }
  return { mode: failure === null ? 'live' : 'degraded', value: JSON.parse(gunzipSync(rows).toString('utf8')) as Rows, watermarkMs, reason: failure }
}
