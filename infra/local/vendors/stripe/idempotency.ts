/**
 * Idempotency keys: the first outcome of a key is kept once its work has begun, and answered again, whatever it was
 * (402 and 500 too). The same key with another request is refused, and so is one whose work is still under way.
 *
 * Keys are forgotten when they are 24 hours old: then the same key is a new request, and charges again. Whoever retries
 * that late must look first.
 */
import { createHash } from 'node:crypto'
import type { Shelf } from '../../disk.ts'
import type { Timeline } from '../../timeline.ts'
import type { Agenda } from './agenda.ts'
import { invalid, Refusal } from './refusal.ts'

export interface Outcome {
  readonly status: number
  readonly body: object
  /** The request that was worked on. */
  readonly requestId: string
}

export interface KeptOutcome extends Outcome {
  readonly request: string
  readonly atMs: number
}

const KEPT_MS = 24 * 3_600_000
/** Forgetting goes in rounds: a jump in time should not stop at every single key. */
const ROUND_MS = 3_600_000
const KEY_LENGTH_MAX = 255

export class IdempotencyKeys {
  readonly #timeline: Timeline
  readonly #kept: Shelf<KeptOutcome>
  readonly #agenda: Agenda
  readonly #underWay = new Map<string, string>()

  constructor(timeline: Timeline, kept: Shelf<KeptOutcome>, agenda: Agenda) {
    this.#timeline = timeline
    this.#kept = kept
    this.#agenda = agenda
  }

  /** What tells two requests apart: where it goes and every byte it says. */
  static fingerprint(method: string, path: string, body: Buffer): string {
    return createHash('sha1').update(`${method} ${path}\n`).update(body).digest('base64')
  }

  /** The outcome to answer again; undefined for a new key, which is then under way until `end`. */
  begin(key: string, request: string): Outcome | undefined {
    if (key.length > KEY_LENGTH_MAX) throw invalid(`Idempotency-Key must be at most ${KEY_LENGTH_MAX} characters.`)
    const running = this.#underWay.get(key)
    const kept = this.#fresh(key)
    if ((running ?? kept?.request ?? request) !== request) {
      const message =
        'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
        `Try using a key other than '${key}' if you meant to execute a different request.`
      throw new Refusal(400, { type: 'idempotency_error', message })
    }
    if (running !== undefined) {
      const message =
        'There is currently another in-progress request using this Idempotent Key (that probably means you submitted ' +
        `twice, and the other request is still going through): ${key}. Please try again later.`
      throw new Refusal(409, { type: 'invalid_request_error', code: 'idempotency_key_in_use', message })
    }
    if (kept === undefined) this.#underWay.set(key, request)
    return kept
  }

  keep(key: string, request: string, outcome: Outcome): void {
    this.#kept.delete(key)
    const first = this.#kept.size === 0
    this.#kept.set(key, { ...outcome, request, atMs: this.#timeline.now() })
    if (first) this.#agenda.after(KEPT_MS, 'keys_age', 'all')
  }

  end(key: string): void {
    this.#underWay.delete(key)
  }

  /** Forgets the keys that are old enough, and comes back for the rest. */
  forgetOld(): void {
    const before = this.#timeline.now() - KEPT_MS
    for (const [key, { atMs }] of this.#kept.entries()) {
      if (atMs > before) break
      this.#kept.delete(key)
    }
    const oldest = this.#kept.entries()[0]?.[1]
    if (oldest === undefined) return
    this.#agenda.at(Math.max(oldest.atMs + KEPT_MS, this.#timeline.now() + ROUND_MS), 'keys_age', 'all')
  }

  #fresh(key: string): KeptOutcome | undefined {
    const kept = this.#kept.get(key)
    return kept === undefined || kept.atMs <= this.#timeline.now() - KEPT_MS ? undefined : kept
  }
}
