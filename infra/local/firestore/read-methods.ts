/** The methods that read: single documents, queries, aggregations, listings. */
import type { GrpcMethod } from '../grpc-ports.ts'
import type { Tally } from '../wire.ts'
import { aggregate, summedPaths } from './aggregate.ts'
import type { Caller, Database, Seen } from './database.ts'
import { project } from './fields.ts'
import { findNearest, parseSearch, withDistance } from './find-nearest.ts'
import { checkIndexed, checkVectorIndexed } from './index-check.ts'
import type { BatchGetRequest, Mask, RunAggregationRequest, RunQueryRequest, SingleDocumentRequest } from './messages.ts'
import { compose, encode, timestampBytes, timestampOf, type Part } from './protocol.ts'
import { parseQuery, type Query } from './query.ts'
import { invalid, notFound } from './refusal.ts'
import { method } from './rpc.ts'
import { rangeLock, runQuery } from './run-query.ts'
import type { StoredDocument } from './stored-document.ts'

/** Index entries an aggregation reads for the price of one document. */
const ENTRIES_PER_READ = 1000

const FOUND = 1
const MISSING = 2
const BATCH_TRANSACTION = 3
const BATCH_READ_TIME = 4
const QUERY_DOCUMENT = 1
const QUERY_TRANSACTION = 2
const QUERY_READ_TIME = 3
const QUERY_METRICS = 11

export function readMethods(database: Database): Record<string, GrpcMethod<never>> {
  return {
    BatchGetDocuments: method<BatchGetRequest>(database, (request, caller, tally) => batchGet(database, request, caller, tally)),
    GetDocument: method<SingleDocumentRequest>(database, (request, caller, tally) => getOne(database, request, caller, tally)),
    RunQuery: method<RunQueryRequest>(database, (request, caller, tally) => query(database, request, caller, tally)),
    RunAggregationQuery: method<RunAggregationRequest>(database, (request, caller, tally) =>
      aggregation(database, request, caller, tally)),
  }
}

async function batchGet(database: Database, request: BatchGetRequest, caller: Caller, tally: Tally): Promise<Buffer[]> {
  database.names.checkDatabase(request.database ?? '')
  const names = [...new Set(request.documents ?? [])].map((name) => database.names.document(name))
  const look = { names, at: ({ get }: { get: (name: string) => StoredDocument | undefined }) => ({ result: names.map(get) }) }
  const seen = await database.read(caller, request, look)
  tally.reads += names.length
  const readTime = timestampBytes(seen.readMicros)
  const answers = names.map((name, index) => {
    const document = seen.result[index]
    const part: Part = document === undefined ? [MISSING, Buffer.from(name)] : [FOUND, masked(document, request.mask)]
    const begun = index === 0 && seen.begun !== undefined ? [[BATCH_TRANSACTION, seen.begun] as const] : []
    return compose([part, ...begun, [BATCH_READ_TIME, readTime]])
  })
  if (answers.length > 0 || seen.begun === undefined) return answers
  return [compose([[BATCH_TRANSACTION, seen.begun], [BATCH_READ_TIME, readTime]])]
}

async function getOne(database: Database, request: SingleDocumentRequest, caller: Caller, tally: Tally): Promise<Buffer> {
  const name = database.names.document(request.name ?? '')
  const seen = await database.read(caller, request, { names: [name], at: (view) => ({ result: view.get(name) }) })
  tally.reads += 1
  if (seen.result === undefined) throw notFound(`Document "${name}" not found.`)
  return masked(seen.result, request.mask)
}

/** A document as answered; whole ones are copied as they were encoded at their commit. */
export function masked(document: StoredDocument, mask: Mask | null | undefined): Buffer {
  return mask == null ? document.encoded : document.encodedWith(project(document.fields, mask.fieldPaths ?? []))
}

async function query(database: Database, request: RunQueryRequest, caller: Caller, tally: Tally): Promise<Buffer[]> {
  const structured = request.structuredQuery
  if (structured == null) throw invalid('RunQuery needs a structured query.')
  const parsed = parseQuery(request.parent ?? '', structured, database.names)
  const startedMs = performance.now()
  if (structured.findNearest != null) return nearest(database, request, { ...parsed, limit: undefined }, caller, tally)
  checkIndexed(database.indexFile, parsed)
  if (request.explainOptions != null && request.explainOptions.analyze !== true) return [explained(database, parsed)]
  const seen = await database.read(caller, request, {
    at: (view) => {
      const found = runQuery(parsed, view)
      return { result: found, range: rangeLock(parsed, found) }
    },
  })
  const { documents, skipped } = seen.result
  const reads = Math.max(documents.length + skipped, 1)
  tally.reads += reads
  const encoded = documents.map((document) => selected(document, parsed))
  if (request.explainOptions == null) return resultMessages(seen, encoded)
  return [...resultMessages(seen, encoded), explained(database, parsed, { results: documents.length, reads, startedMs })]
}

