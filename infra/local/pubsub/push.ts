/**
 * Pushes messages to subscribers as the platform delivers them to a function: a binary CloudEvent whose body
 * is the push envelope. A bare push would reach the function as a different object than in production.
 *
 * At least once, and that is meant: a share of the messages is delivered twice, some of those to two instances at
 * the same time, and a share is held back so that later ones overtake it. A message is acknowledged only by an
 * answer of success within the ack deadline; silence, an error or a dead instance is a failure and it comes again.
 */
import type { Backlog, Entry } from './backlog.ts'
import type { Message, Subscription } from './records.ts'

export interface PushRequest {
  readonly headers: Record<string, string>
  readonly body: string
}

/** Resolves to the HTTP status of the answer; rejects when there was none. */
export type Deliver = (subscriptionName: string, request: PushRequest, timeoutMs: number) => Promise<number>

/** May be changed at any time. */
export interface PushSettings {
  /** Share of messages delivered twice. */
  duplicates: number
  /** Share of messages that later ones overtake; never one with an ordering key. */
  late: number
  /** Pushes at once to one subscription. */
  atOnceMax: number
  atOnceOverallMax: number
  /** Longest real time given to an answer; the ack deadline when that is shorter. */
  answerMsMax: number
  /** Whether messages of a topic stand back now for somebody who comes first, and how long at most, in real milliseconds. */
  standsBack?: (topic: string) => boolean
  standBackMsMax: number
}

export interface PusherOptions {
  readonly settings: PushSettings
  readonly random: () => number
  readonly deliver: Deliver
  /** Takes a message too large for an event. */
  readonly tooLarge: (backlog: Backlog, entry: Entry) => void
  readonly delivered: (subscription: Subscription) => void
}

/** What the platform accepts as one event. */
export const EVENT_BYTES_MAX = 512 * 1024
const STAND_BACK_LOOK_MS = 15
const SUCCESS = new Set([102, 200, 201, 202, 204])

interface Lane {
  readonly backlog: Backlog
  /** Second copies that go out while the first is under way. */
  readonly copies: Entry[]
  flying: number
  standingSince?: number | undefined
}

export class Pusher {
  readonly #options: PusherOptions
  readonly #lanes = new Map<string, Lane>()
  #flying = 0
  #turn = 0
  #woken = false
  #held = false
  #stopped = false
  #idle: Array<() => void> = []

  constructor(options: PusherOptions) {
    this.#options = options
  }

