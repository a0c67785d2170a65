/** The warehouse is as it is declared, also when it was made before the last columns were. */
import { expect, describe, test } from 'vitest'
import { createWarehouse } from '../../../infra/warehouse/create.ts'
import { TABLES, type Column } from '../../../infra/warehouse/tables.ts'
import { openShop, plain } from '../local/bigquery/shop.ts'

const shop = await openShop()
/** In any order: what was added later stands behind. */
const names = (columns: readonly Column[] = []): unknown[] => columns.map(({ name, fields }) => [name, names(fields)]).sort()
const ORDER = { id: 'ord_1', state: 'paid', created_at: '2026-11-20T10:00:00Z', updated_at: '2026-11-20T10:00:00Z', row_version: 1 }

async function columnsOf(dataset: string, name: string): Promise<unknown[]> {
  const [{ schema }] = await shop.client.dataset(dataset).table(name).getMetadata()
  return names(schema.fields)
}

/** The table and its view as they were before some columns were declared. */
async function olden(name: string, without: readonly string[]): Promise<void> {
  const table = TABLES.find((one) => one.name === name)
  const kept = (some: readonly Column[]): object[] =>
    some.filter((column) => !without.includes(column.name)).map((column) => ({ ...column, ...(column.fields === undefined ? {} : { fields: kept(column.fields) }) }))
  const [dataset] = await shop.client.createDataset(table?.dataset ?? '')
  await dataset.createTable(name, { schema: { fields: kept(table?.columns ?? []) } } as object)
  const query = `SELECT * FROM ${table?.dataset}.${name} QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY updated_at DESC, row_version DESC) = 1`
  await dataset.createTable(table?.view ?? '', { view: { query, useLegacySql: false } } as object)
}

describe('does', () => {
  test('add what was declared since to tables that exist, keep their rows, and show all of it', async () => {
    await olden('orders_log', ['gateway', 'category'])
    const orders = shop.client.dataset('commerce').table('orders_log')
    await orders.insert([{ ...ORDER, items: [{ sku: 'a', quantity: 1 }] }])
    await createWarehouse(shop.client)
    for (const { dataset, name, columns: declared } of TABLES) expect(await columnsOf(dataset, name)).toEqual(names(declared))
    await orders.insert([{ ...ORDER, id: 'ord_2', gateway: 'stripe', items: [{ sku: 'a', category: 'Oil', quantity: 2 }] }])
    const rows = await shop.ask('SELECT id, gateway, items FROM commerce.orders ORDER BY id')
    expect(rows.map(plain)).toMatchObject([
      { id: 'ord_1', gateway: null, items: [{ sku: 'a', category: null, quantity: 1 }] }, { id: 'ord_2', gateway: 'stripe', items: [{ sku: 'a', category: 'Oil', quantity: 2 }] },
    ])
  })

  test('nothing to what is as it is declared', async () => {
    await createWarehouse(shop.client)
    const since = shop.wire.lastCall
    await createWarehouse(shop.client)
    expect(shop.wire.calls(since).filter(({ operation }) => operation.startsWith('PATCH'))).toEqual([])
  })
})

describe('refuses', () => {
  test('to pass over a column that it cannot add: rows of before have no value for it', async () => {
    await shop.client.dataset('commerce').table('payments_log').delete()
    await shop.client.dataset('commerce').createTable('payments_log', { schema: { fields: [{ name: 'id', type: 'STRING', mode: 'REQUIRED' }] } })
    await expect(createWarehouse(shop.client)).rejects.toThrow('commerce.payments_log has no column created_at, and needs one in every row')
  })
})
