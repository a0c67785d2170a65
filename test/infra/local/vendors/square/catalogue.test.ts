/** The seed catalogue, and the catalogue calls of the Square simulator. */
import { describe, expect, test } from 'vitest'
import { readSeed } from '../../../../../infra/local/vendors/square/seed.ts'
import type { CatalogObject } from '../../../../../infra/local/vendors/square/shapes.ts'
import { errorOf, ground, type Ground } from './ground.ts'

async function walk({ call }: Ground, path: string): Promise<CatalogObject[]> {
  const objects: CatalogObject[] = []
  let cursor = ''
  do {
    const { body } = await call('GET', `${path}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    objects.push(...((body['objects'] ?? []) as CatalogObject[]))
    cursor = (body['cursor'] as string | undefined) ?? ''
  } while (cursor !== '')
  return objects
}

describe('does', () => {
  test('the seed is a shop: 55 variations, unique SKUs, some out of stock, many for everybody', () => {
    const seed = readSeed()
    const items = seed.objects.filter((object) => object.type === 'ITEM')
    const variations = items.flatMap((item) => item.item_data?.variations ?? [])
    const inStock = new Set(seed.counts.filter(({ quantity }) => Number(quantity) > 0).map((count) => count.catalog_object_id))
    const restricted = new Set(items.filter((item) => item['custom_attribute_values'] !== undefined).map((item) => item.id))
    expect(items.length).toBe(31)
    expect(variations.length).toBe(55)
    expect(new Set(variations.map((variation) => variation.item_variation_data?.sku)).size).toBe(55)
    expect(new Set(seed.objects.map((object) => object.id)).size).toBe(seed.objects.length)
    expect(seed.counts.filter(({ quantity }) => quantity === '0').length).toBe(6)
    expect(items.filter((item) => item.item_data?.is_archived === true).length).toBe(1)
    expect(variations.filter((variation) => variation.item_variation_data?.price_money === undefined).length).toBe(1)
    expect(variations.filter((variation) => variation.item_variation_data?.track_inventory === false).length).toBe(2)
    const free = variations.filter(({ id, item_variation_data: data }) => inStock.has(id) && !restricted.has(data?.item_id ?? ''))
    expect(free.length).toBeGreaterThanOrEqual(20)
  })

  test('the test product is there: 50.00, a thousand on hand, for everybody', async () => {
    const { call } = await ground()
    const found = await call('GET', '/v2/catalog/object/test-product-1?include_related_objects=true')
    expect(found.body['object'].item_variation_data).toMatchObject({ price_money: { amount: 5000, currency: 'USD' } })
    expect(found.body['related_objects'][0]).toMatchObject({ type: 'ITEM', item_data: { name: 'Test Product' } })
    expect(found.body['related_objects'][0].custom_attribute_values).toBeUndefined()
    const counts = await call('GET', '/v2/inventory/test-product-1')
    expect(counts.body['counts']).toMatchObject([{ state: 'IN_STOCK', quantity: '1000', catalog_object_type: 'ITEM_VARIATION' }])
  })

  test('the list walks every object of the types once, items with their variations inside', async () => {
    const shop = await ground({ catalogPageSize: 7 })
    const objects = await walk(shop, '/v2/catalog/list?types=ITEM,CATEGORY')
    expect(objects.length).toBe(34)
    expect(new Set(objects.map((object) => object.id)).size).toBe(34)
    const flower = objects.find((object) => object.id === 'ITEMBLUEDAWN')
    expect(flower?.item_data?.variations?.map((variation) => variation.id)).toEqual([
      'VARBLUEDAWN3G',
      'VARBLUEDAWN7G',
      'VARBLUEDAWN14G',
      'VARBLUEDAWN28G',
    ])
    expect(flower).toMatchObject({ is_deleted: false, present_at_all_locations: true, version: expect.any(Number) })
    expect((await walk(shop, '/v2/catalog/list?types=ITEM_VARIATION')).length).toBe(55)
  })

  test('a search after latest_time finds exactly what changed since, and the deleted only when asked', async () => {
    const { call, control } = await ground()
    const search = (input: object) => call('POST', '/v2/catalog/search', { object_types: ['ITEM', 'ITEM_VARIATION'], ...input })
    const first = await search({ limit: 1000 })
    const since = first.body['latest_time'] as string
    expect((await search({ begin_time: since })).body).toEqual({ latest_time: since })
    await control('catalog/VARTOTE1/price', { amount: 2600 })
    await control('catalog/ITEMCAP', { delete: true })
    const living = await search({ begin_time: since })
    expect(living.body['objects'].map((object: CatalogObject) => object.id).toSorted()).toEqual(['ITEMTOTE', 'VARTOTE1'])
    const all = await search({ begin_time: since, include_deleted_objects: true })
    const gone = all.body['objects'].filter((object: CatalogObject) => object.is_deleted)
    expect(gone.map((object: CatalogObject) => object.id).toSorted()).toEqual(['ITEMCAP', 'VARCAPNAT', 'VARCAPOLV'])
    expect(Date.parse(all.body['latest_time'])).toBeGreaterThan(Date.parse(since))
    const bySku = await search({ query: { exact_query: { attribute_name: 'sku', attribute_value: 'AP-TOT-001' } } })
    expect(bySku.body['objects']).toMatchObject([{ id: 'VARTOTE1', item_variation_data: { price_money: { amount: 2600 } } }])
  })

  test('a batch answers what is there, with parents and categories when asked', async () => {
    const { call, control } = await ground()
    await control('catalog/VARCAPNAT', { delete: true })
    const ids = ['VARBLUEDAWN7G', 'ITEMBLUEDAWN', 'VARCAPNAT', 'nowhere']
    const found = await call('POST', '/v2/catalog/batch-retrieve', { object_ids: ids, include_related_objects: true })
    expect(found.body['objects'].map((object: CatalogObject) => object.id)).toEqual(['VARBLUEDAWN7G', 'ITEMBLUEDAWN'])
    expect(found.body['related_objects'].map((object: CatalogObject) => object.id)).toEqual(['ITEMBLUEDAWN', 'CATFLOWER'])
    expect((await call('POST', '/v2/catalog/batch-retrieve', { object_ids: ['nowhere'] })).body).toEqual({})
  })

  test('an upsert gives ids to new objects, and asks for the latest version of known ones', async () => {
    const { call } = await ground()
    const variation = { type: 'ITEM_VARIATION', id: '#small', item_variation_data: { name: 'Small', sku: 'NEW-1' } }
    const object = { type: 'ITEM', id: '#mug', item_data: { name: 'Mug', variations: [variation] } }
    const made = await call('POST', '/v2/catalog/object', { idempotency_key: 'mug', object })
    const { catalog_object: mug, id_mappings: mappings } = made.body
    expect(mappings.map((mapping: { client_object_id: string }) => mapping.client_object_id)).toEqual(['#mug', '#small'])
    expect(mug.item_data.variations[0].item_variation_data).toMatchObject({ item_id: mug.id, sku: 'NEW-1' })
    const again = await call('POST', '/v2/catalog/object', { idempotency_key: 'mug', object })
    expect(again.body).toEqual(made.body)
    const renamed = { ...mug, item_data: { ...mug.item_data, name: 'Cup' } }
    const saved = await call('POST', '/v2/catalog/object', { idempotency_key: 'cup', object: renamed })
    expect(saved.body['catalog_object'].item_data.name).toBe('Cup')
    const stale = await call('POST', '/v2/catalog/object', { idempotency_key: 'cup2', object: renamed })
    expect(errorOf(stale)).toBe('400 INVALID_REQUEST_ERROR VERSION_MISMATCH')
  })
})

describe('refuses', () => {
  test('a cursor that belongs to another query, is broken, or is older than five minutes', async () => {
    const { call, timeline } = await ground({ catalogPageSize: 5 })
    const first = await call('GET', '/v2/catalog/list?types=ITEM')
    const cursor = first.body['cursor'] as string
    expect((await call('GET', `/v2/catalog/list?types=ITEM&cursor=${cursor}`)).status).toBe(200)
    const refused = '400 INVALID_REQUEST_ERROR INVALID_CURSOR'
    expect(errorOf(await call('GET', `/v2/catalog/list?types=CATEGORY&cursor=${cursor}`))).toBe(refused)
    expect(errorOf(await call('GET', '/v2/catalog/list?types=ITEM&cursor=broken'))).toBe(refused)
    await timeline.jumpTo(timeline.now() + 5 * 60_000 + 1)
    expect(errorOf(await call('GET', `/v2/catalog/list?types=ITEM&cursor=${cursor}`))).toBe(refused)
  })

  test('types, limits, times and objects that do not exist, by the name of the field', async () => {
    const { call, control } = await ground()
    const search = (input: object) => call('POST', '/v2/catalog/search', input)
    expect(errorOf(await call('GET', '/v2/catalog/list?types=THING'))).toBe('400 INVALID_REQUEST_ERROR INVALID_VALUE')
    expect((await search({ limit: 1001 })).body['errors'][0]).toMatchObject({ code: 'INVALID_VALUE', field: 'limit' })
    expect((await search({ begin_time: 'yesterday' })).body['errors'][0]).toMatchObject({ field: 'begin_time' })
    expect(errorOf(await call('POST', '/v2/catalog/batch-retrieve', {}))).toMatch('MISSING_REQUIRED_PARAMETER')
    expect(errorOf(await call('GET', '/v2/catalog/object/nowhere'))).toBe('404 INVALID_REQUEST_ERROR NOT_FOUND')
    await control('catalog/ITEMTOTE', { delete: true })
    expect((await call('GET', '/v2/catalog/object/VARTOTE1')).status).toBe(404)
  })
})
