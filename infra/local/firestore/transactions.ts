/**
 * The transactions that are open, and every way one ends: commit, roll-back, contention, idleness, age, or the
 * end of the connection it was used on (a killed client must not hold up the others).
 */
import { randomUUID } from 'node:crypto'
import type { Timeline } from '../timeline.ts'
import type { History } from './history.ts'
import { Owner, type Locks } from './locks.ts'
import { transactionGone } from './refusal.ts'

const AGE_MS_MAX = 270_000
const IDLE_MS_MAX = 60_000
/** A client with several connections may close one that is idle; its transactions have this long to turn up on another. */
const MOVE_MS_MAX = 250

export class Transaction extends Owner {
  readonly id: string
  readonly startedMs: number
  /** Moment a read-only transaction sees; undefined for one that writes. */
  readonly snapshotMicros: number | undefined
  usedMs: number
  connection: string

  constructor(id: string, startedMs: number, connection: string, snapshotMicros?: number) {
    super()
    this.id = id
    this.startedMs = startedMs
    this.usedMs = startedMs
    this.connection = connection
    this.snapshotMicros = snapshotMicros
  }

  get idBytes(): Buffer {
    return Buffer.from(this.id, 'latin1')
  }
}

export class Transactions {
  readonly #timeline: Timeline
  readonly #locks: () => Locks
  readonly #history: History
  readonly #open = new Map<string, Transaction>()
  readonly #instanceOf = new Map<string, string>()
  readonly #boot = randomUUID()
  #count = 0
  #watching = false

  constructor(timeline: Timeline, history: History, locks: () => Locks) {
    this.#timeline = timeline
    this.#history = history
    this.#locks = locks
  }

  get open(): number {
    return this.#open.size
  }

  /** Every call says which connection it came on: the last connection of a client takes its transactions along. */
  seen(connection: string, instance: string): void {
    this.#instanceOf.set(connection, instance)
  }

  begin(connection: string, snapshotMicros?: number): Transaction {
    const id = `${this.#boot}/${++this.#count}`
    const transaction = new Transaction(id, this.#timeline.now(), connection, snapshotMicros)
    this.#open.set(id, transaction)
    if (snapshotMicros !== undefined) this.#history.pin(transaction, snapshotMicros)
    this.#watch(this.#timeline.now() + IDLE_MS_MAX)
    return transaction
  }

  /** The open transaction of this id, now in use on this connection. */
  use(id: Uint8Array, connection: string): Transaction {
    const transaction = this.#open.get(Buffer.from(id).toString('latin1'))
    if (transaction === undefined) throw transactionGone()
    if (this.#endsAt(transaction) <= this.#timeline.now()) {
      this.end(transaction)
      throw transactionGone()
    }
    transaction.connection = connection
    transaction.usedMs = this.#timeline.now()
    return transaction
  }

  find(id: Uint8Array): Transaction | undefined {
    return this.#open.get(Buffer.from(id).toString('latin1'))
  }

  /** Ends those that nobody has used for so long and that wait for nothing, as their idle limit would. */
  endIdle(forMs: number): void {
    const usedBefore = this.#timeline.now() - forMs
    for (const transaction of this.#open.values()) if (transaction.waiting.size === 0 && transaction.usedMs <= usedBefore) this.end(transaction)
  }

  /** Over, however it ended: locks are free, whoever waited goes on. */
  end(transaction: Transaction): void {
    if (!this.#open.delete(transaction.id)) return
    this.#history.unpin(transaction)
    const locks = this.#locks()
    locks.evict(transaction, transactionGone())
    locks.release(transaction)
    locks.settle()
  }

  endOwner(owner: Owner): void {
    if (owner instanceof Transaction) this.end(owner)
  }

  disconnect(connection: string): void {
    const instance = this.#instanceOf.get(connection)
    this.#instanceOf.delete(connection)
    const left = [...this.#open.values()].filter((transaction) => transaction.connection === connection)
    if (left.length === 0) return
    const endThem = () => {
      for (const transaction of left) if (transaction.connection === connection) this.end(transaction)
    }
    const others = [...this.#instanceOf.values()].includes(instance ?? '')
    if (others) this.#timeline.after(MOVE_MS_MAX, endThem)
    else endThem()
  }

  clear(): void {
    for (const transaction of this.#open.values()) this.end(transaction)
  }

  #endsAt(transaction: Transaction): number {
    const ageEnd = transaction.startedMs + AGE_MS_MAX
    return transaction.waiting.size > 0 ? ageEnd : Math.min(ageEnd, transaction.usedMs + IDLE_MS_MAX)
  }

  /** One entry on the timeline for all: it comes when the first could end, and comes again while any is open. */
  #watch(dueMs: number): void {
    if (this.#watching) return
    this.#watching = true
    this.#timeline.at(dueMs, () => {
      this.#watching = false
      const nowMs = this.#timeline.now()
      for (const transaction of this.#open.values()) if (this.#endsAt(transaction) <= nowMs) this.end(transaction)
      const ends = [...this.#open.values()].map((transaction) => this.#endsAt(transaction))
      if (ends.length > 0) this.#watch(Math.max(Math.min(...ends), nowMs + 1))
    })
  }
}
