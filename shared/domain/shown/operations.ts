/** What runs behind the shop, as staff are shown it: alerts, dead letters, the audit trail, outgoing webhooks, today's figures. */
import { z } from 'zod'
import { amountShown, countShown, currencyShown, dayShown, listOf, momentShown } from '#values/shown.ts'
import { SEVERITIES } from '../alert.ts'
import { INBOX_STATUSES } from '../inbox.ts'
import { EVENT_TYPES } from '../order-event.ts'
import { SYNC_MODES, SYNC_STATES } from '../sync-run.ts'
import { DELIVERY_STATUSES } from '../webhook-delivery.ts'

export const AlertShown = z
  .object({
    key: z.string(),
    severity: z.enum(SEVERITIES),
    summary: z.string(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).readonly(),
    orderId: z.string().nullable(),
    status: z.enum(['open', 'resolved']),
    count: countShown,
    version: countShown,
    firstAt: momentShown,
    lastAt: momentShown,
    resolvedAt: momentShown.nullable(),
    toldAt: momentShown.nullable(),
    toTell: listOf(z.enum(['trigger', 'resolve'])),
    lastError: z.string().nullable(),
  })
  .meta({ id: 'Alert' })
export type AlertShown = z.input<typeof AlertShown>

export const DeadLetterShown = z
  .object({
    id: z.string(),
    vendor: z.string(),
    eventId: z.string(),
    type: z.string(),
    attempts: countShown,
    lastError: z.string().nullable(),
    firstSeenAt: momentShown,
    nextRetryAt: momentShown.nullable(),
    status: z.enum(INBOX_STATUSES),
  })
  .meta({ id: 'DeadLetter' })
export type DeadLetterShown = z.input<typeof DeadLetterShown>

export const FilterShown = z.object({ vendor: z.string().optional(), type: z.string().optional(), from: momentShown.optional(), to: momentShown.optional() })
export type FilterShown = z.input<typeof FilterShown>

export const ReplayShown = z
  .object({
    id: z.string(),
    state: z.enum(['running', 'done']),
    accepted: countShown,
    replayed: countShown,
    refused: countShown,
    requestedBy: z.string(),
    reason: z.string(),
    filter: FilterShown.nullable().describe('Null: they were named one by one.'),
    createdAt: momentShown,
    finishedAt: momentShown.nullable(),
  })
  .meta({ id: 'Replay' })
export type ReplayShown = z.input<typeof ReplayShown>

export const RefusedShown = z.object({ id: z.string(), reason: z.string() }).meta({ id: 'RefusedReplay', description: 'Named, and not replayed: `unknown`, or what it is instead of dead.' })

export const AuditEventShown = z
  .object({
    id: z.string(),
    who: z.string().nullable(),
    via: z.string().nullable(),
    what: z.string(),
    subject: z.string().nullable(),
    before: z.unknown(),
    after: z.unknown(),
    why: z.string().nullable(),
    requestId: z.string().nullable(),
    ip: z.string().nullable(),
    at: momentShown,
  })
  .meta({ id: 'AuditEvent' })

export const SealShown = z
  .object({
    day: dayShown, events: countShown, late: countShown, root: z.string(), previous: z.string().nullable(), hash: z.string(), keyId: z.string(),
    signature: z.string(), sealedAt: momentShown,
  })
  .meta({ id: 'AuditSeal' })
export const SealKeyShown = z.object({ id: z.string(), publicKey: z.string(), since: momentShown }).meta({ id: 'AuditSealKey' })

export const EndpointShown = z
  .object({
    id: z.string(),
    url: z.string(),
    eventTypes: listOf(z.enum(EVENT_TYPES)).describe('Empty: all.'),
    active: z.boolean(),
    disabledReason: z.string().nullable(),
    failingSince: momentShown.nullable(),
    oldSecretValidUntil: momentShown.nullable(),
    createdAt: momentShown,
    updatedAt: momentShown,
  })
  .meta({ id: 'WebhookEndpoint' })
