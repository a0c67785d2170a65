/**
 * The documents of one collection, or of all collections of one name, with the sorted lists that queries asked for.
 *
 * A list is built when the first query needs it and then kept up to date by every commit: columns of values in index
 * order, the document's name last. It is how the service's own indexes look, so a query's cost is what it returns.
 */
import type { Value } from './messages.ts'
import { getField } from './fields.ts'
import { compareNames, fieldPath } from './paths.ts'
import { SortedList } from './sorted-list.ts'
import type { StoredDocument } from './stored-document.ts'
import { compareValues, equalValues } from './values.ts'

export interface Column {
  readonly path: string
  /** The column holds the elements of an array, an entry for each. */
  readonly elements: boolean
  readonly descending: boolean
}

export interface Layout {
  readonly columns: readonly Column[]
  readonly nameDescending: boolean
}

/** Holds a document's newest version; lists point to it, so a change of other fields touches no list. */
export interface Slot {
  document: StoredDocument
}

export interface Entry {
  readonly values: readonly Value[]
  readonly name: string
  readonly slot: Slot
}

const LISTS_MAX = 64

interface FieldList {
  readonly layout: Layout
  readonly list: SortedList<Entry>
}

export class DocumentSet {
  readonly #slots = new Map<string, Slot>()
  readonly #lists = new Map<string, FieldList>()

  get size(): number {
    return this.#slots.size
  }

  slots(): IterableIterator<Slot> {
    return this.#slots.values()
  }

  names(): IterableIterator<string> {
    return this.#slots.keys()
  }

  add(name: string, slot: Slot): void {
    this.#slots.set(name, slot)
    for (const { layout, list } of this.#lists.values()) {
      for (const entry of entriesOf(layout, name, slot, slot.document)) list.insert(entry)
    }
  }

  remove(name: string, slot: Slot, before: StoredDocument): void {
    this.#slots.delete(name)
    for (const { layout, list } of this.#lists.values()) {
      for (const entry of entriesOf(layout, name, slot, before)) list.remove(entry)
    }
  }

  /** The slot holds the new version already; lists whose values did not change are left alone. */
  replace(name: string, slot: Slot, before: StoredDocument): void {
    for (const { layout, list } of this.#lists.values()) {
      const old = entriesOf(layout, name, slot, before)
      const fresh = entriesOf(layout, name, slot, slot.document)
      if (old.length === fresh.length && old.every((entry, index) => sameValues(entry, fresh[index]))) continue
      for (const entry of old) list.remove(entry)
      for (const entry of fresh) list.insert(entry)
    }
  }

  /** The list with these columns, built now if no query asked for it before. */
  list(layout: Layout): SortedList<Entry> {
    const key = JSON.stringify(layout)
    const known = this.#lists.get(key)
    if (known !== undefined) return known.list
    const list = new SortedList<Entry>((a, b) => compareEntries(layout, a, b))
    const entries: Entry[] = []
    for (const [name, slot] of this.#slots) entries.push(...entriesOf(layout, name, slot, slot.document))
    list.fill(entries)
    const [oldest] = this.#lists.keys()
    if (this.#lists.size >= LISTS_MAX && oldest !== undefined) this.#lists.delete(oldest)
    this.#lists.set(key, { layout, list })
    return list
  }
}

/** A document without one of the columns' fields has no entry. */
function entriesOf(layout: Layout, name: string, slot: Slot, document: StoredDocument): Entry[] {
  let rows: Value[][] = [[]]
  for (const column of layout.columns) {
    const value = getField(document.fields, fieldPath(column.path))
    if (value === undefined) return []
    if (!column.elements) {
      for (const row of rows) row.push(value)
      continue
    }
    const elements = distinct(value.arrayValue?.values ?? [])
    rows = rows.flatMap((row) => elements.map((element) => [...row, element]))
  }
  return rows.map((values) => ({ values, name, slot }))
}

function distinct(values: readonly Value[]): Value[] {
  const sorted = [...values].sort(compareValues)
  return sorted.filter((value, index) => index === 0 || !equalValues(value, sorted[index - 1] ?? value))
}

function sameValues(a: Entry, b: Entry | undefined): boolean {
  return b !== undefined && a.values.every((value, index) => {
    const other = b.values[index]
    return other !== undefined && (other === value || equalValues(value, other))
  })
}

function compareEntries(layout: Layout, a: Entry, b: Entry): number {
  for (const [index, column] of layout.columns.entries()) {
    const order = compareValues(a.values[index] as Value, b.values[index] as Value)
    if (order !== 0) return column.descending ? -order : order
  }
  const order = compareNames(a.name, b.name)
  return layout.nameDescending ? -order : order
}
