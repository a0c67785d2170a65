/**
 * The leaky bucket of one account, and its burst limit. A call that crosses the limit still succeeds; the next ones are
 * refused until the bucket has drained. Every answer says how full it is.
 */
import { refused } from './refusal.ts'

export interface Limits {
  readonly size: number
  /** Drained each second. */
  readonly drip: number
  /** Calls within one second. */
  readonly burst: number
}

export class Bucket {
  limits: Limits = { size: 90, drip: 1, burst: 20 }
  #level = 0
  #atMs = 0
  #second = 0
  #inSecond = 0

  /** @throws Refusal 429 with the time to wait */
  take(cost: number, nowMs: number): void {
    this.#drain(nowMs)
    const { size, drip, burst } = this.limits
    if (this.#inSecond >= burst) throw tooMany('api-burst-limiter', 1)
    if (this.#level >= size) throw tooMany('api-leaky-bucket', Math.max(1, Math.ceil((this.#level - size) / drip)))
    this.#inSecond += 1
    this.#level += cost
  }

  fill(level: number, nowMs: number): void {
    this.#drain(nowMs)
    this.#level = level
  }

  headers(cost: number): Record<string, string> {
    const { size, drip, burst } = this.limits
    return {
      'x-ls-api-bucket-level': `${round(this.#level)}/${size}`,
      'x-ls-api-burst-level': `${this.#inSecond}/${burst}`,
      'x-ls-api-drip-rate': String(drip),
      'x-ls-api-request-cost': String(round(cost)),
    }
  }

  #drain(nowMs: number): void {
    this.#level = Math.max(0, this.#level - ((nowMs - this.#atMs) / 1_000) * this.limits.drip)
    this.#atMs = nowMs
    const second = Math.floor(nowMs / 1_000)
    if (second !== this.#second) this.#inSecond = 0
    this.#second = second
  }
}

function tooMany(type: string, seconds: number) {
  return refused(429, 'Rate limit exceeded.', { 'x-ls-api-ratelimit-type': type, 'retry-after': String(seconds) })
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
