/**
 * The whole store as an archive, and back: what Google's managed export does in production, through the client, so that the drill
 * runs anywhere.
 *
 * An archive is one moment: all is read in one read-only transaction, whatever is written meanwhile. A restore goes into an
 * empty store and refuses any other, because a mixture of two moments is the one state nobody could reason about.
 */
import { createHash } from 'node:crypto'
import type { Firestore, Query, QuerySnapshot } from '@google-cloud/firestore'
import { decode, encode, type Line } from './encoding.ts'

export interface Archive {
  readonly lines: readonly Line[]
}

/** What a collection holds: how many documents, and a hash of them all. */
export interface Print {
  readonly documents: number
  readonly hash: string
}

const PAGE = 300

export async function exportStore(store: Firestore): Promise<Archive> {
  const collections = await store.listCollections()
  const lines = await store.runTransaction(async (transaction) => {
    const found: Line[] = []
    for (const collection of collections) {
      const all = collection.orderBy('__name__').limit(PAGE)
      for (let page: Query | undefined = all; page !== undefined; ) {
        const snapshot: QuerySnapshot = await transaction.get(page)
        found.push(...snapshot.docs.map((document) => ({ path: document.ref.path, fields: encode(document.data()) })))
        page = snapshot.size < PAGE ? undefined : all.startAfter(snapshot.docs.at(-1)?.id)
      }
    }
    return found
  }, { readOnly: true })
  return { lines }
}

/** @throws Error when the store is not empty: nothing is written then */
export async function restoreStore(store: Firestore, { lines }: Archive): Promise<void> {
  const present = await store.listCollections()
  if (present.length > 0) throw new Error(`The store is not empty: it holds ${present.map(({ id }) => id).join(', ')}. Restore into an empty one.`)
  for (let from = 0; from < lines.length; from += PAGE) {
    const batch = store.batch()
    for (const { path, fields } of lines.slice(from, from + PAGE)) batch.create(store.doc(path), decode(fields, store) as Record<string, unknown>)
    await batch.commit()
  }
}

/** By collection. The same documents give the same prints, in whatever order they came. */
export function printsOf({ lines }: Archive): ReadonlyMap<string, Print> {
  const groups = Map.groupBy(lines, ({ path }) => path.slice(0, path.lastIndexOf('/')))
  return new Map([...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([collection, own]) => {
    const texts = own.map((line) => JSON.stringify([line.path, line.fields])).sort()
    return [collection, { documents: own.length, hash: createHash('sha256').update(texts.join('\n')).digest('hex') }]
  }))
}

/** A sentence for each collection that is not as it was. */
export function differencesOf(before: ReadonlyMap<string, Print>, after: ReadonlyMap<string, Print>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((collection) => {
    const [was, is] = [before.get(collection), after.get(collection)]
    if (was?.hash === is?.hash) return []
    return [`${collection}: ${was?.documents ?? 0} documents were exported, ${is?.documents ?? 0} are there${was?.documents === is?.documents ? ', and they are not the same' : ''}.`]
  })
}

/** As a file: one document a line, and a last line that says that it is whole. */
export function textOf({ lines }: Archive): string {
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  return `${body}${JSON.stringify({ documents: lines.length, hash: createHash('sha256').update(body).digest('hex') })}\n`
}

/** @throws Error when the file was cut off or changed */
export function archiveFrom(text: string): Archive {
  const end = text.lastIndexOf('\n', text.length - 2) + 1
  const body = text.slice(0, end)
  const seal = sealIn(text.slice(end))
  if (seal?.hash !== createHash('sha256').update(body).digest('hex')) throw new Error('The archive is not whole: it was cut off or changed.')
  return { lines: body.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line) }
}

function sealIn(line: string): { readonly hash?: string } | undefined {
  try {
    return JSON.parse(line) as { hash?: string }
  } catch {
    return undefined
  }
}
