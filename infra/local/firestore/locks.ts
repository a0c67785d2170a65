/**
 * Pessimistic locks, as the real service has them.
 *
 * Reading in a read-write transaction takes shared locks: on documents, on names where no document is, and on
 * query results (a `LockedRange`: any change that would alter the result touches it). A commit applies in one
 * synchronous turn, so exclusive locks are never held, only waited for: a commit waits while another transaction's
 * shared lock is in its way ("held") and, for fairness, behind whoever waits longer for the same ("queued"). A lock
 * reader queues behind waiting writers too, so neither side starves.
 *
 * Deadlock: a wait in the queue yields to whoever the one ahead is itself waiting for; what remains is a circle of
 * commits held by each other's read locks, and the one that came last is aborted.
 */
import type { Timeline } from '../timeline.ts'
import { cancelled, crossContention, tooMuchContention } from './refusal.ts'
import type { Change } from './store.ts'

const LOCK_WAIT_MS_MAX = 20_000

export interface LockedRange {
  touchedBy(change: Change): boolean
}

/** Whoever holds and waits: a transaction, or a plain commit that holds nothing. */
export class Owner {
  readonly names = new Set<string>()
  readonly ranges: LockedRange[] = []
  readonly waiting = new Set<Wait>()
}

export interface Wait {
  readonly owner: Owner
  readonly order: number
  readonly names: ReadonlySet<string>
  /** A commit's changes as they would be now; undefined for a read. */
  readonly changes: (() => readonly Change[]) | undefined
  /** The range a query would lock now; undefined for all else. */
  readonly range: (() => LockedRange) | undefined
  readonly run: () => void
  readonly fail: (error: Error) => void
}

export interface Ask<T> {
  readonly owner: Owner
  readonly names: Iterable<string>
  readonly changes?: () => readonly Change[]
  readonly range?: () => LockedRange
  /** The work, done in the same turn the way is free. */
  readonly perform: () => T
  readonly signal?: AbortSignal | undefined
}

export class Locks {
  readonly #timeline: Timeline
  readonly #holders = new Map<string, Set<Owner>>()
  readonly #rangeOwners = new Set<Owner>()
  readonly #queue = new Set<Wait>()
  readonly #onVictim: (owner: Owner) => void
  #order = 0
  #settling = false

