/**
 * The catalogue: items, their variations and categories, each with a version that rises with every change.
 *
 * A deleted object stays on the shelf, since a search with `include_deleted_objects` must name it for ever. A change
 * to a variation also moves its item, because an item is answered with its variations inside.
 */
import { paged, page } from './cursors.ts'
import { invalid, missing, notFound, SquareFailure } from './failure.ts'
import { flag, isRecord, pageLimit, record, records, requiredText, text, texts, time } from './input.ts'
import type { Notifications } from './notifications.ts'
import { apart } from './seed.ts'
import type { CatalogObject, Json } from './shapes.ts'
import type { SquareStore } from './store.ts'

const TYPES = ['ITEM', 'ITEM_VARIATION', 'CATEGORY', 'IMAGE', 'TAX', 'DISCOUNT', 'MODIFIER_LIST', 'MODIFIER'] as const
const LISTED_TYPES = TYPES.filter((type) => type !== 'ITEM_VARIATION' && type !== 'MODIFIER')
const SEARCH_LIMIT = 100
const SEARCH_LIMIT_MAX = 1000
const BATCH_MAX = 1000
/** What an object is that does not say otherwise. */
const NEW: Json = { is_deleted: false, present_at_all_locations: true }

export class Catalog {
  readonly #store: SquareStore
  readonly #notifications: Notifications
  readonly #pageSize: number

  constructor(store: SquareStore, notifications: Notifications, pageSize: number) {
    this.#store = store
    this.#notifications = notifications
    this.#pageSize = pageSize
  }

