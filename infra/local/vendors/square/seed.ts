/**
 * Fills empty shelves with the shop's first catalogue (`infra/local/seed/catalogue.json`, in Square's own JSON).
 *
 * The file gives no moments: the catalogue was written when the shop first opened, which is now. Shelves that hold
 * anything are left alone, or a restart would undo what was sold.
 */
import { readFileSync } from 'node:fs'
import type { CatalogObject, InventoryCount, ItemData, Json, Location } from './shapes.ts'
import { countKey, type SquareStore } from './store.ts'

export interface Seed {
  readonly locations: ReadonlyArray<Omit<Location, 'created_at'>>
  readonly objects: readonly SeedObject[]
  readonly counts: ReadonlyArray<Omit<InventoryCount, 'calculated_at'>>
}

type SeedObject = Json & { type: string; id: string; item_data?: ItemData }

export function readSeed(): Seed {
  return JSON.parse(readFileSync(new URL('../../seed/catalogue.json', import.meta.url), 'utf8')) as Seed
}

export function plantSeed(store: SquareStore, seed: Seed): void {
  const version = store.tick()
  const moment = new Date(version).toISOString()
  if (store.locations.size === 0) {
    for (const location of seed.locations) {
      const opened = { ...location, created_at: moment } as Location
      store.locations.set(opened.id, opened)
    }
  }
  if (store.catalog.size > 0) return
  for (const object of seed.objects) {
    for (const part of apart(object)) {
      store.catalog.set(part.id, {
        ...part,
        updated_at: moment,
        version,
        is_deleted: false,
        present_at_all_locations: true,
      } as CatalogObject)
    }
  }
  for (const count of seed.counts) {
    const key = countKey(count.catalog_object_id, count.location_id, count.state)
    store.counts.set(key, { count: { ...count, calculated_at: moment }, countedAt: moment })
  }
}

/** An item and its variations lie on the shelf side by side, as each has a version of its own. */
export function apart<T extends SeedObject>(object: T): SeedObject[] {
  const { variations = [], ...rest } = object.item_data ?? {}
  if (object.item_data === undefined) return [object]
  return [{ ...object, item_data: rest }, ...variations]
}
