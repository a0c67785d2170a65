/**
 * What happened to mails and addresses, told to every endpoint that asked for it, signed as Standard Webhooks say.
 *
 * An event keeps its id over all attempts and replays: it is the receiver's key against doing things twice. The
 * signature is made when an attempt is sent, since receivers refuse one older than five minutes.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { WebhookSender, type Delivery, type Disorder } from '../webhook-sender.ts'
import type { Endpoint, Endpoints } from './endpoints.ts'
import { notFound } from './failure.ts'
import { list } from './lists.ts'
import type { Json, WebhookEvent } from './shapes.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const RETRY_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
]
const ANSWER_DEADLINE_MS = 15_000
const KEPT_MAX = 10_000

export class WebhookEvents {
  readonly #context: VendorContext
  readonly #endpoints: Endpoints
  readonly #events: Shelf<WebhookEvent>
  readonly #sender: WebhookSender

  constructor(context: VendorContext, endpoints: Endpoints) {
    this.#context = context
    this.#endpoints = endpoints
    this.#events = context.shelves.shelf('webhook_events')
    this.#sender = new WebhookSender({
      context,
      retryMs: RETRY_MS,
      answerDeadlineMs: ANSWER_DEADLINE_MS,
      sign: (delivery, nowMs) => this.#headers(delivery, nowMs),
    })
  }

  happen(type: string, data: Json): void {
    const createdAt = new Date(this.#context.timeline.now()).toISOString()
    const id = `msg_${randomBytes(20).toString('hex').slice(0, 27)}`
    const event: WebhookEvent = { id, type, created_at: createdAt, payload: { type, created_at: createdAt, data } }
    this.#events.set(id, event)
    for (const endpoint of this.#endpoints.listening(type)) this.#send(endpoint, event)
    if (this.#events.size > KEPT_MAX) for (const old of this.#events.values().slice(0, KEPT_MAX / 10)) this.#events.delete(old.id)
  }

  /** `GET /webhooks/:id/events` */
  list(endpointId: string, query: URLSearchParams): Json {
    const endpoint = this.#endpoints.known(endpointId)
    const states = new Map(this.#sender.deliveries().map((delivery) => [delivery.id, delivery]))
    const rows = this.#events.values().flatMap(({ id, type, created_at }) => {
      const delivery = states.get(deliveryId(endpoint, id))
      return delivery === undefined ? [] : [{ id, type, created_at, status: statusOf(delivery) }]
    })
    return { ...list(rows, query) }
  }

  /** `GET /webhooks/:id/events/:eventId` */
  get(endpointId: string, eventId: string): Json {
    const endpoint = this.#endpoints.known(endpointId)
    const event = this.#known(eventId)
    const delivery = this.#sender.deliveries().find(({ id }) => id === deliveryId(endpoint, eventId))
    const nextAtMs = delivery?.nextAtMs
    return {
      object: 'webhook_event',
      id: event.id,
      type: event.type,
      created_at: event.created_at,
      status: delivery === undefined ? 'pending' : statusOf(delivery),
      next_attempt_at: nextAtMs === undefined ? null : new Date(nextAtMs).toISOString(),
      payload: event.payload,
    }
  }

  /** Sends an old event once more, under its own id. */
  replay(endpointId: string, eventId: string): Json {
    this.#send(this.#endpoints.known(endpointId), this.#known(eventId))
    return { object: 'webhook_event', id: eventId }
  }

  /** Every event with what became of its deliveries. */
  all(): unknown[] {
    const byEvent = Map.groupBy(this.#sender.deliveries(), (delivery) => eventOf(delivery))
    return this.#events.values().map((event) => ({
      ...event,
      deliveries: (byEvent.get(event.id) ?? []).map(({ path, status, attempts, lastAnswer }) => ({
        endpoint: path,
        status,
        attempts,
        last_answer: lastAnswer ?? null,
      })),
    }))
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

  #send(endpoint: Endpoint, event: WebhookEvent): void {
    this.#sender.send(deliveryId(endpoint, event.id), endpoint.endpoint, JSON.stringify(event.payload))
  }

  /** Throws for an endpoint that is gone or switched off: the attempt then counts as failed and nothing is sent. */
  #headers(delivery: Delivery, nowMs: number): Record<string, string> {
    const [endpointId = ''] = delivery.id.split(':')
    const secrets = this.#endpoints.secrets(endpointId)
    const id = eventOf(delivery)
    const timestamp = Math.floor(nowMs / SECOND_MS)
    const signatures = secrets.map((secret) => signature(secret, id, timestamp, delivery.body))
    return { 'svix-id': id, 'svix-timestamp': String(timestamp), 'svix-signature': signatures.join(' ') }
  }

  #known(eventId: string): WebhookEvent {
    const event = this.#events.get(eventId)
    if (event === undefined) throw notFound('Webhook event')
    return event
  }
}

/** `v1,` and HMAC-SHA256 over id, timestamp in seconds and raw body, under the secret's decoded bytes. */
export function signature(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

function deliveryId(endpoint: Endpoint, eventId: string): string {
  return `${endpoint.id}:${eventId}`
}

function eventOf(delivery: Delivery): string {
  return delivery.id.slice(delivery.id.indexOf(':') + 1)
}

function statusOf(delivery: Delivery): string {
  if (delivery.status === 'delivered') return 'success'
  if (delivery.status === 'given_up') return 'failed'
  return delivery.attempts === 0 ? 'pending' : 'attempting'
}
