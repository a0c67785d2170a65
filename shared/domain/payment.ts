/** What a payment gateway is to us, and what can come of a charge or a refund. */
import type { BankPayout } from './bank-payout.ts'
import type { DisputeTruth } from './dispute.ts'

export type GatewayName = 'stripe' | 'kaja' | 'none'

/** One attempt to charge an order; `key` is ours, deterministic, and travels with every try. */
export interface ChargeRequest {
  readonly orderId: string
  readonly attempt: number
  readonly key: string
  readonly amount: number
  readonly currency: string
  readonly token: string
  readonly description: string
  /** False: the money is only set aside, and taken by `capture` when somebody has looked at the order. */
  readonly capture: boolean
  /** Paid on the gateway's own page, where the customer may try several cards: the page says what became of it. */
  readonly hosted?: boolean
  /** Somebody may have sent it before: a gateway without keys of ours looks for it first. */
  readonly again?: boolean
  /** Whom the gateway keeps this card for (`holderFor`), where it is to be kept: it can only be said with the charge. */
  readonly holder?: string
  /** Of a stored card: the customer is there, so that his bank may ask him. Without him, a card that wants to be asked is declined. */
  readonly present?: boolean
  readonly createdAtMs: number
}

/** A page of the gateway's where an order can be paid until it expires; its key makes it one page, however often it is asked for. */
export interface SessionRequest extends ChargeRequest {
  readonly email: string
  /** Their amounts times their quantities add up to the order's total, exactly. */
  readonly lines: ReadonlyArray<{ readonly name: string; readonly quantity: number; readonly unitAmount: number }>
  readonly successUrl: string
  readonly cancelUrl: string
  readonly expiresAtMs: number
}

/** Of what came to nothing: whether the gateway did answer, and how long it asked to be left alone. */
export interface Fruitless {
  readonly reason: string
  /** It is there; only this call got nothing from it. Absent: it gave no answer, an error of its own, or was too busy. */
  readonly answered?: true
  readonly retryAfterMs?: number
}

export type ChargeOutcome =
  /** `held`: taken, and the gateway itself wants a person to look at it. */
  | { readonly status: 'succeeded'; readonly transactionId: string | null; readonly amount: number; readonly currency: string; readonly held?: string | null; readonly answer: unknown }
  | { readonly status: 'declined'; readonly transactionId: string | null; readonly declineCode: string; readonly answer: unknown }
  | { readonly status: 'requires_action'; readonly transactionId: string; readonly clientSecret: string; readonly nextAction: unknown }
  /** The customer has the gateway's page, and may pay there until it expires. */
  | { readonly status: 'open'; readonly transactionId: string; readonly url: string; readonly expiresAtMs: number }
  /** Set aside, not taken: we asked for no more, or the gateway itself holds it for review and says why. */
  | { readonly status: 'authorised'; readonly transactionId: string; readonly amount: number; readonly currency: string; readonly held: string | null; readonly answer: unknown }
  /** The gateway is still working on it. */
  | { readonly status: 'processing'; readonly transactionId: string }
  | { readonly status: 'cancelled'; readonly transactionId: string }
  /** Looked up, and the gateway has never seen it. */
  | { readonly status: 'absent' }
  /** Certainly not charged, and not the card's fault: our key is wrong, the gateway refuses calls. */
  | ({ readonly status: 'unavailable' } & Fruitless)
  /** No answer: it may have been charged. */
  | ({ readonly status: 'unknown' } & Fruitless)

/** What a person may see of a card that is kept. The expiry is null where the gateway does not tell it. */
export interface CardFacts {
  readonly brand: string
  readonly last4: string
  readonly expiryMonth: number | null
  readonly expiryYear: number | null
}

export interface CardHolder {
  readonly customerId: string
  readonly email: string
}

/** One attempt to keep a card; `key` is ours, deterministic, and stands for one card however often it is sent. */
export interface StoreCardRequest extends CardHolder {
  readonly token: string
  readonly key: string
  readonly createdAtMs: number
}

export type StoreCardOutcome =
  /** `reference` names the card to its own gateway, and means nothing to anybody else. */
  | { readonly status: 'stored'; readonly reference: string; readonly card: CardFacts }
  | { readonly status: 'declined'; readonly declineCode: string }
  /** The customer's bank wants to see him; asked again afterwards, with the same key, the gateway says how it went. */
  | { readonly status: 'requires_action'; readonly clientSecret: string; readonly nextAction: unknown; readonly setupId: string }
  /** Certainly not kept, and not the card's fault. */
  | ({ readonly status: 'unavailable' } & Fruitless)
  /** No answer: it may be kept. */
  | ({ readonly status: 'unknown' } & Fruitless)

