/** Square's catalogue as our products: one per sellable variation, whatever else Square puts beside it. */
import type { TillItem } from '#domain/pos.ts'
import { DEFAULT_CATEGORY, type Product } from '#domain/product.ts'
import { square } from './api.ts'

export interface CatalogueObject {
  readonly type: string
  readonly id: string
  readonly updated_at?: string
  readonly version?: number
  readonly is_deleted?: boolean
  readonly custom_attribute_values?: Record<string, { readonly boolean_value?: boolean; readonly string_value?: string }>
  readonly category_data?: { readonly name?: string }
  readonly item_data?: {
    readonly name?: string
    readonly description_plaintext?: string
    readonly description?: string
    readonly categories?: ReadonlyArray<{ readonly id: string }>
    readonly reporting_category?: { readonly id: string }
    readonly is_archived?: boolean
    readonly variations?: readonly CatalogueObject[]
  }
  readonly item_variation_data?: {
    readonly name?: string
    readonly sku?: string
    readonly pricing_type?: string
    readonly price_money?: { readonly amount?: number; readonly currency?: string }
    readonly track_inventory?: boolean
    readonly sellable?: boolean
    readonly location_overrides?: ReadonlyArray<{
      readonly location_id: string
      readonly price_money?: { readonly amount?: number; readonly currency?: string }
      readonly track_inventory?: boolean
    }>
  }
}

export interface CataloguePage {
  readonly objects: readonly CatalogueObject[]
  readonly related: readonly CatalogueObject[]
  readonly cursor: string | undefined
  /** Where the next run begins. */
  readonly latestTime: string | undefined
}

/**
 * Items changed after `beginTime` (all without it), a page at a time; deleted ones come marked. Variations are asked for
 * beside them: an item that lives does not name the variation that was deleted from it.
 */
export async function searchItems(beginTime: string | undefined, cursor: string | undefined): Promise<CataloguePage> {
  const page = await square<{ objects?: CatalogueObject[]; related_objects?: CatalogueObject[]; cursor?: string; latest_time?: string }>({
    method: 'POST',
    path: '/catalog/search',
    body: {
      object_types: ['ITEM', 'ITEM_VARIATION'],
      include_deleted_objects: true,
      include_related_objects: true,
      limit: 100,
      ...(beginTime === undefined ? {} : { begin_time: beginTime }),
      ...(cursor === undefined ? {} : { cursor }),
    },
  })
  return { objects: page.objects ?? [], related: page.related_objects ?? [], cursor: page.cursor || undefined, latestTime: page.latest_time }
}

/** What the catalogue decides about a product; stock comes from the counts. */
export type CatalogueProduct = Omit<Product, 'onHand' | 'held' | 'countedAtMs' | 'told' | 'short' | 'updatedAtMs'>

export interface ShopFacts {
  readonly locationId: string
  readonly currency: string
  readonly categoryNames: ReadonlyMap<string, string>
}

/** The products of an item; an item without a readable name or variation gives none. */
export function productsOf(item: CatalogueObject, facts: ShopFacts): CatalogueProduct[] {
  const data = item.item_data
  if (item.type !== 'ITEM' || data === undefined) return []
  const categoryId = data.reporting_category?.id ?? data.categories?.[0]?.id ?? ''
  const attribute = (name: string) => item.custom_attribute_values?.[name]
  const early = Date.parse(attribute('early_access_until')?.string_value ?? '')
  return (data.variations ?? []).flatMap((variation) => {
    const details = variation.item_variation_data
    if (details === undefined || data.name === undefined) return []
    const override = details.location_overrides?.find(({ location_id }) => location_id === facts.locationId)
    const money = override?.price_money ?? details.price_money
    const price = details.pricing_type === 'VARIABLE_PRICING' ? undefined : money?.amount
    return [
      {
        id: variation.id,
        itemId: item.id,
        variationName: details.name ?? '',
        name: data.name,
        description: data.description_plaintext ?? data.description ?? '',
        category: facts.categoryNames.get(categoryId) ?? DEFAULT_CATEGORY,
        price: Number.isSafeInteger(price) ? (price as number) : null,
        currency: money?.currency ?? facts.currency,
        sku: details.sku ?? null,
        ageRestricted: attribute('age_restricted')?.boolean_value === true,
        minTier: attribute('min_tier')?.string_value,
        earlyAccessUntilMs: Number.isFinite(early) ? early : undefined,
        attributes: [],
        source: 'square' as const,
        version: Math.max(item.version ?? 0, variation.version ?? 0),
        listed: item.is_deleted !== true && variation.is_deleted !== true && data.is_archived !== true && details.sellable !== false,
        counted: override?.track_inventory ?? details.track_inventory ?? false,
      },
    ]
  })
}

/** What is on a page, for the warehouse: each variation as it is in this version, a deleted one as what is left of it. */
export function tillItemsOf(objects: readonly CatalogueObject[], products: readonly CatalogueProduct[], facts: ShopFacts): TillItem[] {
  const variations = objects.flatMap((object) => (object.type === 'ITEM_VARIATION' ? [object] : (object.item_data?.variations ?? [])))
  const changed = new Map(variations.map(({ id, updated_at: at }) => [id, Date.parse(at ?? '')]))
  const changedAt = (id: string, version: number): number => changed.get(id) || version
  const known = products.map(({ id, itemId, name, variationName, category, sku, price, currency, listed, version = 0 }) => ({
    id, itemId, name, variationName, category, sku, price, currency, available: listed, version, updatedAtMs: changedAt(id, version),
  }))
  const gone = objects.filter(({ id, type, is_deleted }) => type === 'ITEM_VARIATION' && is_deleted === true && !products.some((one) => one.id === id))
  return [...known, ...gone.map(({ id, version = 0, item_variation_data: left }) => ({
    id, itemId: null, name: null, variationName: left?.name ?? null, category: null, sku: left?.sku ?? null, price: null, currency: facts.currency,
    available: false, version, updatedAtMs: changedAt(id, version),
  }))]
}

/** Variations that were deleted. */
export function deletedVariations(objects: readonly CatalogueObject[]): Array<{ readonly id: string; readonly version: number | undefined }> {
  return objects.filter(({ type, is_deleted }) => type === 'ITEM_VARIATION' && is_deleted === true).map(({ id, version }) => ({ id, version }))
}

export function categoryNames(objects: readonly CatalogueObject[]): Map<string, string> {
  return new Map(objects.flatMap(({ type, id, category_data }) => (type === 'CATEGORY' && category_data?.name !== undefined ? [[id, category_data.name] as const] : [])))
}
