/**
 * What we write on a transaction or a stored card, by which we find it again.
 *
 * An invoice number has room for 20 characters. A charge's is the beginning of its order's id (90 bits, nobody else's)
 * and the number of the attempt; a refund's is an `R`, which no id has, and the beginning of its own. The whole ids stand
 * in the description, which only a transaction in full tells. A stored card has a customer profile of its own, whose
 * number with us has as much room: it is a hash of the card's key.
 */
import { createHash } from 'node:crypto'
import { encode } from '#values/ids.ts'

const INVOICE_CHARACTERS = 18
const REFUND_CHARACTERS = 19
const PROFILE_CHARACTERS = 20
const ORDER = /\bord_[0-9a-z]{26}\b/
const REFUND = /\bref_[0-9a-z]{26}\b/

interface Charged {
  readonly orderId: string
  readonly attempt: number
  readonly description: string
}

interface Refunded {
  readonly orderId: string
  readonly refundId: string
}

export interface Noted {
  readonly invoiceNumber: string
  readonly description: string
}

export function chargeNote({ orderId, attempt, description }: Charged): Noted {
  return { invoiceNumber: chargeInvoice(orderId, attempt), description: `${description} (${orderId})` }
}

export function refundNote({ orderId, refundId }: Refunded): Noted {
  return { invoiceNumber: refundInvoice(refundId), description: `Refund ${refundId} of ${orderId}` }
}

export function chargeInvoice(orderId: string, attempt: number): string {
  return `${textOf(orderId).slice(0, INVOICE_CHARACTERS)}${String(attempt).padStart(2, '0')}`
}

export function refundInvoice(refundId: string): string {
  return `R${textOf(refundId).slice(0, REFUND_CHARACTERS)}`
}

/** As much of the order's id as an invoice number tells; null for one that is none of ours. */
export function orderBeginning(invoiceNumber: string | undefined): string | null {
  const [, beginning] = /^([0-9a-z]{18})\d{2}$/.exec(invoiceNumber ?? '') ?? []
  return beginning === undefined ? null : `ord_${beginning}`
}

export function orderIn(description: string | undefined): string | null {
  return ORDER.exec(description ?? '')?.[0] ?? null
}

export function refundIn(description: string | undefined): string | null {
  return REFUND.exec(description ?? '')?.[0] ?? null
}

/** The number of a card's profile: 100 bits. */
export function profileNumber(key: string): string {
  return encode(createHash('sha256').update(key).digest(), PROFILE_CHARACTERS)
}

export function referenceTo(customerProfileId: string, paymentProfileId: string): string {
  return `${customerProfileId}/${paymentProfileId}`
}

/** What a reference says to the vendor. */
export function storedAs(reference: string): { readonly customerProfileId: string; readonly paymentProfileId: string } {
  const [customerProfileId = '', paymentProfileId = ''] = reference.split('/')
  return { customerProfileId, paymentProfileId }
}

function textOf(id: string): string {
  return id.slice(id.indexOf('_') + 1)
}
