/**
 * Stock: counts per variation, location and state, changed by movements (adjustments) and by counting by hand.
 *
 * As the vendor does it, the number on hand is the last hand count plus every movement that happened after it. A
 * movement that happened before that count is written down and changes nothing: whoever counted has seen it.
 * A count may fall below zero. A variation nobody ever counted has no count at all, which is not a zero.
 */
import { invalid, missing, notFound, SquareFailure } from './failure.ts'
import { page, paged, type Page } from './cursors.ts'
import type { Catalog } from './catalog.ts'
import { oneOf, pageLimit, record, records, requiredText, text, texts, time } from './input.ts'
import type { Notifications } from './notifications.ts'
import { formatQuantity, parseQuantity } from './quantity.ts'
import type { InventoryChange, InventoryCount, Json, Movement } from './shapes.ts'
import { countKey, type HeldCount, type SquareStore } from './store.ts'

/** States whose quantity the vendor reports; SOLD, NONE and UNLINKED_RETURN are where things come from or go. */
const REPORTED = ['IN_STOCK', 'WASTE']
const STATES = ['IN_STOCK', 'WASTE', 'SOLD', 'NONE', 'UNLINKED_RETURN'] as const
const MOVES = ['IN_STOCK>SOLD', 'IN_STOCK>WASTE', 'NONE>IN_STOCK', 'SOLD>IN_STOCK', 'UNLINKED_RETURN>IN_STOCK']
const CHANGES_MAX = 100
const AGE_MAX_MS = 24 * 3_600_000
/** How far a caller's clock may be ahead. */
const AHEAD_MAX_MS = 60_000
const PAGE_SIZE = 100
const PAGE_SIZE_MAX = 1000

export class Inventory {
  readonly #store: SquareStore
  readonly #catalog: Catalog
  readonly #notifications: Notifications

  constructor(store: SquareStore, catalog: Catalog, notifications: Notifications) {
    this.#store = store
    this.#catalog = catalog
    this.#notifications = notifications
  }