  list(input: Json): Json {
    const types = catalogTypes(input, 'types') ?? LISTED_TYPES
    const rows = this.#store.catalog.values().filter((object) => !object.is_deleted && types.includes(object.type))
    const found = page(rows, this.#store.now(), { input, limit: this.#pageSize, key: (object) => object.id })
    return paged('objects', { ...found, rows: this.#whole(found.rows) })
  }

  search(input: Json): Json {
    const types = catalogTypes(input, 'object_types') ?? LISTED_TYPES
    const since = time(input, 'begin_time')
    const deletedToo = flag(input, 'include_deleted_objects')
    const asked = asks(record(input, 'query'))
    const rows = this.#store.catalog.values().filter((object) => {
      if (!types.includes(object.type) || (object.is_deleted && !deletedToo)) return false
      return (since === undefined || object.updated_at > since) && asked(object)
    })
    const limit = pageLimit(input, SEARCH_LIMIT, SEARCH_LIMIT_MAX)
    const found = page(rows, this.#store.now(), { input, limit, key: (object) => object.id })
    const related = flag(input, 'include_related_objects') ? this.#related(found.rows) : []
    return {
      ...paged('objects', { ...found, rows: this.#whole(found.rows) }),
      ...(related.length === 0 ? {} : { related_objects: related }),
      ...this.#latestTime(),
    }
  }

  get(id: string, input: Json): Json {
    const object = this.#live(id)
    if (object === undefined) throw notFound(`Catalog object with ID \`${id}\``, 'object_id')
    const related = flag(input, 'include_related_objects') ? this.#related([object]) : []
    return { object: this.#whole([object])[0], ...(related.length === 0 ? {} : { related_objects: related }) }
  }

  batchRetrieve(input: Json): Json {
    const ids = texts(input, 'object_ids')
    if (ids === undefined) throw missing('object_ids')
    if (ids.length > BATCH_MAX) throw invalid('object_ids', `At most ${BATCH_MAX} objects may be retrieved at once.`)
    const deletedToo = flag(input, 'include_deleted_objects')
    const found = ids.flatMap((id) => this.#store.catalog.get(id) ?? []).filter((object) => deletedToo || !object.is_deleted)
    const related = flag(input, 'include_related_objects') ? this.#related(found) : []
    return {
      ...(found.length === 0 ? {} : { objects: this.#whole(found) }),
      ...(related.length === 0 ? {} : { related_objects: related }),
    }
  }

  /** `POST /v2/catalog/object`: a new object (its id begins with `#`) or a newer version of a known one. */
  upsert(input: Json): Json {
    return this.#store.once('upsert', input, () => {
      const object = record(input, 'object')
      if (object === undefined) throw missing('object')
      const mappings: Json[] = []
      const named = (id: string): string => {
        if (!id.startsWith('#')) return id
        const known = mappings.find((mapping) => mapping['client_object_id'] === id)
        if (known !== undefined) return String(known['object_id'])
        const given = this.#store.id()
        mappings.push({ client_object_id: id, object_id: given })
        return given
      }
      const parts = apart(this.#accepted(object, named))
      this.#refuseStale(parts)
      this.change(parts.map((part) => part as CatalogObject))
      const saved = this.#store.catalog.get(named(requiredText(object, 'id'))) as CatalogObject
      return {
        catalog_object: this.#whole([saved])[0],
        catalog_version: saved.version,
        ...(mappings.length === 0 ? {} : { id_mappings: mappings }),
      }
    })
  }

  /** Puts new versions on the shelf, all under one version, and tells the shop. */
  change(objects: readonly CatalogObject[]): void {
    const version = this.#store.tick()
    const touched = new Map(objects.map((object) => [object.id, object]))
    for (const object of objects) {
      const item = this.#live(object.item_variation_data?.item_id ?? '')
      if (item !== undefined && !touched.has(item.id)) touched.set(item.id, item)
    }
    const moment = new Date(version).toISOString()
    for (const object of touched.values()) {
      this.#store.catalog.set(object.id, { ...NEW, ...object, version, updated_at: moment })
    }
    this.#notifications.tell({
      type: 'catalog.version.updated',
      dataType: 'catalog',
      id: '',
      object: { catalog_version: { updated_at: moment } },
    })
  }

  /** A deleted item takes its variations with it. */
  remove(id: string): void {
    const object = this.#known(id)
    const variations = object.type === 'ITEM' ? this.#variationsOf(id) : []
    this.change([object, ...variations].map((part) => ({ ...part, is_deleted: true })))
  }

  /** Without an amount the price becomes what the till is told at the sale (variable pricing). */
  reprice(variationId: string, amount: number | undefined, currency: string): void {
    const object = this.#known(variationId)
    if (object.item_variation_data === undefined) throw invalid('id', 'Only a variation has a price.')
    const { price_money: _before, ...rest } = object.item_variation_data
    const price =
      amount === undefined
        ? { pricing_type: 'VARIABLE_PRICING' as const }
        : { pricing_type: 'FIXED_PRICING' as const, price_money: { amount, currency } }
    this.change([{ ...object, item_variation_data: { ...rest, ...price, item_id: rest.item_id } }])
  }

  /** Fields of an item, variation or category by hand: name, is_archived, sku, ... */
  edit(id: string, fields: Json): void {
    const object = this.#known(id)
    const part = partOf(object)
    const { custom_attribute_values: attributes, ...data } = fields
    this.change([
      {
        ...object,
        ...(attributes === undefined ? {} : { custom_attribute_values: attributes }),
        [part]: { ...(object[part] as Json), ...data },
      },
    ])
  }

  /** A variation that may be counted and sold; a deleted or unknown one is not there. */
  variation(id: string): CatalogObject | undefined {
    const object = this.#live(id)
    return object?.type === 'ITEM_VARIATION' ? object : undefined
  }

  /** Everything as the vendor would answer it, deleted objects too. */
  all(): CatalogObject[] {
    return this.#whole(this.#store.catalog.values())
  }

  #live(id: string): CatalogObject | undefined {
    const object = this.#store.catalog.get(id)
    return object === undefined || object.is_deleted ? undefined : object
  }

  #known(id: string): CatalogObject {
    const object = this.#live(id)
    if (object === undefined) throw notFound(`Catalog object with ID \`${id}\``)
    return object
  }

  #variationsOf(itemId: string): CatalogObject[] {
    return this.#store.catalog
      .values()
      .filter((object) => !object.is_deleted && object.item_variation_data?.item_id === itemId)
  }

  /** Items with their variations inside, in their order. */
  #whole(objects: readonly CatalogObject[]): CatalogObject[] {
    if (!objects.some((object) => object.type === 'ITEM')) return [...objects]
    const byItem = Map.groupBy(
      this.#store.catalog.values().filter((object) => object.type === 'ITEM_VARIATION'),
      (variation) => variation.item_variation_data?.item_id,
    )
    return objects.map((object) => {
      if (object.item_data === undefined) return object
      const variations = (byItem.get(object.id) ?? []).filter((variation) => object.is_deleted || !variation.is_deleted)
      return { ...object, item_data: { ...object.item_data, ...(variations.length === 0 ? {} : { variations }) } }
    })
  }

  #related(objects: readonly CatalogObject[]): CatalogObject[] {
    const ids = new Set<string>()
    for (const object of objects) {
      for (const category of object.item_data?.categories ?? []) ids.add(category.id)
      if (object.item_variation_data !== undefined) ids.add(object.item_variation_data.item_id)
    }
    return this.#whole([...ids].flatMap((id) => this.#live(id) ?? []))
  }

