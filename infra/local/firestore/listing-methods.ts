/** Listings: the documents of a collection, with those that only have children, and the collections below a document. */
import type { GrpcMethod } from '../grpc-ports.ts'
import type { Tally } from '../wire.ts'
import type { Caller, Database } from './database.ts'
import type { ListCollectionIdsRequest, ListDocumentsRequest } from './messages.ts'
import { checkCollectionId, compareNames, compareStrings } from './paths.ts'
import { compose } from './protocol.ts'
import { masked } from './read-methods.ts'
import { invalid } from './refusal.ts'
import { method } from './rpc.ts'
import type { View } from './run-query.ts'
import type { StoredDocument } from './stored-document.ts'

const PAGE_SIZE = 300
const DOCUMENTS = 1
const NEXT_PAGE = 2
const IDS = 1
const NAME_FIELD = 1

export function listingMethods(database: Database): Record<string, GrpcMethod<never>> {
  return {
    ListDocuments: method<ListDocumentsRequest>(database, (request, caller, tally) =>
      listDocuments(database, request, caller, tally)),
    ListCollectionIds: method<ListCollectionIdsRequest>(database, (request, _caller, tally) => {
      tally.reads += 1
      return listCollectionIds(database, request)
    }),
  }
}

async function listDocuments(database: Database, request: ListDocumentsRequest, caller: Caller, tally: Tally): Promise<Buffer> {
  const collectionId = request.collectionId ?? ''
  checkCollectionId(collectionId)
  if (!['', '__name__'].includes(request.orderBy ?? '')) throw invalid('Listings are ordered by name.')
  const collection = `${database.names.parent(request.parent ?? '')}/${collectionId}`
  const seen = await database.read(caller, request, { at: (view) => ({ result: inCollection(view, collection, collectionId) }) })
  const documents = new Map<string, StoredDocument | undefined>(seen.result.map((document) => [document.name, document]))
  if (request.showMissing === true) {
    for (const id of childIds(database, collection)) {
      const name = `${collection}/${id}`
      if (!documents.has(name)) documents.set(name, undefined)
    }
  }
  const { page, next } = paged([...documents.keys()].sort(compareNames), request)
  tally.reads += Math.max(page.length, 1)
  const parts = page.map((name) => {
    const document = documents.get(name)
    const bytes = document === undefined ? compose([[NAME_FIELD, Buffer.from(name)]]) : masked(document, request.mask)
    return [DOCUMENTS, bytes] as const
  })
  return compose([...parts, ...(next === undefined ? [] : [[NEXT_PAGE, Buffer.from(next)] as const])])
}

function inCollection(view: View, collection: string, collectionId: string): StoredDocument[] {
  const set = view.documents({ kind: 'collection', collection, collectionId })
  return [...(set?.slots() ?? [])].map((slot) => slot.document)
}

function listCollectionIds(database: Database, request: ListCollectionIdsRequest): Buffer {
  const ids = childIds(database, database.names.parent(request.parent ?? ''))
  const { page, next } = paged([...ids].sort(compareStrings), request)
  const parts = page.map((id) => [IDS, Buffer.from(id)] as const)
  return compose([...parts, ...(next === undefined ? [] : [[NEXT_PAGE, Buffer.from(next)] as const])])
}

/** First segments below a name, of anything that leads to a document. */
function childIds(database: Database, above: string): Set<string> {
  const ids = new Set<string>()
  for (const collection of database.store.collections()) {
    if (!collection.startsWith(`${above}/`)) continue
    const rest = collection.slice(above.length + 1)
    const slash = rest.indexOf('/')
    ids.add(slash === -1 ? rest : rest.slice(0, slash))
  }
  return ids
}

/** The token of the next page is the last item of this one. */
function paged(sorted: readonly string[], request: { pageSize?: number | null; pageToken?: string | null }) {
  const pageSize = request.pageSize == null || request.pageSize <= 0 ? PAGE_SIZE : request.pageSize
  const token = request.pageToken ?? ''
  const start = token === '' ? 0 : sorted.indexOf(token) + 1
  const page = sorted.slice(start, start + pageSize)
  return { page, next: start + pageSize < sorted.length ? page.at(-1) : undefined }
}
