/** The methods that write, and those that begin and end transactions. */
import { randomUUID } from 'node:crypto'
import type { GrpcMethod } from '../grpc-ports.ts'
import { GrpcFailure } from '../grpc-ports.ts'
import type { Tally } from '../wire.ts'
import type { Caller, Database } from './database.ts'
import type { CommitRequest, SingleDocumentRequest, TransactionOptions, Write } from './messages.ts'
import { checkCollectionId } from './paths.ts'
import { checkWrite } from './prepare.ts'
import { encode, timestampOf } from './protocol.ts'
import { masked } from './read-methods.ts'
import { invalid } from './refusal.ts'
import { method } from './rpc.ts'

const EMPTY = Buffer.alloc(0)
const BATCH_WRITES_MAX = 500

export function writeMethods(database: Database): Record<string, GrpcMethod<never>> {
  return {
    Commit: method<CommitRequest>(database, (request, caller, tally) => commit(database, request, caller, tally)),
    BatchWrite: method<CommitRequest>(database, (request, caller, tally) => batchWrite(database, request, caller, tally)),
    BeginTransaction: method<{ database?: string; options?: TransactionOptions | null }>(database, (request, caller) => {
      database.names.checkDatabase(request.database ?? '')
      return encode('BeginTransactionResponse', { transaction: database.begin(caller.connection, request.options).idBytes })
    }),
    // A transaction that is over already needs no roll-back: the client sends one after every failure.
    Rollback: method<{ transaction?: Uint8Array }>(database, (request) => {
      const transaction = database.transactions.find(request.transaction ?? EMPTY)
      if (transaction !== undefined) database.transactions.end(transaction)
      return EMPTY
    }),
    CreateDocument: method<SingleDocumentRequest>(database, (request, caller, tally) => {
      checkCollectionId(request.collectionId ?? '')
      const id = request.documentId || randomUUID().replaceAll('-', '').slice(0, 20)
      const name = `${database.names.parent(request.parent ?? '')}/${request.collectionId ?? ''}/${id}`
      return single(database, { update: { ...request.document, name }, currentDocument: { exists: false } }, caller, tally)
    }),
    UpdateDocument: method<SingleDocumentRequest>(database, (request, caller, tally) => {
      const { document, updateMask = null, currentDocument = null } = request
      return single(database, { update: document ?? {}, updateMask, currentDocument }, caller, tally)
    }),
    DeleteDocument: method<SingleDocumentRequest>(database, async (request, caller, tally) => {
      const { name, currentDocument = null } = request
      const write = checkWrite({ delete: name ?? '', currentDocument }, nameCheck(database))
      await database.commit([write], { signal: caller.signal })
      tally.writes += 1
      return EMPTY
    }),
  }
}

function nameCheck(database: Database): (name: string) => string {
  return (name) => database.names.document(name)
}

async function commit(database: Database, request: CommitRequest, caller: Caller, tally: Tally): Promise<Buffer> {
  database.names.checkDatabase(request.database ?? '')
  const id = request.transaction
  const transaction = id == null || id.length === 0 ? undefined : database.transactions.use(id, caller.connection)
  try {
    const writes = (request.writes ?? []).map((write) => checkWrite(write, nameCheck(database)))
    const options = transaction === undefined ? { signal: caller.signal } : { transaction, signal: caller.signal }
    const { micros, results } = await database.commit(writes, options)
    tally.writes += writes.length
    return encode('CommitResponse', { writeResults: results, commitTime: timestampOf(micros) })
  } catch (error) {
    if (transaction !== undefined) database.transactions.end(transaction)
    throw error
  }
}

/** Each write by itself, each with its own verdict. */
async function batchWrite(database: Database, request: CommitRequest, caller: Caller, tally: Tally): Promise<Buffer> {
  database.names.checkDatabase(request.database ?? '')
  const writes = request.writes ?? []
  if (writes.length > BATCH_WRITES_MAX) throw invalid(`A batch has at most ${BATCH_WRITES_MAX} writes.`)
  const names = writes.map((write) => write.delete ?? write.update?.name ?? write.transform?.document ?? '')
  if (new Set(names).size < names.length) throw invalid('A batch cannot write the same document twice.')
  const verdicts = await Promise.all(writes.map((write) => verdict(database, write, caller)))
  tally.writes += verdicts.filter(({ status }) => status.code === 0).length
  return encode('BatchWriteResponse', {
    writeResults: verdicts.map(({ result }) => result),
    status: verdicts.map(({ status }) => status),
  })
}

async function verdict(database: Database, write: Write, caller: Caller) {
  try {
    const { results } = await database.commit([checkWrite(write, nameCheck(database))], { signal: caller.signal })
    return { result: results[0] ?? {}, status: { code: 0 } }
  } catch (error) {
    if (!(error instanceof GrpcFailure)) throw error
    return { result: {}, status: { code: error.code, message: error.message } }
  }
}

async function single(database: Database, write: Write, caller: Caller, tally: Tally): Promise<Buffer> {
  const checked = checkWrite(write, nameCheck(database))
  const { changes } = await database.commit([checked], { signal: caller.signal })
  tally.writes += 1
  const document = changes[0]?.after ?? database.store.get(checked.name)
  return document === undefined ? EMPTY : masked(document, null)
}
