/**
 * What documents were before: enough to read the database as it stood at a moment of the last minute, or at the
 * start of any read-only transaction that is still open.
 *
 * Every commit leaves the versions it replaced; whoever reads a past moment puts them back over the present.
 */
import { DocumentSet } from './document-set.ts'
import { precondition } from './refusal.ts'
import type { Change, Scope, Store } from './store.ts'
import type { StoredDocument } from './stored-document.ts'

const KEPT_MICROS = 60_000_000
/** Without an open snapshot no more than this is kept, however busy the minute was. */
const KEPT_CHANGES_MAX = 5_000

interface Replaced extends Change {
  readonly micros: number
}

export class History {
  readonly #store: Store
  #replaced: Replaced[] = []
  #forgottenUpTo = 0
  #forgetAtLength = KEPT_CHANGES_MAX * 2
  readonly #pinned = new Map<object, number>()

  constructor(store: Store) {
    this.#store = store
  }

  /** Keeps the moment readable until `unpin`. */
  pin(holder: object, micros: number): void {
    this.#pinned.set(holder, micros)
  }

  unpin(holder: object): void {
    this.#pinned.delete(holder)
  }

  record(changes: readonly Change[], micros: number): void {
    for (const change of changes) this.#replaced.push({ ...change, micros })
    if (this.#replaced.length > this.#forgetAtLength) this.#forget(micros)
  }

  clear(): void {
    this.#replaced = []
  }

  checkReadable(micros: number, nowMicros: number): void {
    if (micros > nowMicros) throw precondition('The read time is in the future.')
    if (micros < this.#forgottenUpTo || micros < nowMicros - KEPT_MICROS) {
      throw precondition('The requested snapshot version is too old.')
    }
  }

  get(name: string, micros: number): StoredDocument | undefined {
    for (let at = this.#firstAfter(micros); at < this.#replaced.length; at += 1) {
      const replaced = this.#replaced[at]
      if (replaced?.name === name) return replaced.before
    }
    return this.#store.get(name)
  }

  /** The documents in a query's scope as they stood. The past is laid over a copy only if something changed since. */
  documents(scope: Scope, micros: number): DocumentSet | undefined {
    const past = this.#changedSince(micros)
    const present = this.#store.documents(scope)
    if (past.size === 0) return present
    const set = new DocumentSet()
    for (const slot of present?.slots() ?? []) {
      if (!past.has(slot.document.name)) set.add(slot.document.name, slot)
    }
    for (const [name, document] of past) {
      if (document !== undefined && inScope(name, scope)) set.add(name, { document })
    }
    return set
  }

  #changedSince(micros: number): Map<string, StoredDocument | undefined> {
    const past = new Map<string, StoredDocument | undefined>()
    for (let at = this.#replaced.length - 1; at >= this.#firstAfter(micros); at -= 1) {
      const replaced = this.#replaced[at]
      if (replaced !== undefined) past.set(replaced.name, replaced.before)
    }
    return past
  }

  #firstAfter(micros: number): number {
    let low = 0
    let high = this.#replaced.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#replaced[middle]?.micros ?? 0) <= micros) low = middle + 1
      else high = middle
    }
    return low
  }

  #forget(nowMicros: number): void {
    const oldestPinned = Math.min(...this.#pinned.values(), Number.POSITIVE_INFINITY)
    const surplusUpTo = this.#replaced[this.#replaced.length - KEPT_CHANGES_MAX]?.micros ?? 0
    const upTo = Math.min(oldestPinned, Math.max(surplusUpTo, nowMicros - KEPT_MICROS))
    const kept = this.#replaced.slice(this.#firstAfter(upTo))
    if (kept.length < this.#replaced.length) this.#forgottenUpTo = upTo
    this.#replaced = kept
    this.#forgetAtLength = Math.max(KEPT_CHANGES_MAX * 2, kept.length * 2)
  }
}

/** Whether a document of this name can be in the scope at all. */
export function inScope(name: string, scope: Scope): boolean {
  const slash = name.lastIndexOf('/')
  if (scope.kind === 'collection') return name.length > slash && name.slice(0, slash) === scope.collection
  if (!name.startsWith(`${scope.under}/`)) return false
  return scope.kind === 'everything' || name.slice(0, slash).endsWith(`/${scope.collectionId}`)
}
