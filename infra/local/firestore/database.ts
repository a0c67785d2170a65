/**
 * Reads and commits, each in one synchronous turn once no lock is in its way.
 *
 * Reads outside a transaction take no locks: they see the database between two commits. A read-write transaction
 * locks what it reads, a read-only one sees the moment it began. Time is the timeline's, in microseconds, and each
 * commit has one of its own, later than every commit and every read before it.
 */
import type { Disk } from '../disk.ts'
import type { Timeline } from '../timeline.ts'
import { History } from './history.ts'
import type { IndexFile } from './index-file.ts'
import { Locks, Owner, type LockedRange } from './locks.ts'
import type { Consistency, TransactionOptions } from './messages.ts'
import { Names } from './paths.ts'
import { prepare, type CheckedWrite, type Prepared } from './prepare.ts'
import { microsOf } from './protocol.ts'
import { invalid } from './refusal.ts'
import type { View } from './run-query.ts'
import { Store } from './store.ts'
import { Transactions, type Transaction } from './transactions.ts'

export interface Caller {
  readonly connection: string
  readonly signal: AbortSignal
}

/** What a read looks at, and what a transaction must lock of it. */
export interface Look<T> {
  readonly names?: readonly string[]
  readonly at: (view: View) => { readonly result: T; readonly range?: LockedRange }
}

export interface Seen<T> {
  readonly result: T
  readonly readMicros: number
  /** Id of the transaction the read began. */
  readonly begun: Buffer | undefined
}

export interface CommitOptions {
  readonly transaction?: Transaction
  readonly signal?: AbortSignal
}

export class Database {
  readonly names: Names
  readonly store: Store
  readonly indexFile: IndexFile
  readonly transactions: Transactions
  readonly locks: Locks
  readonly #history: History
  readonly #timeline: Timeline
  readonly #present: View
  #lastMicros: number

  constructor(options: { timeline: Timeline; disk: Disk; indexFile: IndexFile; projectId: string }) {
    this.#timeline = options.timeline
    this.names = new Names(options.projectId)
    this.indexFile = options.indexFile
    this.store = new Store(options.disk)
    this.#lastMicros = this.store.lastMicros
    this.#history = new History(this.store)
    this.transactions = new Transactions(options.timeline, this.#history, () => this.locks)
    this.locks = new Locks(options.timeline, (owner) => this.transactions.endOwner(owner))
    this.#present = { get: (name) => this.store.get(name), documents: (scope) => this.store.documents(scope) }
  }

  begin(connection: string, options: TransactionOptions | null | undefined): Transaction {
    if (options?.readOnly == null) return this.transactions.begin(connection)
    return this.transactions.begin(connection, this.#moment(options.readOnly.readTime))
  }

  async read<T>(caller: Caller, consistency: Consistency, look: Look<T>): Promise<Seen<T>> {
    if (consistency.newTransaction != null) return this.#readInNew(caller, consistency.newTransaction, look)
    if (consistency.transaction != null && consistency.transaction.length > 0) {
      return this.#readIn(this.transactions.use(consistency.transaction, caller.connection), caller, look)
    }
    if (consistency.readTime != null) return this.#readPast(this.#moment(consistency.readTime), look)
    return { ...look.at(this.#present), readMicros: this.nowMicros(), begun: undefined }
  }

  /** Applies all writes or none. In a transaction, that is over afterwards, whatever came of it. */
  async commit(writes: readonly CheckedWrite[], { transaction, signal }: CommitOptions = {}): Promise<Prepared> {
    if (transaction?.snapshotMicros !== undefined && writes.length > 0) {
      throw invalid('Cannot modify entities in a read-only transaction.')
    }
    const get = (name: string) => this.store.get(name)
    return this.locks.ask({
      owner: transaction ?? new Owner(),
      names: writes.map((write) => write.name),
      changes: () => prepare(writes, get, this.#lastMicros + 1).changes,
      perform: () => {
        try {
          const prepared = prepare(writes, get, this.#nextMicros())
          this.store.apply(prepared.changes)
          this.#history.record(prepared.changes, prepared.micros)
          return prepared
        } finally {
          if (transaction !== undefined) this.transactions.end(transaction)
        }
      },
      signal,
    })
  }

  clear(): void {
    this.transactions.clear()
    this.store.clear()
    this.#history.clear()
  }

  nowMicros(): number {
    this.#lastMicros = Math.max(this.#lastMicros, Math.floor(this.#timeline.now()) * 1000)
    return this.#lastMicros
  }

  #nextMicros(): number {
    this.#lastMicros = Math.max(this.#lastMicros + 1, Math.floor(this.#timeline.now()) * 1000)
    return this.#lastMicros
  }

  #moment(readTime: Parameters<typeof microsOf>[0] | null | undefined): number {
    const nowMicros = this.nowMicros()
    if (readTime == null) return nowMicros
    const micros = microsOf(readTime)
    this.#history.checkReadable(micros, nowMicros)
    return micros
  }

  /** A first read that fails leaves no transaction behind: the client never learned its id. */
  async #readInNew<T>(caller: Caller, options: TransactionOptions, look: Look<T>): Promise<Seen<T>> {
    const transaction = this.begin(caller.connection, options)
    try {
      return { ...(await this.#readIn(transaction, caller, look)), begun: transaction.idBytes }
    } catch (error) {
      this.transactions.end(transaction)
      throw error
    }
  }

  async #readIn<T>(transaction: Transaction, caller: Caller, look: Look<T>): Promise<Seen<T>> {
    if (transaction.snapshotMicros !== undefined) return this.#readPast(transaction.snapshotMicros, look)
    const rangeNow = () => look.at(this.#present).range ?? UNTOUCHED
    return this.locks.ask({
      owner: transaction,
      names: look.names ?? [],
      ...(look.names === undefined ? { range: rangeNow } : {}),
      perform: () => {
        const { result, range } = look.at(this.#present)
        this.locks.hold(transaction, look.names ?? [])
        if (range !== undefined) this.locks.holdRange(transaction, range)
        return { result, readMicros: this.nowMicros(), begun: undefined }
      },
      signal: caller.signal,
    })
  }

  #readPast<T>(micros: number, look: Look<T>): Seen<T> {
    const view: View = {
      get: (name) => this.#history.get(name, micros),
      documents: (scope) => this.#history.documents(scope, micros),
    }
    return { ...look.at(view), readMicros: micros, begun: undefined }
  }
}

const UNTOUCHED: LockedRange = { touchedBy: () => false }
