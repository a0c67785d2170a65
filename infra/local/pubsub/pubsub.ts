/**
 * Pub/Sub of the local cloud: topics, subscriptions, and every message owed to each until it is acknowledged.
 *
 * A publish is answered when the message and its debts are on disk; from then on nothing may lose it, neither a
 * killed instance nor a killed cloud. Delivery is at least once, with duplicates and disorder on purpose (`push.ts`).
 * Differences from the real service, all named: StreamingPull, snapshots, exports and exactly-once are UNIMPLEMENTED,
 * an empty Pull answers at once, Seek goes to a time and only forgets.
 */
import type { Disk } from '../disk.ts'
import type { GrpcService } from '../grpc-ports.ts'
import type { Timeline } from '../timeline.ts'
import { SOON_MS, type Backlog, type Entry } from './backlog.ts'
import { Catalogue } from './catalogue.ts'
import { copyFor, noteOf } from './dead-letters.ts'
import { Leases } from './leases.ts'
import { Pusher, postTo, type Deliver, type PushSettings } from './push.ts'
import { Records, type DeadLetter, type Message, type Subscription } from './records.ts'
import { publisherService, subscriberService } from './rpc.ts'
import { checkMessages, subscriptionFrom, type WireMessage } from './rules.ts'
import { fullName, wireOf, type SubscriptionWish } from './wishes.ts'

export type { DeadLetter } from './records.ts'
export type { SubscriptionWish } from './wishes.ts'
export type { Deliver, PushRequest, PushSettings } from './push.ts'

export interface PubSubOptions {
  readonly timeline: Timeline
  readonly disk: Disk
  readonly projectId: string
  readonly random: () => number
  /** Brings an event to a function; without it events are posted to the subscription's endpoint. */
  readonly deliver?: Deliver
  readonly settings?: Partial<PushSettings>
}

/** A message that some subscription has not acknowledged. */
export interface PeekedMessage extends Message {
  readonly owedTo: readonly string[]
}

export interface Counts {
  readonly published: number
  /** Pushes that were acknowledged; a duplicate counts again. */
  readonly delivered: number
}

export function createPubSub(options: PubSubOptions): PubSub {
  return new PubSub(options)
}

export class PubSub {
  readonly settings: PushSettings
  readonly projectId: string
  readonly catalogue: Catalogue
  readonly #timeline: Timeline
  readonly #random: () => number
  readonly #records: Records
  readonly #pusher: Pusher
  readonly #leases: Leases
  #published = 0
  #delivered = 0

