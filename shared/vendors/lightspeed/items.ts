/**
 * Items and their stock. An item does not move when its stock does: changed stock is asked for by itself, and then the
 * items that it belongs to. The row of all shops together is left out, or the stock would be double.
 */
import { z } from 'zod'
import type { CounterItem } from '#domain/pos.ts'
import type { Walk } from '#domain/walk.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { listOf, nextIn, type Lightspeed } from './api.ts'
import { decimal, fingerprint, id, inSeconds, label, moment, sorted, words, yes, type Sorted } from './fields.ts'
import { countOn, SHELF, STOCK } from './shelf.ts'

const ALL_SHOPS = '0'
/** What is asked for in one call. */
const AT_ONCE = 100
const BESIDE = '["ItemShops","Category","Tags"]'

const PRICE = z.object({ amount: decimal, useType: z.string().optional() })

const inner = (name: string) => (value: unknown): readonly unknown[] => listOf((value as Record<string, unknown> | undefined)?.[name])

const ITEM = z.object({
  itemID: id,
  description: z.string().trim().min(1).max(2_000),
  itemType: z.string().max(50).default('default'),
  archived: yes,
  systemSku: label,
  customSku: label,
  manufacturerSku: label,
  defaultCost: decimal.optional(),
  longDescription: words,
  createTime: moment.optional(),
  timeStamp: moment,
  Prices: z.preprocess(inner('ItemPrice'), z.array(PRICE)),
  ItemShops: z.preprocess(inner('ItemShop'), z.array(SHELF)),
  Category: z.preprocess((value) => (value === '' ? undefined : value), z.object({ name: label }).optional()),
  Tags: z.preprocess(inner('tag'), z.array(z.string())),
})

export interface ItemFact {
  readonly item: CounterItem
  readonly changedMs: number
}

export interface ItemPage {
  readonly items: readonly ItemFact[]
  readonly bad: Sorted<CounterItem>['bad']
  readonly cursor: string | null
}

/**
 * Items that changed within the walk's window, archived and deleted ones too, the earliest change first.
 * @throws CursorExpired when Lightspeed has forgotten the mark
 */
export async function* itemPages(client: Lightspeed, { fromMs, toMs, cursor }: Walk): AsyncGenerator<ItemPage> {
  const asked = new URLSearchParams({
    load_relations: BESIDE, sort: 'timeStamp', limit: String(AT_ONCE), archived: 'true', timeStamp: `><,${inSeconds(fromMs)},${inSeconds(toMs)}`,
  })
  let path: string | null = cursor ?? `Item.json?${asked.toString()}`
  while (path !== null) {
    const readAtMs = now()
    const body: Record<string, unknown> = await client.get(path)
    path = nextIn(body, 'Item')
    const { good, bad } = sorted(listOf(body['Item']), 'itemID', (record) => read(record, readAtMs))
    yield { items: good.map(({ item, itemMs }) => ({ item, changedMs: itemMs })), bad, cursor: path }
  }
}

/**
 * Items whose stock changed within the walk's window, in any shop.
 * @throws CursorExpired when Lightspeed has forgotten the mark
 */
export async function* stockPages(client: Lightspeed, { fromMs, toMs, cursor }: Walk): AsyncGenerator<ItemPage> {
  const asked = new URLSearchParams({ sort: 'timeStamp', limit: String(AT_ONCE), timeStamp: `><,${inSeconds(fromMs)},${inSeconds(toMs)}` })
  let path: string | null = cursor ?? `ItemShop.json?${asked.toString()}`
  while (path !== null) {
    const body: Record<string, unknown> = await client.get(path)
    path = nextIn(body, 'ItemShop')
    const { good, bad } = sorted(listOf(body['ItemShop']), 'itemShopID', (record) => STOCK.safeParse(record))
    const moved = new Map<string, number>()
    for (const { itemID, shopID, timeStamp } of good) if (shopID !== ALL_SHOPS) moved.set(itemID, Math.max(timeStamp, moved.get(itemID) ?? 0))
    const found = await itemsById(client, [...moved.keys()])
    const items = found.good.map((item) => ({ item, changedMs: moved.get(item.id) ?? fromMs }))
    yield { items, bad: [...bad, ...found.bad], cursor: path }
  }
}

async function itemsById(client: Lightspeed, ids: readonly string[]): Promise<Sorted<CounterItem>> {
  if (ids.length === 0) return { good: [], bad: [] }
  const readAtMs = now()
  const asked = new URLSearchParams({ load_relations: BESIDE, limit: String(AT_ONCE), archived: 'true', itemID: `IN,[${ids.join(',')}]` })
  const body = await client.get(`Item.json?${asked.toString()}`)
  const { good, bad } = sorted(listOf(body['Item']), 'itemID', (record) => read(record, readAtMs))
  return { good: good.map(({ item }) => item), bad }
}

interface Read {
  readonly item: CounterItem
  /** When the item itself changed. */
  readonly itemMs: number
}

function read(record: unknown, readAtMs: number): z.ZodSafeParseResult<Read> {
  const parsed = ITEM.safeParse(record)
  if (!parsed.success) return parsed as never
  return { success: true, data: { item: itemOf(parsed.data, { fingerprint: fingerprint(record), readAtMs }), itemMs: parsed.data.timeStamp } }
}

function itemOf(item: z.output<typeof ITEM>, state: Pick<CounterItem, 'fingerprint' | 'readAtMs'>): CounterItem {
  const shelves = item.ItemShops.filter(({ shopID }) => shopID !== ALL_SHOPS)
  const price = item.Prices.find(({ useType }) => useType === 'Default') ?? item.Prices[0]
  const shops = shelves.map(({ shopID, qoh }) => ({ shopId: shopID, quantity: Number(qoh) }))
  return {
    ...state,
    id: item.itemID,
    mode: 'live',
    name: item.description,
    description: item.longDescription,
    category: item.Category?.name ?? null,
    sku: item.customSku ?? item.manufacturerSku ?? item.systemSku,
    tags: item.Tags,
    price: price?.amount ?? null,
    cost: item.defaultCost ?? null,
    currency: config('shop').CURRENCY,
    quantity: shops.reduce((sum, { quantity }) => sum + quantity, 0),
    count: countOn(shelves, state.readAtMs),
    counted: item.itemType !== 'non_inventory',
    archived: item.archived,
    shops,
    addedAtMs: item.createTime ?? null,
    updatedAtMs: Math.max(item.timeStamp, ...shelves.map(({ timeStamp }) => timeStamp)),
  }
}
