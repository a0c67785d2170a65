/**
 * All objects of one type: found by id, by the fields others point to them with, and in the order they were made.
 *
 * An object is never changed in place: `change` puts a new one, so that an event or a stored answer that holds the
 * old one keeps showing what was true then.
 */
import type { Shelf } from '../../disk.ts'

export interface Item {
  readonly id: string
}

export class Collection<T extends Item> {
  /** What a refusal calls one of these: `payment_intent`, `PaymentMethod`. */
  readonly kind: string
  readonly #shelf: Shelf<T>
  #ids: string[] = []
  readonly #places = new Map<string, number>()
  readonly #indexes = new Map<string, Map<unknown, Set<string>>>()

  constructor(shelf: Shelf<T>, kind: string, indexed: ReadonlyArray<keyof T & string> = []) {
    this.#shelf = shelf
    this.kind = kind
    for (const field of indexed) this.#indexes.set(field, new Map())
    for (const item of shelf.values()) this.#enter(item)
  }

  get size(): number {
    return this.#ids.length
  }

  get(id: string): T | undefined {
    return this.#shelf.get(id)
  }

  add(item: T): T {
    this.#enter(item)
    return this.#shelf.set(item.id, item)
  }

  /** Puts the object with `patch` in place of the old one. */
  change(id: string, patch: Partial<T>): T {
    const before = this.#shelf.get(id)
    if (before === undefined) throw new RangeError(`There is no ${this.kind} ${id}.`)
    const after = { ...before, ...patch }
    for (const [field, index] of this.#indexes) {
      const [from, to] = [before[field as keyof T], after[field as keyof T]]
      if (from === to) continue
      index.get(from)?.delete(id)
      this.#enterIndex(index, to, id)
    }
    return this.#shelf.set(id, after)
  }

  /** Forgets the objects at the old end for as long as `gone` says so. */
  forget(gone: (item: T) => boolean): void {
    let count = 0
    for (const id of this.#ids) {
      const item = this.#shelf.get(id)
      if (item !== undefined && !gone(item)) break
      this.#shelf.delete(id)
      count += 1
    }
    if (count === 0) return
    this.#ids = this.#ids.slice(count)
    this.#places.clear()
    for (const [place, id] of this.#ids.entries()) this.#places.set(id, place)
  }

  oldest(): T | undefined {
    const id = this.#ids[0]
    return id === undefined ? undefined : this.#shelf.get(id)
  }

  /** Oldest first. */
  values(): T[] {
    return this.#shelf.values()
  }

  /** Objects whose indexed `field` is `value`, oldest first. */
  by(field: keyof T & string, value: unknown): T[] {
    const ids = [...(this.#indexes.get(field)?.get(value) ?? [])]
    ids.sort((a, b) => this.#placeOf(a) - this.#placeOf(b))
    return ids.map((id) => this.#shelf.get(id)).filter((item) => item !== undefined)
  }

  indexes(field: string): boolean {
    return this.#indexes.has(field)
  }

  /** From just below `cursor` (without one the newest) to the oldest. */
  *older(cursor?: string, within?: readonly T[]): Generator<T> {
    const from = cursor === undefined ? Infinity : this.#placeOf(cursor)
    if (within !== undefined) {
      for (const item of within.toReversed()) if (this.#placeOf(item.id) < from) yield item
      return
    }
    for (let place = Math.min(from, this.#ids.length) - 1; place >= 0; place -= 1) yield this.#at(place)
  }

  /** From just above `cursor` to the newest. */
  *newer(cursor: string, within?: readonly T[]): Generator<T> {
    const from = this.#placeOf(cursor)
    if (within !== undefined) {
      for (const item of within) if (this.#placeOf(item.id) > from) yield item
      return
    }
    for (let place = from + 1; place < this.#ids.length; place += 1) yield this.#at(place)
  }

  #at(place: number): T {
    return this.#shelf.get(this.#ids[place] ?? '') as T
  }

  #placeOf(id: string): number {
    return this.#places.get(id) ?? -1
  }

  #enter(item: T): void {
    this.#places.set(item.id, this.#ids.length)
    this.#ids.push(item.id)
    for (const [field, index] of this.#indexes) this.#enterIndex(index, item[field as keyof T], item.id)
  }

  #enterIndex(index: Map<unknown, Set<string>>, value: unknown, id: string): void {
    if (value === null || value === undefined) return
    const ids = index.get(value)
    if (ids === undefined) index.set(value, new Set([id]))
    else ids.add(id)
  }
}
