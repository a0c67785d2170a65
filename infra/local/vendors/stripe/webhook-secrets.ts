/**
 * The endpoint's signing secret, and for 24 hours after a roll-over the one before it, so that a receiver that has
 * not yet learned the new one keeps believing us.
 */
import type { Shelf } from '../../disk.ts'
import type { Timeline } from '../../timeline.ts'

interface Roll {
  readonly secret: string
  readonly before: string
  readonly untilMs: number
}

const OVERLAP_MS = 24 * 3_600_000

export class WebhookSecrets {
  readonly #given: string
  readonly #timeline: Timeline
  readonly #rolls: Shelf<Roll>

  constructor(given: string, timeline: Timeline, rolls: Shelf<Roll>) {
    this.#given = given
    this.#timeline = timeline
    this.#rolls = rolls
  }

  /** The secret a receiver should hold now. */
  get current(): string {
    return this.#rolls.get('last')?.secret ?? this.#given
  }

  /** Every secret to sign with now, newest first. */
  inForce(): string[] {
    const last = this.#rolls.get('last')
    if (last === undefined) return [this.#given]
    return last.untilMs > this.#timeline.now() ? [last.secret, last.before] : [last.secret]
  }

  roll(secret: string): void {
    this.#rolls.set('last', { secret, before: this.current, untilMs: this.#timeline.now() + OVERLAP_MS })
  }
}
