/**
 * The vendor's lists: what is not settled yet, and the batches of what is. Together they hold every transaction of a
 * time; the open ones are read first, so that what is settled between the two questions is found in a batch.
 */
import { DAY_MS, iso, MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { ask, type Asked, type Fields, type Patience } from './api.ts'

/** As a list tells it. */
export interface Listed {
  readonly transId: string
  readonly submitTimeUTC: string
  readonly transactionStatus: string
  readonly invoiceNumber?: string
  readonly settleAmount?: number
  /** When its batch was settled; null for one that is open. */
  readonly settledMs: number | null
}

export type Listing = { readonly found: readonly Listed[] } | { readonly lost: Asked }

/** The vendor's clock and ours may differ by so much. */
export const SKEW_MS = 5 * MINUTE_MS
const PAGE = 200
const PAGES_MAX = 100
/** The longest span that the list of batches takes. */
const SPAN_MS = 31 * DAY_MS
const NEWEST_FIRST = { orderBy: 'submitTimeUTC', orderDescending: true }

/** Every transaction that was submitted since a moment, each once. */
export async function submittedSince(sinceMs: number, patience: Patience): Promise<Listing> {
  const open = await paged('getUnsettledTransactionListRequest', {}, { sinceMs, settledMs: null }, patience)
  if ('lost' in open) return open
  const all = new Map(open.found.map((one) => [one.transId, one]))
  const batches = await settledSince(sinceMs, patience)
  if ('lost' in batches) return batches
  for (const { batchId, settledMs } of batches.found) {
    const settled = await paged('getTransactionListRequest', { batchId }, { sinceMs, settledMs }, patience)
    if ('lost' in settled) return settled
    for (const one of settled.found) all.set(one.transId, one)
  }
  return { found: [...all.values()] }
}

interface Pages {
  readonly sinceMs: number
  readonly settledMs: number | null
}

/** The pages of one list, newest first, as far back as is asked. `offset` is the number of a page. */
async function paged(operation: string, fields: Fields, span: Pages, patience: Patience): Promise<Listing> {
  const found: Listed[] = []
  for (let offset = 1; offset <= PAGES_MAX; offset++) {
    const asked = await ask(operation, { ...fields, sorting: NEWEST_FIRST, paging: { limit: PAGE, offset } }, patience)
    if (asked.lost || !asked.code.startsWith('I')) return { lost: asked }
    const page = (asked.fields['transactions'] ?? []) as Array<Omit<Listed, 'settledMs'>>
    const recent = page.filter(({ submitTimeUTC }) => Date.parse(submitTimeUTC) >= span.sinceMs - SKEW_MS)
    found.push(...recent.map((one) => ({ ...one, settledMs: span.settledMs })))
    if (page.length < PAGE || recent.length < page.length) return { found }
  }
  return { lost: { lost: true, reason: `authorize.net: more than ${PAGES_MAX} pages of transactions` } }
}

interface Batch {
  readonly batchId: string
  readonly settledMs: number
}

async function settledSince(sinceMs: number, patience: Patience): Promise<{ found: Batch[] } | { lost: Asked }> {
  const found: Batch[] = []
  const toMs = now() + SKEW_MS
  for (let fromMs = sinceMs - SKEW_MS; fromMs < toMs; fromMs += SPAN_MS) {
    const dates = { firstSettlementDate: iso(fromMs), lastSettlementDate: iso(Math.min(fromMs + SPAN_MS, toMs)) }
    const asked = await ask('getSettledBatchListRequest', { includeStatistics: false, ...dates }, patience)
    if (asked.lost || !asked.code.startsWith('I')) return { lost: asked }
    const batches = (asked.fields['batchList'] ?? []) as Array<{ batchId: string; settlementTimeUTC: string }>
    found.push(...batches.map(({ batchId, settlementTimeUTC }) => ({ batchId, settledMs: Date.parse(settlementTimeUTC) })))
  }
  return { found: [...new Map(found.map((batch) => [batch.batchId, batch])).values()] }
}
