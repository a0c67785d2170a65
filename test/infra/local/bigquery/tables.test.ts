/** Datasets, tables, views and streaming, through the real client. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openShop, ORDER_FIELDS, ORDERS, plain } from './shop.ts'

/** What the client throws when some rows of a request were refused. */
interface PartialFailureError extends Error {
  readonly errors?: Array<{ row?: unknown; errors?: Array<{ reason?: string; message?: string }> }>
}

const shop = await openShop()
const [commerce] = await shop.client.createDataset('commerce')

async function table(name: string, more: Record<string, unknown> = {}) {
  const [made] = await commerce.createTable(name, { schema: { fields: ORDER_FIELDS }, ...more })
  return made
}

const RAW = { raw: true, partialRetries: 0 } as const

/** Row errors of an insert: index and reason, with the first message. */
async function rejected(insert: Promise<unknown>): Promise<unknown> {
  const error = (await insert.then(() => undefined, (reason: unknown) => reason)) as PartialFailureError & {
    response: { insertErrors: Array<{ index: number; errors: Array<{ reason: string; message: string }> }> }
  }
  return error.response.insertErrors.map(({ index, errors }) => [index, errors[0]?.reason, errors[0]?.message])
}

/** Two states of one row and another of the next day, of which every query must say days. */
const dated = async (): Promise<void> => {
  if (await commerce.table('dated').exists().then(([there]) => there)) return
  const guarded = await table('dated', { timePartitioning: { type: 'DAY', field: 'created_at' }, requirePartitionFilter: true })
  await guarded.insert([1, 2].map((version) => ({ id: 'd1', version, created_at: '2025-03-01T00:00:00Z' })))
  await guarded.insert([{ id: 'd2', version: 1, created_at: '2025-03-02T00:00:00Z' }])
  await table('beside')
}
const LATEST = 'SELECT id, version, created_at FROM commerce.dated WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY id, created_at ORDER BY version DESC) = 1'
const UNDATED = /^Cannot query over table 'commerce.dated' without a filter over column\(s\) 'created_at' that can be used for partition elimination/

