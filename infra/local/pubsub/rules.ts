/**
 * What Pub/Sub refuses: names, messages and subscriptions outside its documented limits, and settings this local
 * one does not serve. The official emulator lets most of this through; then the deployment fails.
 *
 * Attribute keys beginning with `goog` are refused, but for `googclient_`, which Google's own clients send.
 */
import { status as codes } from '@grpc/grpc-js'
import { GrpcFailure } from '../grpc-ports.ts'
import { invalid, millis, notFound, unserved, type Duration } from '../protobuf.ts'
import { compileFilter } from './filter.ts'
import type { PushConfig, Subscription } from './records.ts'

const KIB = 1024
export const REQUEST_MESSAGES_MAX = 1000
export const REQUEST_BYTES_MAX = 10_000_000
const ATTRIBUTES_MAX = 100
const KEY_BYTES_MAX = 256
const VALUE_BYTES_MAX = KIB
const ORDERING_KEY_BYTES_MAX = KIB
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

export interface WireMessage {
  readonly data?: Buffer | null
  readonly attributes?: Readonly<Record<string, string>> | null
  readonly orderingKey?: string | null
}

/** A Subscription as it comes over the wire. */
export interface WireSubscription {
  readonly name: string
  readonly topic: string
  readonly pushConfig?: WirePushConfig | null
  readonly ackDeadlineSeconds?: number
  readonly enableMessageOrdering?: boolean
  readonly filter?: string
  readonly deadLetterPolicy?: { readonly deadLetterTopic?: string; readonly maxDeliveryAttempts?: number } | null
  readonly retryPolicy?: { readonly minimumBackoff?: Duration | null; readonly maximumBackoff?: Duration | null } | null
  readonly messageRetentionDuration?: Duration | null
  readonly expirationPolicy?: { readonly ttl?: Duration | null } | null
  readonly labels?: Readonly<Record<string, string>>
  readonly enableExactlyOnceDelivery?: boolean
  readonly retainAckedMessages?: boolean
  readonly bigqueryConfig?: object | null
  readonly bigtableConfig?: object | null
  readonly cloudStorageConfig?: object | null
  readonly messageTransforms?: readonly object[]
}

export interface WirePushConfig {
  readonly pushEndpoint?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly oidcToken?: { readonly serviceAccountEmail?: string; readonly audience?: string } | null
  readonly noWrapper?: object | null
}

/** Refuses a name that is not `projects/PROJECT/KIND/ID` with an id Pub/Sub allows. */
export function checkName(name: string, kind: 'topics' | 'subscriptions', projectId: string): void {
  const [projects, project, given, id, ...rest] = name.split('/')
  const wellFormed = projects === 'projects' && given === kind && rest.length === 0 && project !== ''
  if (!wellFormed || !/^(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}$/.test(id ?? '')) {
    throw invalid(`Invalid [${kind}] name: (name=${name})`)
  }
  if (project !== projectId) throw new GrpcFailure(codes.NOT_FOUND, `Requested project not found (project=${project}).`)
}

export function checkMessages(messages: readonly WireMessage[]): void {
  if (messages.length === 0) throw invalid('The publish request must contain at least one message.')
  if (messages.length > REQUEST_MESSAGES_MAX) {
    throw invalid(`The request has ${messages.length} messages, the maximum is ${REQUEST_MESSAGES_MAX}.`)
  }
  let bytes = 0
  for (const message of messages) bytes += checkedBytes(message)
  if (bytes > REQUEST_BYTES_MAX) {
    throw invalid(`The request has ${bytes} bytes, the maximum is ${REQUEST_BYTES_MAX}.`)
  }
}

/** Size of a message that keeps the limits. */
function checkedBytes(message: WireMessage): number {
  const attributes = Object.entries(message.attributes ?? {})
  const dataBytes = message.data?.length ?? 0
  if (dataBytes === 0 && attributes.length === 0) {
    throw invalid('Some messages in the batch are empty: each must have data or at least one attribute.')
  }
  if (attributes.length > ATTRIBUTES_MAX) throw invalid(`A message may have at most ${ATTRIBUTES_MAX} attributes.`)
  let bytes = dataBytes + Buffer.byteLength(message.orderingKey ?? '')
  if (Buffer.byteLength(message.orderingKey ?? '') > ORDERING_KEY_BYTES_MAX) {
    throw invalid(`The ordering key is longer than ${ORDERING_KEY_BYTES_MAX} bytes.`)
  }
  for (const [key, value] of attributes) bytes += checkedAttribute(key, value)
  return bytes
}