export interface RefundRequest {
  readonly refundId: string
  readonly orderId: string
  readonly transactionId: string
  readonly amount: number
  readonly createdAtMs: number
}

export type RefundOutcome =
  | { readonly status: 'succeeded' | 'pending'; readonly gatewayRefundId: string; readonly answer: unknown }
  | { readonly status: 'failed'; readonly reason: string; readonly gatewayRefundId: string | null }
  /** Not yet possible, and it will be: the gateway has not settled what is to be given back. */
  | { readonly status: 'waiting'; readonly reason: string }
  | ({ readonly status: 'unknown' } & Fruitless)

/** One movement on our account at the gateway, as its own books list it. */
export interface Movement {
  /** The gateway's id of the movement: the same one twice is the same fact. */
  readonly id: string
  readonly kind: 'charge' | 'refund' | 'refund_return' | 'dispute' | 'dispute_reversal' | 'payout' | 'fee' | 'other'
  /** Minor units before the fee: what came in is positive. */
  readonly amount: number
  /** What the gateway kept of it. */
  readonly fee: number
  readonly currency: string
  /** The charge that it belongs to. */
  readonly transactionId: string | null
  /**
   * What we wrote on it: the order of a charge or dispute, the refund of a refund; at a gateway that has no room for it,
   * the first characters of that id, enough of them to be nobody else's. Null when it is none of ours.
   */
  readonly reference: string | null
  /** The gateway's id of what moved (a charge, a refund, a dispute, a payout), where the movement has an id of its own. */
  readonly sourceId?: string
  readonly atMs: number
}

/** The port. Every call has a deadline of its own and never throws for what a gateway can answer. */
export interface Gateway {
  readonly name: GatewayName
  /** Charges, or finds that this key was charged before. Safe to call again with the same key. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>
  /** Opens a page of the gateway's own, or finds the one that this key has opened. Only some gateways have one. */
  openSession?(request: SessionRequest): Promise<ChargeOutcome>
  /** Keeps a card at the gateway for charges without the customer. Safe to call again with the same key: one card is kept. */
  storeCard?(request: StoreCardRequest): Promise<StoreCardOutcome>
  /** What has become of an attempt that waited for its customer, by its `setupId`. Only some gateways have such. */
  findSetup?(setupId: string): Promise<StoreCardOutcome>
  /**
   * Keeps the card of a charge that has taken money; the request's `token` means nothing. Safe to call again with the same
   * key. Where the gateway knows holders, the charge must have named one.
   */
  storePaying?(request: StoreCardRequest, transactionId: string): Promise<StoreCardOutcome>
  /**
   * Whom a customer's cards are kept for. Only some gateways must know it before the charge that keeps a card.
   * @throws Failure SERVICE_UNAVAILABLE when the gateway does not say
   */
  holderFor?(customer: CardHolder): Promise<string>
  /**
   * Charges a stored card; the request's `token` means nothing. `find`, `capture`, `cancel` and `refund` work for it as for
   * any charge. Safe to call again with the same key.
   */
  chargeStored?(request: ChargeRequest, reference: string): Promise<ChargeOutcome>
  /**
   * Forgets a card, or ends an attempt that waits for its customer (by its `setupId`). Safe to call again.
   * @throws Failure SERVICE_UNAVAILABLE when the gateway does not answer; behind its breaker that is `unknown`
   */
  removeCard?(reference: string): Promise<'removed' | 'unknown'>
  /** The truth about a charge, by its id or by our reference; charges nothing. */
  find(request: ChargeRequest, transactionId: string | null): Promise<ChargeOutcome>
  /** Takes what was set aside, or lets through what the gateway holds. Safe to call again: taken once. */
  capture(request: ChargeRequest, transactionId: string): Promise<ChargeOutcome>
  /** Ends a charge or a page that waits for the customer or was only set aside. Answers what it is now: it may have been paid meanwhile. */
  cancel(transactionId: string): Promise<ChargeOutcome>
  /** Refunds, or finds that this refund was made before. Safe to call again with the same refund id. */
  refund(request: RefundRequest): Promise<RefundOutcome>
  /**
   * The movements of our account in a span of time, oldest first.
   * @throws Failure SERVICE_UNAVAILABLE when the gateway does not tell all of them
   */
  movements(fromMs: number, toMs: number): Promise<readonly Movement[]>
  /**
   * What is true of a dispute now. Only some gateways have disputes of their own.
   * @throws Failure SERVICE_UNAVAILABLE when the gateway does not say
   */
  dispute?(disputeId: string): Promise<DisputeTruth>
  /** What is true of a payout to our bank now, where the gateway pays out from an account of ours. Throws as `dispute`. */
  bankPayout?(payoutId: string): Promise<BankPayout>
}