describe('does', () => {
  test('keep what a declaration says and answer types by their old names', async () => {
    const timePartitioning = { type: 'DAY', field: 'created_at' }
    const orders = await table('declared', { timePartitioning, clustering: { fields: ['id'] }, labels: { area: 'till' } })
    await orders.insert(ORDERS)
    const [metadata] = await orders.getMetadata()
    expect(metadata).toMatchObject({ type: 'TABLE', numRows: '4', clustering: { fields: ['id'] }, labels: { area: 'till' } })
    expect(metadata.schema.fields.slice(0, 2)).toEqual([
      { name: 'id', type: 'STRING', mode: 'REQUIRED' },
      { name: 'version', type: 'INTEGER', mode: 'NULLABLE' },
    ])
    expect(await orders.exists()).toEqual([true])
    expect(await commerce.table('missing').exists()).toEqual([false])
  })

  test('list and page rows of a table in the order of their arrival', async () => {
    const orders = await table('listed')
    await orders.insert(ORDERS)
    expect((await orders.getRows({ maxResults: 3 }))[0]).toHaveLength(3)
    const [rows] = await orders.getRows()
    expect(rows.map((row: { id: string }) => row.id)).toEqual(['o1', 'o1', 'o2', 'o3'])
    expect(plain(rows[2].created_at)).toBe('2025-03-02T12:00:00.123456000Z')
    const [first, , , last] = await shop.server.rows('commerce', 'listed')
    expect(first).toMatchObject({ id: 'o1', version: 1, total: '50', extra: { channel: 'web' } })
    expect(last).toMatchObject({ total: null, tags: ['gift', 'new'] })
  })

  test('take an insertId seen within the last minute as stored already', async () => {
    const orders = await table('deduped')
    const row = { insertId: 'event-1', json: { id: 'o1' } }
    await orders.insert([row, row], RAW)
    await orders.insert([row], RAW)
    expect(await shop.server.rows('commerce', 'deduped')).toHaveLength(1)
    await shop.timeline.jumpTo(shop.timeline.now() + 61_000)
    await orders.insert([row], RAW)
    expect(await shop.server.rows('commerce', 'deduped')).toHaveLength(2)
  })

  test('store the good rows beside bad ones when asked to skip those', async () => {
    const orders = await table('skipping')
    const rows = [{ json: { id: 'o1' } }, { json: { id: 'o2', version: 'two' } }]
    expect(await rejected(orders.insert(rows, { ...RAW, skipInvalidRows: true }))).toEqual([
      [1, 'invalid', 'Cannot convert value to integer (bad value): two'],
    ])
    await orders.insert([{ json: { id: 'o3', nonsense: 1 } }], { ...RAW, ignoreUnknownValues: true })
    expect((await shop.server.rows('commerce', 'skipping')).map((row) => row['id'])).toEqual(['o1', 'o3'])
  })

  test('add a column to a table that has rows', async () => {
    const orders = await table('grown')
    await orders.insert([{ id: 'o1' }])
    const [metadata] = await orders.getMetadata()
    const notes = { name: 'notes', type: 'STRING', mode: 'REPEATED' }
    await orders.setMetadata({ schema: { fields: [...metadata.schema.fields, notes] } })
    await orders.insert([{ id: 'o2', notes: ['x'] }])
    expect(await shop.ask('SELECT id, notes FROM commerce.grown ORDER BY id')).toEqual([
      { id: 'o1', notes: [] },
      { id: 'o2', notes: ['x'] },
    ])
  })

  test('read a view anew at each use, and views over views', async () => {
    const log = await table('seen_log')
    await commerce.createTable('seen', { view: 'SELECT id, MAX(version) AS version FROM commerce.seen_log GROUP BY id' })
    await commerce.createTable('seen_twice', { view: 'SELECT id FROM `shop.commerce.seen` WHERE version > 1' })
    await log.insert([{ id: 'o1', version: 1 }, { id: 'o1', version: 2 }, { id: 'o2', version: 1 }])
    expect(await shop.ask('SELECT id FROM commerce.seen_twice')).toEqual([{ id: 'o1' }])
    const [metadata] = await commerce.table('seen').getMetadata()
    const fields = [{ name: 'id', type: 'STRING' }, { name: 'version', type: 'INTEGER' }]
    expect(metadata).toMatchObject({ type: 'VIEW', schema: { fields } })
  })

  test('answer a filter on the partition, also through a view that passes it on', async () => {
    const events = await table('events', { timePartitioning: { type: 'DAY', field: 'created_at' }, requirePartitionFilter: true })
    await events.insert([{ id: 'e1', created_at: '2025-03-01T00:00:00Z' }])
    await commerce.createTable('all_events', { view: 'SELECT id AS event, created_at AS moment FROM commerce.events' })
    const params = { since: shop.client.timestamp('2025-01-01T00:00:00Z') }
    expect(await shop.ask('SELECT id FROM commerce.events WHERE created_at >= @since', { params })).toEqual([{ id: 'e1' }])
    expect(await shop.ask('SELECT event FROM commerce.all_events WHERE moment >= @since', { params })).toEqual([{ event: 'e1' }])
  })

  test.each([
    ['the latest states, told apart by the partition too', LATEST], ['the latest states of a part', `SELECT id, created_at FROM (${LATEST}) AS latest WHERE version > 0`],
    ['two windows by it', 'SELECT id, created_at, ROW_NUMBER() OVER (PARTITION BY created_at, id ORDER BY version) AS place, COUNT(*) OVER (PARTITION BY created_at) AS beside FROM commerce.dated'],
    ['groups by it', 'SELECT created_at, MAX(id) AS id FROM commerce.dated GROUP BY created_at'], ['groups by its place', 'SELECT created_at, MAX(id) AS id FROM commerce.dated GROUP BY 1'],
    ['rows that differ', 'SELECT DISTINCT id, created_at FROM commerce.dated'], ['itself twice', `${LATEST} UNION ALL ${LATEST}`],
    ['a named part', `WITH latest AS (${LATEST}) SELECT id, created_at FROM latest`], ['a part with a count of its own', `SELECT id, created_at, (SELECT COUNT(*) FROM commerce.beside) AS others FROM commerce.dated`],
  ])('let a filter through a view to the partition: %s', async (about, view) => {
    await dated()
    const name = `through_${about.replaceAll(/\W/g, '_')}`
    await commerce.createTable(name, { view })
    const params = { since: shop.client.timestamp('2025-03-02T00:00:00Z') }
    expect(new Set((await shop.ask(`SELECT id FROM commerce.${name} WHERE created_at >= @since`, { params })).map(({ id }) => id))).toEqual(new Set(['d2']))
    const joined = `SELECT one.id AS id FROM commerce.beside AS other RIGHT JOIN commerce.${name} AS one ON one.id = other.id WHERE one.created_at >= @since AND one.id != ''`
    expect((await shop.ask(joined, { params }))[0]).toEqual({ id: 'd2' })
    expect(await shop.refusal(`SELECT id FROM commerce.${name}`)).toMatch(UNDATED)
    expect(await shop.refusal(`SELECT id FROM commerce.${name} WHERE id = 'd2'`)).toMatch(UNDATED)
    expect(await shop.refusal(`SELECT id FROM commerce.${name} WHERE created_at >= @since OR id = 'd1'`, { params })).toMatch(UNDATED)
  })

  test('widen a column to a type that takes every value of its own', async () => {
    const widened = await table('widened')
    await widened.insert([{ id: 'w1', version: '9007199254740993' }])
    await shop.ask('ALTER TABLE `commerce.widened` ALTER COLUMN version SET DATA TYPE NUMERIC')
    expect((await shop.ask('SELECT version + 0.5 AS more FROM commerce.widened')).map(plain)).toEqual([{ more: '9007199254740993.5' }])
    const [{ schema }] = await widened.getMetadata()
    expect(schema.fields.find(({ name }: { name: string }) => name === 'version')).toMatchObject({ type: 'NUMERIC' })
  })

  test('count calls, rows written and rows read on the wire', async () => {
    const orders = await table('counted')
    const since = shop.wire.lastCall
    await orders.insert(ORDERS)
    await shop.ask('SELECT id FROM commerce.counted')
    const calls = shop.wire.calls(since).map(({ operation, reads, writes }) => ({ operation, reads, writes }))
    expect(calls).toEqual([
      { operation: 'POST /projects/:id/datasets/:id/tables/:id/insertAll', reads: 0, writes: 4 },
      { operation: 'POST /projects/:id/queries', reads: 4, writes: 0 },
    ])
  })

  test('answer without the prefix, as BIGQUERY_EMULATOR_HOST asks', async () => {
    for (const prefix of ['', '/bigquery/v2']) {
      const answer = await fetch(`${shop.url}${prefix}/projects/shop/datasets/commerce`)
      expect(await answer.json()).toMatchObject({ id: 'shop:commerce' })
    }
  })
})

