/**
 * Firestore: documents, and the three ways to change them.
 *
 * - `commit`: writes only, guarded by preconditions (`create`, `lastUpdateTime`); one round trip, no lock held.
 * - `revise`: reads decide what is written; of what was read, what is written must still be as it was read.
 * - `transact`: the same, and all that was read stays locked until the commit: for what is decided by documents that are
 *   not written, or by what a query does not find.
 *
 * Locks outlive a caller whose answer is lost: nobody knows the transaction that holds them, and for a minute whoever
 * writes those documents waits. So what everybody writes (products, orders) is revised, never locked.
 * A commit can be ambiguous: an error may hide that it took effect. So `revise` and `transact` run the work again from
 * its reads (which see the earlier effect: the work must look for it), and `commit` says which of the two is possible.
 * No call waits for ever: the client's own retries run for minutes, so each call has our deadline.
 */
import type * as Client from '@google-cloud/firestore'
import { Failure } from '#values/failure.ts'
import { config } from './config.ts'
import { jitter, pause, within } from './deadline.ts'
import { firestoreClient } from './firestore-client.ts'

export type Data = Record<string, unknown>
export type Doc = Client.DocumentReference<Data, Data>
export type Snapshot = Client.DocumentSnapshot<Data, Data>
export type Query = Client.Query<Data, Data>

/** What every way to change documents offers. */
export interface Writer {
  create(doc: Doc, data: Data): unknown
  set(doc: Doc, data: Data): unknown
  update(doc: Doc, data: Data, precondition?: { lastUpdateTime: Client.Timestamp }): unknown
  delete(doc: Doc): unknown
}

export interface Unit extends Writer {
  get(doc: Doc): Promise<Snapshot>
  getAll(...docs: Doc[]): Promise<Snapshot[]>
  query(query: Query): Promise<Snapshot[]>
}

/** A document; the client is loaded when it is first needed. */
export async function doc(collection: string, id: string): Promise<Doc> {
  return (await firestoreClient()).client.collection(collection).doc(id) as Doc
}

export async function collection(name: string): Promise<Client.CollectionReference<Data, Data>> {
  return (await firestoreClient()).client.collection(name) as Client.CollectionReference<Data, Data>
}

/** Values that the server computes: `increment`, `delete`. */
export async function fieldValue(): Promise<typeof Client.FieldValue> {
  return (await firestoreClient()).module.FieldValue
}

export async function timestamp(ms: number): Promise<Client.Timestamp> {
  return (await firestoreClient()).module.Timestamp.fromMillis(ms)
}

/** Reads documents in one round trip, in the order asked. */
export async function readAll(docs: readonly Doc[]): Promise<Snapshot[]> {
  if (docs.length === 0) return []
  const { client } = await firestoreClient()
  const snapshots = await translated(inTime('read', client.getAll(...docs)))
  return snapshots as Snapshot[]
}

/** Reads documents in one round trip, and gives them back under the name under which each was asked for. */
export async function readNamed<Name extends string>(wanted: Readonly<Record<Name, readonly Doc[]>>): Promise<Record<Name, readonly Snapshot[]>> {
  const entries = Object.entries(wanted) as Array<[Name, readonly Doc[]]>
  const found = await readAll(entries.flatMap(([, docs]) => docs))
  return Object.fromEntries(entries.map(([name, docs]) => [name, found.splice(0, docs.length)])) as unknown as Record<Name, readonly Snapshot[]>
}

export async function readOne(one: Doc): Promise<Snapshot> {
  return (await readAll([one]))[0] as Snapshot
}

export async function readQuery(query: Query): Promise<Snapshot[]> {
  return (await translated(inTime('query', query.get()))).docs as Snapshot[]
}

function inTime<T>(what: string, call: Promise<T>): Promise<T> {
  return within(config('deadlines').STORE_DEADLINE_MS, what, call)
}

/** Number of documents a query finds. */
export async function countOf(query: Query): Promise<number> {
  return (await translated(inTime('count', query.count().get()))).data().count
}