  /** @param onVictim told of the owner whose wait ended in ABORTED; its transaction is over */
  constructor(timeline: Timeline, onVictim: (owner: Owner) => void) {
    this.#timeline = timeline
    this.#onVictim = onVictim
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** Takes shared locks on documents, present or missing. */
  hold(owner: Owner, names: Iterable<string>): void {
    for (const name of names) {
      owner.names.add(name)
      const holders = this.#holders.get(name)
      if (holders === undefined) this.#holders.set(name, new Set([owner]))
      else holders.add(owner)
    }
  }

  holdRange(owner: Owner, range: LockedRange): void {
    owner.ranges.push(range)
    this.#rangeOwners.add(owner)
  }

  /** Gives up all an owner holds. Whoever waited for it goes on with the next `settle`. */
  release(owner: Owner): void {
    for (const name of owner.names) {
      const holders = this.#holders.get(name)
      holders?.delete(owner)
      if (holders?.size === 0) this.#holders.delete(name)
    }
    owner.names.clear()
    owner.ranges.length = 0
    this.#rangeOwners.delete(owner)
  }

  /** Ends an owner's waits with an error. */
  evict(owner: Owner, error: Error): void {
    for (const wait of owner.waiting) this.#leave(wait, error)
  }

  /** Performs the work as soon as no lock is in its way. */
  async ask<T>(ask: Ask<T>): Promise<T> {
    if (ask.signal?.aborted === true) throw cancelled()
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const wait: Wait = {
      owner: ask.owner,
      order: this.#order++,
      names: new Set(ask.names),
      changes: ask.changes,
      range: ask.range,
      run: () => {
        try {
          resolve(ask.perform())
        } catch (error) {
          reject(error)
        }
      },
      fail: reject,
    }
    if (this.#isFree(wait)) {
      wait.run()
      this.settle()
      return promise
    }
    return this.#waitInQueue(wait, promise, ask.signal)
  }

  /** Lets everybody go on whose way is free now, longest waiting first; then breaks deadlocks. */
  settle(): void {
    if (this.#queue.size === 0) return
    if (this.#settling) return
    this.#settling = true
    try {
      while (this.#goOn() || this.#breakDeadlock());
    } finally {
      this.#settling = false
    }
  }

  #goOn(): boolean {
    let moved = false
    for (const wait of this.#queue) {
      if (!this.#isFree(wait)) continue
      this.#forget(wait)
      wait.run()
      moved = true
    }
    return moved
  }

  async #waitInQueue<T>(wait: Wait, promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.#queue.add(wait)
    wait.owner.waiting.add(wait)
    const takeBack = this.#timeline.after(LOCK_WAIT_MS_MAX, () => {
      this.#leave(wait, tooMuchContention())
      this.#onVictim(wait.owner)
      this.settle()
    })
    const onAbort = () => {
      this.#leave(wait, cancelled())
      this.settle()
    }
    signal?.addEventListener('abort', onAbort)
    this.settle()
    try {
      return await promise
    } finally {
      takeBack()
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #forget(wait: Wait): void {
    this.#queue.delete(wait)
    wait.owner.waiting.delete(wait)
  }

  #leave(wait: Wait, error: Error): void {
    if (!this.#queue.has(wait)) return
    this.#forget(wait)
    wait.fail(error)
  }

  #isFree(wait: Wait): boolean {
    if (wait.changes !== undefined && this.#heldBy(wait).length > 0) return false
    if (this.#queue.size === 0) return true
    return !this.#queuedBehind(wait).some((ahead) => !this.#waitsFor(ahead, wait.owner, new Set()))
  }

  /** Other owners whose shared locks are in a commit's way. */
  #heldBy(wait: Wait): Owner[] {
    const owners = new Set<Owner>()
    for (const name of wait.names) {
      for (const holder of this.#holders.get(name) ?? []) owners.add(holder)
    }
    if (this.#rangeOwners.size > 0) {
      const changes = changesOf(wait)
      for (const owner of this.#rangeOwners) {
        if (owner !== wait.owner && !owners.has(owner) && touches(owner.ranges, changes)) owners.add(owner)
      }
    }
    owners.delete(wait.owner)
    return [...owners]
  }

  /** Waits that came earlier and want what this one wants: a writer behind all, a reader behind writers. */
  #queuedBehind(wait: Wait): Wait[] {
    const ahead: Wait[] = []
    for (const other of this.#queue) {
      if (other.order >= wait.order) break
      if (other.owner === wait.owner || (other.changes === undefined && wait.changes === undefined)) continue
      if (meet(wait, other)) ahead.push(other)
    }
    return ahead
  }

  /** Whether a wait can only end after `owner` is done, through any number of others. */
  #waitsFor(wait: Wait, owner: Owner, seen: Set<Wait>): boolean {
    if (seen.has(wait)) return false
    seen.add(wait)
    for (const holder of wait.changes === undefined ? [] : this.#heldBy(wait)) {
      if (holder === owner) return true
      for (const next of holder.waiting) if (this.#waitsFor(next, owner, seen)) return true
    }
    return this.#queuedBehind(wait).some((ahead) => ahead.owner === owner || this.#waitsFor(ahead, owner, seen))
  }

  #breakDeadlock(): boolean {
    for (const wait of this.#queue) {
      if (wait.changes === undefined || !holdsAnything(wait.owner)) continue
      const circle = this.#wayBack(wait, wait.owner, new Set())
      const last = circle?.reduce((latest, other) => (other.order > latest.order ? other : latest))
      if (last === undefined) continue
      this.#leave(last, crossContention())
      this.#onVictim(last.owner)
      return true
    }
    return false
  }

  /** Commits from `wait` on, each held by the next one's owner, the last held by `owner`. */
  #wayBack(wait: Wait, owner: Owner, seen: Set<Wait>): Wait[] | undefined {
    seen.add(wait)
    for (const holder of this.#heldBy(wait)) {
      if (holder === owner) return [wait]
      for (const next of holder.waiting) {
        if (next.changes === undefined || seen.has(next)) continue
        const way = this.#wayBack(next, owner, seen)
        if (way !== undefined) return [wait, ...way]
      }
    }
    return undefined
  }
}

function holdsAnything(owner: Owner): boolean {
  return owner.names.size > 0 || owner.ranges.length > 0
}

/** A commit that would fail changes nothing: it is refused when its turn comes. */
function changesOf(wait: Wait): readonly Change[] {
  try {
    return wait.changes?.() ?? []
  } catch {
    return []
  }
}

function touches(ranges: readonly LockedRange[], changes: readonly Change[]): boolean {
  return ranges.some((range) => changes.some((change) => range.touchedBy(change)))
}

/** Whether a writer and another wait want the same documents. */
function meet(a: Wait, b: Wait): boolean {
  for (const name of a.names) if (b.names.has(name)) return true
  const range = a.range ?? b.range
  if (range === undefined) return false
  return touches([range()], changesOf(a.range === undefined ? a : b))
}
