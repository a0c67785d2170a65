/** What a payment gateway is to us, and what can come of a charge or a refund. */

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
  readonly createdAtMs: number
}

export type ChargeOutcome =
  | { readonly status: 'succeeded'; readonly transactionId: string | null; readonly amount: number; readonly currency: string; readonly answer: unknown }
  | { readonly status: 'declined'; readonly transactionId: string | null; readonly declineCode: string; readonly answer: unknown }
  | { readonly status: 'requires_action'; readonly transactionId: string; readonly clientSecret: string; readonly nextAction: unknown }
  /** Set aside, not taken: we asked for no more, or the gateway itself holds it for review and says why. */
  | { readonly status: 'authorised'; readonly transactionId: string; readonly amount: number; readonly currency: string; readonly held: string | null; readonly answer: unknown }
  /** The gateway is still working on it. */
  | { readonly status: 'processing'; readonly transactionId: string }
  | { readonly status: 'cancelled'; readonly transactionId: string }
  /** Looked up, and the gateway has never seen it. */
  | { readonly status: 'absent' }
  /** Certainly not charged, and not the card's fault: our key is wrong, the gateway refuses calls. */
  | { readonly status: 'unavailable'; readonly reason: string }
  /** No answer: it may have been charged. */
  | { readonly status: 'unknown'; readonly reason: string }

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
  | { readonly status: 'unknown'; readonly reason: string }

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
  /** What we wrote on it: the order of a charge or dispute, the refund of a refund. Null when it is none of ours. */
  readonly reference: string | null
  readonly atMs: number
}

/** The port. Every call has a deadline of its own and never throws for what a gateway can answer. */
export interface Gateway {
  readonly name: GatewayName
  /** Charges, or finds that this key was charged before. Safe to call again with the same key. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>
  /** The truth about a charge, by its id or by our reference; charges nothing. */
  find(request: ChargeRequest, transactionId: string | null): Promise<ChargeOutcome>
  /** Takes what was set aside, or lets through what the gateway holds. Safe to call again: taken once. */
  capture(request: ChargeRequest, transactionId: string): Promise<ChargeOutcome>
  /** Ends a charge that waits for the customer or was only set aside. Answers what it is now: it may have been paid meanwhile. */
  cancel(transactionId: string): Promise<ChargeOutcome>
  /** Refunds, or finds that this refund was made before. Safe to call again with the same refund id. */
  refund(request: RefundRequest): Promise<RefundOutcome>
  /**
   * The movements of our account in a span of time, oldest first.
   * @throws Failure SERVICE_UNAVAILABLE when the gateway does not tell all of them
   */
  movements(fromMs: number, toMs: number): Promise<readonly Movement[]>
}
