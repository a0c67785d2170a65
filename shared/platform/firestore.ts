/**
 * Firestore: the client (built on first use), documents, and the two ways to change them.
 *
 * - `transact`: reads decide what is written; the documents read stay locked until the commit.
 * - `commit`: writes only, guarded by preconditions (`create`, `lastUpdateTime`); one round trip, no lock held.
 *
 * A commit can be ambiguous: an error may hide that it took effect. So `transact` runs the work again from its reads
 * (which see the earlier effect: the work must look for it), and `commit` says which of the two is possible.
 * No call waits for ever: the client's own retries run for minutes, so each call has our deadline.
 */
import type * as Client from '@google-cloud/firestore'
import { Failure } from '#values/failure.ts'
import { config } from './config.ts'
import { jitter, pause, within } from './deadline.ts'

export type Data = Record<string, unknown>
export type Doc = Client.DocumentReference<Data, Data>
export type Snapshot = Client.DocumentSnapshot<Data, Data>
export type Query = Client.Query<Data, Data>

/** What both a transaction and a write batch offer. */
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

let loading: Promise<{ client: Client.Firestore; module: typeof Client }> | undefined

async function load(): Promise<{ client: Client.Firestore; module: typeof Client }> {
  loading ??= (async () => {
    const module = (await import('@google-cloud/firestore')) as unknown as typeof Client & { default?: typeof Client }
    const exported = module.default ?? module
    const client = new exported.Firestore({
      projectId: config('shop').GCP_PROJECT_ID,
      ignoreUndefinedProperties: true,
    })
    return { client, module: exported }
  })()
  return loading
}

/** A document; the client is loaded when it is first needed. */
export async function doc(collection: string, id: string): Promise<Doc> {
  return (await load()).client.collection(collection).doc(id) as Doc
}

export async function collection(name: string): Promise<Client.CollectionReference<Data, Data>> {
  return (await load()).client.collection(name) as Client.CollectionReference<Data, Data>
}

/** Values that the server computes: `increment`, `delete`. */
export async function fieldValue(): Promise<typeof Client.FieldValue> {
  return (await load()).module.FieldValue
}

export async function timestamp(ms: number): Promise<Client.Timestamp> {
  return (await load()).module.Timestamp.fromMillis(ms)
}

/** Reads documents in one round trip, in the order asked. */
export async function readAll(docs: readonly Doc[]): Promise<Snapshot[]> {
  if (docs.length === 0) return []
  const { client } = await load()
  const snapshots = await translated(inTime('read', client.getAll(...docs)))
  return snapshots as Snapshot[]
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
  const { AggregateField } = (await load()).module
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
  const { client } = await load()
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
  const { client } = await load()
  const giveUpAt = performance.now() + config('deadlines').TRANSACTION_DEADLINE_MS
  for (let attempt = 0; ; attempt++) {
    try {
      const run = client.runTransaction((transaction) => withoutDelay(giveUpAt, work(unitOf(transaction, giveUpAt))), { maxAttempts: 1 })
      return await within(leftUntil(giveUpAt), 'transaction', run)
    } catch (error) {
      if (error instanceof Failure || !mayRunAgain(error) || performance.now() > giveUpAt) throw asFailure(error)
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
