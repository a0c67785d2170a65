/**
 * An address outside the shop that is told what happens to orders.
 *
 * One that does not answer is left alone for a while, so that it costs little, and switched off when it has not
 * answered for days; staff are told. Nobody's deliveries but its own wait for it.
 */
import { DAY_MS, iso, MINUTE_MS } from '#values/time.ts'
import type { Alert } from './alert.ts'
import type { EventType } from './order-event.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { EndpointShown } from './shown/operations.ts'

export interface WebhookEndpoint {
  readonly id: string
  readonly url: string
  /** Empty: all. */
  readonly eventTypes: readonly EventType[]
  readonly active: boolean
  /** Why it was switched off by us; null when it was not. */
  readonly disabledReason: string | null
  /** Which secret is the present one; the secrets themselves are kept nowhere. */
  readonly generation: number
  /** When the last secret took the place of the one before. */
  readonly rotatedAtMs: number | null
  /** The request that rotated it last: asked again, it rotates no further. */
  readonly rotation: string | null
  /** In a row, since it was last left alone. */
  readonly failures: number
  readonly failingSinceMs: number | null
  /** How often it was left alone since it last answered, and until when it is. */
  readonly rests: number
  readonly restUntilMs: number | null
  readonly requestHash: string
  readonly version: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** More would make each order's events dear. */
export const ENDPOINTS_MAX = 20
/** So long the secret before the last one still signs. */
export const BOTH_SECRETS_MS = DAY_MS
/** Failures in a row after which it is left alone: for the first of these waits, then the next; the last one again and again. */
const FAILURES_MAX = 5
const RESTS_MS: readonly number[] = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS]

const WELL = { failures: 0, failingSinceMs: null, rests: 0, restUntilMs: null }

export type EndpointWish = Pick<WebhookEndpoint, 'id' | 'url' | 'eventTypes' | 'requestHash'>

export interface EndpointChange {
  readonly endpoint: WebhookEndpoint
  readonly row: WarehouseRow
}

export function newEndpoint(wish: EndpointWish, nowMs: number): EndpointChange {
  const endpoint: WebhookEndpoint = {
    ...wish, active: true, disabledReason: null, generation: 1, rotatedAtMs: null, rotation: null, ...WELL, version: 1, createdAtMs: nowMs, updatedAtMs: nowMs,
  }
  return { endpoint, row: audited(undefined, endpoint, 'registered', 'settings') }
}

/** Undefined when it is so already. Switched on again, it begins anew. */
export function changedEndpoint(before: WebhookEndpoint, wish: Partial<Pick<WebhookEndpoint, 'eventTypes' | 'active'>>, nowMs: number): EndpointChange | undefined {
  const { eventTypes = before.eventTypes, active = before.active } = wish
  if (active === before.active && eventTypes.join() === before.eventTypes.join()) return undefined
  const again = active && !before.active ? { ...WELL, disabledReason: null } : {}
  return next(before, { ...again, eventTypes, active }, { what: 'changed', why: 'settings', nowMs })
}

/** A new secret; the one before stays valid for a day. Undefined when this very request did it before. */
export function rotatedEndpoint(before: WebhookEndpoint, rotation: string, nowMs: number): EndpointChange | undefined {
  if (before.rotation === rotation) return undefined
  return next(before, { generation: before.generation + 1, rotatedAtMs: nowMs, rotation }, { what: 'secret_rotated', why: 'settings', nowMs })
}

export function removedRow(endpoint: WebhookEndpoint, nowMs: number): WarehouseRow {
  return audited(endpoint, { ...endpoint, active: false, version: endpoint.version + 1, updatedAtMs: nowMs }, 'removed', 'settings')
}

/** Generations whose secrets sign now, the present one first. */
export function validGenerations({ generation, rotatedAtMs }: WebhookEndpoint, nowMs: number): number[] {
  return rotatedAtMs !== null && rotatedAtMs + BOTH_SECRETS_MS > nowMs ? [generation, generation - 1] : [generation]
}

