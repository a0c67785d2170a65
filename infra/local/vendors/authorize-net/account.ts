/**
 * The merchant's account: what the vendor keeps for him, and the clock it lives by.
 *
 * Changes are synchronous from the first check to the last write, so two requests at the same moment cannot both have
 * the same nonce, capture or refund. Nothing here may wait.
 */
import { digitsOf, toMajor } from '../../../../shared/values/money.ts'
import type { Shelf } from '../../disk.ts'
import type { Timeline } from '../../timeline.ts'
import { Agenda } from '../stripe/agenda.ts'
import { Collection } from '../stripe/collection.ts'
import type { VendorContext } from '../vendor.ts'
import type { Batch, Profile, Transaction } from './kept.ts'
import type { Notifications } from './notifications.ts'

/** Ids are numbers; each kind has its own. */
const FIRST_IDS = {
  transaction: 60_200_000_000, batch: 12_000_000, profile: 900_000_000, payment_profile: 800_000_000, auth_code: 46_656_000,
}

export class Account {
  readonly timeline: Timeline
  readonly currency: string
  readonly agenda: Agenda
  readonly notifications: Notifications
  readonly transactions: Collection<Transaction>
  readonly batches: Collection<Batch>
  readonly profiles: Shelf<Profile>
  /** Nonces that were used. */
  readonly usedNonces: Shelf<true>
  readonly #counters: Shelf<number>

  constructor(context: VendorContext, options: { currency: string; notifications: Notifications }) {
    const { shelves, timeline } = context
    this.timeline = timeline
    this.currency = options.currency
    this.notifications = options.notifications
    this.agenda = new Agenda(timeline, shelves.shelf('waits'))
    this.transactions = new Collection(shelves.shelf('transactions'), 'transaction', ['batchId', 'refTransId'])
    this.batches = new Collection(shelves.shelf('batches'), 'batch')
    this.profiles = shelves.shelf('profiles')
    this.usedNonces = shelves.shelf('used_nonces')
    this.#counters = shelves.shelf('counters')
  }

  now(): number {
    return this.timeline.now()
  }

  /** The moment up to which everything is settled: at first when the account was opened. */
  get cutOffMs(): number {
    return this.#counters.get('cut_off') ?? this.#counters.set('cut_off', this.now())
  }

  set cutOffMs(ms: number) {
    this.#counters.set('cut_off', ms)
  }

  nextId(kind: keyof typeof FIRST_IDS): string {
    return String(FIRST_IDS[kind] + this.#counters.set(kind, (this.#counters.get(kind) ?? 0) + 1))
  }

  /** Six letters and digits. */
  authCode(): string {
    return Number(this.nextId('auth_code')).toString(36).toUpperCase().padStart(6, '0').slice(-6)
  }

  /** The number that the vendor writes. */
  major(minor: number): number {
    return toMajor(minor, this.currency)
  }

  /** The same with the places that money has: as webhooks write it. */
  digits(minor: number): string {
    return this.major(minor).toFixed(digitsOf(this.currency))
  }
}