describe('refuses', () => {
  test('a whole request for one bad row', async () => {
    const orders = await table('strict')
    const rows = [
      { json: { id: 'o1' } },
      { json: { id: 'o2', nonsense: 1 } },
      { json: { version: 1 } },
      { json: { id: 'o3', day: '2025-02-30' } },
      { json: { id: 'o4', total: '1.1234567891' } },
      { json: { id: 'o5', items: [{ sku: 'a', colour: 'red' }] } },
      { json: { id: 'o6', extra: { channel: 'web' } } },
      { json: { id: 7 } },
    ]
    expect(await rejected(orders.insert(rows, RAW))).toEqual([
      [0, 'stopped', ''],
      [1, 'invalid', 'no such field: nonsense.'],
      [2, 'invalid', 'Missing required field: id.'],
      [3, 'invalid', 'Cannot convert value to date (bad value): 2025-02-30'],
      [4, 'invalid', 'Cannot convert value to numeric (bad value): 1.1234567891'],
      [5, 'invalid', 'no such field: items.colour.'],
      [6, 'invalid', 'This field: extra is not a record.'],
      [7, 'invalid', 'Cannot convert value to string (bad value): 7'],
    ])
    expect(await shop.server.rows('commerce', 'strict')).toEqual([])
  })

  test('a row too old or too far ahead for its partition', async () => {
    const orders = await table('bounded', { timePartitioning: { type: 'DAY', field: 'created_at' } })
    expect(await rejected(orders.insert([{ json: { id: 'o1', created_at: '2001-01-01T00:00:00Z' } }], RAW))).toEqual([
      [0, 'invalid', expect.stringContaining('outside the allowed bounds')],
    ])
  })

  test('a query over a table that requires a partition filter and gets none', async () => {
    await table('guarded', { timePartitioning: { type: 'DAY', field: 'created_at' }, requirePartitionFilter: true })
    const latest = 'QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY version DESC) = 1'
    await commerce.createTable('guarded_latest', { view: `SELECT * FROM commerce.guarded ${latest}` })
    const message = /Cannot query over table 'commerce.guarded' without a filter over column\(s\) 'created_at'/
    const dated = `created_at >= TIMESTAMP '2025-01-01'`
    for (const where of ['TRUE', `(id = 'o1' OR ${dated})`, 'created_at = created_at', 'created_at IS NOT NULL']) {
      expect(await shop.refusal(`SELECT id FROM commerce.guarded WHERE ${where}`)).toMatch(message)
    }
    expect(await shop.refusal(`SELECT id FROM commerce.guarded_latest WHERE ${dated}`)).toMatch(message)
  })

  test.each([
    ['the latest states, told apart by their ids', 'SELECT * FROM commerce.dated WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY version DESC) = 1'],
    ['a second window by something else', `SELECT id, created_at, COUNT(*) OVER (PARTITION BY id) AS beside FROM (${LATEST}) AS latest`],
    ['a window over all', 'SELECT id, created_at, COUNT(*) OVER () AS beside FROM commerce.dated'],
    ['a window by its day', 'SELECT id, created_at FROM commerce.dated WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY DATE(created_at) ORDER BY version) = 1'],
    ['groups by something else', 'SELECT id, MAX(created_at) AS created_at FROM commerce.dated GROUP BY id'],
    ['one sum', 'SELECT MAX(id) AS id, MAX(created_at) AS created_at FROM commerce.dated'],
    ['the first of them', 'SELECT id, created_at FROM commerce.dated ORDER BY version LIMIT 5'],
    ['another moment by its name', 'SELECT id, TIMESTAMP_ADD(created_at, INTERVAL 1 DAY) AS created_at FROM commerce.dated'],
    ['another table too', `${LATEST} UNION ALL SELECT id, version, created_at FROM commerce.dated WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY version) = 1`],
  ])('a filter that a view does not let through to the partition: %s', async (about, view) => {
    await dated()
    const name = `stopped_${about.replaceAll(/\W/g, '_')}`
    await commerce.createTable(name, { view })
    expect(await shop.refusal(`SELECT id FROM commerce.${name} WHERE created_at >= TIMESTAMP '2025-01-01'`)).toMatch(UNDATED)
  })

  test('a named part that is read in two places, of which one says days', async () => {
    await dated()
    const both = (second: string): string => `WITH latest AS (${LATEST}) SELECT id FROM latest WHERE created_at >= TIMESTAMP '2025-01-01' UNION ALL SELECT id FROM latest ${second}`
    expect(await shop.refusal(both(''))).toMatch(UNDATED)
    expect((await shop.ask(both("WHERE created_at < TIMESTAMP '2025-03-02'"))).map(({ id }) => id).sort()).toEqual(['d1', 'd1', 'd2'])
  })

  test('what exists already, what does not, and what changed since it was read', async () => {
    const orders = await table('twice')
    await expect(table('twice')).rejects.toMatchObject({ code: 409 })
    await expect(shop.client.createDataset('commerce')).rejects.toMatchObject({ code: 409 })
    await expect(commerce.table('missing').getMetadata()).rejects.toMatchObject({ code: 404 })
    await expect(commerce.table('missing').insert([{ id: 'o1' }])).rejects.toMatchObject({ code: 404 })
    const [metadata] = await orders.getMetadata()
    await orders.setMetadata({ description: 'newer' })
    await expect(orders.setMetadata({ description: 'older', etag: metadata.etag })).rejects.toMatchObject({ code: 412 })
    await expect(commerce.delete()).rejects.toMatchObject({ code: 400 })
  })

  test('a change of schema that would lose or rewrite data', async () => {
    const orders = await table('kept')
    const [{ schema }] = await orders.getMetadata()
    const retyped = (field: { name: string }) => (field.name === 'version' ? { ...field, type: 'STRING' } : field)
    const changes = [
      schema.fields.slice(1),
      schema.fields.map(retyped),
      [...schema.fields, { name: 'must', type: 'STRING', mode: 'REQUIRED' }],
    ]
    for (const fields of changes) await expect(orders.setMetadata({ schema: { fields } })).rejects.toMatchObject({ code: 400 })
  })

  test.each([
    ['a narrower type', 'ALTER COLUMN total SET DATA TYPE INT64'], ['another kind', 'ALTER COLUMN id SET DATA TYPE NUMERIC'], ['a list', 'ALTER COLUMN tags SET DATA TYPE NUMERIC'],
    ['a column that there is not', 'ALTER COLUMN nope SET DATA TYPE NUMERIC'], ['anything else', 'DROP COLUMN id'],
  ])('to change a column to %s', async (_, change) => {
    await table('unchanged').catch(() => undefined)
    expect(await shop.refusal(`ALTER TABLE \`commerce.unchanged\` ${change}`)).not.toMatch(/^accepted/)
  })

  test('types and declarations that it does not know', async () => {
    for (const type of ['GEOGRAPHY', 'BIGNUMERIC', 'TIME']) {
      const schema = { fields: [{ name: 'x', type }] }
      await expect(commerce.createTable('odd', { schema })).rejects.toMatchObject({ code: 400 })
    }
    await expect(commerce.createTable('odd', { view: 'SELECT nope FROM commerce.missing' })).rejects.toMatchObject({ code: 404 })
  })
})

