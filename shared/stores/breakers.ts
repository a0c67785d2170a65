/**
 * Circuit breakers in the store: a document for each vendor that failed, none while all is well. So what works costs one
 * read (at checkout not even a call of its own) and no write.
 *
 * Who takes the probe is decided by the document's version: one of all instances.
 */
import {
  admission, afterFailure, breakerAlert, breakerKey, isWellAfter, probedBy, VendorDown, type Admission, type Breaker, type BreakerLimits, type Down,
} from '#domain/breaker.ts'
import { Failure } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { collection, doc, readOne, readQuery, transact, type Doc, type Snapshot, type Writer } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { alertPlace, nudgeKeys, raiseAlert, resolveAlert } from './alerts.ts'

/** More vendors than the shop will ever have. */
const VENDORS_MAX = 50

/** A call that was let through, and what was known when it was. */
export interface Pass {
  readonly vendor: string
  readonly seen: Breaker | undefined
  /** Set on the one call that tries for all. */
  readonly probe: string | undefined
}

export function breakerDoc(vendor: string): Promise<Doc> {
  return doc('breakers', vendor)
}

export function breakerOf(snapshot: Snapshot): Breaker | undefined {
  return snapshot.data() as Breaker | undefined
}

export async function readBreakers(): Promise<Breaker[]> {
  const found = await readQuery((await collection('breakers')).limit(VENDORS_MAX))
  return found.map((snapshot) => breakerOf(snapshot) as Breaker)
}

/** What of an answer counts as a failure of the vendor; one that throws `VendorDown` does anyway. */
export type Judge<T> = (value: T) => Down | undefined

export type Passage<T> = { readonly done: T } | { readonly shutUntilMs: number }

/** Makes a call if the vendor's breaker lets it through, and notes how it went. */
export async function through<T>(vendor: string, call: () => Promise<T>, judge?: Judge<T>): Promise<Passage<T>> {
  const entered = await enter(vendor)
  return 'shutUntilMs' in entered ? entered : { done: await passed(entered, call, judge) }
}

/** Several may wait for one call: its failure is one. */
const counted = new WeakSet<VendorDown>()

/** The same for a call that was let through already. */
export async function passed<T>(pass: Pass, call: () => Promise<T>, judge?: Judge<T>): Promise<T> {
  try {
    const value = await call()
    await leave(pass, judge?.(value))
    return value
  } catch (error) {
    if (error instanceof VendorDown && !counted.has(error)) {
      counted.add(error)
      await leave(pass, error.down)
    }
    throw error
  }
}

async function enter(vendor: string): Promise<Pass | { readonly shutUntilMs: number }> {
  const place = await breakerDoc(vendor)
  const seen = breakerOf(await readOne(place))
  const admitted = admission(seen, now())
  if (admitted === 'pass') return { vendor, seen, probe: undefined }
  return admitted === 'probe' ? takeProbe(place, vendor) : admitted
}

async function takeProbe(place: Doc, vendor: string): Promise<Pass | { readonly shutUntilMs: number }> {
  return transact(async (unit) => {
    const seen = breakerOf(await unit.get(place))
    const admitted: Admission = admission(seen, now())
    if (seen === undefined || admitted === 'pass') return { vendor, seen, probe: undefined }
    if (admitted !== 'probe') return admitted
    const probe = newId('probe')
    unit.set(place, { ...probedBy(seen, probe, now()) })
    return { vendor, seen, probe }
  })
}

/** A breaker as a checkout reads it, among all that it reads. */
export interface Gate {
  readonly vendor: string
  readonly doc: Doc
  readonly snapshot: Snapshot
}

/** For a vendor of whom it is known late that he will be asked. */
export async function gateOf(vendor: string): Promise<Gate> {
  const place = await breakerDoc(vendor)
  return { vendor, doc: place, snapshot: await readOne(place) }
}

export interface Entrance {
  readonly pass: Pass
  /** Takes the probe in the caller's commit, on the version that was read; does nothing for a call like any other. */
  readonly write: (writer: Writer) => void
}

/**
 * Lets a call through whose breaker was read before.
 * @throws Failure SERVICE_UNAVAILABLE with the time to wait
 */
export function entrance({ vendor, doc: place, snapshot }: Gate): Entrance {
  const seen = breakerOf(snapshot)
  const admitted = admission(seen, now())
  const at = snapshot.updateTime
  if (admitted === 'pass' || seen === undefined || at === undefined) return { pass: { vendor, seen, probe: undefined }, write: () => undefined }
  if (admitted !== 'probe') throw shut(vendor, admitted.shutUntilMs)
  const probe = newId('probe')
  return { pass: { vendor, seen, probe }, write: (writer) => writer.update(place, { ...probedBy(seen, probe, now()) }, { lastUpdateTime: at }) }
}

/**
 * For work that should not even begin while its vendor is left alone.
 * @throws Failure SERVICE_UNAVAILABLE with the time to wait
 */
export function refuseShut(vendor: string, snapshot: Snapshot): void {
  const admitted = admission(breakerOf(snapshot), now())
  if (typeof admitted === 'object') throw shut(vendor, admitted.shutUntilMs)
}

/** For calls that can be left out: made only while all is well, without taking the probe. */
export async function ifOpenToAll<T>({ vendor, snapshot }: Gate, call: () => Promise<T>): Promise<T | undefined> {
  const seen = breakerOf(snapshot)
  return admission(seen, now()) === 'pass' ? passed({ vendor, seen, probe: undefined }, call) : undefined
}

export function shut(vendor: string, untilMs: number): Failure {
  return new Failure('SERVICE_UNAVAILABLE', {
    message: 'Payment service temporarily unavailable. Please try again.',
    reason: `the breaker of ${vendor} is open`,
    retryAfterSeconds: Math.max(1, Math.ceil((untilMs - now()) / 1000)),
  })
}

function limits(): BreakerLimits {
  const { BREAKER_FAILURES, BREAKER_OPEN_MS } = config('breakers')
  return { failuresMax: BREAKER_FAILURES, openMs: BREAKER_OPEN_MS }
}

/** What a call has shown. Nothing is written after one that went well while all was well. */
async function leave(pass: Pass, down: Down | undefined): Promise<void> {
  if (down === undefined && pass.seen === undefined) return
  try {
    if (await noted(pass, down)) await nudgeKeys([breakerKey(pass.vendor)])
  } catch (error) {
    // The call itself is done, and its outcome counts for more than the vendor's record.
    log.warn('a breaker could not be written', { vendor: pass.vendor, why: String(error) })
  }
}

/** @returns whether staff are to be told */
async function noted({ vendor, probe }: Pass, down: Down | undefined): Promise<boolean> {
  const [place, alert] = [await breakerDoc(vendor), await alertPlace()]
  return transact(async (unit) => {
    const before = breakerOf(await unit.get(place))
    if (down !== undefined) {
      const after = afterFailure(before, { vendor, probe, down }, limits(), now())
      if (after === undefined) return false
      unit.set(place, { ...after })
      if (after.openedAtMs === null) return false
      raiseAlert(unit, alert, breakerAlert(after))
      return true
    }
    if (before === undefined || !isWellAfter(before, probe, now())) return false
    unit.delete(place)
    if (before.openedAtMs === null) return false
    resolveAlert(unit, alert, breakerKey(vendor))
    return true
  })
}
