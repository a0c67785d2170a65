/**
 * Refusals for too many calls. Square publishes no numbers and documents no headers, so nothing is limited until
 * local control says so: either so many calls a second, or simply the next few calls, with or without `Retry-After`.
 */
import { invalid, SquareFailure } from './failure.ts'
import type { Json } from './shapes.ts'

export class RateLimit {
  #perSecond: number | undefined
  #refuseNext = 0
  #retryAfterSeconds: number | undefined
  #window = 0
  #seen = 0

  /** `{perSecond: number | null}`, `{times: number}`, each with `retryAfterSeconds?`. */
  set(input: Json): void {
    this.#perSecond = whole(input, 'perSecond')
    this.#refuseNext = whole(input, 'times') ?? 0
    this.#retryAfterSeconds = whole(input, 'retryAfterSeconds')
  }

  check(nowMs: number): void {
    const window = Math.floor(nowMs / 1000)
    if (window !== this.#window) this.#seen = 0
    this.#window = window
    this.#seen += 1
    const refused = this.#refuseNext > 0
    if (refused) this.#refuseNext -= 1
    if (!refused && (this.#perSecond === undefined || this.#seen <= this.#perSecond)) return
    const headers = this.#retryAfterSeconds === undefined ? {} : { 'retry-after': String(this.#retryAfterSeconds) }
    throw new SquareFailure(429, 'RATE_LIMITED', 'Too many requests. Please try again later.', { headers })
  }
}

function whole(input: Json, field: string): number | undefined {
  const value = input[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw invalid(field, `${field} is a whole number.`)
  return value
}
