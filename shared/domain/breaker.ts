/**
 * The circuit breaker of a vendor, the same for all instances: after so many failures in a row the vendor is left alone,
 * then one call, the probe, finds out whether it is back.
 *
 * There is no record while all is well. A failure is a call without an answer, one that the vendor could not serve or
 * was too busy for; never an answer that we do not like. A vendor that says how long it wants rest is given it.
 */
import { Failure } from '#values/failure.ts'
import { SECOND_MS } from '#values/time.ts'
import type { Alert } from './alert.ts'

export interface Breaker {
  readonly vendor: string
  /** In a row. */
  readonly failures: number
  /** Null while it is closed. */
  readonly openedAtMs: number | null
  /** From when on a probe may be made. */
  readonly retryAtMs: number | null
  /** The call that tries for all, and until when it has time to say what it found. */
  readonly probe: string | null
  readonly probeUntilMs: number | null
  /** The vendor asked to be left alone until then. */
  readonly restUntilMs: number | null
  readonly lastFailure: string | null
}

export interface BreakerLimits {
  readonly failuresMax: number
  readonly openMs: number
}

/** Why a call counts as a failure, and for how long the vendor asked to be left alone. */
export interface Down {
  readonly reason: string
  readonly restMs?: number | undefined
}

/** Thrown by a call that the vendor did not serve. */
export class VendorDown extends Failure {
  readonly down: Down

  constructor(down: Down) {
    const later = down.restMs === undefined ? {} : { retryAfterSeconds: Math.ceil(down.restMs / 1000) }
    super('SERVICE_UNAVAILABLE', { reason: down.reason, ...later })
    this.down = down
  }
}

/** Whether a call may be made; if not, until when it is of no use to ask again. */
export type Admission = 'pass' | 'probe' | { readonly shutUntilMs: number }

export type BreakerState = 'closed' | 'open' | 'half_open' | 'resting'

/** A probe that says nothing for so long is gone. Longer than a charge takes, with the commits around it. */
export const PROBE_MS = 45 * SECOND_MS

const REASON_MAX = 300

export function admission(breaker: Breaker | undefined, nowMs: number): Admission {
  if (breaker === undefined) return 'pass'
  if (breaker.restUntilMs !== null && breaker.restUntilMs > nowMs) return { shutUntilMs: Math.max(breaker.restUntilMs, breaker.retryAtMs ?? 0) }
  if (breaker.openedAtMs === null) return 'pass'
  const shutUntilMs = Math.max(breaker.retryAtMs ?? 0, breaker.probeUntilMs ?? 0)
  return shutUntilMs > nowMs ? { shutUntilMs } : 'probe'
}

/** The breaker with one call let through to try. To be written on the version that was read, so that there is only one. */
export function probedBy(breaker: Breaker, probe: string, nowMs: number): Breaker {
  return { ...breaker, probe, probeUntilMs: nowMs + PROBE_MS }
}

/** @returns what to write; undefined when the failure says nothing new: the call began before the breaker opened */
export function afterFailure(
  breaker: Breaker | undefined,
  failed: { readonly vendor: string; readonly probe: string | undefined; readonly down: Down },
  { failuresMax, openMs }: BreakerLimits,
  nowMs: number,
): Breaker | undefined {
  const { vendor, probe, down } = failed
  const before = breaker ?? { ...CLOSED, vendor }
  const isOpen = before.openedAtMs !== null
  if (isOpen && (probe === undefined || probe !== before.probe)) return undefined
  const failures = before.failures + 1
  const known: Breaker = {
    ...before, failures, lastFailure: down.reason.slice(0, REASON_MAX), restUntilMs: rest(before, down, nowMs), probe: null, probeUntilMs: null,
  }
  if (!isOpen && failures < failuresMax) return known
  return { ...known, openedAtMs: before.openedAtMs ?? nowMs, retryAtMs: nowMs + openMs }
}

const CLOSED = { failures: 0, openedAtMs: null, retryAtMs: null, probe: null, probeUntilMs: null, restUntilMs: null, lastFailure: null }

function rest({ restUntilMs }: Breaker, { restMs }: Down, nowMs: number): number | null {
  return restMs === undefined ? restUntilMs : Math.max(restUntilMs ?? 0, nowMs + restMs)
}

/**
 * Whether an answered call shows that all is well, so that the record goes. While the breaker is open only its probe
 * does; a rest that the vendor asked for is kept.
 */
export function isWellAfter(breaker: Breaker, probe: string | undefined, nowMs: number): boolean {
  if (breaker.openedAtMs !== null) return probe !== undefined && probe === breaker.probe
  return breaker.restUntilMs === null || breaker.restUntilMs <= nowMs
}

export function stateOf(breaker: Breaker, nowMs: number): BreakerState {
  if (breaker.openedAtMs !== null) return admission(breaker, nowMs) === 'probe' || (breaker.probeUntilMs ?? 0) > nowMs ? 'half_open' : 'open'
  return (breaker.restUntilMs ?? 0) > nowMs ? 'resting' : 'closed'
}

/** Without a gateway nobody can pay; all others can be waited for. */
const GRAVE = ['stripe', 'kaja']

export function breakerKey(vendor: string): string {
  return `breaker/${vendor}`
}

export function breakerAlert({ vendor, failures, lastFailure }: Breaker): Alert {
  return {
    key: breakerKey(vendor),
    severity: GRAVE.includes(vendor) ? 'p0' : 'p1',
    summary: `${vendor} does not answer: ${failures} calls in a row failed, it is left alone and tried once a minute.`,
    details: { vendor, failures, lastFailure },
  }
}
