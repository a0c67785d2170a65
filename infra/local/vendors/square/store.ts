/**
 * What Square holds: its shelves, its ids, its own strictly rising time.
 *
 * Two changes never carry the same moment, since readers ask for "everything after the last moment I saw". An id
 * that is on a shelf is never given again, also when the random source begins anew after a restart.
 */
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { digest } from './digest.ts'
import { SquareFailure } from './failure.ts'
import { requiredText } from './input.ts'
import type { Past } from './past.ts'
import type { CatalogObject, Dated, InventoryChange, InventoryCount, Json, Location, Order, Payment } from './shapes.ts'

/** A count, and when somebody last counted by hand: older movements are part of that number already. */
export interface HeldCount {
  readonly count: InventoryCount
  readonly countedAt?: string
}

interface KeptAnswer {
  readonly digest: string
  readonly answer: Json
}

const ID_SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const KEY_LENGTH_MAX = 128

export class SquareStore {
  readonly context: VendorContext
  readonly catalog: Shelf<CatalogObject>
  readonly counts: Shelf<HeldCount>
  readonly changes: Shelf<InventoryChange>
  readonly payments: Shelf<Payment>
  readonly refunds: Shelf<Dated>
  readonly orders: Shelf<Order>
  readonly customers: Shelf<Dated>
  readonly locations: Shelf<Location>
  /** How a past was ordered that is too long to be held. */
  readonly past: Shelf<Past>
  readonly #answers: Shelf<KeptAnswer>
  #lastTickMs = 0

  constructor(context: VendorContext) {
    const { shelves } = context
    this.context = context
    this.catalog = shelves.shelf('catalog_objects')
    this.counts = shelves.shelf('inventory_counts')
    this.changes = shelves.shelf('inventory_changes')
    this.payments = shelves.shelf('payments')
    this.refunds = shelves.shelf('refunds')
    this.orders = shelves.shelf('orders')
    this.customers = shelves.shelf('customers')
    this.locations = shelves.shelf('locations')
    this.past = shelves.shelf('past')
    this.#answers = shelves.shelf('idempotency_keys')
    for (const object of this.catalog.values()) this.#lastTickMs = Math.max(this.#lastTickMs, object.version)
    for (const held of this.counts.values()) this.#lastTickMs = Math.max(this.#lastTickMs, Date.parse(held.count.calculated_at))
  }

  now(): number {
    return this.context.timeline.now()
  }

  /** This moment, later than every one given before. */
  tick(): number {
    this.#lastTickMs = Math.max(this.#lastTickMs + 1, this.now())
    return this.#lastTickMs
  }

  stamp(): string {
    return new Date(this.tick()).toISOString()
  }

  /** A new id for one of the shelves. */
  id(length = 24, prefix = ''): string {
    const shelves = [this.catalog, this.changes, this.payments, this.refunds, this.orders, this.customers]
    for (;;) {
      let id = prefix
      while (id.length < length) id += ID_SIGNS[Math.floor(this.context.random() * ID_SIGNS.length)]
      if (!shelves.some((shelf) => shelf.has(id))) return id
    }
  }

  get mainLocation(): Location {
    const first = this.locations.values()[0]
    if (first === undefined) throw new RangeError('The seed names no location.')
    return first
  }

  /** Does the work once per key: the same body gets the first answer again, another body is refused. */
  once(operation: string, input: Json, work: () => Json): Json {
    const key = `${operation} ${requiredText(input, 'idempotency_key', KEY_LENGTH_MAX)}`
    const body = digest(input)
    const kept = this.#answers.get(key)
    if (kept !== undefined && kept.digest !== body) {
      const detail = 'The idempotency key can only be retried with the same request data.'
      throw new SquareFailure(400, 'IDEMPOTENCY_KEY_REUSED', detail, { field: 'idempotency_key' })
    }
    if (kept !== undefined) return kept.answer
    const answer = work()
    this.#answers.set(key, { digest: body, answer })
    return answer
  }
}

/** The key of a count on its shelf. */
export function countKey(variationId: string, locationId: string, state: string): string {
  return `${variationId}|${locationId}|${state}`
}
