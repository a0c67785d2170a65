/**
 * Which topics and subscriptions there are, and the backlog of each subscription.
 *
 * A subscription that nobody uses for as long as its expiry says is deleted with all it is owed, as the real
 * service does after 31 days unless told never: the place to learn of a forgotten `expirationPolicy` is here.
 */
import { alreadyExists, notFound } from '../protobuf.ts'
import type { Timeline } from '../timeline.ts'
import { Backlog, type BacklogOptions } from './backlog.ts'
import { compileFilter, type Attributes, type Filter } from './filter.ts'
import type { Pusher } from './push.ts'
import { DELETED_TOPIC, type Records, type Subscription, type Topic } from './records.ts'
import { checkName, subscriptionFrom, topicMissing, type WireSubscription } from './rules.ts'

export interface CatalogueOptions {
  readonly records: Records
  readonly timeline: Timeline
  readonly pusher: Pusher
  readonly projectId: string
  readonly bury: BacklogOptions['bury']
}

const HALF_A_DAY_MS = 43_200_000

export class Catalogue {
  readonly #options: CatalogueOptions
  readonly #records: Records
  readonly #backlogs = new Map<string, Backlog>()
  readonly #filters = new Map<string, Filter>()

  /** Takes up what the records hold. */
  constructor(options: CatalogueOptions) {
    this.#options = options
    this.#records = options.records
    for (const subscription of this.subscriptions()) this.#open(subscription)
    for (const debt of this.#records.debts()) {
      const message = this.#records.messages.get(debt.messageId)
      const backlog = this.#backlogs.get(debt.subscription)
      if (message === undefined || backlog === undefined) this.#records.pay(debt)
      else backlog.add(message, debt)
    }
  }

  topics(): Topic[] {
    return this.#records.topics.values()
  }

  hasTopic(name: string): boolean {
    return this.#records.topics.has(name)
  }

  topic(name: string): Topic {
    const topic = this.#records.topics.get(name)
    if (topic !== undefined) return topic
    checkName(name, 'topics', this.#options.projectId)
    throw topicMissing(name)
  }

  createTopic(topic: Topic): Topic {
    checkName(topic.name, 'topics', this.#options.projectId)
    if (this.hasTopic(topic.name)) throw alreadyExists(topic.name.split('/').at(-1) ?? '')
    return this.changeTopic(topic)
  }

  changeTopic(topic: Topic): Topic {
    return this.#records.topics.set(topic.name, topic)
  }

  /** Its subscriptions stay, with what they are owed. */
  deleteTopic(name: string): void {
    this.topic(name)
    for (const subscription of this.subscriptionsOf(name)) {
      subscription.topic = DELETED_TOPIC
      this.#records.subscriptions.set(subscription.name, subscription)
    }
    this.#records.topics.delete(name)
  }

  subscriptions(): Subscription[] {
    return this.#records.subscriptions.values()
  }

  subscriptionsOf(topic: string): Subscription[] {
    return this.subscriptions().filter((subscription) => subscription.topic === topic)
  }

  findSubscription(name: string): Subscription | undefined {
    return this.#records.subscriptions.get(name)
  }

  subscription(name: string): Subscription {
    const subscription = this.findSubscription(name)
    if (subscription !== undefined) return subscription
    checkName(name, 'subscriptions', this.#options.projectId)
    throw notFound(name.split('/').at(-1) ?? name)
  }

  createSubscription(wire: WireSubscription): Subscription {
    checkName(wire.name, 'subscriptions', this.#options.projectId)
    const subscription = subscriptionFrom(wire, this.#options.timeline.now())
    this.topic(subscription.topic)
    if (subscription.deadLetter !== undefined) this.topic(subscription.deadLetter.topic)
    if (this.#records.subscriptions.has(wire.name)) throw alreadyExists(wire.name.split('/').at(-1) ?? '')
    this.#records.subscriptions.set(subscription.name, subscription)
    this.#open(subscription)
    return subscription
  }

  /** Keeps a subscription whose fields were changed in place. */
  changeSubscription(subscription: Subscription): Subscription {
    this.#records.subscriptions.set(subscription.name, subscription)
    if (subscription.push === undefined) this.#options.pusher.remove(subscription.name)
    else this.#options.pusher.add(this.backlog(subscription.name))
    this.#watchExpiry(subscription)
    return subscription
  }

  deleteSubscription(name: string): void {
    const backlog = this.backlog(name)
    this.#options.pusher.remove(name)
    backlog.purge(Number.POSITIVE_INFINITY)
    this.#backlogs.delete(name)
    this.#filters.delete(name)
    this.#records.subscriptions.delete(name)
  }

  backlog(name: string): Backlog {
    this.subscription(name)
    return this.#backlogs.get(name) as Backlog
  }

  /** Backlogs that want a message of the topic with these attributes. */
  wanting(topic: string, attributes: Attributes): Backlog[] {
    return this.subscriptionsOf(topic)
      .filter(({ name }) => this.#filters.get(name)?.(attributes) === true)
      .map(({ name }) => this.backlog(name))
  }

  /** Names of the subscriptions that still owe an acknowledgement. */
  owing(messageId: string): string[] {
    return [...this.#backlogs].filter(([, backlog]) => backlog.has(messageId)).map(([name]) => name)
  }

  /** Puts an expiry off. Noted twice a day of the clock, which is exact enough for one of days. */
  used(subscription: Subscription): void {
    const nowMs = this.#options.timeline.now()
    if (subscription.expiryMs === undefined || nowMs - subscription.lastUsedMs < HALF_A_DAY_MS) return
    subscription.lastUsedMs = nowMs
    if (this.#isCurrent(subscription)) this.#records.subscriptions.set(subscription.name, subscription)
  }

  #open(subscription: Subscription): void {
    const { records, timeline, pusher, bury } = this.#options
    const backlog = new Backlog(subscription, { records, timeline, bury, onReady: () => pusher.wake() })
    this.#backlogs.set(subscription.name, backlog)
    this.#filters.set(subscription.name, compileFilter(subscription.filter))
    if (subscription.push !== undefined) pusher.add(backlog)
    this.#watchExpiry(subscription)
  }

  #watchExpiry(subscription: Subscription): void {
    if (subscription.expiryMs === undefined) return
    const { timeline } = this.#options
    timeline.at(subscription.lastUsedMs + subscription.expiryMs, () => {
      if (!this.#isCurrent(subscription) || subscription.expiryMs === undefined) return
      if (subscription.lastUsedMs + subscription.expiryMs <= timeline.now()) this.deleteSubscription(subscription.name)
      else this.#watchExpiry(subscription)
    })
  }

  #isCurrent(subscription: Subscription): boolean {
    return this.findSubscription(subscription.name) === subscription
  }
}
