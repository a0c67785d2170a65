/**
 * Square's webhooks: what happened, to the one address the shop has registered.
 *
 * The signature covers the address and the body and knows no time, so the same event always carries the same one.
 * While the shop does not listen (`enabled` is false) nothing is owed: events of that time are lost, as at the vendor; so
 * are those of types that its subscription does not name.
 */
import { createHmac, randomUUID } from 'node:crypto'
import type { VendorContext } from '../vendor.ts'
import { WebhookSender, type Delivery, type Disorder } from '../webhook-sender.ts'
import { notFound } from './failure.ts'
import type { Json } from './shapes.ts'

const PATH = '/api/webhooks/square'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const RETRY_MS = [
  ...[1, 2, 4, 8, 16, 32, 60].map((minutes) => minutes * MINUTE_MS),
  ...[2, 4, 8, 8].map((hours) => hours * HOUR_MS),
]
const ANSWER_DEADLINE_MS = 10_000

export interface Happening {
  readonly type: string
  readonly dataType: string
  readonly id: string
  readonly object: Json
  readonly locationId?: string
}

export class Notifications {
  enabled: boolean
  readonly #context: VendorContext
  readonly #merchantId: () => string
  readonly #types: readonly string[] | undefined
  readonly #sender: WebhookSender

  constructor(context: VendorContext, options: { signatureKey: string; enabled: boolean; merchantId: () => string; types?: readonly string[]; firstMs?: number }) {
    this.#context = context
    this.#types = options.types
    this.#merchantId = options.merchantId
    this.enabled = options.enabled
    this.#sender = new WebhookSender({
      context,
      retryMs: RETRY_MS,
      answerDeadlineMs: ANSWER_DEADLINE_MS,
      firstMs: options.firstMs ?? 0,
      sign: (delivery) => headers(delivery, `${context.shopUrl()}${PATH}`, options.signatureKey),
    })
  }

  tell(happening: Happening): void {
    if (!this.enabled || this.#types?.includes(happening.type) === false) return
    const id = randomUUID()
    const body = JSON.stringify({
      merchant_id: this.#merchantId(),
      ...(happening.locationId === undefined ? {} : { location_id: happening.locationId }),
      type: happening.type,
      event_id: id,
      created_at: new Date(this.#context.timeline.now()).toISOString(),
      data: { type: happening.dataType, id: happening.id, object: happening.object },
    })
    this.#sender.send(id, PATH, body)
  }

  tellRevoked(revokerType: 'APPLICATION' | 'MERCHANT' | 'SQUARE'): void {
    const revokedAt = new Date(this.#context.timeline.now()).toISOString()
    const revocation = { revoked_at: revokedAt, revoker_type: revokerType }
    this.tell({ type: 'oauth.authorization.revoked', dataType: 'revocation', id: randomUUID(), object: { revocation } })
  }

  /** An event once more, under the same id, as the dashboard can send it. */
  again(id: string): Json {
    const delivery = this.#sender.delivery(id)
    if (delivery === undefined) throw notFound(`Event ${id}`)
    this.#sender.send(id, delivery.path, delivery.body)
    return JSON.parse(delivery.body) as Json
  }

  /** What was told, the oldest first. */
  events(): Json[] {
    return this.#sender.deliveries().map(({ body }) => JSON.parse(body) as Json)
  }

  deliveries(): Delivery[] {
    return this.#sender.deliveries()
  }

  set disorder(disorder: Partial<Disorder>) {
    this.#sender.disorder = { ...this.#sender.disorder, ...disorder }
  }

  get disorder(): Disorder {
    return this.#sender.disorder
  }

  pending(): number {
    return this.#sender.pending()
  }

  waiting(): number {
    return this.#sender.waiting()
  }
}

/** The vendor's signature: HMAC-SHA256 over the registered address followed by the raw body, in base64. */
export function signature(signatureKey: string, notificationUrl: string, body: string): string {
  return createHmac('sha256', signatureKey).update(notificationUrl + body).digest('base64')
}

function headers(delivery: Delivery, url: string, signatureKey: string): Record<string, string> {
  const first = (JSON.parse(delivery.body) as { created_at: string }).created_at
  const retry = { 'square-retry-number': String(delivery.attempts), 'square-retry-reason': retryReason(delivery.lastAnswer) }
  return {
    'x-square-hmacsha256-signature': signature(signatureKey, url, delivery.body),
    'square-environment': 'Sandbox',
    'square-initial-delivery-timestamp': first,
    ...(delivery.attempts === 0 ? {} : retry),
  }
}

function retryReason(lastAnswer: string | undefined): string {
  if (lastAnswer === 'TimeoutError') return 'http_timeout'
  return /^\d+$/.test(lastAnswer ?? '') ? 'http_error' : 'other_error'
}
