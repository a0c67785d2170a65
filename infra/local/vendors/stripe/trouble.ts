/**
 * Trouble that somebody ordered: slow answers, a rate limit, server errors. Without orders there is none.
 *
 * A server error can come with the work done or not done, which is why nobody may conclude anything from a 500.
 */
import type { Timeline } from '../../timeline.ts'
import { Refusal } from './refusal.ts'

export class Trouble {
  /** Time before the work of each request, real, so that requests can overlap. */
  latencyMs: number
  /** Requests a second, all together; undefined for no limit. */
  perSecond: number | undefined
  readonly #timeline: Timeline
  #second = 0
  #count = 0
  #errors = { times: 0, tookEffect: false }

  constructor(timeline: Timeline, orders: { latencyMs: number; perSecond: number | undefined }) {
    this.#timeline = timeline
    this.latencyMs = orders.latencyMs
    this.perSecond = orders.perSecond
  }

  /** The next `times` POST requests are answered 500. */
  orderErrors(times: number, tookEffect: boolean): void {
    this.#errors = { times, tookEffect }
  }

  limit(): void {
    if (this.perSecond === undefined) return
    const second = Math.floor(this.#timeline.now() / 1000)
    if (second !== this.#second) this.#count = 0
    this.#second = second
    this.#count += 1
    if (this.#count <= this.perSecond) return
    const message = 'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.'
    const headers = { 'stripe-rate-limited-reason': 'global-rate' }
    throw new Refusal(429, { type: 'invalid_request_error', code: 'rate_limit', message }, { headers })
  }

  async pause(): Promise<void> {
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs))
  }

  beforeWork(method: string): void {
    if (!this.#errors.tookEffect) this.#strike(method)
  }

  afterWork(method: string): void {
    if (this.#errors.tookEffect) this.#strike(method)
  }

  #strike(method: string): void {
    if (method !== 'POST' || this.#errors.times <= 0) return
    this.#errors.times -= 1
    const message = 'An error occurred on our side. Sorry! There is some problem on our end.'
    throw new Refusal(500, { type: 'api_error', message }, { begun: true })
  }
}
