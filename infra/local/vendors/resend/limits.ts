/**
 * How much one team may ask: calls in a fixed window of one second, and recipients a day and a month.
 *
 * The window is told in the headers of every reply, since the vendor's default has moved before and callers must
 * read it. A quota is off until an option or local control sets it; what was used is kept over a restart.
 */
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { invalidParameter, ResendFailure } from './failure.ts'
import type { Json } from './shapes.ts'

const WINDOW_MS = 1000

export class Limits {
  readonly #context: VendorContext
  /** Recipients by civil day (UTC). */
  readonly #used: Shelf<number>
  #perSecond: number
  #daily: number | undefined
  #monthly: number | undefined
  #window = 0
  #seen = 0

  constructor(context: VendorContext, options: { perSecond: number; daily?: number }) {
    this.#context = context
    this.#used = context.shelves.shelf('usage')
    this.#perSecond = options.perSecond
    this.#daily = options.daily
  }

  /** Counts one call; over the limit it is refused with the seconds to wait. */
  countCall(): void {
    const window = Math.floor(this.#context.timeline.now() / WINDOW_MS)
    if (window !== this.#window) this.#seen = 0
    this.#window = window
    this.#seen += 1
    if (this.#seen <= this.#perSecond) return
    const message =
      `Too many requests. You can only make ${this.#perSecond} requests per second. ` +
      'See rate limit response headers for more information. Or contact support to increase rate limit.'
    throw new ResendFailure(429, 'rate_limit_exceeded', message, { 'retry-after': '1' })
  }

  headers(): Record<string, string> {
    return {
      'ratelimit-policy': `${this.#perSecond};w=1`,
      'ratelimit-limit': String(this.#perSecond),
      'ratelimit-remaining': String(Math.max(this.#perSecond - this.#seen, 0)),
      'ratelimit-reset': '1',
    }
  }

  /** Takes so many recipients from the quotas, or none and refuses. */
  spend(recipients: number): void {
    const day = new Date(this.#context.timeline.now()).toISOString().slice(0, 10)
    const today = this.#used.get(day) ?? 0
    if (this.#daily !== undefined && today + recipients > this.#daily) {
      throw new ResendFailure(429, 'daily_quota_exceeded', 'You have reached your daily email sending quota.')
    }
    if (this.#monthly !== undefined && this.#usedInMonth(day.slice(0, 7)) + recipients > this.#monthly) {
      throw new ResendFailure(429, 'monthly_quota_exceeded', 'You have reached your monthly email sending quota.')
    }
    this.#used.set(day, today + recipients)
  }

  /** `{perSecond}` */
  setRate(input: Json): void {
    const perSecond = count(input, 'perSecond')
    if (perSecond === undefined || perSecond < 1) throw invalidParameter('perSecond is a whole number of at least 1.')
    this.#perSecond = perSecond
  }

  /** `{daily: number | null}`, `{monthly: number | null}`: recipients; null takes the quota away. */
  setQuota(input: Json): void {
    if ('daily' in input) this.#daily = count(input, 'daily')
    if ('monthly' in input) this.#monthly = count(input, 'monthly')
  }

  #usedInMonth(month: string): number {
    return this.#used.entries().reduce((sum, [day, recipients]) => (day.startsWith(month) ? sum + recipients : sum), 0)
  }
}

function count(input: Json, field: string): number | undefined {
  const value = input[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw invalidParameter(`${field} is a whole number.`)
  return value
}
