/**
 * Reconciliation of one gateway with our books: span by span, from where the last run stopped.
 *
 * In each span fees are posted, what can be mended without a decision is mended, and what is left goes on record. All of
 * it may happen twice, in two runs at once or after a death at any point: a fee is an entry that is named after its
 * movement, a difference is a record that is named after its matter, an order is moved by the rules that move it anyway.
 * The watermark moves when a span is done; that it moves back by a slower run only has the span looked at again.
 */
import { differenceId, type Difference } from '#domain/difference.ts'
import { feesIn, missingFee, type Fee } from '#domain/fees.ts'
import { looseIn, postedAt, sourceOf, type Books, type Span } from '#domain/gateway-book.ts'
import { feeEntry, type JournalEntry } from '#domain/ledger.ts'
import type { OrderState } from '#domain/order.ts'
import type { Gateway, GatewayName, Movement } from '#domain/payment.ts'
import { differences, STUCK_MS, stuckPayment, type Found } from '#domain/reconciliation.ts'
import { auditEvent, ledgerRows, type WarehouseRow } from '#domain/rows.ts'
import { toText } from '#values/money.ts'
import { HOUR_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { transact } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { close, listDifferencesOf, readDifferences, saveFound, saveRepaired, saveSettled } from './differences.ts'
import { booksOf, listedIn } from './gateway-books.ts'
import { entryDoc, postedIn, postEntry, readEntries } from './ledger.ts'
import { isMendable, mend, type Means } from './mending.ts'
import { listOrdersOf, readOrder } from './orders.ts'
import { addRows, outboxDoc } from './outbox.ts'
import { readProgress, saveProgress } from './progress.ts'

/** So much is looked at in one go. */
const SLICE_MS = HOUR_MS
/** Entries in one transaction, and rows in one document of the outbox. */
const FEES_AT_ONCE = 40
const PAGE = 50
const WAITING: readonly OrderState[] = ['pending_payment', 'requires_action', 'payment_unknown']

export interface Reconciling extends Means {
  /** Fees of this span should have been posted before. */
  readonly feesAreDue: boolean
}

/** What a run did, in the words of its tally. */
export interface Counts {
  /** Movements that were judged. */
  read: number
  /** Fees that were posted. */
  saved: number
  /** Differences that were found and are open. */
  refused: number
  /** Differences that were mended. */
  settled: number
  /** Open differences that the books no longer bear out. */
  released: number
}

function noCounts(): Counts {
  return { read: 0, saved: 0, refused: 0, settled: 0, released: 0 }
}

/**
 * Takes the gateways beside each other: none has anything to do with another's books. One that does not answer stops none of
 * the others.
 * @returns what was done with all of them
 * @throws what the first of them threw, when all have ended
 */
export async function eachOf(gateways: readonly Gateway[], work: (gateway: Gateway, counts: Counts) => Promise<void>): Promise<Counts> {
  const total = noCounts()
  const ended = await Promise.allSettled(gateways.map(async (gateway) => {
    // Each counts for himself: adding up what is waited for would lose what another adds meanwhile.
    const own = noCounts()
    try {
      await work(gateway, own)
    } catch (error) {
      log.error('a gateway could not be reconciled', error, { gateway: gateway.name })
      throw error
    }
    for (const name of Object.keys(total) as Array<keyof Counts>) total[name] += own[name]
  }))
  const failed = ended.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return total
}

export interface Walk {
  /** Names the watermark. */
  readonly job: string
  /** Where it ends, and where a first run begins; later ones begin at their watermark. */
  readonly span: Span
  /** So far before its watermark a run begins. */
  readonly overlapMs: number
  readonly hasTime: () => boolean
}

/** Looks at everything from the watermark to the end, as far as the time allows. */
export async function walk(reconciling: Reconciling, { job, span, overlapMs, hasTime }: Walk, counts: Counts): Promise<void> {
  const { name } = reconciling.gateway
  const watermark = (await readProgress(job))[name]
  const reached = watermark === undefined ? span.fromMs : Number(watermark)
  let fromMs = watermark === undefined ? span.fromMs : reached - overlapMs
  while (fromMs < span.toMs && hasTime()) {
    const toMs = Math.min(fromMs + SLICE_MS, span.toMs)
    await reconcileSpan(reconciling, { fromMs, toMs }, counts)
    if (toMs > reached) await saveProgress(job, { [name]: String(toMs) }, { ...counts })
    fromMs = toMs
  }
}

async function reconcileSpan(reconciling: Reconciling, span: Span, counts: Counts): Promise<void> {
  const { gateway } = reconciling
  const listed = await listedIn(gateway, span)
  const first = await booksOf(gateway, listed)
  const earlier = await knownBefore(gateway.name, looseIn(first))
  const joined = earlier.flatMap(({ movements }) => movements)
  const books = joined.length === 0 ? first : await booksOf(gateway, { ...listed, judged: [...listed.judged, ...joined] })
  const found = [...differences(books), ...feesIn(books).differing]
  counts.read += listed.judged.length
  await settleFees(reconciling, books, counts)
  await onRecord(reconciling, found, counts)
  const settled = earlier.filter(({ id }) => !found.some((one) => differenceId(one) === id))
  for (const difference of settled) if (await saveSettled(difference, looseIn(books))) counts.released += 1
}

/** What is on record of the same charge or refund belongs to the same matter: what came back may settle it. */
async function knownBefore(gateway: GatewayName, loose: readonly Movement[]): Promise<Difference[]> {
  const named = (kind: Found['kind'], subject: string): string => differenceId({ kind, gateway, subject })
  const ids = loose.flatMap((movement) => {
    const charge = movement.transactionId ?? movement.id
    const known = [named('charge_without_order', charge), named('charged_twice', charge)]
    if (movement.kind === 'charge') return known
    return movement.kind === 'refund' || movement.kind === 'refund_return' ? [...known, named('refund_unknown', sourceOf(movement))] : []
  })
  return readDifferences([...new Set(ids)])
}

async function settleFees({ gateway, feesAreDue }: Reconciling, books: Books, counts: Counts): Promise<void> {
  const { due } = feesIn(books)
  for (let from = 0; from < due.length; from += FEES_AT_ONCE) {
    const part = due.slice(from, from + FEES_AT_ONCE)
    counts.saved += await postFees(gateway.name, part)
    if (feesAreDue) for (const fee of part) counts.settled += (await saveRepaired(missingFee(gateway.name, fee))) ? 1 : 0
  }
}

/** @returns how many were not posted before */
async function postFees(gateway: GatewayName, due: readonly Fee[]): Promise<number> {
  const entries = due.map(({ movement, amount, orderId }) =>
    feeEntry(movement.id, { gateway, amount, orderId, currency: movement.currency, atMs: movement.atMs, reference: movement.sourceId ?? movement.id }),
  )
  const places = await Promise.all(entries.map(async (entry) => ({ entry, place: await entryDoc(entry.id) })))
  const rowsDoc = await outboxDoc()
  return transact(async (unit) => {
    const posted = await postedIn(unit, entries)
    const fresh = places.filter(({ entry }) => !posted.has(entry.id))
    if (fresh.length === 0) return 0
    for (const { entry, place } of fresh) postEntry(unit, place, entry)
    addRows(unit, rowsDoc, [...fresh.flatMap(({ entry }) => ledgerRows(entry)), feesAudit(gateway, fresh.map(({ entry }) => entry))])
    return fresh.length
  })
}

/** Each fee is posted once, so the first of some posted together names them all. */
function feesAudit(gateway: GatewayName, entries: readonly JournalEntry[]): WarehouseRow {
  const sums = new Map<string, number>()
  for (const entry of entries) sums.set(entry.currency, (sums.get(entry.currency) ?? 0) - (postedAt(entry, gateway) ?? 0))
  const amounts = Object.fromEntries([...sums].map(([currency, amount]) => [currency, toText(amount, currency)]))
  return auditEvent({
    id: `${entries[0]?.id}-audit`, who: null, what: 'fees.posted', subject: `gateway:${gateway}`, before: null, after: { entries: entries.length, amounts },
    why: 'the gateway\'s own books', requestId: null, ip: null, atMs: now(),
  })
}

/** Mends what can be mended, and puts on record what was mended and what is left. */
async function onRecord(reconciling: Reconciling, found: readonly Found[], counts: Counts): Promise<void> {
  const mendable = found.filter(isMendable)
  const tried = await Promise.all(mendable.map((one) => mended(reconciling, one)))
  const left = tried.includes(true) ? await lookAgain(reconciling.gateway, mendable) : mendable
  for (const one of mendable) if (!left.some((other) => isSameMatter(one, other)) && (await saveRepaired(one))) counts.settled += 1
  for (const one of [...found.filter((other) => !isMendable(other)), ...left]) if (await saveFound(one)) counts.refused += 1
}

/** What was tried may have turned out to be another difference: money that came, but not as much as was asked. */
function isSameMatter(one: Found, other: Found): boolean {
  return differenceId(one) === differenceId(other) || one.movements.some(({ id }) => other.movements.some((moved) => moved.id === id))
}

async function mended(reconciling: Reconciling, found: Found): Promise<boolean> {
  try {
    return await mend(reconciling, found)
  } catch (error) {
    log.error('a difference could not be mended', error, { kind: found.kind, orderId: found.orderId, transactionId: found.transactionId })
    return false
  }
}

/** The same matters in the light of what the books say now. */
async function lookAgain(gateway: Gateway, found: readonly Found[]): Promise<Found[]> {
  const stuck = await Promise.all(found.filter(({ kind }) => kind === 'payment_stuck').map(({ orderId }) => readOrder(orderId ?? '')))
  const about = found.filter(({ kind }) => kind !== 'payment_stuck')
  const movements = about.flatMap((one) => one.movements)
  const entries = await readEntries(about.flatMap(({ entryId }) => (entryId === null ? [] : [entryId])))
  const claims = entries.filter(({ id }) => about.some((one) => one.entryId === id && one.movements.length === 0))
  const books = await booksOf(gateway, { judged: movements, around: movements, claims, entries })
  return [
    ...differences(books), ...feesIn(books).differing,
    ...stuck.map((order) => (order === undefined ? undefined : stuckPayment(order, now()))).filter((one) => one !== undefined),
  ]
}

/** Looks again at everything that is open: mends what can be mended by now, closes what the books no longer bear out. */
export async function lookAtOpen(reconciling: Reconciling, hasTime: () => boolean, counts: Counts): Promise<void> {
  const { gateway } = reconciling
  for (let cursor: string | undefined; hasTime(); ) {
    const page = await listDifferencesOf({ state: 'open', cursor, limit: PAGE })
    const ours = page.differences.filter((one) => one.gateway === gateway.name)
    await Promise.all(ours.filter(isMendable).map((one) => mended(reconciling, one)))
    const left = new Map((await lookAgain(gateway, ours)).map((one) => [differenceId(one), one]))
    for (const one of ours) await keepOrClose(one, left.get(one.id), counts)
    if (page.nextCursor === null) return
    cursor = page.nextCursor
  }
}

async function keepOrClose(seen: Difference, found: Found | undefined, counts: Counts): Promise<void> {
  if (found !== undefined) await saveFound(found)
  else if (await close(seen, isMendable(seen) ? 'repaired' : 'vanished')) counts[isMendable(seen) ? 'settled' : 'released'] += 1
}

/** Orders of which nobody knows for too long whether they are paid: the gateway is asked, who stays so goes on record. */
export async function lookAtStuck(reconciling: Reconciling, hasTime: () => boolean, counts: Counts): Promise<void> {
  for (const state of WAITING) {
    for (let cursor: string | undefined; hasTime(); ) {
      const page = await listOrdersOf({ state, oldestFirst: true, cursor, limit: PAGE })
      const stuck = page.orders.map((order) => stuckPayment(order, now())).filter((one) => one !== undefined)
      await onRecord(reconciling, stuck.filter(({ gateway }) => gateway === reconciling.gateway.name), counts)
      // The oldest come first: behind a young one there are only younger ones.
      if (page.nextCursor === null || (page.orders.at(-1)?.createdAtMs ?? 0) + STUCK_MS > now()) break
      cursor = page.nextCursor
    }
  }
}
