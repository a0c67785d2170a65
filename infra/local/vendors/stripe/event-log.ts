/**
 * Events: what happened, kept 30 days for whoever asks, and sent to the webhook endpoint if it subscribed to the type.
 *
 * The event holds the object as it was at that moment. One change of fact may make several events of different types;
 * their order of arrival is promised to nobody, and each may arrive twice.
 */
import type { WebhookSender } from '../webhook-sender.ts'
import type { Account } from './account.ts'
import type { Event } from './kept.ts'

export const API_VERSION = '2026-10-28.endive'
export const WEBHOOK_PATH = '/api/webhooks/stripe'

/** Types the endpoint subscribes to unless the options say otherwise. */
export const SUBSCRIBED: readonly string[] = [
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'payment_intent.amount_capturable_updated',
  'payment_intent.processing',
  'payment_intent.requires_action',
  'charge.refunded',
  'charge.updated',
  'charge.expired',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'setup_intent.succeeded',
  'setup_intent.setup_failed',
  'payment_method.attached',
  'payment_method.detached',
  'payment_method.automatically_updated',
  'customer.created',
  'customer.updated',
  'customer.deleted',
  'payout.paid',
  'payout.failed',
  'payout.reconciliation_completed',
  'radar.early_fraud_warning.created',
]

const KEPT_S = 30 * 86_400
const NOBODY = { id: null, idempotency_key: null }

export interface Cause {
  readonly id: string | null
  readonly idempotency_key: string | null
}

export class EventLog {
  readonly #account: Account
  readonly #sender: WebhookSender
  readonly #subscribed: ReadonlySet<string>
  #cause: Cause = NOBODY

  constructor(account: Account, sender: WebhookSender, subscribed: readonly string[]) {
    this.#account = account
    this.#sender = sender
    this.#subscribed = new Set(subscribed)
  }

  /** Events made by `work`, which must not wait for anything, name this request as their cause. */
  causedBy<T>(cause: Cause, work: () => T): T {
    this.#cause = cause
    try {
      return work()
    } finally {
      this.#cause = NOBODY
    }
  }

  /** @param before the fields that changed, as they were, for types that tell it */
  happened(type: string, object: object, before?: object): void {
    const sent = this.#subscribed.has(type)
    const event: Event = {
      id: this.#account.ids.next('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: this.#account.now(),
      data: { object, ...(before === undefined ? {} : { previous_attributes: before }) },
      livemode: false,
      pending_webhooks: sent ? 1 : 0,
      request: this.#cause,
      type,
    }
    this.#prune()
    this.#account.events.add(event)
    if (sent) this.#send(event)
  }

  /** Sends an event again, as the dashboard's button does. */
  resend(event: Event): void {
    this.#send({ ...event, pending_webhooks: 1 })
  }

  /** The event as it is answered now: unknown once it is 30 days old. */
  recall(event: Event | undefined): Event | undefined {
    if (event === undefined || this.isGone(event)) return undefined
    return event.pending_webhooks === 0 || !this.delivered(event) ? event : { ...event, pending_webhooks: 0 }
  }

  isGone(event: Event): boolean {
    return event.created <= this.#account.now() - KEPT_S
  }

  /** True when the endpoint took it; also for a type it did not want. */
  delivered(event: Event): boolean {
    if (event.pending_webhooks === 0) return true
    const delivery = this.#sender.delivery(event.id)
    return delivery === undefined || delivery.status === 'delivered'
  }

  #send(event: Event): void {
    this.#sender.send(event.id, WEBHOOK_PATH, JSON.stringify(event, null, 2))
  }

  /** Old events go a day late and together: forgetting is not free. */
  #prune(): void {
    const oldest = this.#account.events.oldest()
    if (oldest === undefined || oldest.created > this.#account.now() - KEPT_S - 86_400) return
    this.#account.events.forget((event) => this.isGone(event))
  }
}

/** The fields of `before` that `patch` changes: what an event tells as `previous_attributes`. */
export function previous<T extends object>(before: T, patch: Partial<T>): object {
  const names = Object.keys(patch).filter((name) => before[name as keyof T] !== patch[name as keyof T])
  return Object.fromEntries(names.map((name) => [name, before[name as keyof T] ?? null]))
}
