/** What is missing is named, and only that. */
import { describe, expect, test } from 'vitest'
import { daysOf, failingAlert, missingAlert, missingAmong, stillKept } from '#domain/hand-over.ts'
import { orderRow } from '#domain/rows.ts'
import type { WarehouseRow } from '#domain/warehouse-rows.ts'
import { orderIn } from './given.ts'

const row = (id: string, version: number, createdAt = '2026-11-20T10:00:00.000Z'): WarehouseRow => {
  const one = orderRow(orderIn('paid'))
  return { ...one, insertId: `${id}-${version}`, json: { ...one.json, id, row_version: version, created_at: createdAt } }
}

describe('does', () => {
  test('tell two versions of one thing apart, whatever BigQuery writes numbers as', () => {
    const rows = [row('o1', 1), row('o1', 2), row('o2', 1)]
    expect(missingAmong(rows, [{ id: 'o1', version: 1 }, { id: 'o2', version: '1' }])).toEqual([rows[1]])
    expect(missingAmong(rows, rows.map(({ json }) => ({ id: json['id'], version: json['row_version'] })))).toEqual([])
  })

  test('look on the days of the rows, and on no other', () => {
    expect(daysOf([row('a', 1, '2026-11-20T23:59:59.999Z'), row('b', 1, '2026-11-18T00:00:00.000Z'), row('c', 1, '2026-11-19T12:00:00-06:00')])).toEqual({ fromDay: '2026-11-18', toDay: '2026-11-20' })
  })

  test('not miss what its table does not keep any more', () => {
    const rows = [row('old', 1, '2024-11-29T00:00:00.000Z'), row('new', 1, '2024-12-02T00:00:00.000Z')]
    expect(stillKept(rows, 2, Date.parse('2026-11-30T00:00:00.000Z')).map(({ json }) => json['id'])).toEqual(['new'])
    expect(stillKept(rows, 7, Date.parse('2026-11-30T00:00:00.000Z')).length).toBe(2)
  })

  test('tell staff how many, where, and since when', () => {
    expect(missingAlert(2, [{ day: '2026-11-20', ours: 5, theirs: 3 }])).toMatchObject({
      severity: 'p0',
      summary: '2 rows that BigQuery took are not found in it; they are sent again. Entries of the journal are missing in BigQuery (2026-11-20: 5 in the journal, 3 in the warehouse).',
    })
    expect(failingAlert(Date.parse('2026-11-20T10:00:00.000Z'), 7).summary).toBe('Rows wait for BigQuery since 2026-11-20T10:00:00.000Z: 7 entries. Reports and the audit trail fall behind.')
  })
})
