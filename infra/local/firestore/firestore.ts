/**
 * The Firestore of the local cloud: Google's own client talks to it over gRPC and finds the locks, the limits, the
 * refusals and the errors it would find at Google.
 *
 * What must never happen: a commit half applied, an answer before the commit is on disk, two transactions that could
 * not have run one after the other, a query answered here that production would refuse for want of an index.
 */
import type { Disk } from '../disk.ts'
import type { GrpcService } from '../grpc-ports.ts'
import type { Timeline } from '../timeline.ts'
import { Database } from './database.ts'
import { sweepDaily } from './expiry.ts'
import type { IndexFile } from './index-file.ts'
import { listingMethods } from './listing-methods.ts'
import { fieldsOfPlain, plainFields, plainValue } from './plain.ts'
import { checkWrite } from './prepare.ts'
import { definition, type Received } from './protocol.ts'
import { readMethods } from './read-methods.ts'
import type { StoredDocument } from './stored-document.ts'
import { writeMethods } from './write-methods.ts'

export interface PlainDocument {
  readonly id: string
  /** `orders/1`, below the database. */
  readonly path: string
  readonly data: Record<string, unknown>
}

export type PlainWrite =
  | { readonly path: string; readonly data: Record<string, unknown> }
  | { readonly path: string; readonly delete: true }

export interface Firestore {
  /** For `GrpcPorts.add`. */
  readonly service: GrpcService
  /** For `GrpcPorts.onDisconnect`: a client that is gone holds no lock. */
  disconnect(connection: string): void
  /** Names of the collections that hold documents. */
  collections(): string[]
  /** Every document of the collections of this name, wherever they are, uncounted and past all locks. */
  peek(collectionId: string): PlainDocument[]
  count(collectionId: string): number
  /** What one field holds in each document of these collections; undefined where it is absent. */
  values(collectionId: string, field: string): unknown[]
  /** All or none, uncounted: seeds and tests. Waits for locks like any commit. */
  write(writes: readonly PlainWrite[]): Promise<void>
  /** Forgets every document and transaction. */
  clear(): void
  /** What is open now: transactions, and calls that wait for a lock. */
  load(): { transactions: number; waiting: number }
  /** Ends transactions that nobody has used for so long: a test need not wait for the minute after which that happens. */
  endIdle(forMs: number): void
}

export interface FirestoreOptions {
  readonly timeline: Timeline
  readonly disk: Disk
  /** The project's index file, read by `parseIndexFile`. */
  readonly indexes: IndexFile
  readonly projectId: string
}

export function createFirestore({ timeline, disk, indexes, projectId }: FirestoreOptions): Firestore {
  const database = new Database({ timeline, disk, indexFile: indexes, projectId })
  const { root } = database.names
  const group = (collectionId: string) => database.store.documents({ kind: 'group', under: root, collectionId })
  sweepDaily(timeline, database)
  return {
    service: {
      target: 'firestore',
      definition,
      methods: { ...readMethods(database), ...listingMethods(database), ...writeMethods(database) },
      text: (request) => JSON.stringify((request as Received<unknown> | undefined)?.message ?? {}),
    },
    disconnect: (connection) => database.transactions.disconnect(connection),
    collections: () => [...new Set([...database.store.collections()].map((name) => name.slice(name.lastIndexOf('/') + 1)))],
    peek: (collectionId) => [...(group(collectionId)?.slots() ?? [])].map(({ document }) => plainDocument(root, document)),
    count: (collectionId) => group(collectionId)?.size ?? 0,
    values: (collectionId, field) =>
      [...(group(collectionId)?.slots() ?? [])].map(({ document }) => {
        const value = document.fields[field]
        return value === undefined ? undefined : plainValue(value)
      }),
    write: async (writes) => {
      const checked = writes.map((write) => {
        const name = `${root}/${write.path}`
        const message = 'data' in write ? { update: { name, fields: fieldsOfPlain(write.data) } } : { delete: name }
        return checkWrite(message, (text) => database.names.document(text))
      })
      await database.commit(checked)
    },
    clear: () => database.clear(),
    load: () => ({ transactions: database.transactions.open, waiting: database.locks.waiting }),
    endIdle: (forMs) => database.transactions.endIdle(forMs),
  }
}

function plainDocument(root: string, document: StoredDocument): PlainDocument {
  const path = document.name.slice(root.length + 1)
  return { id: path.slice(path.lastIndexOf('/') + 1), path, data: plainFields(document.fields) }
}
