/** Vector search: the nearest of a query's results by exact distance, as a flat index finds them. */
import { setField } from './fields.ts'
import type { Fields, FindNearest } from './messages.ts'
import { fieldPath } from './paths.ts'
import { valueAt } from './matching.ts'
import type { Query } from './query.ts'
import { invalid } from './refusal.ts'
import { runQuery, type View } from './run-query.ts'
import type { StoredDocument } from './stored-document.ts'
import { vectorOf } from './values.ts'

const LIMIT_MAX = 1000
const EUCLIDEAN = 1
const COSINE = 2
const DOT_PRODUCT = 3

export interface Search {
  readonly path: string
  readonly vector: readonly number[]
  readonly measure: number
  readonly limit: number
  readonly threshold: number | undefined
  /** Field the distance is put into for the answer. */
  readonly distanceField: readonly string[] | undefined
}

export interface Neighbour {
  readonly document: StoredDocument
  readonly distance: number
}

export function parseSearch(message: FindNearest, query: Query): Search {
  const vector = vectorOf(message.queryVector ?? undefined)
  if (vector === undefined || vector.length === 0) throw invalid('findNearest needs a query vector.')
  const limit = message.limit?.value ?? 0
  if (limit < 1 || limit > LIMIT_MAX) throw invalid(`The limit of findNearest must be from 1 to ${LIMIT_MAX}.`)
  const measure = message.distanceMeasure ?? 0
  if (![EUCLIDEAN, COSINE, DOT_PRODUCT].includes(measure)) throw invalid('findNearest needs a distance measure.')
  const bounded = query.disjuncts.flat().some(({ operator }) => operator !== '==' && operator !== 'array-contains')
  if (bounded) throw invalid('findNearest cannot be combined with inequality filters.')
  return {
    path: message.vectorField?.fieldPath ?? '',
    vector,
    measure,
    limit,
    threshold: message.distanceThreshold == null ? undefined : (message.distanceThreshold.value ?? 0),
    distanceField: message.distanceResultField ? fieldPath(message.distanceResultField) : undefined,
  }
}

/** Documents without a vector of the right dimension are not found. Nearest first, equal ones by name. */
export function findNearest(query: Query, search: Search, view: View): Neighbour[] {
  const neighbours: Neighbour[] = []
  for (const document of runQuery(query, view).documents) {
    const vector = vectorOf(valueAt(document, search.path))
    if (vector?.length !== search.vector.length) continue
    const distance = distanceBetween(search.measure, vector, search.vector)
    if (!Number.isNaN(distance) && isNear(search, distance)) neighbours.push({ document, distance })
  }
  const sign = search.measure === DOT_PRODUCT ? -1 : 1
  return neighbours.sort((a, b) => sign * (a.distance - b.distance)).slice(0, search.limit)
}

export function withDistance(search: Search, { document, distance }: Neighbour, fields: Fields = document.fields): Fields {
  return search.distanceField === undefined ? fields : setField(fields, search.distanceField, { doubleValue: distance })
}

function isNear({ measure, threshold }: Search, distance: number): boolean {
  if (threshold === undefined) return true
  return measure === DOT_PRODUCT ? distance >= threshold : distance <= threshold
}

function distanceBetween(measure: number, a: readonly number[], b: readonly number[]): number {
  let dot = 0
  let squares = 0
  let lengthA = 0
  let lengthB = 0
  for (const [index, left] of a.entries()) {
    const right = b[index] ?? 0
    dot += left * right
    squares += (left - right) ** 2
    lengthA += left * left
    lengthB += right * right
  }
  if (measure === DOT_PRODUCT) return dot
  return measure === EUCLIDEAN ? Math.sqrt(squares) : 1 - dot / Math.sqrt(lengthA * lengthB)
}
