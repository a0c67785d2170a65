/**
 * Names of documents and paths of fields: taken apart, checked, ordered.
 *
 * A document's full name (`projects/P/databases/(default)/documents/orders/1`) is used as its key everywhere.
 */
import { invalid } from './refusal.ts'

const SEGMENT_BYTES_MAX = 1500
const NAME_BYTES_MAX = 6144
const DEPTH_MAX = 100
const FIELD_DEPTH_MAX = 20

export interface Place {
  /** Full name of the collection the document is in. */
  readonly collection: string
  readonly collectionId: string
  readonly id: string
}

/** Where a well-formed document name points. */
export function placeOf(name: string): Place {
  const slash = name.lastIndexOf('/')
  const collection = name.slice(0, slash)
  return { collection, collectionId: collection.slice(collection.lastIndexOf('/') + 1), id: name.slice(slash + 1) }
}

/** The rules a document's name is held to; `root` is the database's `.../documents`. */
export class Names {
  readonly root: string
  readonly database: string

  constructor(projectId: string) {
    this.database = `projects/${projectId}/databases/(default)`
    this.root = `${this.database}/documents`
  }

  checkDatabase(database: string): void {
    if (database !== this.database) throw invalid(`The database ${database} is not served here, only ${this.database}.`)
  }

  /** Refuses what cannot be a document; returns the name. */
  document(name: string): string {
    const segments = this.#segments(name)
    if (segments.length === 0 || segments.length % 2 !== 0) {
      throw invalid(`Document name "${name}" lacks "/" or does not name a document: it must have an even number of segments.`)
    }
    if (segments.length > DEPTH_MAX * 2) throw invalid(`Document name "${name}" is deeper than ${DEPTH_MAX} collections.`)
    for (const segment of segments) checkSegment(segment, name)
    if (name.length > NAME_BYTES_MAX / 4 && Buffer.byteLength(name) > NAME_BYTES_MAX) {
      throw invalid(`Document name is longer than ${NAME_BYTES_MAX} bytes.`)
    }
    return name
  }

  /** The root or a document: what a query or a listing hangs under. */
  parent(name: string): string {
    return name === this.root ? name : this.document(name)
  }

  #segments(name: string): string[] {
    if (!name.startsWith(`${this.root}/`)) {
      throw invalid(`Document name "${name}" does not begin with "${this.root}/".`)
    }
    return name.slice(this.root.length + 1).split('/')
  }
}

export function checkCollectionId(id: string): void {
  checkSegment(id, id)
  if (id.includes('/')) throw invalid(`Collection id "${id}" must not hold "/".`)
}

function checkSegment(segment: string, name: string): void {
  if (segment === '') throw invalid(`Document name "${name}" holds an empty segment.`)
  if (segment === '.' || segment === '..') throw invalid(`Document name "${name}" has the invalid segment "${segment}".`)
  if (segment.startsWith('__') && segment.endsWith('__') && segment.length > 3) {
    throw invalid(`Resource id "${segment}" is invalid because it is reserved.`)
  }
  if (segment.length > SEGMENT_BYTES_MAX / 4 && Buffer.byteLength(segment) > SEGMENT_BYTES_MAX) {
    throw invalid(`Resource id is longer than ${SEGMENT_BYTES_MAX} bytes.`)
  }
}

/** By UTF-8 bytes, which differs from JavaScript's order only where surrogate pairs meet other characters. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  return compareAt(a, b, firstDifference(a, b))
}

function firstDifference(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1
  return at
}

function compareAt(a: string, b: string, at: number): number {
  if (at === a.length || at === b.length) return a.length - b.length
  const left = a.charCodeAt(at)
  const right = b.charCodeAt(at)
  const leftPaired = left >= 0xd800 && left <= 0xdfff
  const rightPaired = right >= 0xd800 && right <= 0xdfff
  if (leftPaired !== rightPaired) return leftPaired ? 1 : -1
  return left - right
}

/** Names order segment by segment; a numeric id (`__id7__`) comes before all others. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0
  const at = firstDifference(a, b)
  const start = a.lastIndexOf('/', at - 1) + 1
  if (a.startsWith('__id', start) || b.startsWith('__id', start)) {
    const left = numericId(a, start)
    const right = numericId(b, start)
    if (left !== undefined && right !== undefined && left !== right) return left < right ? -1 : 1
    if (left !== undefined && right === undefined) return -1
    if (right !== undefined && left === undefined) return 1
  }
  if (at < a.length && at < b.length) {
    if (a[at] === '/') return -1
    if (b[at] === '/') return 1
  }
  return compareAt(a, b, at)
}

function numericId(name: string, start: number): bigint | undefined {
  const end = name.indexOf('/', start)
  const match = /^__id(-?\d+)__$/.exec(end === -1 ? name.slice(start) : name.slice(start, end))
  return match?.[1] === undefined ? undefined : BigInt(match[1])
}

const parsedPaths = new Map<string, readonly string[]>()
const PARSED_PATHS_MAX = 10_000

/** `a.b` or `` `odd.name`.b `` to its segments; the few paths a product has are remembered. */
export function fieldPath(text: string): readonly string[] {
  const known = parsedPaths.get(text)
  if (known !== undefined) return known
  const segments = parseFieldPath(text)
  if (parsedPaths.size >= PARSED_PATHS_MAX) parsedPaths.clear()
  parsedPaths.set(text, segments)
  return segments
}

function parseFieldPath(text: string): string[] {
  const segments: string[] = []
  const pattern = /(?:`((?:[^`\\]|\\.)+)`|([^`.~*/[\]]+))(\.|$)/sy
  let closed = false
  while (!closed) {
    const match = pattern.exec(text)
    if (match === null) throw invalid(`Invalid property path "${text}".`)
    const quoted = match[1]
    segments.push(quoted === undefined ? (match[2] ?? '') : quoted.replace(/\\(.)/gs, '$1'))
    closed = match[3] === ''
  }
  if (segments.length > FIELD_DEPTH_MAX) throw invalid(`Property path "${text}" is deeper than ${FIELD_DEPTH_MAX}.`)
  return segments
}
