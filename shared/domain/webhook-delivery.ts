/**
 * One event on its way to one endpoint: tried, tried again on a schedule for three days, dead, put back by a person.
 *
 * Told at least once: whoever sends says so first (`claimed`, which counts the try), so that a sender that dies of it
 * does not do so for ever. Events of one order are told in their order, as long as the earlier one is not late by more
 * than an hour: then it may be overtaken, for its receiver refuses it.
 */
import { DAY_MS, HOUR_MS, iso, MINUTE_MS, SECOND_MS } from '#values/time.ts'
import { eventBody, type EventType, type OrderEvent } from './order-event.ts'
import { nextTry } from './retry.ts'
import type { WebhookDeliveryShown } from './shown/operations.ts'

export const DELIVERY_STATUSES = ['pending', 'delivered', 'dead'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

export interface WebhookDelivery {
  readonly id: string
  readonly endpointId: string
  readonly eventId: string
  readonly type: EventType
  readonly orderId: string
  /** Of the order, when this happened to it. */
  readonly version: number
  /** What is sent, byte for byte. */
  readonly body: string
  readonly status: DeliveryStatus
  /** Tries that were begun, in all: it never falls, so it names a try. */
  readonly attempts: number
  readonly createdAtMs: number
  /** When the sweep looks at it; null when it is done or dead. */
  readonly nextAtMs: number | null
  /** Who sends it just now, and until when nobody else does. */
  readonly sender: string | null
  readonly senderUntilMs: number
  readonly deliveredAtMs: number | null
  /** Of the last try that was answered. */
  readonly lastStatus: number | null
  readonly lastError: string | null
  /** The beginning of the last answer, masked. */
  readonly lastResponse: string | null
  /** The last replay, how many there were, and how many tries there had been. Absent: never replayed. */
  readonly replay?: { readonly id: string; readonly count: number; readonly attemptsBefore: number }
}

/** Waits after each failed try, up to a fifth longer by jitter; after the last one it is dead: three days in all. */
export const DELIVERY_WAITS_MS: readonly number[] = [
  MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS, 14 * HOUR_MS, 20 * HOUR_MS, 24 * HOUR_MS,
]
const JITTER_SHARE = 0.2
/** A fresh one's nudge has so long to be answered, and so has a sender: longer than a call and two commits take. */
export const SENDER_MS = MINUTE_MS
/** The first event of an order that its receiver refuses holds the next ones up for so long. */
export const ORDER_WAIT_MS = HOUR_MS
/** Whoever says "not now" is believed up to here. */
const REST_MS_MAX = DAY_MS
/** So long the log goes back. */
export const DELIVERY_KEPT_MS = 45 * DAY_MS
const TEXT_MAX = 300

export function newDelivery(endpointId: string, event: OrderEvent, nowMs: number): WebhookDelivery {
  const { id: eventId, type, orderId, version } = event
  return {
    id: deliveryId(endpointId, eventId), endpointId, eventId, type, orderId, version, body: eventBody(event), status: 'pending', attempts: 0, createdAtMs: nowMs,
    nextAtMs: nowMs + SENDER_MS, sender: null, senderUntilMs: 0, deliveredAtMs: null, lastStatus: null, lastError: null, lastResponse: null,
  }
}

export function deliveryId(endpointId: string, eventId: string): string {
  return `${endpointId}-${eventId}`
}

/**
 * Gives the right to send, and counts the try; undefined when there is nothing to send, or another sends it.
 * @param attempt how many tries there were when the nudge was given: a copy of a nudge is not another try
 */
export function claimed(delivery: WebhookDelivery, { sender, attempt }: { sender: string; attempt: number }, nowMs: number): WebhookDelivery | undefined {
  if (delivery.status !== 'pending' || delivery.attempts !== attempt || delivery.senderUntilMs > nowMs) return undefined
  return { ...delivery, attempts: delivery.attempts + 1, sender, senderUntilMs: nowMs + SENDER_MS, nextAtMs: nowMs + SENDER_MS + SECOND_MS }
}

/** Until when it waits for an earlier event of its order; undefined when it may go. */
export function waitsUntil(delivery: WebhookDelivery, earlier: ReadonlyArray<Pick<WebhookDelivery, 'version' | 'nextAtMs'>>, nowMs: number): number | undefined {
  const first = earlier.find(({ version }) => version < delivery.version)
  const latestMs = (delivery.replay === undefined ? delivery.createdAtMs : 0) + ORDER_WAIT_MS
  if (first === undefined || nowMs >= latestMs) return undefined
  return Math.min(latestMs, Math.max(first.nextAtMs ?? 0, nowMs + MINUTE_MS))
}

/** What came of a try. */
export type Told =
  | { readonly taken: true; readonly status: number; readonly response: string }
  | { readonly taken: false; readonly status: number | null; readonly reason: string; readonly response: string | null; readonly restMs?: number | undefined }

/** What was taken stays taken, whoever sent it. A failure counts only for its own try. */
export function afterTry(delivery: WebhookDelivery, sender: string, told: Told, { nowMs, jitter }: { nowMs: number; jitter: number }): WebhookDelivery | undefined {
  if (delivery.status !== 'pending' || (!told.taken && delivery.sender !== sender)) return undefined
  const known = { ...delivery, sender: null, senderUntilMs: 0, lastStatus: told.status, lastResponse: told.response?.slice(0, TEXT_MAX) ?? null }
  if (told.taken) return { ...known, status: 'delivered', nextAtMs: null, deliveredAtMs: nowMs, lastError: null }
  const lastError = told.reason.slice(0, TEXT_MAX)
  const next = nextTry(DELIVERY_WAITS_MS, delivery.attempts - (delivery.replay?.attemptsBefore ?? 0), nowMs)
  if (next === null) return { ...known, status: 'dead', nextAtMs: null, lastError }
  const waitMs = Math.max((next - nowMs) * (1 + jitter * JITTER_SHARE), Math.min(told.restMs ?? 0, REST_MS_MAX))
  return { ...known, nextAtMs: nowMs + Math.ceil(waitMs), lastError }
}

/** Its endpoint takes nothing any more. */
export function undeliverable(delivery: WebhookDelivery, lastError: string): WebhookDelivery {
  return { ...delivery, status: 'dead', nextAtMs: null, sender: null, senderUntilMs: 0, lastError }
}

/** A sender that died with the last try leaves nobody to say so. */
export function isUsedUp({ attempts, replay }: WebhookDelivery): boolean {
  return attempts - (replay?.attemptsBefore ?? 0) > DELIVERY_WAITS_MS.length
}

/** Back to the start of its schedule, told or not. */
export function tellAgain(delivery: WebhookDelivery, replayId: string, nowMs: number): WebhookDelivery {
  const replay = { id: replayId, count: (delivery.replay?.count ?? 0) + 1, attemptsBefore: delivery.attempts }
  return { ...delivery, status: 'pending', nextAtMs: nowMs + SENDER_MS, sender: null, senderUntilMs: 0, replay }
}

export function deliveryView(delivery: WebhookDelivery): WebhookDeliveryShown {
  const { id, endpointId, eventId, type, orderId, status, attempts, lastStatus, lastError, lastResponse, createdAtMs, nextAtMs, deliveredAtMs, replay } = delivery
  return {
    id, endpointId, eventId, type, orderId, status, attempts, replays: replay?.count ?? 0, lastStatus, lastError, lastResponse,
    createdAt: iso(createdAtMs),
    nextAttemptAt: nextAtMs === null ? null : iso(nextAtMs),
    deliveredAt: deliveredAtMs === null ? null : iso(deliveredAtMs),
  }
}
