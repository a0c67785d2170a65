/** The warehouse is as it is declared, also when it was made before the last columns were; what cannot be mended is named. */
import { expect, describe, test } from 'vitest'
import { applyWarehouse, checkWarehouse, createWarehouse } from '../../../infra/warehouse/create.ts'
import { definitionOf, TABLES, UNITED_VIEWS, type Column, type Table } from '../../../infra/warehouse/tables.ts'
import { openShop, plain } from '../local/bigquery/shop.ts'

const shop = await openShop()
/** In any order: what was added later stands behind. */
const names = (columns: readonly Column[] = []): unknown[] => columns.map(({ name, fields }) => [name, names(fields)]).sort()
const ORDER = { id: 'ord_1', state: 'paid', created_at: '2026-11-20T10:00:00Z', updated_at: '2026-11-20T10:00:00Z', row_version: 1 }
const tableNamed = (name: string): Table => TABLES.find((one) => one.name === name) as Table

async function columnsOf(dataset: string, name: string): Promise<unknown[]> {
  const [{ schema }] = await shop.client.dataset(dataset).table(name).getMetadata()
  return names(schema.fields)
}

/** The table and its view as they were before some columns were declared. */
async function olden(name: string, without: readonly string[]): Promise<void> {
  const table = tableNamed(name)
  const kept = (some: readonly Column[]): Column[] =>
    some.filter((column) => !without.includes(column.name)).map((column) => ({ ...column, ...(column.fields === undefined ? {} : { fields: kept(column.fields) }) }))
  const dataset = await datasetOf(table)
  await dataset.createTable(name, definitionOf({ ...table, columns: kept(table.columns) }) as object)
  const query = `SELECT * FROM ${table.dataset}.${name} QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY updated_at DESC, row_version DESC) = 1`
  await dataset.createTable(table.view, { view: { query, useLegacySql: false } } as object)
}

async function datasetOf({ dataset }: Table) {
  await shop.client.createDataset(dataset).catch(() => undefined)
  return shop.client.dataset(dataset)
}

/** The table with other columns than are declared. */
async function remade(name: string, change: (column: Column) => Column): Promise<void> {
  const table = tableNamed(name)
  await shop.client.dataset(table.dataset).table(name).delete()
  await shop.client.dataset(table.dataset).createTable(name, definitionOf({ ...table, columns: table.columns.map(change) }) as object)
}

