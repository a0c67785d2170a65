/**
 * One subscription's unacknowledged messages and the order in which they may go out.
 *
 * An entry is ready (may go now), waiting (for a moment on the timeline), out (with a subscriber), or behind an
 * earlier message of its ordering key. With ordering, only the head of a key is ever ready, waiting or out:
 * a message must never overtake an earlier one of its key, not even when that one fails again and again.
 */
import type { Timeline } from '../timeline.ts'
import type { Debt, Message, Records, Subscription } from './records.ts'

export interface Entry {
  readonly debt: Debt
  readonly message: Message
  state: 'ready' | 'waiting' | 'out' | 'behind' | 'paid'
  /** To be delivered once more after its acknowledgement, as if that had been lost. */
  ackLost: boolean
  /** Was chosen for a second delivery; once is enough. */
  duplicated: boolean
}

export interface BacklogOptions {
  readonly records: Records
  readonly timeline: Timeline
  /** Called when an entry has become ready. */
  readonly onReady: () => void
  /** Takes a message that failed too often; false when it could not, then it is delivered again. */
  readonly bury: (subscription: Subscription, entry: Entry) => boolean
}

/** A wait no longer than this counts as due now. */
export const SOON_MS = 400
/** "Immediate" redelivery; the real service's own push back-off begins here. */
const IMMEDIATELY_MS = 100

export class Backlog {
  readonly subscription: Subscription
  readonly #options: BacklogOptions
  readonly #entries = new Map<string, Entry>()
  readonly #keys = new Map<string, Entry[]>()
  #ready: Entry[] = []
  #readyFrom = 0
  #out = 0
  #soon = 0

  constructor(subscription: Subscription, options: BacklogOptions) {
    this.subscription = subscription
    this.#options = options
  }

  /** Messages due now, due within a moment, or out. */
  get pending(): number {
    return this.active + this.#soon
  }

  /** Messages due within a moment, not yet. */
  get soon(): number {
    return this.#soon
  }

  /** Messages due now or out. */
  get active(): number {
    return this.#out + this.#ready.length - this.#readyFrom
  }

  get size(): number {
    return this.#entries.size
  }

  has(messageId: string): boolean {
    return this.#entries.has(messageId)
  }

  get(messageId: string): Entry | undefined {
    return this.#entries.get(messageId)
  }

  /** Takes a message in; its debt is on disk already. */
  add(message: Message, debt: Debt): void {
    const entry: Entry = { debt, message, state: 'behind', ackLost: false, duplicated: false }
    this.#entries.set(message.id, entry)
    if (!this.ordersBy(message)) return this.#queue(entry)
    const line = this.#keys.get(message.orderingKey)
    if (line !== undefined) return void line.push(entry)
    this.#keys.set(message.orderingKey, [entry])
    this.#queue(entry)
  }

  ordersBy(message: Message): boolean {
    return this.subscription.ordered && message.orderingKey !== ''
  }

  get hasReady(): boolean {
    return this.#ready.length > this.#readyFrom
  }

  /** The next message that may go out; it is out from then on. Those past their retention are dropped on the way. */
  take(): Entry | undefined {
    const oldestMs = this.#options.timeline.now() - this.subscription.retentionMs
    while (this.hasReady) {
      const entry = this.#ready[this.#readyFrom] as Entry
      this.#readyFrom += 1
      this.#compact()
      if (entry.state !== 'ready') continue
      entry.state = 'out'
      this.#out += 1
      if (entry.message.publishedMs >= oldestMs) return entry
      this.discard(entry)
    }
    return undefined
  }

  ack(entry: Entry): void {
    if (!this.#leave(entry)) return
    if (entry.ackLost) {
      entry.ackLost = false
      entry.debt.dueMs = this.#options.timeline.now() + SOON_MS / 2
      return this.#queue(entry)
    }
    this.#pay(entry)
  }

  /** Takes a message out for good, whatever was still to happen to it. False when it is gone already. */
  discard(entry: Entry): boolean {
    if (!this.#leave(entry)) return false
    this.#pay(entry)
    return true
  }

  /** A delivery failed: again later, or to the dead letters. */
  nack(entry: Entry): void {
    if (!this.#leave(entry)) return
    const { debt } = entry
    const { deadLetter } = this.subscription
    debt.failures += 1
    if (deadLetter !== undefined && debt.failures >= deadLetter.attemptsMax && this.#options.bury(this.subscription, entry)) {
      return this.#pay(entry)
    }
    debt.dueMs = this.#options.timeline.now() + this.#waitMs(debt.failures)
    this.#options.records.postpone(debt)
    this.#queue(entry)
  }

  /** Acknowledges what was published before the moment, delivered or not. */
  purge(beforeMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.message.publishedMs >= beforeMs) continue
      if (entry.state === 'out') this.#out -= 1
      this.#pay(entry)
    }
  }

  #waitMs(failures: number): number {
    const { retry } = this.subscription
    if (retry === undefined) return IMMEDIATELY_MS
    return Math.min(Math.max(retry.minMs, IMMEDIATELY_MS) * 2 ** (failures - 1), Math.max(retry.maxMs, IMMEDIATELY_MS))
  }

  /** False when the entry is not out any more: paid meanwhile, or its lease is over. */
  #leave(entry: Entry): boolean {
    if (entry.state !== 'out') return false
    this.#out -= 1
    return true
  }

  #queue(entry: Entry): void {
    const { timeline } = this.#options
    const waitMs = entry.debt.dueMs - timeline.now()
    if (waitMs <= 0) return this.#makeReady(entry)
    const soon = waitMs <= SOON_MS
    if (soon) this.#soon += 1
    entry.state = 'waiting'
    timeline.at(entry.debt.dueMs, () => {
      if (soon) this.#soon -= 1
      if (entry.state === 'waiting') this.#makeReady(entry)
    })
  }

  #makeReady(entry: Entry): void {
    entry.state = 'ready'
    this.#ready.push(entry)
    this.#options.onReady()
  }

  #pay(entry: Entry): void {
    entry.state = 'paid'
    this.#entries.delete(entry.message.id)
    this.#options.records.pay(entry.debt)
    if (!this.ordersBy(entry.message)) return
    const line = this.#keys.get(entry.message.orderingKey)
    if (line === undefined) return
    const wasHead = line[0] === entry
    line.splice(line.indexOf(entry), 1)
    const head = line[0]
    if (head === undefined) this.#keys.delete(entry.message.orderingKey)
    else if (wasHead) this.#queue(head)
  }

  #compact(): void {
    if (this.#readyFrom < 64 || this.#readyFrom * 2 < this.#ready.length) return
    this.#ready = this.#ready.slice(this.#readyFrom)
    this.#readyFrom = 0
  }
}