describe('survives', () => {
  test('a restart with all that was answered', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bigquery-'))
    try {
      const first = await openShop(directory)
      const [dataset] = await first.client.createDataset('commerce')
      const [orders] = await dataset.createTable('orders_log', { schema: { fields: ORDER_FIELDS } })
      await dataset.createTable('orders', { view: 'SELECT id, total FROM commerce.orders_log' })
      await orders.insert(ORDERS)
      await first.close()
      const second = await openShop(directory)
      expect(await second.server.rows('commerce', 'orders')).toHaveLength(4)
      await second.client.dataset('commerce').table('orders_log').insert([{ id: 'o4' }])
      expect(await second.server.rows('commerce', 'orders')).toHaveLength(5)
      await second.close()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  test('many writers at once without losing a row', async () => {
    const orders = await table('crowded')
    await Promise.all(Array.from({ length: 40 }, (_, n) => orders.insert([{ id: `o${n}`, version: n }])))
    // 0 + 1 + ... + 39
    const [row] = await shop.ask('SELECT COUNT(DISTINCT id) AS ids, SUM(version) AS sum FROM commerce.crowded')
    expect(row).toEqual({ ids: 40, sum: 780 })
  })

  test('an insert sent again after its answer was lost', async () => {
    const orders = await table('resent')
    shop.wire.addFault({ target: 'bigquery', operation: 'insertAll', when: 'after', effect: 'error', status: 503 })
    const body = JSON.stringify({ rows: [{ insertId: 'event-1', json: { id: 'o1' } }] })
    const path = `/projects/shop/datasets/commerce/tables/${orders.id ?? ''}/insertAll`
    const send = () => fetch(shop.url + path, { method: 'POST', body })
    expect([(await send()).status, (await send()).status]).toEqual([503, 200])
    expect(await shop.server.rows('commerce', 'resent')).toHaveLength(1)
  })
})
