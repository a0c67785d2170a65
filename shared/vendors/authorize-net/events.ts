/**
 * Authorize.Net's webhook: its signature, and what it is about.
 *
 * The signature covers the raw bytes and knows no time; the vendor sends the very same bytes again for nine days until
 * somebody takes them. So nothing is refused for its age: whoever repeats an old one meets its inbox record, and what an
 * event says is never believed, only looked up.
 * The key is used as it is written. The vendor's own words can be read as if it were decoded first; a signature made
 * that way proves the same secret, and is taken too.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ChargeOutcome, RefundOutcome } from '#domain/payment.ts'
import { takenFor, type Order } from '#domain/order.ts'
import type { VendorMessage } from '#domain/vendor-message.ts'
import { config } from '#platform/config.ts'
import { patience, untold } from './api.ts'
import { chargeInvoice, orderIn, refundInvoice } from './reference.ts'
import { chargeOutcome, inFull, refundOutcome, type Details } from './transaction.ts'

const SIGNATURE = /^sha512=([0-9a-f]{128})$/i
const HEX = /^(?:[0-9a-f]{2})+$/i

interface Notification {
  readonly notificationId?: unknown
  readonly eventType?: unknown
  readonly payload?: { readonly entityName?: unknown; readonly id?: unknown } | null
}

/** The event if its signature holds. Its order is known only when the transaction has been looked up. */
export function verifiedEvent(raw: Buffer, signature: string | undefined): VendorMessage | undefined {
  const given = SIGNATURE.exec(signature ?? '')?.[1]
  if (given === undefined || !keys().some((key) => isSignedBy(raw, Buffer.from(given, 'hex'), key))) return undefined
  const event = notificationIn(raw.toString('utf8'))
  if (event === undefined) return undefined
  return { id: textOf(event.notificationId), type: textOf(event.eventType), payload: raw.toString('utf8'), subject: null }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The signature keys that are in force, each as it is written and as its digits can be read. */
function keys(): Array<string | Buffer> {
  const { AUTHORIZE_NET_SIGNATURE_KEY, AUTHORIZE_NET_SIGNATURE_KEY_PREVIOUS } = config('authorizeNet')
  const written = [AUTHORIZE_NET_SIGNATURE_KEY, AUTHORIZE_NET_SIGNATURE_KEY_PREVIOUS].filter((key) => key !== undefined)
  return [...written, ...written.filter((key) => HEX.test(key)).map((key) => Buffer.from(key, 'hex'))]
}

function isSignedBy(raw: Buffer, given: Buffer, key: string | Buffer): boolean {
  return timingSafeEqual(createHmac('sha512', key).update(raw).digest(), given)
}

function notificationIn(text: string): Notification | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** The transaction that an event is about; null when it is about something else. */
export function transactionOf(payload: string): string | null {
  const about = notificationIn(payload)?.payload
  return about?.entityName === 'transaction' && typeof about.id === 'string' && /^[1-9]\d*$/.test(about.id) ? about.id : null
}

export interface LookedUp {
  readonly orderId: string
  readonly details: Details
}

/**
 * What is true of a transaction now, and which order it names; undefined for one that is none of ours.
 * @throws Failure SERVICE_UNAVAILABLE when the vendor does not say
 */
export async function lookedUp(transactionId: string): Promise<LookedUp | undefined> {
  const seen = await inFull(transactionId, patience(config('deadlines').VENDOR_DEADLINE_MS, 1))
  if (seen.status === 'unknown') throw untold(seen.asked)
  const orderId = seen.status === 'seen' ? orderIn(seen.details.order?.description) : null
  return seen.status !== 'seen' || orderId === null ? undefined : { orderId, details: seen.details }
}

export type AuthorizeNetFact =
  | { readonly about: 'charge'; readonly outcome: ChargeOutcome }
  | { readonly about: 'refund'; readonly refundId: string; readonly outcome: RefundOutcome }

/** What a transaction says about the order that it names; undefined when it is no charge or refund of it. */
export function factOf(details: Details, order: Order): AuthorizeNetFact | undefined {
  if (order.payment.gateway !== 'kaja') return undefined
  const invoice = details.order?.invoiceNumber
  if (details.transactionType === 'refundTransaction') {
    const refund = order.refunds.find(({ id }) => refundInvoice(id) === invoice)
    return refund === undefined ? undefined : { about: 'refund', refundId: refund.id, outcome: refundOutcome(details) }
  }
  if (invoice !== chargeInvoice(order.id, order.payment.attempt)) return undefined
  return voidedRefund(details, order) ?? { about: 'charge', outcome: chargeOutcome(details, order.currency) }
}

/** A paid charge that was voided is the refund of all of it, if we wanted that. */
function voidedRefund({ transId, transactionStatus }: Details, order: Order): AuthorizeNetFact | undefined {
  if (transactionStatus !== 'voided' || order.payment.transactionId !== transId) return undefined
  const refund = order.refunds.find(({ status, amount }) => status === 'pending' && amount === takenFor(order).amount)
  if (refund === undefined) return undefined
  return { about: 'refund', refundId: refund.id, outcome: { status: 'succeeded', gatewayRefundId: transId, answer: null } }
}