/** Number of documents a query finds, and what a whole number in them adds up to. */
export async function totalOf(query: Query, field: string): Promise<{ count: number; amount: number }> {
  const { AggregateField } = (await firestoreClient()).module
  const wanted = { count: AggregateField.count(), amount: AggregateField.sum(field) }
  return (await translated(inTime('sum', query.aggregate(wanted).get()))).data()
}

/**
 * `done`: written, at that time. `refused`: a precondition did not hold, which may be because an earlier, lost try of
 * this very commit took effect: the caller reads and looks whose writes they are.
 */
export type Committed = { readonly done: true; readonly at: Client.Timestamp } | { readonly done: false }

/** Commits writes without reading first. */
export async function commit(fill: (writer: Writer) => void): Promise<Committed> {
  const { client } = await firestoreClient()
  const batch = client.batch()
  fill(batch as unknown as Writer)
  try {
    const results = await inTime('commit', batch.commit())
    const at = results[0]?.writeTime
    if (at === undefined) throw new Failure('INTERNAL_ERROR', { reason: 'a commit without writes' })
    return { done: true, at }
  } catch (error) {
    if (refusedByPrecondition(error)) return { done: false }
    throw asFailure(error)
  }
}

/**
 * Runs `work` as one transaction. It may run several times, also after a commit that took effect unseen: it must read
 * its own operation's record first. Nothing outside Firestore may be called in it.
 */
export async function transact<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
  const { client } = await firestoreClient()
  return untilCommitted((giveUpAt) => {
    const run = client.runTransaction((transaction) => withoutDelay(giveUpAt, work(unitOf(transaction, giveUpAt))), { maxAttempts: 1 })
    return within(leftUntil(giveUpAt), 'transaction', run)
  })
}

/**
 * Runs `work` without locks, and commits what it writes if those documents are still as it read them; else it runs again.
 * As with `transact` it may run several times. What it reads and does not write may be another by then.
 */
export async function revise<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
  const { client, module } = await firestoreClient()
  return untilCommitted(async (giveUpAt) => {
    const batch = client.batch()
    const { unit, written } = guardedUnit({ client, batch, absent: module.FieldValue.delete(), giveUpAt })
    const result = await withoutDelay(giveUpAt, work(unit))
    if (written()) await within(leftUntil(giveUpAt), 'commit', batch.commit())
    return result
  })
}

/** A document that was read and is deleted meanwhile is read again; one that was never there will not come. */
const MISSING_TRIES_MAX = 3

async function untilCommitted<T>(run: (giveUpAt: number) => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + config('deadlines').TRANSACTION_DEADLINE_MS
  for (let attempt = 0; ; attempt++) {
    try {
      return await run(giveUpAt)
    } catch (error) {
      const again = mayRunAgain(error) || (codeOf(error) === 5 && attempt < MISSING_TRIES_MAX)
      if (error instanceof Failure || !again || performance.now() > giveUpAt) throw asFailure(error)
      await pause(jitter(attempt))
    }
  }
}

function leftUntil(giveUpAt: number): number {
  return Math.max(giveUpAt - performance.now(), 1)
}

/** Work that took too long is not committed any more: whoever waited for it has been told that it failed. */
async function withoutDelay<T>(giveUpAt: number, work: Promise<T>): Promise<T> {
  const result = await work
  if (performance.now() > giveUpAt) throw new Failure('SERVICE_UNAVAILABLE', { reason: 'transaction: too late to commit' })
  return result
}

/** A read that is not answered ends the work, so that the client rolls back and lets go of what was locked. */
function unitOf(transaction: Client.Transaction, giveUpAt: number): Unit {
  const writer = transaction as unknown as Writer
  const inTime = <T>(read: Promise<T>): Promise<T> => within(leftUntil(giveUpAt), 'read in a transaction', read)
  return {
    get: async (one) => (await inTime(transaction.get(one))) as Snapshot,
    getAll: async (...docs) => (docs.length === 0 ? [] : ((await inTime(transaction.getAll(...docs))) as Snapshot[])),
    query: async (query) => (await inTime(transaction.get(query))).docs as Snapshot[],
    create: (one, data) => writer.create(one, data),
    set: (one, data) => writer.set(one, data),
    update: (one, data, precondition) =>
      precondition === undefined ? writer.update(one, data) : writer.update(one, data, precondition),
    delete: (one) => writer.delete(one),
  }
}