  add(backlog: Backlog): void {
    const { name } = backlog.subscription
    if (!this.#lanes.has(name)) this.#lanes.set(name, { backlog, copies: [], flying: 0 })
    this.wake()
  }

  remove(subscription: string): void {
    this.#lanes.delete(subscription)
  }

  pending(): number {
    let pending = 0
    for (const { backlog, copies } of this.#lanes.values()) pending += backlog.pending + copies.length
    return pending
  }

  /** The part of `pending` that is not due yet. */
  waiting(): number {
    let waiting = 0
    for (const { backlog } of this.#lanes.values()) waiting += backlog.soon
    return waiting
  }

  /** Stops pushing, for as long as there is nobody to push to. */
  hold(): void {
    this.#held = true
    this.#tellIdle()
  }

  release(): void {
    this.#held = false
    this.wake()
  }

  /** No push from now on, and answers still to come count for nothing: what was under way comes again after a restart. */
  stop(): void {
    this.#stopped = true
    this.hold()
  }

  /** Resolves when nothing is due now and nothing under way. */
  async idle(): Promise<void> {
    if (this.#quiet()) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Something may have become ready. Looked at once per turn of the loop, however many messages came. */
  wake(): void {
    if (this.#woken) return
    this.#woken = true
    setImmediate(() => {
      this.#woken = false
      this.#pump()
    })
  }

  /** One push per subscription and round, so that a long backlog does not starve the others. */
  #pump(): void {
    const lanes = [...this.#lanes.values()]
    let idleLanes = 0
    while (!this.#held && this.#flying < this.#options.settings.atOnceOverallMax && idleLanes < lanes.length) {
      this.#turn = (this.#turn + 1) % lanes.length
      const lane = lanes[this.#turn] as Lane
      idleLanes = this.#pushOne(lane) ? 0 : idleLanes + 1
    }
    this.#tellIdle()
  }

  /** True while a subscription's messages wait for somebody else; then it is looked at again in a moment. */
  #standsBack(lane: Lane): boolean {
    const { standsBack, standBackMsMax } = this.#options.settings
    if (this.#stopped || standsBack?.(lane.backlog.subscription.topic) !== true) {
      lane.standingSince = undefined
      return false
    }
    lane.standingSince ??= performance.now()
    if (performance.now() - lane.standingSince > standBackMsMax) return false
    setTimeout(() => this.wake(), STAND_BACK_LOOK_MS)
    return true
  }

  #pushOne(lane: Lane): boolean {
    if (lane.flying >= this.#options.settings.atOnceMax || this.#standsBack(lane)) return false
    const copy = lane.copies.shift()
    if (copy !== undefined) {
      void this.#fly(lane, copy, () => {})
      return true
    }
    const entry = lane.backlog.take()
    if (entry === undefined) return false
    this.#maybeTwice(lane, entry)
    void this.#fly(lane, entry, (success) => (success ? lane.backlog.ack(entry) : lane.backlog.nack(entry)))
    return true
  }

  /** Half of the duplicates run beside the first delivery, half come after it; ordered ones only after it. */
  #maybeTwice(lane: Lane, entry: Entry): void {
    const { random, settings } = this.#options
    if (entry.debt.failures > 0 || entry.duplicated || random() >= settings.duplicates) return
    entry.duplicated = true
    if (lane.backlog.ordersBy(entry.message) || random() < 0.5) entry.ackLost = true
    else lane.copies.push(entry)
  }

  async #fly(lane: Lane, entry: Entry, settle: (success: boolean) => void): Promise<void> {
    const { subscription } = lane.backlog
    const request = eventOf(subscription, entry.message, entry.debt.failures + 1)
    if (tooLarge(request.body)) {
      this.#options.tooLarge(lane.backlog, entry)
      return this.wake()
    }
    lane.flying += 1
    this.#flying += 1
    const success = await this.#answered(subscription, request)
    lane.flying -= 1
    this.#flying -= 1
    if (this.#stopped) return
    settle(success)
    if (success) this.#options.delivered(subscription)
    this.wake()
  }

  async #answered(subscription: Subscription, request: PushRequest): Promise<boolean> {
    const timeoutMs = Math.min(subscription.ackDeadlineSeconds * 1000, this.#options.settings.answerMsMax)
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<number>((resolve) => (timer = setTimeout(() => resolve(0), timeoutMs)))
    try {
      return SUCCESS.has(await Promise.race([this.#options.deliver(subscription.name, request, timeoutMs), silence]))
    } catch {
      return false
    } finally {
      clearTimeout(timer)
    }
  }

  #quiet(): boolean {
    if (this.#stopped) return true
    if (this.#flying > 0) return false
    if (this.#held) return true
    for (const { backlog, copies } of this.#lanes.values()) if (backlog.active > 0 || copies.length > 0) return false
    return true
  }

  #tellIdle(): void {
    if (this.#idle.length === 0 || !this.#quiet()) return
    const told = this.#idle
    this.#idle = []
    for (const resolve of told) resolve()
  }
}

function tooLarge(body: string): boolean {
  return body.length * 3 > EVENT_BYTES_MAX && Buffer.byteLength(body) > EVENT_BYTES_MAX
}

/** The event as the platform sends it to the function; what is empty is absent. */
export function eventOf(subscription: Subscription, message: Message, attempt: number): PushRequest {
  const publishTime = new Date(message.publishedMs).toISOString()
  const envelope = {
    message: {
      ...(message.data === '' ? {} : { data: message.data }),
      ...(Object.keys(message.attributes).length === 0 ? {} : { attributes: message.attributes }),
      messageId: message.id,
      message_id: message.id,
      publishTime,
      publish_time: publishTime,
      ...(message.orderingKey === '' ? {} : { orderingKey: message.orderingKey }),
    },
    subscription: subscription.name,
    ...(subscription.deadLetter === undefined ? {} : { deliveryAttempt: attempt }),
  }
  return {
    headers: {
      'content-type': 'application/json',
      'ce-id': message.id,
      'ce-specversion': '1.0',
      'ce-type': 'google.cloud.pubsub.topic.v1.messagePublished',
      'ce-source': `//pubsub.googleapis.com/${message.topic}`,
      'ce-time': publishTime,
    },
    body: JSON.stringify(envelope),
  }
}

/** Delivers over HTTP to the subscription's own endpoint. */
export async function postTo(endpoint: string, request: PushRequest, timeoutMs: number): Promise<number> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: request.headers,
    body: request.body,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  await answer.arrayBuffer()
  return answer.status
}
