/**
 * What Pub/Sub keeps: topics, subscriptions, messages, and for every message and subscription that has not
 * acknowledged it one debt. All of it is on disk before a publish is answered, and a message stays
 * until its last debt is paid: an answered publish must never be lost, whatever is killed.
 */
import type { Shelf, Shelves } from '../disk.ts'

export interface Topic {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

export interface PushConfig {
  readonly pushEndpoint: string
  readonly attributes: Readonly<Record<string, string>>
  readonly oidcToken?: { readonly serviceAccountEmail: string; readonly audience: string }
}

export interface Subscription {
  readonly name: string
  topic: string
  /** Absent on a pull subscription. */
  push?: PushConfig
  ackDeadlineSeconds: number
  readonly ordered: boolean
  readonly filter: string
  deadLetter?: { readonly topic: string; readonly attemptsMax: number }
  /** Absent: redelivered at once. */
  retry?: { readonly minMs: number; readonly maxMs: number }
  retentionMs: number
  /** Idle time after which the subscription is deleted; absent: never. */
  expiryMs?: number
  lastUsedMs: number
  labels: Readonly<Record<string, string>>
}

export interface Message {
  readonly id: string
  readonly topic: string
  /** Base64. */
  readonly data: string
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey: string
  readonly publishedMs: number
}

export interface Debt {
  readonly subscription: string
  readonly messageId: string
  /** Deliveries that failed. */
  failures: number
  /** No delivery before this moment. */
  dueMs: number
}

export interface DeadLetter {
  /** ISO time on the cloud's clock. */
  readonly at: string
  readonly subscription: string
  readonly topic: string
  /** Absent: the subscription has no dead-letter policy, the message is gone. */
  readonly deadLetterTopic?: string
  readonly messageId: string
  readonly attempts: number
  readonly reason: 'attempts' | 'too large'
  readonly data: string
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey: string
}

export const DELETED_TOPIC = '_deleted-topic_'
const DEAD_LETTERS_KEPT_MAX = 10_000

export class Records {
  readonly topics: Shelf<Topic>
  readonly subscriptions: Shelf<Subscription>
  readonly messages: Shelf<Message>
  readonly #shelves: Shelves
  readonly #debts: Shelf<Debt>
  readonly #dead: Shelf<DeadLetter>
  readonly #debtsOf = new Map<string, number>()
  #lastId = 0

  constructor(shelves: Shelves) {
    this.#shelves = shelves
    this.topics = shelves.shelf('topics')
    this.subscriptions = shelves.shelf('subscriptions')
    this.messages = shelves.shelf('messages')
    this.#debts = shelves.shelf('debts')
    this.#dead = shelves.shelf('dead')
    for (const debt of this.#debts.values()) this.#count(debt.messageId, 1)
    for (const message of this.messages.values()) this.#forgetPaid(message.id)
  }

  /** Grows with time, so that ids stay unique and ordered across restarts without being kept. */
  nextId(nowMs: number): string {
    this.#lastId = Math.max(this.#lastId + 1, nowMs * 1000)
    return String(this.#lastId)
  }

  /** Writes of `work` reach the disk all or none. */
  together<T>(work: () => T): T {
    return this.#shelves.together(work)
  }

  debts(): Debt[] {
    return this.#debts.values()
  }

  owe(debt: Debt): void {
    this.#debts.set(keyOf(debt), debt)
    this.#count(debt.messageId, 1)
  }

  /** Keeps a change of failures or of the due moment. */
  postpone(debt: Debt): void {
    this.#debts.set(keyOf(debt), debt)
  }

  pay(debt: Debt): void {
    if (!this.#debts.delete(keyOf(debt))) return
    this.#count(debt.messageId, -1)
    this.#forgetPaid(debt.messageId)
  }

  bury(letter: DeadLetter): void {
    this.#dead.set(`${letter.subscription} ${letter.messageId}`, letter)
    if (this.#dead.size <= DEAD_LETTERS_KEPT_MAX) return
    const [oldest] = this.#dead.entries()
    if (oldest !== undefined) this.#dead.delete(oldest[0])
  }

  dead(): DeadLetter[] {
    return this.#dead.values()
  }

  #count(messageId: string, change: number): void {
    this.#debtsOf.set(messageId, (this.#debtsOf.get(messageId) ?? 0) + change)
  }

  #forgetPaid(messageId: string): void {
    if ((this.#debtsOf.get(messageId) ?? 0) > 0) return
    this.#debtsOf.delete(messageId)
    this.messages.delete(messageId)
  }
}

function keyOf(debt: Debt): string {
  return `${debt.subscription} ${debt.messageId}`
}