export function isResting({ restUntilMs }: WebhookEndpoint, nowMs: number): boolean {
  return restUntilMs !== null && restUntilMs > nowMs
}

/** It answered as it should; undefined when that is nothing new. */
export function wellAgain(endpoint: WebhookEndpoint): WebhookEndpoint | undefined {
  return endpoint.failingSinceMs === null ? undefined : { ...endpoint, ...WELL }
}

export interface EndpointFailure {
  readonly reason: string
  /** It said that it will never take anything again. */
  readonly isGone: boolean
  readonly disableAfterMs: number
}

/** After a delivery that failed: counted, left alone, or switched off (then with a `row`). Undefined when it says nothing new. */
export function failedEndpoint(before: WebhookEndpoint, failure: EndpointFailure, nowMs: number): { readonly endpoint: WebhookEndpoint; readonly row?: WarehouseRow } | undefined {
  if (!before.active) return undefined
  const failingSinceMs = before.failingSinceMs ?? nowMs
  if (failure.isGone || nowMs - failingSinceMs >= failure.disableAfterMs) {
    const disabledReason = failure.isGone ? 'It answered 410: it is gone.' : `It has not taken an event since ${iso(failingSinceMs)}: ${failure.reason}`
    return next(before, { active: false, disabledReason, failingSinceMs }, { what: 'disabled', why: disabledReason, nowMs })
  }
  // What was sent before it was left alone says nothing new.
  if (isResting(before, nowMs)) return undefined
  const failures = before.failures + 1
  if (failures < FAILURES_MAX) return { endpoint: { ...before, failures, failingSinceMs } }
  const restMs = RESTS_MS[Math.min(before.rests, RESTS_MS.length - 1)] ?? MINUTE_MS
  // After its rest one more failure is enough.
  return { endpoint: { ...before, failures: FAILURES_MAX - 1, failingSinceMs, rests: before.rests + 1, restUntilMs: nowMs + restMs } }
}

function next(before: WebhookEndpoint, change: Partial<WebhookEndpoint>, { what, why, nowMs }: { what: string; why: string; nowMs: number }): EndpointChange {
  const endpoint = { ...before, ...change, version: before.version + 1, updatedAtMs: nowMs }
  return { endpoint, row: audited(before, endpoint, what, why) }
}

/** An address may hold a secret of its receiver's: only its host is told. */
function audited(before: WebhookEndpoint | undefined, after: WebhookEndpoint, what: string, why: string): WarehouseRow {
  const facts = ({ url, eventTypes, active, generation }: WebhookEndpoint) => ({ host: new URL(url).host, eventTypes, active, generation })
  return auditEvent({
    id: `${after.id}-${after.version}-audit`, who: null, what: `webhook_endpoint.${what}`, subject: after.id, before: before === undefined ? null : facts(before),
    after: facts(after), why, requestId: null, ip: null, atMs: after.updatedAtMs,
  })
}

export function endpointKey(endpointId: string): string {
  return `webhook-endpoint/${endpointId}`
}

export function disabledAlert({ id, url, disabledReason }: WebhookEndpoint): Alert {
  const { host } = new URL(url)
  return {
    key: endpointKey(id), severity: 'p2', summary: `The webhook endpoint at ${host} was switched off: it takes no events any more.`,
    details: { endpointId: id, host, reason: disabledReason },
  }
}

/** As staff see it; never its secret. */
export function endpointView(endpoint: WebhookEndpoint): EndpointShown {
  const { id, url, eventTypes, active, disabledReason, failingSinceMs, rotatedAtMs, createdAtMs, updatedAtMs } = endpoint
  return {
    id, url, eventTypes, active, disabledReason,
    failingSince: failingSinceMs === null ? null : iso(failingSinceMs),
    oldSecretValidUntil: rotatedAtMs === null ? null : iso(rotatedAtMs + BOTH_SECRETS_MS),
    createdAt: iso(createdAtMs), updatedAt: iso(updatedAtMs),
  }
}
