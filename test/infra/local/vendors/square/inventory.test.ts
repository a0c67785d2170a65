/** Counts and changes of stock at the Square simulator. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Disk } from '../../../../../infra/local/disk.ts'
import { formatQuantity, parseQuantity } from '../../../../../infra/local/vendors/square/quantity.ts'
import { errorOf, ground, type Ground } from './ground.ts'

const COUNTS = '/v2/inventory/counts/batch-retrieve'
const CHANGES = '/v2/inventory/changes/batch-create'

async function onHand({ call }: Ground, id: string): Promise<string | undefined> {
  const { body } = await call('POST', COUNTS, { catalog_object_ids: [id], states: ['IN_STOCK'] })
  return body['counts']?.[0].quantity as string | undefined
}

describe('does', () => {
  test('a sale takes from the stock and a return puts back, each answered with its count', async () => {
    const shop = await ground()
    const sold = await shop.adjust('sale', 'VARCAPNAT', '3', 'IN_STOCK', 'SOLD')
    expect(sold.body['counts']).toMatchObject([{ catalog_object_id: 'VARCAPNAT', state: 'IN_STOCK', quantity: '16' }])
    expect(sold.body['changes'][0]).toMatchObject({ type: 'ADJUSTMENT', adjustment: { from_state: 'IN_STOCK', quantity: '3' } })
    await shop.adjust('back', 'VARCAPNAT', '1.5', 'SOLD', 'IN_STOCK')
    await shop.adjust('new', 'VARCAPNAT', '10', 'NONE', 'IN_STOCK')
    await shop.adjust('return', 'VARCAPNAT', '1', 'UNLINKED_RETURN', 'IN_STOCK')
    expect(await onHand(shop, 'VARCAPNAT')).toBe('28.5')
    await shop.adjust('waste', 'VARCAPNAT', '30', 'IN_STOCK', 'WASTE')
    const { body } = await shop.call('GET', '/v2/inventory/VARCAPNAT')
    const counts = body['counts'] as Array<{ state: string; quantity: string }>
    expect(counts.map((count) => `${count.state} ${count.quantity}`).toSorted()).toEqual(['IN_STOCK -1.5', 'WASTE 30'])
  })

  test('one key moves stock once, however often it is sent; another body under it is refused', async () => {
    const shop = await ground()
    const occurred = new Date(shop.timeline.now()).toISOString()
    const change = (quantity: string) => ({
      idempotency_key: 'order-1',
      changes: [
        {
          type: 'ADJUSTMENT',
          adjustment: {
            catalog_object_id: 'test-product-1',
            location_id: shop.square.locationId,
            quantity,
            from_state: 'IN_STOCK',
            to_state: 'SOLD',
            occurred_at: occurred,
            reference_id: 'order-1',
          },
        },
      ],
    })
    const answers = await Promise.all(Array.from({ length: 5 }, () => shop.call('POST', CHANGES, change('2'))))
    for (const answer of answers) expect(answer.body).toEqual(answers[0]?.body)
    expect(await onHand(shop, 'test-product-1')).toBe('998')
    expect(errorOf(await shop.call('POST', CHANGES, change('3')))).toBe('400 INVALID_REQUEST_ERROR IDEMPOTENCY_KEY_REUSED')
    expect(shop.square.objects('inventory_changes')).toHaveLength(1)
  })

  test('a hand count replaces the number; movements that happened before it no longer count', async () => {
    const shop = await ground()
    const before = new Date(shop.timeline.now() + 1).toISOString()
    await shop.timeline.jumpTo(shop.timeline.now() + 60_000)
    await shop.control('inventory', { variationId: 'VARTOTE1', quantity: 5 })
    const place = { catalog_object_id: 'VARTOTE1', location_id: shop.square.locationId }
    const move = { ...place, quantity: '2', from_state: 'IN_STOCK', to_state: 'SOLD', occurred_at: before }
    await shop.call('POST', CHANGES, { idempotency_key: 'late', changes: [{ type: 'ADJUSTMENT', adjustment: move }] })
    expect(await onHand(shop, 'VARTOTE1')).toBe('5')
    await shop.timeline.jumpTo(shop.timeline.now() + 60_000)
    const counted = new Date(shop.timeline.now()).toISOString()
    await shop.timeline.jumpTo(shop.timeline.now() + 1000)
    await shop.adjust('sale', 'VARTOTE1', '1', 'IN_STOCK', 'SOLD')
    const count = { ...place, state: 'IN_STOCK', quantity: '20', occurred_at: counted }
    await shop.call('POST', CHANGES, { idempotency_key: 'count', changes: [{ type: 'PHYSICAL_COUNT', physical_count: count }] })
    expect(await onHand(shop, 'VARTOTE1')).toBe('19')
  })

  test('a hand count that finds what the books say is no change, unless asked for', async () => {
    const shop = await ground()
    const count = {
      catalog_object_id: 'VARTOTE1',
      location_id: shop.square.locationId,
      state: 'IN_STOCK',
      quantity: '38',
      occurred_at: new Date(shop.timeline.now()).toISOString(),
    }
    const changes = [{ type: 'PHYSICAL_COUNT', physical_count: count }]
    expect((await shop.call('POST', CHANGES, { idempotency_key: 'same', changes })).body).toEqual({})
    const kept = await shop.call('POST', CHANGES, { idempotency_key: 'kept', changes, ignore_unchanged_counts: false })
    expect(kept.body['changes']).toHaveLength(1)
  })

  test('counts come newest first, after a moment, of states and locations, page by page', async () => {
    const shop = await ground()
    const all: string[] = []
    let cursor: string | undefined
    do {
      const { body } = await shop.call('POST', COUNTS, { limit: 20, ...(cursor === undefined ? {} : { cursor }) })
      all.push(...body['counts'].map((count: { catalog_object_id: string }) => count.catalog_object_id))
      cursor = body['cursor']
    } while (cursor !== undefined)
    expect(all.length).toBe(53)
    expect(new Set(all).size).toBe(53)
    const newest = (await shop.call('POST', COUNTS, { limit: 1 })).body['counts'][0].calculated_at
    await shop.control('inventory', { variationId: 'VARLIPBALM1', adjust: -4 })
    const changed = await shop.call('POST', COUNTS, { updated_after: newest })
    expect(changed.body['counts']).toMatchObject([{ catalog_object_id: 'VARLIPBALM1', quantity: '176' }])
    expect((await shop.call('POST', COUNTS, { location_ids: ['LMARKETSTAND1'] })).body).toEqual({})
    expect((await shop.call('POST', COUNTS, { catalog_object_ids: ['VARGIFTCARDANY'] })).body).toEqual({})
  })

  test('changes can be read again, by kind and moment', async () => {
    const shop = await ground()
    await shop.adjust('a', 'VARTOTE1', '1', 'IN_STOCK', 'SOLD')
    await shop.control('inventory', { variationId: 'VARLIPBALM1', quantity: 100 })
    const read = (input: object) => shop.call('POST', '/v2/inventory/changes/batch-retrieve', input)
    expect((await read({})).body['changes']).toHaveLength(2)
    expect((await read({ types: ['PHYSICAL_COUNT'] })).body['changes'][0].physical_count.quantity).toBe('100')
    expect((await read({ states: ['SOLD'], catalog_object_ids: ['VARTOTE1'] })).body['changes']).toHaveLength(1)
    expect((await read({ updated_before: '2020-01-01T00:00:00Z' })).body).toEqual({})
  })

  test('quantities are exact decimals', () => {
    expect(formatQuantity((parseQuantity('0.1') ?? 0n) + (parseQuantity('0.2') ?? 0n))).toBe('0.3')
    expect(formatQuantity(parseQuantity('-12.5') ?? 0n)).toBe('-12.5')
    expect([parseQuantity('1.000001'), parseQuantity('x'), parseQuantity('1e3')]).toEqual([undefined, undefined, undefined])
  })
})

describe('refuses', () => {
  test('what cannot be moved: unknown things, wrong directions, old or future moments, too many at once', async () => {
    const shop = await ground()
    const now = new Date(shop.timeline.now()).toISOString()
    const good = {
      catalog_object_id: 'VARTOTE1',
      location_id: shop.square.locationId,
      quantity: '1',
      from_state: 'IN_STOCK',
      to_state: 'SOLD',
      occurred_at: now,
    }
    let key = 0
    const refusal = async (part: object) => {
      const changes = [{ type: 'ADJUSTMENT', adjustment: { ...good, ...part } }]
      return errorOf(await shop.call('POST', CHANGES, { idempotency_key: `k${key++}`, changes }))
    }
    const invalid = '400 INVALID_REQUEST_ERROR INVALID_VALUE'
    const missing = '400 INVALID_REQUEST_ERROR MISSING_REQUIRED_PARAMETER'
    expect(await refusal({ catalog_object_id: 'nowhere' })).toBe('404 INVALID_REQUEST_ERROR NOT_FOUND')
    expect(await refusal({ catalog_object_id: 'ITEMTOTE' })).toBe('404 INVALID_REQUEST_ERROR NOT_FOUND')
    expect(await refusal({ location_id: 'nowhere' })).toBe('404 INVALID_REQUEST_ERROR NOT_FOUND')
    expect(await refusal({ from_state: 'SOLD', to_state: 'WASTE' })).toBe(invalid)
    expect(await refusal({ from_state: 'RETURNED_BY_CUSTOMER', to_state: 'IN_STOCK' })).toBe(invalid)
    expect(await refusal({ quantity: '-1' })).toBe(invalid)
    expect(await refusal({ quantity: 1 })).toBe(invalid)
    expect(await refusal({ occurred_at: undefined })).toBe(missing)
    expect(await refusal({ occurred_at: new Date(shop.timeline.now() - 25 * 3_600_000).toISOString() })).toBe(invalid)
    expect(await refusal({ occurred_at: new Date(shop.timeline.now() + 3_600_000).toISOString() })).toBe(invalid)
    const many = Array.from({ length: 101 }, () => ({ type: 'ADJUSTMENT', adjustment: good }))
    expect(errorOf(await shop.call('POST', CHANGES, { idempotency_key: 'many', changes: many }))).toBe(invalid)
    expect(errorOf(await shop.call('POST', CHANGES, { changes: [] }))).toBe(missing)
    expect(shop.square.objects('inventory_changes')).toHaveLength(0)
  })

  test('a batch with one bad change as a whole', async () => {
    const shop = await ground()
    const good = { catalog_object_id: 'VARTOTE1', location_id: shop.square.locationId, quantity: '1', from_state: 'IN_STOCK' }
    const made = { ...good, to_state: 'SOLD', occurred_at: new Date(shop.timeline.now()).toISOString() }
    const changes = [made, { ...made, catalog_object_id: 'nowhere' }].map((adjustment) => ({ type: 'ADJUSTMENT', adjustment }))
    expect((await shop.call('POST', CHANGES, { idempotency_key: 'mixed', changes })).status).toBe(404)
    expect(await onHand(shop, 'VARTOTE1')).toBe('38')
  })
})

describe('survives', () => {
  test('a lost answer: the same key tells what was done and does it no second time', async () => {
    const shop = await ground()
    shop.wire.addFault({ target: 'square', operation: `POST ${CHANGES}`, when: 'after', effect: 'drop' })
    const body = {
      idempotency_key: 'lost',
      changes: [
        {
          type: 'ADJUSTMENT',
          adjustment: {
            catalog_object_id: 'VARTOTE1',
            location_id: shop.square.locationId,
            quantity: '1',
            from_state: 'IN_STOCK',
            to_state: 'SOLD',
            occurred_at: new Date(shop.timeline.now()).toISOString(),
          },
        },
      ],
    }
    await expect(shop.call('POST', CHANGES, body)).rejects.toThrow()
    expect((await shop.call('POST', CHANGES, body)).body['counts'][0].quantity).toBe('37')
    expect(await onHand(shop, 'VARTOTE1')).toBe('37')
  })

  test('a restart: counts, changes and keys are as they were, and the seed is not planted again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'square-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const before = await ground({}, new Disk(directory))
    const sold = await before.adjust('sale', 'VARTOTE1', '8', 'IN_STOCK', 'SOLD')
    await before.control('catalog/ITEMCAP', { delete: true })
    const after = await ground({}, new Disk(directory))
    expect(await onHand(after, 'VARTOTE1')).toBe('30')
    expect(after.square.objects('inventory_changes')).toEqual(sold.body['changes'])
    expect((await after.call('GET', '/v2/catalog/object/ITEMCAP')).status).toBe(404)
    const more = await after.adjust('sale 2', 'VARTOTE1', '1', 'IN_STOCK', 'SOLD')
    expect(more.body['counts'][0].calculated_at > sold.body['counts'][0].calculated_at).toBe(true)
    expect(errorOf(await after.adjust('sale', 'VARTOTE1', '9', 'IN_STOCK', 'SOLD'))).toMatch('IDEMPOTENCY_KEY_REUSED')
  })
})
