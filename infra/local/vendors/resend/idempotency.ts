/**
 * One mail per key for 24 hours: the same key and payload get the first answer again, another payload is refused,
 * and while the first call is still running so is every other one with its key.
 *
 * Only successes are kept: a refused call sent nothing, so its key is free. A call that is running lives in memory
 * alone: when the vendor dies with it, nothing was sent under that key.
 */
import { createHash } from 'node:crypto'
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { ResendFailure } from './failure.ts'

const KEPT_MS = 24 * 3_600_000
const PRUNE_EVERY_MS = 3_600_000
const KEY_LENGTH_MAX = 256

interface Kept {
  readonly digest: string
  readonly body: unknown
  readonly atMs: number
}

export class IdempotencyKeys {
  readonly #context: VendorContext
  readonly #kept: Shelf<Kept>
  readonly #running = new Set<string>()
  #prunedAtMs = 0

  constructor(context: VendorContext) {
    this.#context = context
    this.#kept = context.shelves.shelf('idempotency_keys')
  }

  /** @param payload the raw body; without a key the work is simply done. */
  async once(key: string | undefined, payload: Buffer, work: () => Promise<unknown>): Promise<unknown> {
    if (key === undefined) return work()
    if (key.length < 1 || key.length > KEY_LENGTH_MAX) {
      throw new ResendFailure(400, 'invalid_idempotency_key', 'The idempotency key must be between 1 and 256 characters.')
    }
    this.#prune()
    const digest = createHash('sha256').update(payload).digest('base64url')
    const kept = this.#fresh(key)
    if (kept !== undefined && kept.digest === digest) return kept.body
    if (kept !== undefined) {
      const message = 'Same idempotency key used with a different request payload.'
      throw new ResendFailure(409, 'invalid_idempotent_request', message)
    }
    if (this.#running.has(key)) {
      const message = 'Same idempotency key used while original request is still in progress.'
      throw new ResendFailure(409, 'concurrent_idempotent_requests', message)
    }
    this.#running.add(key)
    try {
      const body = await work()
      this.#kept.set(key, { digest, body, atMs: this.#context.timeline.now() })
      return body
    } finally {
      this.#running.delete(key)
    }
  }

  #fresh(key: string): Kept | undefined {
    const kept = this.#kept.get(key)
    return kept !== undefined && this.#context.timeline.now() - kept.atMs < KEPT_MS ? kept : undefined
  }

  /** Lets old keys go, at most once an hour: a look at every key is dear. */
  #prune(): void {
    const nowMs = this.#context.timeline.now()
    if (nowMs - this.#prunedAtMs < PRUNE_EVERY_MS) return
    this.#prunedAtMs = nowMs
    for (const [key, kept] of this.#kept.entries()) if (nowMs - kept.atMs >= KEPT_MS) this.#kept.delete(key)
  }
}
