/**
 * Pub/Sub's gRPC face: Publisher and Subscriber as Google's clients call them, translated to `PubSub` and back.
 * What is absent here answers UNIMPLEMENTED, never a success that did nothing.
 */
import type { GrpcCall, GrpcMethod, GrpcService } from '../grpc-ports.ts'
import { invalid, maskedFields, millis, pageOf, seconds, servicesIn, type PageRequest, type Timestamp } from '../protobuf.ts'
import type { Entry } from './backlog.ts'
import type { Catalogue } from './catalogue.ts'
import type { PubSub } from './pubsub.ts'
import type { Subscription, Topic } from './records.ts'
import { pushFrom, subscriptionFrom, type WireMessage, type WirePushConfig, type WireSubscription } from './rules.ts'

const service = servicesIn('@google-cloud/pubsub/build/protos/protos.json')
const PAGE_MAX = 1000
const ACK_DEADLINE_SECONDS_MAX = 600

interface WireTopic {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
}

type Masked = { readonly updateMask?: { readonly paths?: readonly string[] } | null }
type Named = { readonly subscription: string }
type Paged = PageRequest & { readonly project: string; readonly topic: string }

export function publisherService(pubsub: PubSub): GrpcService {
  const { catalogue } = pubsub
  const methods = {
    CreateTopic: ({ request }: GrpcCall<WireTopic>) => wireTopic(catalogue.createTopic(topicFrom(request))),
    GetTopic: ({ request }: GrpcCall<Paged>) => wireTopic(catalogue.topic(request.topic)),
    UpdateTopic: ({ request }: GrpcCall<Masked & { topic: WireTopic }>) => {
      catalogue.topic(request.topic.name)
      for (const field of maskedFields(request.updateMask)) {
        if (field !== 'labels') throw invalid(`The topic's ${field} cannot be changed.`)
      }
      return wireTopic(catalogue.changeTopic(topicFrom(request.topic)))
    },
    DeleteTopic: ({ request }: GrpcCall<Paged>) => done(catalogue.deleteTopic(request.topic)),
    ListTopics: ({ request }: GrpcCall<Paged>) => {
      const { items, nextPageToken } = pageOf(catalogue.topics(), request, PAGE_MAX)
      return { topics: items.map(wireTopic), nextPageToken }
    },
    ListTopicSubscriptions: ({ request }: GrpcCall<Paged>) => {
      catalogue.topic(request.topic)
      const names = catalogue.subscriptionsOf(request.topic).map(({ name }) => name)
      const { items, nextPageToken } = pageOf(names, request, PAGE_MAX)
      return { subscriptions: items, nextPageToken }
    },
    Publish: ({ request }: GrpcCall<{ topic: string; messages: WireMessage[] }>) => ({
      messageIds: pubsub.publishAll(request.topic, request.messages),
    }),
  } satisfies Record<string, GrpcMethod<never>>
  return { target: 'pubsub', definition: service('google.pubsub.v1.Publisher'), methods, text: publishText }
}

export function subscriberService(pubsub: PubSub): GrpcService {
  const { catalogue } = pubsub
  const methods = {
    CreateSubscription: ({ request }: GrpcCall<WireSubscription>) => wireSubscription(catalogue.createSubscription(request)),
    GetSubscription: ({ request }: GrpcCall<Named>) => wireSubscription(catalogue.subscription(request.subscription)),
    UpdateSubscription: ({ request }: GrpcCall<Masked & { subscription: WireSubscription }>) =>
      wireSubscription(update(catalogue, request.subscription, maskedFields(request.updateMask))),
    ModifyPushConfig: ({ request }: GrpcCall<Named & { pushConfig?: WirePushConfig | null }>) => {
      const subscription = catalogue.subscription(request.subscription)
      return done(catalogue.changeSubscription(replaced(subscription, 'push', pushFrom(request.pushConfig))))
    },
    DeleteSubscription: ({ request }: GrpcCall<Named>) => done(catalogue.deleteSubscription(request.subscription)),
    ListSubscriptions: ({ request }: GrpcCall<Paged>) => {
      const { items, nextPageToken } = pageOf(catalogue.subscriptions(), request, PAGE_MAX)
      return { subscriptions: items.map(wireSubscription), nextPageToken }
    },
    Pull: ({ request }: GrpcCall<Named & { maxMessages: number }>) => {
      if (request.maxMessages <= 0) throw invalid('max_messages must be positive.')
      const subscription = catalogue.subscription(request.subscription)
      if (subscription.push !== undefined) throw invalid('This method is not supported for this subscription type.')
      const pulled = pubsub.pull(request.subscription, Math.min(request.maxMessages, PAGE_MAX))
      return { receivedMessages: pulled.map(({ ackId, entry }) => received(subscription, ackId, entry)) }
    },
    Acknowledge: ({ request }: GrpcCall<Named & { ackIds: string[] }>) =>
      done(pubsub.acknowledge(request.subscription, request.ackIds)),
    ModifyAckDeadline: ({ request }: GrpcCall<Named & { ackIds: string[]; ackDeadlineSeconds: number }>) => {
      const { subscription, ackIds, ackDeadlineSeconds } = request
      if (ackDeadlineSeconds < 0 || ackDeadlineSeconds > ACK_DEADLINE_SECONDS_MAX) throw invalid('Invalid ack deadline.')
      return done(pubsub.modifyAckDeadline(subscription, ackIds, ackDeadlineSeconds))
    },
    Seek: ({ request }: GrpcCall<Named & { time?: Timestamp | null }>) => {
      if (!request.time) throw invalid('Only a time can be sought here.')
      return done(catalogue.backlog(request.subscription).purge(millis(request.time)))
    },
  } satisfies Record<string, GrpcMethod<never>>
  return { target: 'pubsub', definition: service('google.pubsub.v1.Subscriber'), methods }
}

