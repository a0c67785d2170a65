/**
 * Addresses that get no more mail: after a hard bounce, after a complaint, or put there by hand.
 *
 * The vendor's own test addresses never come here, or the second try of a bounce would not bounce.
 */
import { randomUUID } from 'node:crypto'
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { invalidParameter, missingField, notFound } from './failure.ts'
import { list } from './lists.ts'
import { bareAddress, isRecord } from './message.ts'
import type { Json, Suppression } from './shapes.ts'
import type { WebhookEvents } from './webhook-events.ts'

const TEST_DOMAIN = '@resend.dev'
const ORIGINS = ['bounce', 'complaint', 'manual'] as const

export class Suppressions {
  readonly #context: VendorContext
  readonly #events: WebhookEvents
  /** By address. */
  readonly #held: Shelf<Suppression>

  constructor(context: VendorContext, events: WebhookEvents) {
    this.#context = context
    this.#events = events
    this.#held = context.shelves.shelf('suppressions')
  }

  of(address: string): Suppression | undefined {
    return this.#held.get(address)
  }

  /** An address that is held already keeps its first reason. */
  hold(address: string, origin: Suppression['origin'], sourceId: string | null): Suppression | undefined {
    if (address.endsWith(TEST_DOMAIN) && origin !== 'manual') return undefined
    const held = this.#held.get(address)
    if (held !== undefined) return held
    const createdAt = new Date(this.#context.timeline.now()).toISOString()
    const suppression: Suppression = { id: randomUUID(), email: address, origin, source_id: sourceId, created_at: createdAt }
    this.#held.set(address, suppression)
    this.#events.happen('suppression.added', { ...suppression })
    return suppression
  }

  /** `POST /suppressions` */
  add(input: unknown): Json {
    const email = isRecord(input) ? input['email'] : undefined
    if (typeof email !== 'string') throw missingField('email')
    const address = bareAddress(email)
    if (address === undefined) throw invalidParameter('Invalid `email` field.')
    return { object: 'suppression', id: this.hold(address, 'manual', null)?.id }
  }

  get(idOrEmail: string): Json {
    return { object: 'suppression', ...this.#found(idOrEmail) }
  }

  remove(idOrEmail: string): Json {
    const suppression = this.#found(idOrEmail)
    this.#held.delete(suppression.email)
    this.#events.happen('suppression.removed', { ...suppression })
    return { object: 'suppression', id: suppression.id, deleted: true }
  }

  list(query: URLSearchParams): Json {
    const origin = query.get('origin')
    if (origin !== null && !ORIGINS.some((known) => known === origin)) throw invalidParameter('Invalid `origin`.')
    const rows = this.#held.values().filter((suppression) => origin === null || suppression.origin === origin)
    return { ...list(rows, query) }
  }

  all(): Suppression[] {
    return this.#held.values()
  }

  #found(idOrEmail: string): Suppression {
    const held = this.#held.get(idOrEmail.toLowerCase()) ?? this.#held.values().find(({ id }) => id === idOrEmail)
    if (held === undefined) throw notFound('Suppression')
    return held
  }
}