  batchRetrieveCounts(input: Json): Json {
    return paged('counts', this.#counts(input, texts(input, 'catalog_object_ids'), pageLimit(input, PAGE_SIZE, PAGE_SIZE_MAX)))
  }

  countsOf(variationId: string, input: Json): Json {
    if (this.#catalog.variation(variationId) === undefined) throw unknownVariation(variationId, 'catalog_object_id')
    return paged('counts', this.#counts(input, [variationId], PAGE_SIZE))
  }

  batchCreateChanges(input: Json): Json {
    return this.#store.once('inventory', input, () => {
      const wanted = records(input, 'changes')
      if (wanted.length === 0) throw missing('changes')
      if (wanted.length > CHANGES_MAX) throw invalid('changes', `At most ${CHANGES_MAX} changes may be made at once.`)
      const ignoreUnchanged = input['ignore_unchanged_counts'] !== false
      const changes = wanted.map((change, index) => this.#accepted(change, `changes[${index}]`))
      const made = changes.filter((change) => !ignoreUnchanged || !this.#changesNothing(change))
      const counts = this.apply(made)
      return { ...(counts.length === 0 ? {} : { counts }), ...(made.length === 0 ? {} : { changes: made }) }
    })
  }

  batchRetrieveChanges(input: Json): Json {
    const ids = texts(input, 'catalog_object_ids')
    const locations = texts(input, 'location_ids')
    const types = texts(input, 'types') ?? ['ADJUSTMENT', 'PHYSICAL_COUNT']
    const states = texts(input, 'states')
    const after = time(input, 'updated_after')
    const before = time(input, 'updated_before')
    const rows = this.#store.changes.values().filter((change) => {
      const movement = movementOf(change)
      if (!types.includes(change.type) || ids?.includes(movement.catalog_object_id) === false) return false
      if (locations?.includes(movement.location_id) === false) return false
      if (states !== undefined && !statesOf(movement).some((state) => states.includes(state))) return false
      return (after === undefined || movement.created_at > after) && (before === undefined || movement.created_at < before)
    })
    const limit = pageLimit(input, PAGE_SIZE, PAGE_SIZE_MAX)
    const key = (change: InventoryChange) => `${movementOf(change).occurred_at}|${movementOf(change).id}`
    return paged('changes', page(rows, this.#store.now(), { input, limit, key }))
  }

  /** Writes changes down, moves the counts and tells the shop; answers the counts they left behind. */
  apply(changes: readonly InventoryChange[]): InventoryCount[] {
    const moved = new Map<string, InventoryCount>()
    const moment = this.#store.stamp()
    for (const change of changes) {
      this.#store.changes.set(movementOf(change).id, change)
      for (const count of change.type === 'PHYSICAL_COUNT' ? this.#count(change, moment) : this.#move(change, moment)) {
        moved.set(keyOf(count), count)
      }
    }
    const counts = [...moved.values()]
    if (counts.length > 0) {
      this.#notifications.tell({
        type: 'inventory.count.updated',
        dataType: 'inventory_counts',
        id: this.#store.id(),
        object: { inventory_counts: counts },
      })
    }
    return counts
  }

  /** What happened in the store, ready for `apply`. `occurredAt` now unless given. */
  movement(variationId: string, units: bigint, states: { from: string; to: string }, occurredAt?: string): InventoryChange {
    const fields = { from_state: states.from, to_state: states.to, source: { product: 'SQUARE_POS' } }
    return { type: 'ADJUSTMENT', adjustment: { ...this.#base(variationId, units, occurredAt), ...fields } }
  }

  handCount(variationId: string, units: bigint): InventoryChange {
    const source = { product: 'SQUARE_POS' }
    return { type: 'PHYSICAL_COUNT', physical_count: { ...this.#base(variationId, units), state: 'IN_STOCK', source } }
  }

  #base(variationId: string, units: bigint, occurredAt?: string): Movement {
    const createdAt = new Date(this.#store.now()).toISOString()
    return {
      id: this.#store.id(),
      catalog_object_id: variationId,
      catalog_object_type: 'ITEM_VARIATION',
      location_id: this.#store.mainLocation.id,
      quantity: formatQuantity(units),
      occurred_at: occurredAt ?? createdAt,
      created_at: createdAt,
    }
  }

  #counts(input: Json, ids: readonly string[] | undefined, limit: number): Page<InventoryCount> {
    const locations = texts(input, 'location_ids')
    const states = texts(input, 'states')
    const after = time(input, 'updated_after')
    const held = ids === undefined ? this.#store.counts.values() : this.#heldOf(ids)
    const rows = held
      .map(({ count }) => count)
      .filter((count) => {
        if (locations?.includes(count.location_id) === false || states?.includes(count.state) === false) return false
        return after === undefined || count.calculated_at > after
      })
    const key = (count: InventoryCount) => `${count.calculated_at}|${keyOf(count)}`
    return page(rows, this.#store.now(), { input: { ...input, of: ids }, limit, key, descending: true })
  }

  #heldOf(ids: readonly string[]): HeldCount[] {
    const places = this.#store.locations.values().map((location) => location.id)
    const keys = new Set(ids.flatMap((id) => places.flatMap((place) => REPORTED.map((state) => countKey(id, place, state)))))
    return [...keys].flatMap((key) => this.#store.counts.get(key) ?? [])
  }

  #accepted(change: Json, at: string): InventoryChange {
    const type = oneOf(change, 'type', ['ADJUSTMENT', 'PHYSICAL_COUNT'] as const)
    if (type === undefined) throw missing(`${at}.type`)
    const part = type === 'ADJUSTMENT' ? 'adjustment' : 'physical_count'
    const given = record(change, part)
    if (given === undefined) throw missing(`${at}.${part}`)
    const movement = this.#acceptedMovement(given, `${at}.${part}`, type)
    return type === 'ADJUSTMENT' ? { type, adjustment: movement } : { type, physical_count: movement }
  }

  #acceptedMovement(given: Json, at: string, type: InventoryChange['type']): Movement {
    const variationId = requiredText(given, 'catalog_object_id')
    const locationId = requiredText(given, 'location_id')
    const units = parseQuantity(requiredText(given, 'quantity', 26))
    if (units === undefined || units < 0n) throw invalid(`${at}.quantity`, 'Quantity must be a decimal string, not below zero.')
    if (this.#catalog.variation(variationId) === undefined) throw unknownVariation(variationId, `${at}.catalog_object_id`)
    if (!this.#store.locations.has(locationId)) throw notFound(`Location with ID \`${locationId}\``, `${at}.location_id`)
    const reference = text(given, 'reference_id')
    return {
      ...this.#base(variationId, units, this.#occurredAt(given, at)),
      location_id: locationId,
      ...(reference === undefined ? {} : { reference_id: reference }),
      ...(type === 'ADJUSTMENT' ? acceptedMove(given, at) : acceptedState(given, at)),
      source: { product: 'EXTERNAL_API' },
    }
  }

  #occurredAt(given: Json, at: string): string {
    const occurredAt = time(given, 'occurred_at')
    if (occurredAt === undefined) throw missing(`${at}.occurred_at`)
    const ageMs = this.#store.now() - Date.parse(occurredAt)
    if (ageMs > AGE_MAX_MS) throw invalid(`${at}.occurred_at`, 'occurred_at must not be older than 24 hours.')
    if (ageMs < -AHEAD_MAX_MS) throw invalid(`${at}.occurred_at`, 'occurred_at must not be in the future.')
    return occurredAt
  }

  /** A hand count that found what the books say. */
  #changesNothing(change: InventoryChange): boolean {
    const counted = change.physical_count
    if (counted === undefined) return false
    const held = this.#store.counts.get(countKey(counted.catalog_object_id, counted.location_id, counted.state ?? ''))
    return held !== undefined && held.count.quantity === counted.quantity
  }

  #move(change: InventoryChange, moment: string): InventoryCount[] {
    const movement = movementOf(change)
    const units = parseQuantity(movement.quantity) ?? 0n
    return [
      ...this.#shift(movement, movement.from_state ?? '', -units, moment),
      ...this.#shift(movement, movement.to_state ?? '', units, moment),
    ]
  }

  #shift(movement: Movement, state: string, units: bigint, moment: string): InventoryCount[] {
    if (!REPORTED.includes(state)) return []
    const held = this.#store.counts.get(countKey(movement.catalog_object_id, movement.location_id, state))
    if (held?.countedAt !== undefined && movement.occurred_at < held.countedAt) return [held.count]
    const before = parseQuantity(held?.count.quantity ?? '0') ?? 0n
    return [this.#set(movement, state, before + units, moment, held?.countedAt)]
  }

  /** A hand count replaces what was known up to its moment; movements after that moment are added again. */
  #count(change: InventoryChange, moment: string): InventoryCount[] {
    const counted = movementOf(change)
    const state = counted.state ?? ''
    if (!REPORTED.includes(state)) return []
    const held = this.#store.counts.get(countKey(counted.catalog_object_id, counted.location_id, state))
    if (held?.countedAt !== undefined && counted.occurred_at < held.countedAt) return [held.count]
    let units = parseQuantity(counted.quantity) ?? 0n
    for (const { adjustment } of this.#store.changes.values()) {
      if (adjustment === undefined || adjustment.catalog_object_id !== counted.catalog_object_id) continue
      if (adjustment.location_id !== counted.location_id || adjustment.occurred_at <= counted.occurred_at) continue
      const moved = parseQuantity(adjustment.quantity) ?? 0n
      if (adjustment.from_state === state) units -= moved
      if (adjustment.to_state === state) units += moved
    }
    return [this.#set(counted, state, units, moment, counted.occurred_at)]
  }

  #set(movement: Movement, state: string, units: bigint, moment: string, countedAt: string | undefined): InventoryCount {
    const count: InventoryCount = {
      catalog_object_id: movement.catalog_object_id,
      catalog_object_type: 'ITEM_VARIATION',
      state,
      location_id: movement.location_id,
      quantity: formatQuantity(units),
      calculated_at: moment,
    }
    this.#store.counts.set(keyOf(count), { count, ...(countedAt === undefined ? {} : { countedAt }) })
    return count
  }
}

function keyOf(count: InventoryCount): string {
  return countKey(count.catalog_object_id, count.location_id, count.state)
}

function unknownVariation(id: string, field: string): SquareFailure {
  return notFound(`Catalog object with ID \`${id}\``, field)
}

function acceptedMove(given: Json, at: string): { from_state: string; to_state: string } {
  const from = oneOf(given, 'from_state', STATES)
  const to = oneOf(given, 'to_state', STATES)
  if (from === undefined) throw missing(`${at}.from_state`)
  if (to === undefined) throw missing(`${at}.to_state`)
  if (!MOVES.includes(`${from}>${to}`)) {
    const detail = `Cannot move quantities from ${from} to ${to}.`
    throw new SquareFailure(400, 'INVALID_VALUE', detail, { field: `${at}.to_state` })
  }
  return { from_state: from, to_state: to }
}

function acceptedState(given: Json, at: string): { state: string } {
  const state = oneOf(given, 'state', ['IN_STOCK', 'WASTE'] as const)
  if (state === undefined) throw missing(`${at}.state`)
  return { state }
}

function movementOf(change: InventoryChange): Movement {
  const movement = change.adjustment ?? change.physical_count
  if (movement === undefined) throw new RangeError('A change holds an adjustment or a physical count.')
  return movement
}

function statesOf(movement: Movement): string[] {
  return [movement.from_state, movement.to_state, movement.state].filter((state) => state !== undefined)
}