interface Revision {
  readonly client: Client.Firestore
  readonly batch: Client.WriteBatch
  /** Takes a field out of a document. */
  readonly absent: unknown
  readonly giveUpAt: number
}

/** Remembers what was read, and writes it on that version only. */
function guardedUnit({ client, batch, absent, giveUpAt }: Revision): { readonly unit: Unit; readonly written: () => boolean } {
  const writer = batch as unknown as Writer & { delete(doc: Doc, precondition?: { lastUpdateTime: Client.Timestamp }): unknown }
  const seen = new Map<string, Snapshot>()
  let writes = 0
  const remember = (snapshots: Snapshot[]): Snapshot[] => {
    for (const snapshot of snapshots) seen.set(snapshot.ref.path, snapshot)
    return snapshots
  }
  /** Of its second write in one commit the first one is the guard. */
  const known = ({ path }: Doc): Snapshot | undefined => {
    const snapshot = seen.get(path)
    seen.delete(path)
    writes += 1
    return snapshot
  }
  const guardOf = (snapshot: Snapshot | undefined) => (snapshot?.updateTime === undefined ? undefined : { lastUpdateTime: snapshot.updateTime })
  const inTime = <T>(read: Promise<T>): Promise<T> => within(leftUntil(giveUpAt), 'read', read)
  const getAll = async (...docs: Doc[]): Promise<Snapshot[]> => (docs.length === 0 ? [] : remember((await inTime(client.getAll(...docs))) as Snapshot[]))
  const update = (one: Doc, data: Data, guard: { lastUpdateTime: Client.Timestamp } | undefined): unknown =>
    guard === undefined ? writer.update(one, data) : writer.update(one, data, guard)
  const unit: Unit = {
    get: async (one) => (await getAll(one))[0] as Snapshot,
    getAll,
    query: async (query) => remember((await inTime(query.get())).docs as Snapshot[]),
    create: (one, data) => {
      known(one)
      return writer.create(one, data)
    },
    set: (one, data) => {
      const before = known(one)
      if (before === undefined) return writer.set(one, data)
      if (!before.exists) return writer.create(one, data)
      const gone = Object.keys(before.data() ?? {}).filter((field) => data[field] === undefined)
      return update(one, { ...data, ...Object.fromEntries(gone.map((field) => [field, absent])) }, guardOf(before))
    },
    update: (one, data, precondition) => update(one, data, precondition ?? guardOf(known(one))),
    delete: (one) => writer.delete(one, guardOf(known(one))),
  }
  return { unit, written: () => writes > 0 }
}

/** gRPC codes after which a transaction is run again from its reads. */
const AGAIN = new Set([1, 2, 4, 6, 8, 9, 10, 13, 14, 16])

function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'number' ? code : undefined
}

function mayRunAgain(error: unknown): boolean {
  const code = codeOf(error)
  if (code === 9) return !String((error as Error).message).includes('requires an index')
  return code !== undefined && (AGAIN.has(code) || /expired/.test(String((error as Error).message)))
}

/** ALREADY_EXISTS, FAILED_PRECONDITION of an update time, NOT_FOUND of an update. */
function refusedByPrecondition(error: unknown): boolean {
  const code = codeOf(error)
  return code === 5 || code === 6 || code === 9
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw asFailure(error)
  }
}

function asFailure(error: unknown): unknown {
  if (error instanceof Failure || codeOf(error) === undefined) return error
  const code = codeOf(error)
  const away = code === 14 || code === 4 || code === 8 || code === 10
  return new Failure(away ? 'SERVICE_UNAVAILABLE' : 'DATABASE_ERROR', { reason: `firestore: ${(error as Error).message}`, cause: error })
}
