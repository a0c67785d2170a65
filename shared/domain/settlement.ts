/** Everything that one fact about an order changes, to be written in one commit. */
import type { AlertChange } from './alert.ts'
import type { CardDraft } from './card.ts'
import type { JournalEntry } from './ledger.ts'
import type { MailIntent } from './mail.ts'
import type { MemberChange } from './membership-change.ts'
import type { Order, OrderLine } from './order.ts'
import type { WarehouseRow } from './rows.ts'

/** A change of a product's `held` units: reserving is positive. */
export interface Hold {
  readonly productId: string
  readonly delta: number
}

/** A change that the point of sale must make to its own count: a sale is negative, goods put back are positive. */
export interface StockMove {
  readonly productId: string
  readonly source: OrderLine['source']
  readonly delta: number
}

/** A card that a payment leaves behind, by the id that it is to have. */
export type LeftCard = Pick<CardDraft, 'id' | 'customerId' | 'email' | 'gateway' | 'paidWith' | 'usedBy'>

export interface Settlement {
  readonly order: Order
  readonly entries: readonly JournalEntry[]
  readonly mails: readonly MailIntent[]
  readonly holds: readonly Hold[]
  readonly stock: readonly StockMove[]
  readonly rows: readonly WarehouseRow[]
  readonly reopenCart: boolean
  /** What staff are told at once, or that it is over. */
  readonly alerts?: readonly AlertChange[]
  /** The card that has paid, to be kept. */
  readonly leaves?: LeftCard
  /** The order that had been given up is paid after all: its cart, if nobody filled it anew, belongs to it again. */
  readonly takeCart?: boolean
  /** What becomes of that for which the order was, where it is no goods. */
  readonly granted?: Granted
}

export type Granted = { readonly kind: 'membership' } & Pick<MemberChange, 'member' | 'past' | 'uses'>

const KEPT = new Set(['id', 'object', 'status', 'amount', 'amount_received', 'currency', 'latest_charge', 'created', 'code', 'decline_code', 'type', 'advice_code', 'network_decline_code', 'outcome', 'last_payment_error', 'charge', 'livemode', 'reason', 'failure_reason', 'transId', 'responseCode', 'responseReasonCode', 'authCode', 'avsResultCode', 'cvvResultCode', 'accountType', 'networkTransId', 'transactionStatus'])

/** A gateway's answer as it may be kept: known fields only, no personal data, no secret, no name of a card. */
export function redactable(answer: unknown): unknown {
  if (answer === null || typeof answer !== 'object') return null
  return Object.fromEntries(
    Object.entries(answer)
      .filter(([name]) => KEPT.has(name))
      .map(([name, value]) => [name, value !== null && typeof value === 'object' ? redactable(value) : value]),
  )
}
