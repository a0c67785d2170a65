/**
 * What moved at Authorize.Net, as its transaction lists tell it. The vendor keeps no fee of a movement: it bills by the
 * month. The lists say when a transaction was submitted, not when it was captured or voided.
 */
import type { Movement } from '#domain/payment.ts'
import { DAY_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { patience, untold, type Patience } from './api.ts'
import { submittedSince, type Listed } from './lists.ts'
import { orderBeginning, orderIn, refundIn } from './reference.ts'
import { inFull, isGiven, isTaken, minor, wasTakenAtOnce, type Details } from './transaction.ts'

const CALLS_MAX = 20
const AT_ONCE = 8
/** What is voided is voided before it is settled: within a day of being submitted, with room for a late batch. */
const VOIDABLE_MS = 2 * DAY_MS

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

export async function movements(fromMs: number, toMs: number): Promise<Movement[]> {
  const left = patience(config('deadlines').VENDOR_DEADLINE_MS, CALLS_MAX)
  const listing = await submittedSince(fromMs - VOIDABLE_MS, left)
  if ('lost' in listing) throw untold(listing.lost)
  const span = { fromMs, toMs }
  const plain = listing.found.filter((one) => isTaken(one.transactionStatus) && isIn(span, submittedMs(one)))
  const others = listing.found.filter((one) => isOther(span, one))
  const told: Movement[] = []
  for (let from = 0; from < others.length; from += AT_ONCE) {
    const part = await Promise.all(others.slice(from, from + AT_ONCE).map((one) => lookedAt(one, span, left)))
    told.push(...part.flat())
  }
  return [...plain.flatMap(chargeOf), ...told].sort((a, b) => a.atMs - b.atMs)
}

/** Of refunds and of what was voided a list does not tell what they belong to. */
function isOther(span: Span, one: Listed): boolean {
  if (isGiven(one.transactionStatus)) return isIn(span, submittedMs(one))
  return one.transactionStatus === 'voided' && submittedMs(one) < span.toMs && (one.settledMs ?? now()) >= span.fromMs
}

async function lookedAt(one: Listed, span: Span, left: Patience): Promise<Movement[]> {
  const seen = await inFull(one.transId, left)
  if (seen.status === 'unknown') throw untold(seen.asked)
  if (seen.status === 'none') return []
  return isGiven(seen.details.transactionStatus) ? [refundOf(seen.details)] : voidOf(seen.details, span)
}

function chargeOf(one: Listed): Movement[] {
  const reference = orderBeginning(one.invoiceNumber)
  const charge = { ...common(one.transId, submittedMs(one)), transactionId: one.transId, reference }
  const amount = minor(one.settleAmount, charge.currency)
  const taken: Movement = { ...charge, kind: 'charge', amount }
  if (one.transactionStatus !== 'chargeback') return [taken]
  return [taken, { ...charge, id: `${one.transId}-chargeback`, sourceId: one.transId, kind: 'dispute', amount: 0 - amount }]
}

function refundOf(details: Details): Movement {
  const refund = common(details.transId, Date.parse(details.submitTimeUTC))
  const amount = 0 - minor(details.settleAmount, refund.currency)
  const reference = refundIn(details.order?.description)
  return { ...refund, kind: 'refund', amount, transactionId: details.refTransId ?? null, reference }
}

/**
 * A charge whose money was given back by voiding it: two movements. When it was voided nobody says: as soon as it may
 * have been.
 */
function voidOf(details: Details, span: Span): Movement[] {
  if (!wasTakenAtOnce(details)) return []
  const chargedAtMs = Date.parse(details.submitTimeUTC)
  const charge = { ...common(details.transId, chargedAtMs), transactionId: details.transId }
  const amount = minor(details.settleAmount, charge.currency)
  const given: Movement = {
    ...charge, id: `${details.transId}-void`, sourceId: details.transId, kind: 'refund', amount: 0 - amount, reference: null,
    atMs: Math.max(chargedAtMs, span.fromMs),
  }
  const taken: Movement = { ...charge, kind: 'charge', amount, reference: orderIn(details.order?.description) }
  return isIn(span, chargedAtMs) ? [taken, given] : [given]
}

function common(id: string, atMs: number): Pick<Movement, 'id' | 'fee' | 'currency' | 'atMs'> {
  return { id, fee: 0, currency: config('shop').CURRENCY, atMs }
}

function submittedMs({ submitTimeUTC }: Listed): number {
  return Date.parse(submitTimeUTC)
}

function isIn({ fromMs, toMs }: Span, atMs: number): boolean {
  return atMs >= fromMs && atMs <= toMs
}