/** Google's empty answer. */
function done(_nothing: unknown): object {
  return {}
}

/** So that a fault can be aimed at a message by what it says. */
function publishText(request: unknown): string {
  const { topic, messages } = request as { topic?: unknown; messages?: WireMessage[] }
  if (messages === undefined) return JSON.stringify(request)
  const parts = messages.map(({ data, attributes, orderingKey }) =>
    [data?.toString('utf8'), JSON.stringify(attributes), orderingKey].join(' '),
  )
  return [String(topic), ...parts].join('\n')
}

function topicFrom({ name, labels }: WireTopic): Topic {
  return { name, labels: { ...labels } }
}

function wireTopic(topic: Topic): object {
  return { ...topic, state: 'ACTIVE' }
}

/** Fields of the wire that may change, and where each is kept. */
const CHANGEABLE = {
  pushConfig: 'push',
  ackDeadlineSeconds: 'ackDeadlineSeconds',
  messageRetentionDuration: 'retentionMs',
  labels: 'labels',
  expirationPolicy: 'expiryMs',
  deadLetterPolicy: 'deadLetter',
  retryPolicy: 'retry',
} as const satisfies Record<string, keyof Subscription>

function update(catalogue: Catalogue, wire: WireSubscription, fields: readonly string[]): Subscription {
  const subscription = catalogue.subscription(wire.name)
  if (fields.length === 0) throw invalid('The update mask must not be empty.')
  const wanted = subscriptionFrom(wire, subscription.lastUsedMs)
  if (wanted.deadLetter !== undefined) catalogue.topic(wanted.deadLetter.topic)
  const kept = fields.map((field) => {
    const property = CHANGEABLE[field as keyof typeof CHANGEABLE] as (typeof CHANGEABLE)[keyof typeof CHANGEABLE] | undefined
    if (property === undefined) throw invalid(`The subscription's ${field} cannot be changed.`)
    return property
  })
  for (const property of kept) replaced(subscription, property, wanted[property])
  return catalogue.changeSubscription(subscription)
}

function replaced<K extends 'push' | (typeof CHANGEABLE)[keyof typeof CHANGEABLE]>(
  subscription: Subscription,
  property: K,
  value: Subscription[K] | undefined,
): Subscription {
  if (value === undefined) Reflect.deleteProperty(subscription, property)
  else Reflect.set(subscription, property, value)
  return subscription
}

function wireSubscription(subscription: Subscription): object {
  const { push, deadLetter, retry, retentionMs, expiryMs } = subscription
  return {
    name: subscription.name,
    topic: subscription.topic,
    pushConfig: push ?? {},
    ackDeadlineSeconds: subscription.ackDeadlineSeconds,
    enableMessageOrdering: subscription.ordered,
    filter: subscription.filter,
    labels: subscription.labels,
    messageRetentionDuration: seconds(retentionMs),
    expirationPolicy: expiryMs === undefined ? {} : { ttl: seconds(expiryMs) },
    ...(deadLetter && { deadLetterPolicy: { deadLetterTopic: deadLetter.topic, maxDeliveryAttempts: deadLetter.attemptsMax } }),
    ...(retry && { retryPolicy: { minimumBackoff: seconds(retry.minMs), maximumBackoff: seconds(retry.maxMs) } }),
    state: 'ACTIVE',
  }
}

function received(subscription: Subscription, ackId: string, { message, debt }: Entry): object {
  return {
    ackId,
    message: {
      data: Buffer.from(message.data, 'base64'),
      attributes: message.attributes,
      messageId: message.id,
      publishTime: seconds(message.publishedMs),
      orderingKey: message.orderingKey,
    },
    deliveryAttempt: subscription.deadLetter === undefined ? 0 : debt.failures + 1,
  }
}