function checkedAttribute(key: string, value: string): number {
  const keyBytes = Buffer.byteLength(key)
  const valueBytes = Buffer.byteLength(value)
  const reserved = key.startsWith('goog') && !key.startsWith('googclient_')
  if (keyBytes === 0 || reserved) throw invalid(`Attribute keys must not be empty or begin with "goog" (key=${key}).`)
  if (keyBytes > KEY_BYTES_MAX) throw invalid(`The attribute key is longer than ${KEY_BYTES_MAX} bytes.`)
  if (valueBytes > VALUE_BYTES_MAX) throw invalid(`The value of attribute ${key} is longer than ${VALUE_BYTES_MAX} bytes.`)
  return keyBytes + valueBytes
}

/** The settings of a subscription, defaults filled in. What exists already (topics) is the caller's to check. */
export function subscriptionFrom(wire: WireSubscription, nowMs: number): Subscription {
  refuseUnserved(wire)
  compileFilter(wire.filter ?? '')
  const push = pushFrom(wire.pushConfig)
  const deadLetter = deadLetterFrom(wire.deadLetterPolicy)
  const retry = retryFrom(wire.retryPolicy)
  const expiryMs = expiryFrom(wire.expirationPolicy)
  return {
    name: wire.name,
    topic: wire.topic,
    ackDeadlineSeconds: within('ack_deadline_seconds', wire.ackDeadlineSeconds || 10, 10, 600),
    ordered: wire.enableMessageOrdering === true,
    filter: wire.filter ?? '',
    retentionMs: lengthOf('message_retention_duration', wire.messageRetentionDuration, 7 * DAY_MS, 10 * MINUTE_MS, 31 * DAY_MS),
    lastUsedMs: nowMs,
    labels: { ...wire.labels },
    ...(push === undefined ? {} : { push }),
    ...(deadLetter === undefined ? {} : { deadLetter }),
    ...(retry === undefined ? {} : { retry }),
    ...(expiryMs === undefined ? {} : { expiryMs }),
  }
}

export function pushFrom(wire: WirePushConfig | null | undefined): PushConfig | undefined {
  if (!wire?.pushEndpoint) return undefined
  if (wire.noWrapper) throw unserved('Unwrapped push')
  if (!URL.canParse(wire.pushEndpoint)) throw invalid(`Invalid push endpoint (url=${wire.pushEndpoint}).`)
  const { serviceAccountEmail = '', audience = '' } = wire.oidcToken ?? {}
  return {
    pushEndpoint: wire.pushEndpoint,
    attributes: { ...wire.attributes },
    ...(wire.oidcToken ? { oidcToken: { serviceAccountEmail, audience } } : {}),
  }
}

function refuseUnserved(wire: WireSubscription): void {
  if (wire.bigqueryConfig || wire.bigtableConfig || wire.cloudStorageConfig) throw unserved('Export of messages')
  if (wire.enableExactlyOnceDelivery) {
    if (wire.pushConfig?.pushEndpoint) throw invalid('Exactly-once delivery is not supported for push subscriptions.')
    throw unserved('Exactly-once delivery')
  }
  if (wire.retainAckedMessages) throw unserved('Keeping acknowledged messages')
  if ((wire.messageTransforms ?? []).length > 0) throw unserved('A message transform')
}

function deadLetterFrom(wire: WireSubscription['deadLetterPolicy']): Subscription['deadLetter'] {
  if (!wire?.deadLetterTopic) return undefined
  return {
    topic: wire.deadLetterTopic,
    attemptsMax: within('max_delivery_attempts', wire.maxDeliveryAttempts || 5, 5, 100),
  }
}

function retryFrom(wire: WireSubscription['retryPolicy']): Subscription['retry'] {
  if (!wire) return undefined
  const minMs = lengthOf('minimum_backoff', wire.minimumBackoff, 10_000, 0, 600_000)
  const maxMs = lengthOf('maximum_backoff', wire.maximumBackoff, 600_000, 0, 600_000)
  if (minMs > maxMs) throw invalid('The minimum_backoff must not be longer than the maximum_backoff.')
  return { minMs, maxMs }
}

/** No policy means the default of 31 days, a policy without a time means never. */
function expiryFrom(wire: WireSubscription['expirationPolicy']): number | undefined {
  if (!wire) return 31 * DAY_MS
  return wire.ttl ? lengthOf('expiration_policy.ttl', wire.ttl, 0, DAY_MS, Number.MAX_SAFE_INTEGER) : undefined
}

function lengthOf(field: string, wire: Duration | null | undefined, unsetMs: number, minMs: number, maxMs: number): number {
  return wire ? within(field, millis(wire), minMs, maxMs) : unsetMs
}

function within(field: string, value: number, min: number, max: number): number {
  if (value < min || value > max) throw invalid(`Invalid ${field}: ${value} is not between ${min} and ${max}.`)
  return value
}

export function topicMissing(topic: string): GrpcFailure {
  return notFound(topic.split('/').at(-1) ?? topic)
}
