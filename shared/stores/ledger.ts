/** The journal: entries are created, never changed. */
import type { JournalEntry } from '#domain/ledger.ts'
import { collection, doc, readQuery, type Doc, type Query } from '#platform/firestore.ts'

export function entryDoc(entryId: string): Promise<Doc> {
  return doc('ledger', entryId)
}

export interface EntryFilter {
  readonly orderId?: string | undefined
  readonly limit: number
}

/** Entries, the newest first. */
export async function listEntries(filter: EntryFilter): Promise<JournalEntry[]> {
  let query: Query = await collection('ledger')
  if (filter.orderId !== undefined) query = query.where('orderId', '==', filter.orderId)
  const found = await readQuery(query.orderBy('atMs', 'desc').limit(filter.limit))
  return found.map((snapshot) => snapshot.data() as unknown as JournalEntry)
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