  #latestTime(): Json {
    let latest = ''
    for (const { updated_at: moment } of this.#store.catalog.values()) if (moment > latest) latest = moment
    return latest === '' ? {} : { latest_time: latest }
  }

  #accepted(object: Json, named: (id: string) => string): Json & { type: string; id: string } {
    const type = requiredText(object, 'type')
    const part = type === 'ITEM' ? 'item_data' : type === 'ITEM_VARIATION' ? 'item_variation_data' : `${type.toLowerCase()}_data`
    if (!TYPES.some((known) => known === type)) throw invalid('object.type', `\`${type}\` is not a valid enum value for type.`)
    const data = record(object, part)
    if (data === undefined) throw missing(`object.${part}`)
    const id = named(requiredText(object, 'id'))
    const ownerId = typeof data['item_id'] === 'string' ? { item_id: named(data['item_id']) } : {}
    const variations = records(data, 'variations').map((variation) => {
      const inner = this.#accepted(variation, named)
      return { ...inner, item_variation_data: { ...record(inner, 'item_variation_data'), item_id: id } }
    })
    return { ...object, type, id, [part]: { ...data, ...ownerId, ...(type === 'ITEM' ? { variations } : {}) } }
  }

  #refuseStale(parts: ReadonlyArray<Json & { id: string }>): void {
    for (const part of parts) {
      const held = this.#store.catalog.get(part.id)
      if (held === undefined || part['version'] === held.version) continue
      const detail = `Object version does not match latest database version: ${held.version}.`
      throw new SquareFailure(400, 'VERSION_MISMATCH', detail, { field: 'object.version' })
    }
  }
}

function catalogTypes(input: Json, field: string): string[] | undefined {
  const types = texts(input, field)?.map((type) => type.toUpperCase())
  for (const type of types ?? []) {
    if (!TYPES.some((known) => known === type)) throw invalid(field, `\`${type}\` is not a valid catalog object type.`)
  }
  return types
}

/** The filter of a search: by exact attribute, by prefix, or by key words; other kinds of query are refused. */
function asks(query: Json | undefined): (object: CatalogObject) => boolean {
  if (query === undefined) return () => true
  const exact = record(query, 'exact_query')
  const prefix = record(query, 'prefix_query')
  const words = record(query, 'text_query')
  if (exact !== undefined) {
    const value = (text(exact, 'attribute_value') ?? '').toLowerCase()
    return (object) => attribute(object, requiredText(exact, 'attribute_name')) === value
  }
  if (prefix !== undefined) {
    const start = requiredText(prefix, 'attribute_prefix').toLowerCase()
    return (object) => attribute(object, requiredText(prefix, 'attribute_name'))?.startsWith(start) === true
  }
  if (words !== undefined) {
    const wanted = (texts(words, 'keywords') ?? []).map((word) => word.toLowerCase())
    return (object) => wanted.every((word) => JSON.stringify(object[partOf(object)] ?? {}).toLowerCase().includes(word))
  }
  throw new SquareFailure(400, 'BAD_REQUEST', 'This kind of query is not supported.', { field: 'query' })
}

function attribute(object: CatalogObject, name: string): string | undefined {
  const data = object[partOf(object)]
  const value = isRecord(data) ? data[name] : undefined
  return value === undefined ? undefined : String(value).toLowerCase()
}

function partOf(object: CatalogObject): string {
  return `${object.type.toLowerCase()}_data`
}