export type EndpointShown = z.input<typeof EndpointShown>

export const WebhookDeliveryShown = z
  .object({
    id: z.string(),
    endpointId: z.string(),
    eventId: z.string(),
    type: z.enum(EVENT_TYPES),
    orderId: z.string(),
    status: z.enum(DELIVERY_STATUSES),
    attempts: countShown,
    replays: countShown,
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    lastResponse: z.string().nullable(),
    createdAt: momentShown,
    nextAttemptAt: momentShown.nullable(),
    deliveredAt: momentShown.nullable(),
  })
  .meta({ id: 'WebhookDelivery' })
export type WebhookDeliveryShown = z.input<typeof WebhookDeliveryShown>

/** What an endpoint is told, signed by the rules of standard-webhooks. */
export const OrderEventShown = z
  .object({
    type: z.enum(EVENT_TYPES),
    timestamp: momentShown,
    data: z.object({ orderId: z.string(), number: z.string(), state: z.string(), total: amountShown, currency: currencyShown }),
  })
  .meta({ id: 'OrderEvent' })

export const SumShown = z.object({ count: countShown, amount: amountShown.nullable() }).meta({ id: 'Sum', description: 'Amount null: too many to be added up.' })
export type SumShown = z.input<typeof SumShown>

export const BreakerShown = z
  .object({
    vendor: z.string(),
    state: z.enum(['closed', 'open', 'half_open', 'resting']),
    failures: countShown,
    lastFailure: z.string().nullable(),
    openedAt: momentShown.nullable(),
    retryAt: momentShown.nullable(),
    restUntil: momentShown.nullable(),
  })
  .meta({ id: 'Breaker' })
export type BreakerShown = z.input<typeof BreakerShown>

export const StatsShown = z.object({
  day: dayShown,
  timeZone: z.string(),
  currency: currencyShown,
  orders: z.record(z.string(), SumShown),
  memberships: z.record(z.string(), SumShown),
  refunds: SumShown,
  queues: z.record(z.string(), z.record(z.string(), countShown)).describe('What waits in each queue.'),
  breakers: listOf(BreakerShown).describe('Vendors that are in trouble; one that is not named is well.'),
})
export type StatsShown = z.input<typeof StatsShown>

export const SyncRunShown = z
  .object({
    id: z.string(),
    job: z.string(),
    mode: z.enum(SYNC_MODES),
    state: z.enum(SYNC_STATES),
    read: countShown,
    saved: countShown,
    unchanged: countShown,
    refused: countShown,
    startedAt: momentShown,
    endedAt: momentShown.nullable(),
    durationMs: countShown.nullable(),
    watermark: momentShown.nullable().describe('All that changed before it is here.'),
    error: z.string().nullable(),
  })
  .meta({ id: 'SyncRun' })
export type SyncRunShown = z.input<typeof SyncRunShown>

export const SyncShown = z
  .object({
    job: z.string(),
    mode: z.enum(SYNC_MODES).describe('`mock`: there is no such till, what comes in is made up and lies apart.'),
    running: z.boolean(),
    history: z.enum(['under way', 'complete']),
    watermark: momentShown.nullable(),
    lagSeconds: countShown.nullable().describe('Null while the past is still fetched.'),
    runs: listOf(SyncRunShown),
  })
  .meta({ id: 'Sync' })
export type SyncShown = z.input<typeof SyncShown>

export const SkuConflictShown = z
  .object({
    sku: z.string(),
    counts: z.string().describe('Square\'s product: it is in the shop window.'),
    leftOut: z.string().describe('Lightspeed\'s product.'),
    offeredByBoth: z.boolean(),
    foundAt: momentShown,
  })
  .meta({ id: 'SkuConflict' })
export type SkuConflictShown = z.input<typeof SkuConflictShown>
