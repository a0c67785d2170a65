/** How Stripe is asked: a few tries within the deadline of a charge, and what it means when none was answered. */
import { VendorDown } from '#domain/breaker.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { Failure } from '#values/failure.ts'
import { HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { pause } from '#platform/deadline.ts'
import { thrownBy, type Thrown } from './outcome.ts'

/** Stripe keeps keys for at least 24 h; an hour less leaves room for clocks. */
export const KEY_LIVES_MS = 23 * HOUR_MS
const TRIES_MAX = 3
const READ_DEADLINE_MS = 5_000
const PAGES_MAX = 20

/** At most three tries within the deadline of a charge, each with its part of it. */
export async function tried<T>(call: (timeoutMs: number) => Promise<T>): Promise<{ done: T } | { thrown: Thrown }> {
  const { CHARGE_DEADLINE_MS, CHARGE_RETRY_WAIT_MS } = config('deadlines')
  const endsAt = performance.now() + CHARGE_DEADLINE_MS
  let lost = false
  for (let attempt = 1; ; attempt++) {
    try {
      // Whole milliseconds: any other time-out is silently not taken by the SDK, which then waits for 80 seconds.
      const timeoutMs = Math.floor(Math.min(CHARGE_DEADLINE_MS / TRIES_MAX, endsAt - performance.now(), READ_DEADLINE_MS))
      return { done: await call(Math.max(1, timeoutMs)) }
    } catch (error) {
      const thrown = thrownBy(error)
      if (!thrown.again) return { thrown }
      lost ||= thrown.lost
      const waitMs = Math.max(CHARGE_RETRY_WAIT_MS * 2 ** attempt, thrown.retryAfterMs ?? 0)
      if (attempt >= TRIES_MAX || performance.now() + waitMs > endsAt) return { thrown: { ...thrown, lost } }
      await pause(waitMs)
    }
  }
}

/** The time in which Stripe has made what we first asked for at that moment. */
export function madeAround(askedAtMs: number): { readonly gte: number; readonly lte: number } {
  return { gte: Math.floor((askedAtMs - MINUTE_MS) / 1000), lte: Math.ceil((askedAtMs + HOUR_MS) / 1000) }
}

interface Page<T> {
  readonly data: readonly T[]
  readonly has_more: boolean
}

/** Ours in a list of Stripe's, page by page: those of the first page that has any. None on all pages: `absent`. */
export async function listed<T extends { id: string }>(
  list: (page: { limit: number; starting_after?: string }, timeout: number) => Promise<Page<T>>,
  isOurs: (one: T) => boolean,
): Promise<{ readonly found: readonly T[] } | { readonly none: ChargeOutcome }> {
  let after: string | undefined
  for (let page = 0; page < PAGES_MAX; page++) {
    const place = { limit: 100, ...(after === undefined ? {} : { starting_after: after }) }
    const result = await tried((timeout) => list(place, timeout))
    if (!('done' in result)) return { none: unknown(result.thrown) }
    const found = result.done.data.filter(isOurs)
    if (found.length > 0) return { found }
    after = result.done.data.at(-1)?.id
    if (!result.done.has_more || after === undefined) return { none: { status: 'absent' } }
  }
  return { none: { status: 'unknown', reason: `no end of the list after ${PAGES_MAX} pages`, answered: true } }
}

/** Every try was answered "not now": certainly not charged. One lost answer: nobody knows. */
export function afterTries(thrown: Thrown): ChargeOutcome {
  if (!thrown.again) return thrown.outcome
  return { status: thrown.lost ? 'unknown' : 'unavailable', ...fruitless(thrown) }
}

/** A question that was not answered changes nothing. */
export function unknown(thrown: Thrown): ChargeOutcome {
  if (!thrown.again && thrown.outcome.status !== 'unavailable' && thrown.outcome.status !== 'declined') return thrown.outcome
  return { status: 'unknown', ...fruitless(thrown) }
}

/** The key stands for a call that was made in other words. */
export function isMismatch(thrown: Thrown): boolean {
  if (thrown.again || thrown.outcome.status !== 'declined') return false
  return (thrown.outcome.answer as { type?: string } | null)?.type === 'StripeIdempotencyError'
}

/** What is to be known of a call that came to nothing. */
export function fruitless(thrown: Thrown): { readonly reason: string; readonly answered?: true; readonly retryAfterMs?: number } {
  if (!thrown.again) return { reason: thrown.outcome.status, answered: true }
  const { reason, lost, answered, retryAfterMs } = thrown
  return { reason, ...(answered === true && !lost ? { answered } : {}), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** For whoever needs an answer to go on. */
export function notAnswered(thrown: Thrown): Failure {
  const { reason, answered, retryAfterMs } = fruitless(thrown)
  return answered === true ? new Failure('SERVICE_UNAVAILABLE', { reason }) : new VendorDown({ reason, restMs: retryAfterMs })
}

export function reasonOf(thrown: Thrown): string {
  return thrown.again ? thrown.reason : thrown.outcome.status
}