describe('does', () => {
  test('add what was declared since to tables that exist, keep their rows, and show all of it', async () => {
    await olden('orders_log', ['gateway', 'category'])
    const orders = shop.client.dataset('commerce').table('orders_log')
    await orders.insert([{ ...ORDER, items: [{ sku: 'a', quantity: 1 }] }])
    await createWarehouse({ client: shop.client })
    for (const { dataset, name, columns: declared } of TABLES) expect(await columnsOf(dataset, name)).toEqual(names(declared))
    await orders.insert([{ ...ORDER, id: 'ord_2', gateway: 'stripe', items: [{ sku: 'a', category: 'Oil', quantity: 2 }] }])
    const rows = await shop.ask('SELECT id, gateway, items FROM commerce.orders ORDER BY id')
    expect(rows.map(plain)).toMatchObject([
      { id: 'ord_1', gateway: null, items: [{ sku: 'a', category: null, quantity: 1 }] }, { id: 'ord_2', gateway: 'stripe', items: [{ sku: 'a', category: 'Oil', quantity: 2 }] },
    ])
  })

  test('nothing to what is as it is declared', async () => {
    await createWarehouse({ client: shop.client })
    const since = shop.wire.lastCall
    await createWarehouse({ client: shop.client })
    expect(shop.wire.calls(since).filter(({ operation }) => operation.startsWith('PATCH'))).toEqual([])
    expect(await checkWarehouse({ client: shop.client })).toEqual([])
  })

  test('the same of another local server that begins with it: what is there keeps its rows, and all of it takes some', async () => {
    await createWarehouse({ client: shop.client })
    const other = await openShop()
    await other.server.declare(shop.server.declared())
    expect(await checkWarehouse({ client: other.client })).toEqual([])
    await other.client.dataset('commerce').table('orders_log').insert([ORDER])
    await other.server.declare(shop.server.declared())
    expect(await other.ask('SELECT id, state FROM commerce.orders')).toEqual([{ id: 'ord_1', state: 'paid' }])
  })

  test('one view for all money that came in, online and at the till', async () => {
    const at = { created_at: '2026-11-20T10:00:00Z', updated_at: '2026-11-20T10:00:00Z', row_version: 1 }
    const commerce = shop.client.dataset('commerce')
    await commerce.table('payments_log').insert([
      { ...at, id: 'ord_1', kind: 'charge', status: 'pending', gateway: 'stripe', order_id: 'ord_1', amount: '12.50', currency: 'USD' },
      { ...at, id: 'ord_1', kind: 'charge', status: 'succeeded', gateway: 'stripe', order_id: 'ord_1', amount: '12.50', currency: 'USD', row_version: 2 },
      { ...at, id: 'ref_1', kind: 'refund', status: 'succeeded', gateway: 'stripe', order_id: 'ord_1', amount: '-2.50', currency: 'USD' },
    ])
    await commerce.table('square_payments_log').insert([{ ...at, id: 'sq_1', status: 'COMPLETED', total: '7', amount: '6', currency: 'USD' }])
    expect(UNITED_VIEWS.map(({ name }) => name)).toEqual(['all_payments'])
    const rows = await shop.ask('SELECT id, channel, source, status, amount FROM commerce.all_payments ORDER BY id')
    expect(rows.map(plain)).toEqual([
      { id: 'ord_1', channel: 'online', source: 'stripe', status: 'succeeded', amount: '12.5' }, { id: 'sq_1', channel: 'store', source: 'square', status: 'COMPLETED', amount: '7' },
    ])
  })

  test('widen a whole number to what is declared, with the rows that have one', async () => {
    await remade('payments_log', (column) => (column.name === 'amount' ? { ...column, type: 'INT64' } : column))
    await shop.client.dataset('commerce').table('payments_log').insert([{ id: 'ord_1', kind: 'charge', amount: '9007199254740993', created_at: ORDER.created_at, updated_at: ORDER.updated_at, row_version: 1 }])
    expect(await checkWarehouse({ client: shop.client })).toMatchObject([{ table: 'commerce.payments_log', column: 'amount', mend: 'widen' }])
    expect((await applyWarehouse({ client: shop.client })).refused).toEqual([])
    expect(await checkWarehouse({ client: shop.client })).toEqual([])
    expect((await shop.ask('SELECT amount + 0.5 AS more FROM commerce.payments')).map(plain)).toEqual([{ more: '9007199254740993.5' }])
  })

  test('give datasets the names that a shop has for them', async () => {
    const names = { commerce: 'trade', analytics: 'tills' }
    expect((await applyWarehouse({ client: shop.client, names })).refused).toEqual([])
    expect((await shop.ask('SELECT COUNT(*) AS n FROM trade.all_payments')).map(plain)).toEqual([{ n: 0 }])
    expect(await checkWarehouse({ client: shop.client, names })).toEqual([])
  })
})

describe('refuses', () => {
  test('to pass over a column that it cannot add: rows of before have no value for it', async () => {
    await shop.client.dataset('commerce').table('payments_log').delete()
    await shop.client.dataset('commerce').createTable('payments_log', { schema: { fields: [{ name: 'id', type: 'STRING', mode: 'REQUIRED' }] } })
    await expect(createWarehouse({ client: shop.client })).rejects.toThrow('commerce.payments_log: has no column created_at, and needs one in every row')
  })

  test.each([
    ['seals_log', (column: Column): Column => (column.name === 'root' ? { ...column, type: 'INT64' } : column), 'root is INT64 and declared STRING'],
    ['seals_log', (column: Column): Column => (column.name === 'late' ? { ...column, type: 'NUMERIC' } : column), 'late is NUMERIC and declared INT64'],
    ['seals_log', (column: Column): Column => (column.name === 'root' ? { ...column, name: 'stem' } : column), 'has a column stem that is not declared'],
    ['seals_log', (column: Column): Column => (column.name === 'root' ? { ...column, mode: 'REQUIRED' } : column), 'root is REQUIRED and declared NULLABLE'],
  ])('what would lose or rewrite rows of %s: case %#', async (name, change, what) => {
    await remade(name, change)
    const { refused } = await applyWarehouse({ client: shop.client })
    expect(refused.map((drift) => drift.what)).toContainEqual(`audit.seals_log: ${what}`)
  })

  test('a table that is cut, kept or clustered otherwise', async () => {
    const table = tableNamed('ledger_log')
    await shop.client.dataset('commerce').table('ledger_log').delete()
    await shop.client.dataset('commerce').createTable('ledger_log', { schema: definitionOf(table).schema } as object)
    const drifts = (await checkWarehouse({ client: shop.client })).filter((drift) => drift.table === 'commerce.ledger_log')
    expect(drifts.map(({ mend }) => mend)).toEqual(['refused', 'refused', 'refused'])
  })
})
