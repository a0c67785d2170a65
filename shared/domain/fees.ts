/** What gateways keep of their movements: the fees that the ledger does not have yet, or has otherwise. */
import { toText } from '#values/money.ts'
import { Book, feeId, postedAt, unique, type Books } from './gateway-book.ts'
import type { GatewayName, Movement } from './payment.ts'
import type { Found } from './reconciliation.ts'

export interface Fee {
  readonly movement: Movement
  readonly amount: number
  readonly orderId: string | null
}

export function feesIn(books: Books): { due: Fee[]; differing: Found[] } {
  const book = new Book(books)
  const fees = unique(books.judged)
    .map((movement) => ({ movement, amount: feeOf(movement), orderId: orderIdOf(book, movement) }))
    .filter(({ amount }) => amount !== 0)
  return {
    due: fees.filter(({ movement }) => book.entry(feeId(movement)) === undefined),
    differing: fees.flatMap((fee) => differing(book, fee)),
  }
}

/** A line of the gateway's that is a fee by itself has its sum in the amount. */
function feeOf({ kind, amount, fee }: Movement): number {
  return kind === 'fee' ? fee - amount : fee
}

function orderIdOf(book: Book, movement: Movement): string | null {
  return book.entryOf(movement)?.orderId ?? book.orderOf(movement)?.id ?? null
}

function differing(book: Book, fee: Fee): Found[] {
  const entry = book.entry(feeId(fee.movement))
  const posted = entry === undefined ? undefined : 0 - (postedAt(entry, book.gateway) ?? 0)
  if (posted === undefined || posted === fee.amount) return []
  const cause = `The gateway kept ${money(fee.amount, fee.movement)} of ${fee.movement.id}, the ledger says ${money(posted, fee.movement)}.`
  return [{ ...matterOf(book.gateway, fee), kind: 'fee_differs', cause, excess: posted - fee.amount, entryId: feeId(fee.movement) }]
}

/** A fee that should have been posted before its day was closed. */
export function missingFee(gateway: GatewayName, fee: Fee): Found {
  const cause = `The gateway kept ${money(fee.amount, fee.movement)} of ${fee.movement.id}; the ledger does not know it.`
  return { ...matterOf(gateway, fee), kind: 'fee_missing', cause, excess: 0 - fee.amount, entryId: null }
}

function matterOf(gateway: GatewayName, { movement, amount, orderId }: Fee): Omit<Found, 'kind' | 'cause' | 'excess' | 'entryId'> {
  const { id, currency, transactionId } = movement
  return { gateway, subject: id, amount: Math.abs(amount), currency, orderId, transactionId, refundId: null, movements: [movement] }
}

function money(minor: number, { currency }: Movement): string {
  return `${toText(minor, currency)} ${currency}`
}
