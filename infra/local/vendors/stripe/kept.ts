/**
 * The shapes in which the account keeps its objects: the SDK's own types, so that the compiler compares what the
 * simulator answers with what the SDK promises, minus expansion, for a kept reference is always an id.
 */
import type Stripe from 'stripe'

/** `string | Charge | null` is kept as `string | null`. */
type Reference<V> = string extends V ? Exclude<V, object> : V

/** An object as it is kept, and never changed in place. */
export type Kept<T> = { readonly [K in keyof T]: Reference<T[K]> }

export type PaymentIntent = Kept<Stripe.PaymentIntent>
export type Charge = Kept<Stripe.Charge>
export type Refund = Kept<Stripe.Refund>
export type PaymentMethod = Kept<Stripe.PaymentMethod>
export type SetupIntent = Kept<Stripe.SetupIntent>
export type Session = Kept<Stripe.Checkout.Session>
export type BalanceTransaction = Kept<Stripe.BalanceTransaction>
export type Dispute = Kept<Stripe.Dispute>
export type Payout = Kept<Stripe.Payout>
export type Transfer = Kept<Stripe.Transfer>
export type Review = Kept<Stripe.Review>
/** What belongs to a Checkout Session but is not in its object: its lines, and what the payment is told. */
export interface SessionOrder {
  readonly items: readonly Stripe.LineItem[]
  readonly intent: Partial<PaymentIntent>
  readonly setup: Partial<SetupIntent>
}

export type Customer = Omit<Kept<Stripe.Customer>, 'deleted'> & { readonly deleted?: true }

/** An event holds its object as it was when the event happened, whatever became of it since. */
export interface Event {
  readonly id: string
  readonly object: 'event'
  readonly api_version: string
  readonly created: number
  readonly data: { readonly object: object; readonly previous_attributes?: object }
  readonly livemode: false
  readonly pending_webhooks: number
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null }
  readonly type: string
}
