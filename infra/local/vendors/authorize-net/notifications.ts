/**
 * Webhooks: what happened, to the address that is registered, signed over the very bytes that are sent.
 *
 * The signature is HMAC-SHA512 with the signature key as it is written, not as the bytes its hex digits stand for. It
 * knows no time: the same notification carries the same signature at every attempt. After ten retries that nobody took,
 * the webhook is set inactive, and nothing more is sent until somebody sets it active again.
 */
import { createHmac, randomUUID } from 'node:crypto'
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { WebhookSender, type Disorder } from '../webhook-sender.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Ten retries: three after 3 minutes each, three after 8 hours, four after 48. */
const RETRY_MS = [
  ...[1, 2, 3].map(() => 3 * MINUTE_MS),
  ...[1, 2, 3].map(() => 8 * HOUR_MS),
  ...[1, 2, 3, 4].map(() => 48 * HOUR_MS),
]
const KEPT_MAX = 10_000
const ANSWER_DEADLINE_MS = 10_000
export const WEBHOOK_PATH = '/api/webhooks/authorize-net'

export const PAYMENT_EVENTS = [
  'net.authorize.payment.authorization.created', 'net.authorize.payment.authcapture.created',
  'net.authorize.payment.capture.created', 'net.authorize.payment.priorAuthCapture.created',
  'net.authorize.payment.refund.created', 'net.authorize.payment.void.created',
  'net.authorize.payment.fraud.held', 'net.authorize.payment.fraud.approved', 'net.authorize.payment.fraud.declined',
] as const
export const EVENTS: readonly string[] = [
  ...PAYMENT_EVENTS, 'net.authorize.customer.created', 'net.authorize.customer.updated', 'net.authorize.customer.deleted',
  'net.authorize.customer.paymentProfile.created', 'net.authorize.customer.paymentProfile.deleted',
]

export interface Webhook {
  readonly webhookId: string
  readonly name: string
  readonly url: string
  readonly eventTypes: readonly string[]
  readonly status: 'active' | 'inactive'
}

export interface Notification {
  readonly notificationId: string
  readonly eventType: string
  readonly eventDate: string
  readonly webhookId: string
  readonly body: string
}

/** A number that is written just so: `45.00`. */
export function exactly(digits: string): string {
  return `\u0001${digits}\u0001`
}

export class Notifications {
  readonly #context: VendorContext
  readonly #sender: WebhookSender
  readonly #webhooks: Shelf<Webhook>
  readonly #sent: Shelf<Notification>

  constructor(context: VendorContext, options: { signatureKey: string; firstMs: number }) {
    this.#context = context
    this.#webhooks = context.shelves.shelf('webhooks')
    this.#sent = context.shelves.shelf('notifications')
    this.#sender = new WebhookSender({
      context,
      retryMs: RETRY_MS,
      answerDeadlineMs: ANSWER_DEADLINE_MS,
      firstMs: options.firstMs,
      sign: ({ body }) => ({ 'x-anet-signature': signature(body, options.signatureKey), 'x-request-id': randomUUID() }),
      onGivenUp: ({ id }) => this.#deactivate(id),
    })
    if (this.#webhooks.size === 0) this.add({ name: 'Shop', url: WEBHOOK_PATH, eventTypes: PAYMENT_EVENTS, status: 'active' })
  }

  tell(eventType: string, payload: Readonly<Record<string, unknown>>): void {
    for (const webhook of this.#webhooks.values()) {
      if (webhook.status === 'active' && webhook.eventTypes.includes(eventType)) this.#send(webhook, eventType, payload)
    }
  }

  webhooks(): Webhook[] {
    return this.#webhooks.values()
  }

  webhook(id: string): Webhook | undefined {
    return this.#webhooks.get(id)
  }

  add(webhook: Omit<Webhook, 'webhookId'>): Webhook {
    const webhookId = randomUUID()
    return this.#webhooks.set(webhookId, { webhookId, ...webhook })
  }

  change(id: string, patch: Partial<Webhook>): Webhook | undefined {
    const before = this.#webhooks.get(id)
    return before === undefined ? undefined : this.#webhooks.set(id, { ...before, ...patch })
  }

  remove(id: string): boolean {
    return this.#webhooks.delete(id)
  }

  /** Notifications with what became of them. */
  all(): object[] {
    return this.#sent.values().map(({ body, ...notification }) => {
      const status = this.#sender.delivery(notification.notificationId)?.status
      const deliveryStatus = status === 'given_up' ? 'Failed' : status === 'waiting' ? 'Retrypending' : 'Delivered'
      return { ...notification, deliveryStatus, payload: (JSON.parse(body) as { payload: unknown }).payload }
    })
  }

  /** Sends a notification again, in the very bytes of the first time. */
  resend(id: string): boolean {
    const notification = this.#sent.get(id)
    const url = this.#webhooks.get(notification?.webhookId ?? '')?.url
    if (notification === undefined || url === undefined) return false
    this.#sender.send(id, url, notification.body)
    return true
  }

  get disorder(): Disorder {
    return this.#sender.disorder
  }

  set disorder(disorder: Partial<Disorder>) {
    this.#sender.disorder = { ...this.#sender.disorder, ...disorder }
  }

  pending(): number {
    return this.#sender.pending()
  }

  waiting(): number {
    return this.#sender.waiting()
  }

  #send({ webhookId, url }: Webhook, eventType: string, payload: Readonly<Record<string, unknown>>): void {
    const notificationId = randomUUID()
    const eventDate = new Date(this.#context.timeline.now()).toISOString().replace('Z', '0000Z')
    const text = JSON.stringify({ notificationId, eventType, eventDate, webhookId, payload })
    const body = text.replaceAll(/"\\u0001([\d.]+)\\u0001"/g, '$1')
    this.#sent.set(notificationId, { notificationId, eventType, eventDate, webhookId, body })
    this.#sender.send(notificationId, url, body)
    if (this.#sent.size > KEPT_MAX) this.#forget(KEPT_MAX / 10)
  }

  #forget(count: number): void {
    for (const { notificationId } of this.#sent.values().slice(0, count)) this.#sent.delete(notificationId)
  }

  #deactivate(notificationId: string): void {
    const webhookId = this.#sent.get(notificationId)?.webhookId
    if (webhookId !== undefined) this.change(webhookId, { status: 'inactive' })
  }
}

export function signature(body: string, key: string): string {
  return `sha512=${createHmac('sha512', key).update(body).digest('hex').toUpperCase()}`
}
