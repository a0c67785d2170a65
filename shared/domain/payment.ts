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
  readonly createdAtMs: number
}

export type ChargeOutcome =
  | { readonly status: 'succeeded'; readonly transactionId: string | null; readonly amount: number; readonly currency: string; readonly answer: unknown }
  | { readonly status: 'declined'; readonly transactionId: string | null; readonly declineCode: string; readonly answer: unknown }
  | { readonly status: 'requires_action'; readonly transactionId: string; readonly clientSecret: string; readonly nextAction: unknown }
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

/** The port. Every call has a deadline of its own and never throws for what a gateway can answer. */
export interface Gateway {
  readonly name: GatewayName
  /** Charges, or finds that this key was charged before. Safe to call again with the same key. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>
  /** The truth about a charge, by its id or by our reference; charges nothing. */
  find(request: ChargeRequest, transactionId: string | null): Promise<ChargeOutcome>
  /** Ends a charge that waits for the customer. Answers what it is now: it may have been paid meanwhile. */
  cancel(transactionId: string): Promise<ChargeOutcome>
  /** Refunds, or finds that this refund was made before. Safe to call again with the same refund id. */
  refund(request: RefundRequest): Promise<RefundOutcome>
}
