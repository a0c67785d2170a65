/** The journal: entries are created, never changed. */
import type { JournalEntry } from '#domain/ledger.ts'
import { collection, doc, readAll, readQuery, type Doc, type Query, type Unit, type Writer } from '#platform/firestore.ts'
import { readPage, type PageWish } from './pages.ts'

export function entryDoc(entryId: string): Promise<Doc> {
  return doc('ledger', entryId)
}

/** Posts an entry; one that is posted already makes the whole commit fail. */
export function postEntry(writer: Writer, place: Doc, entry: JournalEntry): void {
  writer.create(place, { ...entry, postings: entry.postings.map((posting) => ({ ...posting })) })
}

/** Those of these entries that are posted. */
export async function readEntries(ids: readonly string[]): Promise<JournalEntry[]> {
  const found = await readAll(await Promise.all(ids.map(entryDoc)))
  return found.filter(({ exists }) => exists).map((snapshot) => snapshot.data() as unknown as JournalEntry)
}

/** Those of these entries that are posted, inside a transaction. */
export async function entriesIn(unit: Unit, ids: readonly string[]): Promise<JournalEntry[]> {
  const found = await unit.getAll(...(await Promise.all(ids.map(entryDoc))))
  return found.filter(({ exists }) => exists).map((snapshot) => snapshot.data() as unknown as JournalEntry)
}

/** Ids of those entries that are posted already, by whoever was first. */
export async function postedIn(unit: Unit, entries: readonly JournalEntry[]): Promise<Set<string>> {
  return new Set((await entriesIn(unit, entries.map(({ id }) => id))).map(({ id }) => id))
}

export interface EntryFilter extends PageWish {
  readonly orderId?: string | undefined
}

/** A page of entries, the newest first. */
export async function listEntries(filter: EntryFilter): Promise<{ readonly entries: readonly JournalEntry[]; readonly nextCursor: string | null }> {
  let query: Query = await collection('ledger')
  if (filter.orderId !== undefined) query = query.where('orderId', '==', filter.orderId)
  const { found, nextCursor } = await readPage(query.orderBy('atMs', 'desc').orderBy('__name__', 'desc'), 'atMs', filter)
  return { entries: found.map((snapshot) => snapshot.data() as unknown as JournalEntry), nextCursor }
}

/** Balance of every account by currency, in minor units. Their sum is zero. */
export async function balances(): Promise<Map<string, Map<string, number>>> {
  const byCurrency = new Map<string, Map<string, number>>()
  let after: string | undefined
  for (;;) {
    let query: Query = (await collection('ledger')).orderBy('__name__')
    if (after !== undefined) query = query.startAfter(after)
    const page = await readQuery(query.limit(PAGE))
    for (const snapshot of page) add(byCurrency, snapshot.data() as unknown as JournalEntry)
    if (page.length < PAGE) return byCurrency
    after = page.at(-1)?.id
  }
}

const PAGE = 500

function add(byCurrency: Map<string, Map<string, number>>, entry: JournalEntry): void {
  const accounts = byCurrency.get(entry.currency) ?? new Map<string, number>()
  byCurrency.set(entry.currency, accounts)
  for (const { account, amount } of entry.postings) accounts.set(account, (accounts.get(account) ?? 0) + amount)
}
