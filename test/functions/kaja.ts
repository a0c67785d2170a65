/** Buying by KAJA, and what Authorize.Net holds of it. */
import { isFor } from './kaja-books.ts'
import { checkOut } from './purchase.ts'
import type { Answer, Json, Person, Shop } from './shop.ts'

const MONEY = ['capturedPendingSettlement', 'settledSuccessfully', 'authorizedPendingCapture', 'FDSPendingReview', 'FDSAuthorizedPendingReview', 'voided']
let nonces = 0

/** A nonce as Accept.js makes them, for a test card: good for one charge. */
export function newNonce(card = 'tok_visa_test'): string {
  return `${card}:${++nonces}`
}

export function payByKaja(person: Person, cartId: string, { token = newNonce(), key }: { token?: string; key?: string } = {}): Promise<Answer> {
  return checkOut(person, { cartId, paymentMethod: { gateway: 'kaja', token } }, key)
}

/** Every transaction that Authorize.Net has for an order, declined ones too. */
export function kajaTransactionsFor(shop: Shop, orderId: string): Json[] {
  return shop.at('authorize-net', 'transactions').filter(({ transactionType, order }) => transactionType !== 'refundTransaction' && isFor(order.invoiceNumber, orderId))
}

/** Those by which money was taken or set aside. */
export function kajaChargesFor(shop: Shop, orderId: string): Json[] {
  return kajaTransactionsFor(shop, orderId).filter(({ transactionStatus }) => MONEY.includes(transactionStatus))
}

export function kajaRefundsFor(shop: Shop, orderId: string): Json[] {
  const charges = kajaChargesFor(shop, orderId).map(({ transId }) => transId)
  return shop.at('authorize-net', 'transactions').filter(({ refTransId, transactionStatus }) => charges.includes(refTransId) && transactionStatus !== 'voided')
}
