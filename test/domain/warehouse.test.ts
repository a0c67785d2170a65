/** The declaration holds what the shop promises to keep; a row is of its table, or refused with its reason. */
import { describe, expect, test } from 'vitest'
import { auditEvent, orderRow, SCHEMA_VERSION } from '#domain/rows.ts'
import { faultOf } from '#domain/warehouse-faults.ts'
import { factRow } from '#domain/warehouse-rows.ts'
import { TABLES, viewOf } from '#domain/warehouse.ts'
import { NOW_MS, orderIn } from './given.ts'

const PROMISED: Record<string, string> = {
  commerce: 'square_payments square_items orders payments memberships raffles raffle_tickets raffle_transactions age_verifications ledger',
  analytics: 'lightspeed_transactions lightspeed_products',
  customer_memory: 'customer_profiles interactions purchases predictions strains',
  audit: 'events seals',
}
const at = '2026-11-30T10:00:00.000Z'
const SEAL = {
  id: '2026-11-29', events: 3, late: 0, root: 'r', previous_seal_hash: null, seal_hash: 'h', key_id: null, signature: null, created_at: at, updated_at: at,
  row_version: 1, schema_version: SCHEMA_VERSION,
} as const
const order = orderRow(orderIn('paid'))
const event = auditEvent({ id: 'e', who: 'x', what: 'y', subject: 'z', before: null, after: { a: 1 }, why: 'w', requestId: null, ip: null, atMs: NOW_MS })

describe('does', () => {
  test('declare every table of the shop, each with its view, when it was written and in which form', () => {
    for (const [dataset, names] of Object.entries(PROMISED)) {
      expect(TABLES.filter((table) => table.dataset === dataset).map(({ view }) => view)).toEqual(expect.arrayContaining(names.split(' ')))
    }
    for (const { name, view, columns } of TABLES) {
      expect([name, view]).toEqual([`${view}_log`, name.replace('_log', '')])
      expect(columns.map((column) => column.name)).toEqual(expect.arrayContaining(['id', 'created_at', 'updated_at', 'row_version', 'schema_version']))
    }
  })

  test('keep money, age and raffles for seven years, and what the shop remembers of people for two', () => {
    const years = new Map(TABLES.map(({ dataset, name, retentionYears }) => [`${dataset}.${name}`, retentionYears]))
    for (const name of ['orders', 'payments', 'ledger', 'raffles', 'raffle_tickets', 'age_verifications', 'square_payments']) expect(years.get(`commerce.${name}_log`)).toBe(7)
    for (const [path, kept] of years) if (path.startsWith('customer_memory')) expect([path, kept]).toEqual([path, 2])
  })

  test('ask for days in statements only where events come by the million, and let a filter through the view', () => {
    const asked = TABLES.filter(({ partitionFilter }) => partitionFilter === true)
    expect(asked.map(({ name }) => name)).toEqual(['interactions_log', 'usage_events_log', 'mails_log', 'pushes_log'])
    for (const table of asked) expect(viewOf(table)).toContain('PARTITION BY id, created_at ORDER BY')
    expect(viewOf({ dataset: 'commerce', name: 'orders_log' })).toContain('PARTITION BY id ORDER BY')
  })

  test('take the rows that functions write, and those of before a column was declared', () => {
    expect(faultOf(order)).toBeUndefined()
    expect(faultOf(event)).toBeUndefined()
    expect(faultOf(factRow('audit.seals_log', 's', SEAL))).toBeUndefined()
    const { promo_discount: _, items: __, ...older } = order.json
    expect(faultOf({ ...order, json: older })).toBeUndefined()
  })

  test('know the columns of a table where its rows are written', () => {
    // @ts-expect-error a column that no table has
    factRow('audit.seals_log', 's', { ...SEAL, colour: 'green' })
    // @ts-expect-error a number is no text
    factRow('audit.seals_log', 's', { ...SEAL, root: 7 })
    const { root: _, ...rootless } = SEAL
    // @ts-expect-error a column that was forgotten
    factRow('audit.seals_log', 's', rootless)
  })
})

describe('refuses', () => {
  test.each([
    ['a column that is not declared', { colour: 'green' }, 'colour: no such column'],
    ['money as a number', { total: 12.5 }, /^total: /],
    ['money with ten digits behind the point', { total: '1.0123456789' }, 'total: must be a decimal number as text'],
    ['a moment that is none', { updated_at: 'yesterday' }, /^updated_at: /],
    ['a row without its id', { id: undefined }, /^id: /],
    ['a part of a record that is not declared', { items: [{ sku: 'a', size: 'L' }] }, 'items.0.size: no such column'],
    ['half a piece', { items: [{ sku: 'a', quantity: 1.5 }] }, /^items\.0\.quantity: /],
  ])('%s', (_, change, reason) => {
    const fault = faultOf({ ...order, json: { ...order.json, ...change } })
    if (typeof reason === 'string') expect(fault).toBe(reason)
    else expect(fault).toMatch(reason)
  })

  test('a row of a table that nobody declared', () => {
    expect(faultOf({ ...order, table: 'orders' })).toBe('commerce.orders is no table of the warehouse')
  })
})
