/** What of the rows that were handed over to the warehouse is found there, and what staff are told when it is not. */
import { DAY_MS, iso } from '#values/time.ts'
import type { Alert } from './alert.ts'
import type { WarehouseRow } from './warehouse-rows.ts'

export const MISSING_KEY = 'warehouse/missing-events'
export const FAILING_KEY = 'warehouse/hand-over'
/** So often a row is looked for and sent again; then it is kept apart, and a person decides. */
export const MISSES_MAX = 24
const YEAR_MS = 365 * DAY_MS
const DAYS_TOLD_MAX = 10

export interface Found {
  readonly id: unknown
  readonly version: unknown
}

/** Id and version name a fact. */
function factOf(id: unknown, version: unknown): string {
  return `${String(id)} ${Number(version ?? 1)}`
}

/** Rows that their table still keeps: what is older leaves it with its day, and is not missing. */
export function stillKept(rows: readonly WarehouseRow[], retentionYears: number, nowMs: number): WarehouseRow[] {
  const fromMs = nowMs - retentionYears * YEAR_MS + DAY_MS
  return rows.filter(({ json }) => Date.parse(String(json['created_at'])) >= fromMs)
}

export function missingAmong(rows: readonly WarehouseRow[], found: readonly Found[]): WarehouseRow[] {
  const known = new Set(found.map(({ id, version }) => factOf(id, version)))
  return rows.filter(({ json }) => !known.has(factOf(json['id'], json['row_version'])))
}

/** The first and the last day on which rows were written: tables are cut into days by it. */
export function daysOf(rows: readonly WarehouseRow[]): { readonly fromDay: string; readonly toDay: string } {
  const days = rows.map(({ json }) => iso(Date.parse(String(json['created_at']))).slice(0, 10)).sort()
  return { fromDay: days[0] ?? '', toDay: days.at(-1) ?? '' }
}

export interface DayCount {
  /** `2026-11-20`, in UTC. */
  readonly day: string
  readonly ours: number
  readonly theirs: number
}

/** @param missedRows rows that were taken, looked for, and not found */
export function missingAlert(missedRows: number, days: readonly DayCount[]): Alert {
  const differing = days.slice(0, DAYS_TOLD_MAX).map(({ day, ours, theirs }) => `${day}: ${ours} in the journal, ${theirs} in the warehouse`)
  const sentences = [
    ...(missedRows === 0 ? [] : [`${missedRows} rows that BigQuery took are not found in it; they are sent again.`]),
    ...(differing.length === 0 ? [] : [`Entries of the journal are missing in BigQuery (${differing.join('; ')}).`]),
  ]
  return { key: MISSING_KEY, severity: 'p0', summary: sentences.join(' '), details: { rows: missedRows, days: days.length } }
}

export function failingAlert(sinceMs: number, waiting: number): Alert {
  return {
    key: FAILING_KEY, severity: 'p0', summary: `Rows wait for BigQuery since ${iso(sinceMs)}: ${waiting} entries. Reports and the audit trail fall behind.`,
    details: { since: iso(sinceMs), waiting },
  }
}
