/**
 * Every document of the database: in memory to be read, on disk to survive.
 *
 * A commit is one SQLite transaction, written before anything in memory changes and before the answer. Old versions
 * are kept as long as a read-only transaction looks at them, and a minute for reads of a given moment.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Disk } from '../disk.ts'
import { DocumentSet, type Slot } from './document-set.ts'
import { placeOf } from './paths.ts'
import { StoredDocument } from './stored-document.ts'

export interface Change {
  readonly name: string
  readonly before: StoredDocument | undefined
  readonly after: StoredDocument | undefined
}

/** Which documents a query looks through. */
export type Scope =
  | { readonly kind: 'collection'; readonly collection: string; readonly collectionId: string }
  | { readonly kind: 'group'; readonly under: string; readonly collectionId: string }
  | { readonly kind: 'everything'; readonly under: string; readonly collectionId: '' }

export class Store {
  readonly #slots = new Map<string, Slot>()
  readonly #collections = new Map<string, DocumentSet>()
  readonly #groups = new Map<string, DocumentSet>()
  #everything: DocumentSet | undefined
  readonly #database: DatabaseSync | undefined
  readonly #put: StatementSync | undefined
  readonly #drop: StatementSync | undefined
  #lastMicros = 0

  constructor(disk: Disk) {
    if (disk.directory === undefined) return
    const database = disk.database('firestore')
    database.exec('CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, encoded BLOB NOT NULL) WITHOUT ROWID')
    for (const row of database.prepare('SELECT encoded FROM documents').iterate()) this.#load(row['encoded'] as Uint8Array)
    this.#put = database.prepare(
      'INSERT INTO documents (name, encoded) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET encoded = excluded.encoded',
    )
    this.#drop = database.prepare('DELETE FROM documents WHERE name = ?')
    this.#database = database
  }

  /** Newest time any document carries: the clock of commits goes on from here after a restart. */
  get lastMicros(): number {
    return this.#lastMicros
  }

  get(name: string): StoredDocument | undefined {
    return this.#slots.get(name)?.document
  }

  /** Full names of the collections that hold documents. */
  collections(): IterableIterator<string> {
    return this.#collections.keys()
  }

  documents(scope: Scope): DocumentSet | undefined {
    if (scope.kind === 'collection') return this.#collections.get(scope.collection)
    if (scope.kind === 'everything') return (this.#everything ??= gather(this.#slots))
    let group = this.#groups.get(scope.collectionId)
    if (group === undefined) {
      group = new DocumentSet()
      for (const [collection, set] of this.#collections) {
        if (collection.endsWith(`/${scope.collectionId}`)) addAll(group, set)
      }
      this.#groups.set(scope.collectionId, group)
    }
    return group
  }

  /** Makes a commit real. Nothing may fail between its two halves: the disk decides. */
  apply(changes: readonly Change[]): void {
    this.#write(changes)
    for (const change of changes) this.#keep(change)
  }

  clear(): void {
    this.#database?.exec('DELETE FROM documents')
    this.#slots.clear()
    this.#collections.clear()
    this.#groups.clear()
    this.#everything = undefined
  }

  #load(encoded: Uint8Array): void {
    const document = StoredDocument.read(encoded)
    this.#keep({ name: document.name, before: undefined, after: document })
  }

  #write(changes: readonly Change[]): void {
    if (this.#database === undefined || changes.length === 0) return
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const { name, after } of changes) {
        if (after === undefined) this.#drop?.run(name)
        else this.#put?.run(name, after.encoded)
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #keep({ name, before, after }: Change): void {
    if (after !== undefined) this.#lastMicros = Math.max(this.#lastMicros, after.updateMicros)
    const { collection, collectionId } = placeOf(name)
    const slot = this.#slots.get(name)
    const sets = this.#setsOf(collection, collectionId)
    if (slot === undefined && after !== undefined) {
      const fresh: Slot = { document: after }
      this.#slots.set(name, fresh)
      for (const set of sets) set.add(name, fresh)
    } else if (slot !== undefined && before !== undefined && after !== undefined) {
      slot.document = after
      for (const set of sets) set.replace(name, slot, before)
    } else if (slot !== undefined && before !== undefined) {
      this.#slots.delete(name)
      for (const set of sets) set.remove(name, slot, before)
      if (sets[0]?.size === 0) this.#collections.delete(collection)
    }
  }

  /** The collection's own set first, then those of its group and of all documents where a query has asked for them. */
  #setsOf(collection: string, collectionId: string): DocumentSet[] {
    let own = this.#collections.get(collection)
    if (own === undefined) this.#collections.set(collection, (own = new DocumentSet()))
    const group = this.#groups.get(collectionId)
    return [own, ...(group === undefined ? [] : [group]), ...(this.#everything === undefined ? [] : [this.#everything])]
  }
}

function gather(slots: ReadonlyMap<string, Slot>): DocumentSet {
  const set = new DocumentSet()
  for (const [name, slot] of slots) set.add(name, slot)
  return set
}

function addAll(group: DocumentSet, set: DocumentSet): void {
  for (const slot of set.slots()) group.add(slot.document.name, slot)
}