  constructor(options: PubSubOptions) {
    this.projectId = options.projectId
    this.#timeline = options.timeline
    this.#random = options.random
    this.#records = new Records(options.disk.shelves('pubsub'))
    this.#leases = new Leases(options.timeline)
    this.settings = {
      duplicates: 0.01,
      late: 0.01,
      atOnceMax: 8,
      atOnceOverallMax: 16,
      standBackMsMax: 10_000,
      answerMsMax: 600_000,
      ...options.settings,
    }
    this.#pusher = new Pusher({
      settings: this.settings,
      random: options.random,
      deliver: options.deliver ?? ((name, request, timeoutMs) => postTo(this.#endpointOf(name), request, timeoutMs)),
      tooLarge: (backlog, entry) => this.#refuseTooLarge(backlog, entry),
      delivered: (subscription) => {
        this.#delivered += 1
        this.catalogue.used(subscription)
      },
    })
    this.catalogue = new Catalogue({
      records: this.#records,
      timeline: options.timeline,
      pusher: this.#pusher,
      projectId: options.projectId,
      bury: (subscription, entry) => this.#deadLetter(subscription, entry, 'attempts'),
    })
    options.timeline.onQuiet(() => this.#pusher.idle())
  }

  /** The gRPC services, for `GrpcPorts.add`. */
  services(): GrpcService[] {
    return [publisherService(this), subscriberService(this)]
  }

  /** Messages due now or on their way to push subscriptions. What waits for somebody to pull it does not count. */
  pending(): number {
    return this.#pusher.pending()
  }

  /** The part of `pending` that is not due yet. */
  waiting(): number {
    return this.#pusher.waiting()
  }

  counts(): Counts {
    return { published: this.#published, delivered: this.#delivered }
  }

  /** Messages given up: after too many failed deliveries, or too large for an event. Oldest first, newest 10,000. */
  dead(): DeadLetter[] {
    return this.#records.dead()
  }

  /** Messages of a topic that are not acknowledged by all. */
  peek(topic: string): PeekedMessage[] {
    const name = this.#topicName(topic)
    return this.#records.messages
      .values()
      .filter((message) => message.topic === name)
      .map((message) => ({ ...message, owedTo: this.catalogue.owing(message.id) }))
  }

  /** Stops pushing until `release`, for as long as no instance is there to answer. */
  hold(): void {
    this.#pusher.hold()
  }

  release(): void {
    this.#pusher.release()
  }

  /** For the end of the process: answers still to come count for nothing. */
  stop(): void {
    this.#pusher.stop()
  }

  /** Makes the topic unless it exists. */
  addTopic(topic: string): void {
    const name = this.#topicName(topic)
    if (!this.catalogue.hasTopic(name)) this.catalogue.createTopic({ name, labels: {} })
  }

  /** Makes the subscription, or brings it in line. With another topic, filter or order it begins anew, its messages lost. */
  addSubscription(wish: SubscriptionWish): void {
    const wire = wireOf(wish, this.projectId)
    const wanted = subscriptionFrom(wire, this.#timeline.now())
    const existing = this.catalogue.findSubscription(wire.name)
    if (existing === undefined) return void this.catalogue.createSubscription(wire)
    if (existing.topic !== wanted.topic || existing.filter !== wanted.filter || existing.ordered !== wanted.ordered) {
      this.catalogue.deleteSubscription(wire.name)
      return void this.catalogue.createSubscription(wire)
    }
    if (wanted.deadLetter !== undefined) this.catalogue.topic(wanted.deadLetter.topic)
    for (const field of ['push', 'deadLetter', 'retry', 'expiryMs'] as const) delete existing[field]
    this.catalogue.changeSubscription(Object.assign(existing, wanted))
  }

  /** Publishes from inside the cloud, as a vendor with a Google topic does. Answers the message's id. */
  publish(topic: string, message: { data?: string | Buffer; attributes?: Record<string, string>; orderingKey?: string }): string {
    const { data = '', ...rest } = message
    return this.publishAll(this.#topicName(topic), [{ ...rest, data: Buffer.from(data) }])[0] as string
  }

  publishAll(topic: string, messages: readonly WireMessage[]): string[] {
    this.catalogue.topic(topic)
    checkMessages(messages)
    return this.#records.together(() => messages.map((message) => this.#accept(topic, message)))
  }

  #accept(topic: string, wire: WireMessage): string {
    const nowMs = this.#timeline.now()
    const message: Message = {
      id: this.#records.nextId(nowMs),
      topic,
      data: wire.data ? wire.data.toString('base64') : '',
      attributes: { ...wire.attributes },
      orderingKey: wire.orderingKey ?? '',
      publishedMs: nowMs,
    }
    this.#published += 1
    const wanting = this.catalogue.wanting(topic, message.attributes)
    if (wanting.length > 0) this.#records.messages.set(message.id, message)
    const debts = wanting.map((backlog) => {
      const { name, push } = backlog.subscription
      const late = push !== undefined && !backlog.ordersBy(message) && this.#random() < this.settings.late
      const debt = { subscription: name, messageId: message.id, failures: 0, dueMs: late ? nowMs + SOON_MS / 2 : nowMs }
      this.#records.owe(debt)
      return { backlog, debt }
    })
    for (const { backlog, debt } of debts) backlog.add(message, debt)
    return message.id
  }

  pull(name: string, count: number): Array<{ ackId: string; entry: Entry }> {
    const backlog = this.catalogue.backlog(name)
    const pulled: Array<{ ackId: string; entry: Entry }> = []
    while (pulled.length < count) {
      const entry = backlog.take()
      if (entry === undefined) break
      pulled.push({ ackId: this.#leases.grant(backlog, entry), entry })
    }
    this.catalogue.used(backlog.subscription)
    return pulled
  }

  acknowledge(name: string, ackIds: readonly string[]): void {
    this.catalogue.subscription(name)
    this.#leases.ack(name, ackIds)
  }

  modifyAckDeadline(name: string, ackIds: readonly string[], seconds: number): void {
    this.catalogue.subscription(name)
    this.#leases.extend(name, ackIds, seconds)
  }

  #refuseTooLarge(backlog: Backlog, entry: Entry): void {
    if (!backlog.discard(entry)) return
    const { subscription } = backlog
    process.stderr.write(`local cloud: message ${entry.message.id} is too large for an event to ${subscription.name}\n`)
    this.#deadLetter(subscription, entry, 'too large')
  }

  /** Hands a message to the dead-letter topic and notes it. False when that topic is gone: then it is delivered again. */
  #deadLetter(subscription: Subscription, entry: Entry, reason: DeadLetter['reason']): boolean {
    const target = subscription.deadLetter?.topic
    if (target !== undefined && this.catalogue.hasTopic(target)) {
      this.#accept(target, copyFor(entry, subscription))
    } else if (reason === 'attempts') {
      return false
    }
    this.#records.bury(noteOf(entry, subscription, reason, this.#timeline.now()))
    return true
  }

  #endpointOf(name: string): string {
    return this.catalogue.subscription(name).push?.pushEndpoint ?? ''
  }

  #topicName(name: string): string {
    return fullName(name, 'topics', this.projectId)
  }
}
