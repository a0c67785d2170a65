/**
 * Delivers a vendor's webhooks as the vendor would: signed when sent, again after each failure by the
 * vendor's own schedule, sometimes twice, sometimes out of order (seeded). What is still owed survives a restart.
 */
import type { Shelf } from '../disk.ts'
import type { VendorContext } from './vendor.ts'

export interface Delivery {
  readonly id: string
  /** Path below the shop's address, or a whole URL elsewhere. */
  readonly path: string
  readonly body: string
  attempts: number
  /** Moment of the next attempt, in milliseconds; undefined when delivered or given up. */
  nextAtMs?: number
  status: 'waiting' | 'delivered' | 'given_up'
  lastAnswer?: string
}

export interface SenderOptions {
  readonly context: VendorContext
  /** Waits between attempts in milliseconds; after the last one the delivery is given up. */
  readonly retryMs: readonly number[]
  /** Headers of one attempt, signature included. */
  readonly sign: (delivery: Delivery, nowMs: number) => Record<string, string>
  readonly answerDeadlineMs: number
  /** How long after the fact the first delivery comes; at most 200 ms. */
  readonly firstMs?: number
  /** Told when the last attempt has failed. */
  readonly onGivenUp?: (delivery: Delivery) => void
}

/** Share of deliveries sent twice, and of those held back so that later ones overtake them. */
export interface Disorder {
  duplicates: number
  late: number
}

const LATE_MS = 400
const FIRST_MS_MAX = 200
const KEPT_MAX = 10_000
const AT_ONCE_MAX = 4

export class WebhookSender {
  /** What happens to deliveries; local control may change it. */
  disorder: Disorder = { duplicates: 0.02, late: 0.02 }
  readonly #options: SenderOptions
  readonly #deliveries: Shelf<Delivery>
  readonly #queue: string[] = []
  #inFlight = 0
  #waitingNow = 0

  constructor(options: SenderOptions) {
    this.#options = options
    this.#deliveries = options.context.shelves.shelf<Delivery>('webhook_deliveries')
    for (const delivery of this.#deliveries.values()) if (delivery.status === 'waiting') this.#wait(delivery)
  }

  /** Owes the shop one event. `id` names the delivery; sending the same id again delivers it again. */
  send(id: string, path: string, body: string): void {
    const { random, timeline } = this.#options.context
    const lateMs = random() < this.disorder.late ? LATE_MS : 0
    const delivery: Delivery = { id, path, body, attempts: 0, nextAtMs: timeline.now() + (this.#options.firstMs ?? 0) + lateMs, status: 'waiting' }
    this.#deliveries.set(id, delivery)
    this.#wait(delivery)
    if (random() < this.disorder.duplicates) this.#wait({ ...delivery, nextAtMs: (delivery.nextAtMs ?? 0) + LATE_MS })
    this.#prune()
  }

  deliveries(): Delivery[] {
    return this.#deliveries.values()
  }

  /** The delivery of one id; undefined when there was none, or it ended long ago. */
  delivery(id: string): Delivery | undefined {
    return this.#deliveries.get(id)
  }

  /** Deliveries due within a moment or under way. */
  pending(): number {
    return this.#inFlight + this.#queue.length + this.#waitingNow
  }

  /** The part of `pending` that is not due yet. */
  waiting(): number {
    return this.#waitingNow
  }

  #wait(delivery: Delivery): void {
    const soon = (delivery.nextAtMs ?? 0) <= this.#options.context.timeline.now() + 2 * LATE_MS + FIRST_MS_MAX
    if (soon) this.#waitingNow += 1
    this.#options.context.timeline.at(delivery.nextAtMs ?? 0, () => {
      if (soon) this.#waitingNow -= 1
      this.#queue.push(delivery.id)
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#inFlight < AT_ONCE_MAX && !this.#options.context.timeline.stopped.aborted) {
      const id = this.#queue.shift()
      if (id === undefined) return
      const delivery = this.#deliveries.get(id)
      if (delivery === undefined) continue
      this.#inFlight += 1
      void this.#attempt(delivery).finally(() => {
        this.#inFlight -= 1
        this.#pump()
      })
    }
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { context, sign, answerDeadlineMs, retryMs } = this.#options
    let delivered = false
    try {
      const url = delivery.path.startsWith('/') ? `${context.shopUrl()}${delivery.path}` : delivery.path
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8', ...sign(delivery, context.timeline.now()) },
        body: delivery.body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(answerDeadlineMs), context.timeline.stopped]),
      })
      await answer.arrayBuffer()
      delivered = answer.ok
      delivery.lastAnswer = String(answer.status)
    } catch (error) {
      delivery.lastAnswer = error instanceof Error ? error.name : 'no answer'
    }
    // Given up with its cloud: it waits for the next start.
    if (!delivered && context.timeline.stopped.aborted) return
    if (delivery.status === 'delivered' && !delivered) return
    const waitMs = retryMs[delivery.attempts]
    delivery.attempts += 1
    delete delivery.nextAtMs
    if (delivered) delivery.status = 'delivered'
    else if (waitMs === undefined) delivery.status = 'given_up'
    else delivery.nextAtMs = context.timeline.now() + waitMs
    this.#deliveries.set(delivery.id, delivery)
    if (delivery.nextAtMs !== undefined) this.#wait(delivery)
    if (delivery.status === 'given_up') this.#options.onGivenUp?.(delivery)
  }

  #prune(): void {
    if (this.#deliveries.size <= KEPT_MAX) return
    for (const delivery of this.#deliveries.values().slice(0, KEPT_MAX / 10)) {
      if (delivery.status !== 'waiting') this.#deliveries.delete(delivery.id)
    }
  }
}
