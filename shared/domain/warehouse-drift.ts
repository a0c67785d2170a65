/**
 * Where the warehouse is not as it is declared, and what may be done about it without touching a row: what is missing is
 * made, a column that may be empty is added, a whole number becomes a decimal one, a view gets its new text. Anything else
 * is refused and named: it would lose or rewrite what was handed over, and a person decides that.
 */
import type { Alert } from './alert.ts'
import { viewOf, type Column, type Table, type UnitedView } from './warehouse.ts'

/** A field as BigQuery answers it: with more parts than a declared column has. */
export interface LiveField {
  readonly name: string
  readonly type?: string
  readonly mode?: string
  readonly fields?: readonly LiveField[]
}

/** What BigQuery answers of a table or a view. */
export interface LiveTable {
  readonly schema?: { readonly fields?: readonly LiveField[] }
  readonly view?: { readonly query?: string }
  readonly timePartitioning?: { readonly type?: string; readonly field?: string; readonly expirationMs?: string; readonly requirePartitionFilter?: boolean }
  readonly requirePartitionFilter?: boolean
  readonly clustering?: { readonly fields?: readonly string[] }
}

export type Mend = 'create' | 'add' | 'widen' | 'view' | 'refused'

export interface Drift {
  /** `commerce.orders_log` */
  readonly table: string
  /** The column; null: the whole table or view. */
  readonly column: string | null
  readonly mend: Mend
  /** A sentence for staff. */
  readonly what: string
}

const YEAR_MS = 365 * 86_400_000
const MODERN: Record<string, string> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL', STRUCT: 'RECORD' }
/** What each type may become without a row being written anew. */
const WIDENS: Record<string, readonly string[]> = { INT64: ['NUMERIC', 'FLOAT64'], NUMERIC: ['FLOAT64'] }

export function expirationOf({ retentionYears }: Pick<Table, 'retentionYears'>): string {
  return String(retentionYears * YEAR_MS)
}

/** @param live undefined when there is no such table */
export function tableDrift(table: Table, live: LiveTable | undefined): Drift[] {
  const path = `${table.dataset}.${table.name}`
  if (live === undefined) return [{ table: path, column: null, mend: 'create', what: `${path} is missing` }]
  const columns = columnDrift(table.columns, live.schema?.fields ?? [], '')
  return [...columns.map((drift) => ({ ...drift, table: path, what: `${path}: ${drift.what}` })), ...shapeDrift(table, live, path)]
}

/** @param live undefined when there is no such view */
export function viewDrift(view: UnitedView, live: LiveTable | undefined): Drift[] {
  const path = `${view.dataset}.${view.name}`
  if (live === undefined) return [{ table: path, column: null, mend: 'create', what: `view ${path} is missing` }]
  return live.view?.query === view.query ? [] : [{ table: path, column: null, mend: 'view', what: `view ${path} has another text` }]
}

/** The view over a table, as one among all views. */
export function latestView(table: Table): UnitedView {
  return { dataset: table.dataset, name: table.view, query: viewOf(table) }
}

/** A view over datasets as the shop calls them. */
export function renamedView(view: UnitedView, names: Readonly<Partial<Record<string, string>>>): UnitedView {
  return { ...view, query: view.query.replaceAll(/`(\w+)\./g, (_, declared: string) => `\`${names[declared] ?? declared}.`) }
}

export const DRIFT_KEY = 'warehouse/schema'
const TOLD_MAX = 10

export function driftAlert(drifts: readonly Drift[]): Alert {
  const told = drifts.slice(0, TOLD_MAX).map(({ what }) => what)
  const more = drifts.length > TOLD_MAX ? [`and ${drifts.length - TOLD_MAX} more`] : []
  return {
    key: DRIFT_KEY, severity: 'p1', summary: `BigQuery is not as it is declared: ${[...told, ...more].join('; ')}.`, details: { differences: drifts.length },
  }
}

type ColumnDrift = Omit<Drift, 'table'>

function columnDrift(declared: readonly Column[], live: readonly LiveField[], within: string): ColumnDrift[] {
  const found = declared.flatMap((column) => oneDrift(column, live.find(({ name }) => name === column.name), within))
  const unknown = live.filter(({ name }) => !declared.some((column) => column.name === name))
  return [...found, ...unknown.map(({ name }) => refused(`${within}${name}`, `has a column ${within}${name} that is not declared`))]
}

function oneDrift(column: Column, live: LiveField | undefined, within: string): ColumnDrift[] {
  const path = `${within}${column.name}`
  const mode = column.mode ?? 'NULLABLE'
  if (live === undefined) {
    if (mode === 'REQUIRED') return [refused(path, `has no column ${path}, and needs one in every row: the table must be made anew`)]
    return [{ column: path, mend: 'add', what: `has no column ${path}` }]
  }
  const liveMode = live.mode ?? 'NULLABLE'
  if (liveMode !== mode) return [refused(path, `${path} is ${liveMode} and declared ${mode}`)]
  const type = MODERN[live.type ?? ''] ?? live.type ?? ''
  if (type === column.type) return column.fields === undefined ? [] : columnDrift(column.fields, live.fields ?? [], `${path}.`)
  // A part of a record cannot be widened.
  const widens = within === '' && mode !== 'REPEATED' && WIDENS[type]?.includes(column.type) === true
  return [widens ? { column: path, mend: 'widen', what: `${path} is ${type} and declared ${column.type}` } : refused(path, `${path} is ${type} and declared ${column.type}`)]
}

function shapeDrift(table: Table, live: LiveTable, path: string): Drift[] {
  const { timePartitioning: days, clustering, requirePartitionFilter = days?.requirePartitionFilter } = live
  const wanted = {
    'is cut into days by': ['created_at', days?.field ?? 'nothing'],
    'keeps rows for milliseconds': [expirationOf(table), days?.expirationMs ?? 'ever'],
    'is clustered by': [table.clusteredBy.join(', '), (clustering?.fields ?? []).join(', ')],
    'asks for days in every statement': [String(table.partitionFilter ?? false), String(requirePartitionFilter ?? false)],
  }
  return Object.entries(wanted).flatMap(([what, [declared, found]]) =>
    declared === found ? [] : [{ table: path, column: null, mend: 'refused' as const, what: `${path}: ${what}: ${found}, declared ${declared}` }])
}

function refused(column: string, what: string): ColumnDrift {
  return { column, mend: 'refused', what }
}

/** The fields that a table is to have: those it has, as they are, and behind them what is missing. */
export function withMissing(live: readonly LiveField[], declared: readonly Column[]): LiveField[] {
  const known = live.map((field) => {
    const inner = declared.find(({ name }) => name === field.name)?.fields
    return inner === undefined || field.fields === undefined ? field : { ...field, fields: withMissing(field.fields, inner) }
  })
  return [...known, ...declared.filter(({ name }) => !live.some((field) => field.name === name)).map(fieldOf)]
}

export function fieldOf({ name, type, mode, fields }: Column): LiveField {
  return { name, type, ...(mode === undefined ? {} : { mode }), ...(fields === undefined ? {} : { fields: fields.map(fieldOf) }) }
}