function selected(document: StoredDocument, { select }: Query): Buffer {
  return select === undefined ? document.encoded : document.encodedWith(project(document.fields, select))
}

/** One message for each document, and one with the time alone when there is none: without it the client fails. */
function resultMessages(seen: Seen<unknown>, documents: readonly Buffer[]): Buffer[] {
  const readTime = [QUERY_READ_TIME, timestampBytes(seen.readMicros)] as const
  const begun = seen.begun === undefined ? [] : [[QUERY_TRANSACTION, seen.begun] as const]
  if (documents.length === 0) return [compose([...begun, readTime])]
  return documents.map((document, index) => compose([[QUERY_DOCUMENT, document], ...(index === 0 ? begun : []), readTime]))
}

async function nearest(
  database: Database,
  request: RunQueryRequest,
  parsed: Query,
  caller: Caller,
  tally: Tally,
): Promise<Buffer[]> {
  const search = parseSearch(request.structuredQuery?.findNearest ?? {}, parsed)
  checkVectorIndexed(database.indexFile, parsed, search.path, search.vector.length)
  const seen = await database.read(caller, request, {
    at: (view) => {
      const neighbours = findNearest(parsed, search, view)
      return { result: neighbours, range: rangeLock(parsed, { documents: [], skipped: 0 }) }
    },
  })
  tally.reads += Math.max(seen.result.length, 1)
  const documents = seen.result.map((neighbour) => {
    const { document } = neighbour
    const fields = parsed.select === undefined ? document.fields : project(document.fields, parsed.select)
    const plain = parsed.select === undefined && search.distanceField === undefined
    return plain ? document.encoded : document.encodedWith(withDistance(search, neighbour, fields))
  })
  return resultMessages(seen, documents)
}

async function aggregation(database: Database, request: RunAggregationRequest, caller: Caller, tally: Tally): Promise<Buffer[]> {
  const { structuredQuery, aggregations } = request.structuredAggregationQuery ?? {}
  if (structuredQuery == null) throw invalid('RunAggregationQuery needs a structured query.')
  const parsed = parseQuery(request.parent ?? '', structuredQuery, database.names)
  const wanted = aggregations ?? []
  checkIndexed(database.indexFile, parsed, summedPaths(wanted))
  const seen = await database.read(caller, request, {
    at: (view) => {
      const found = runQuery(parsed, view)
      return { result: found, range: rangeLock(parsed, found) }
    },
  })
  const { documents, skipped } = seen.result
  tally.reads += Math.max(Math.ceil((documents.length + skipped) / ENTRIES_PER_READ), 1)
  return [encode('RunAggregationQueryResponse', {
    result: { aggregateFields: aggregate(wanted, documents) },
    readTime: timestampOf(seen.readMicros),
    ...(seen.begun === undefined ? {} : { transaction: seen.begun }),
  })]
}

/** The plan of a query, and what it cost if it ran. */
function explained(database: Database, parsed: Query, ran?: { results: number; reads: number; startedMs: number }): Buffer {
  const properties = [...parsed.orders.map(({ path, descending }) => `${path} ${descending ? 'DESC' : 'ASC'}`), '__name__']
  const fields = {
    query_scope: { stringValue: parsed.scope.kind === 'collection' ? 'Collection' : 'Collection group' },
    properties: { stringValue: `(${properties.join(', ')})` },
  }
  const metrics = encode('ExplainMetrics', {
    planSummary: { indexesUsed: [{ fields }] },
    ...(ran === undefined ? {} : {
      executionStats: {
        resultsReturned: ran.results,
        readOperations: ran.reads,
        executionDuration: { seconds: 0, nanos: Math.round((performance.now() - ran.startedMs) * 1_000_000) },
      },
    }),
  })
  const parts: Part[] = [[QUERY_METRICS, metrics]]
  if (ran === undefined) parts.push([QUERY_READ_TIME, timestampBytes(database.nowMicros())])
  return compose(parts)
}
