/**
 * What a name means at a place of a statement: columns of the sources in FROM, fields of records, aliases of the SELECT
 * list where GoogleSQL lets them be named, then the statement around. An alias in WHERE, an unknown or an ambiguous name
 * is refused here, as BigQuery does and DuckDB would not.
 */
import { refuseQuery } from './refusal.ts'
import type { Origin, Typed } from './signatures.ts'
import { quoteText, type Column, type Type } from './columns.ts'
import type { Expr } from './syntax.ts'

/** One reading of a base table. */
export interface Scan {
  readonly table: string
  /** Columns read, for the estimate of bytes. */
  readonly columns: Set<string>
  /** Columns compared with a constant, for tables that require a partition filter. */
  readonly filtered: Set<string>
  readonly partitionColumn: string | undefined
}

/** A column of a query's result. */
export interface Output extends Column {
  readonly origins?: readonly Origin[] | undefined
}

export interface Visible extends Output {
  readonly sql: string
  /** Reached by its source's alias only: a JOIN ... USING has merged it with another. */
  readonly qualifiedOnly?: boolean
}

export interface Source {
  readonly alias: string | undefined
  columns: Visible[]
  /** What the bare alias of an UNNEST means. */
  readonly value?: Typed
}

/** A table or a view, as far as a statement needs it. */
export interface Relation {
  readonly name: string
  readonly columns: readonly Column[]
  /** GoogleSQL of a view; a table has none. */
  readonly view?: string | undefined
  readonly sql: string
  /** The column that every query must compare with a constant. */
  readonly partitionColumn?: string | undefined
}

export interface Fold {
  readonly is: 'aggregate' | 'window'
  /** PARTITION BY of a window; what aggregates are grouped by, their SELECT says. */
  readonly by: readonly Origin[]
}

/** One statement under translation. */
export interface Work {
  readonly relation: (path: readonly string[]) => Relation
  readonly params: ReadonlyMap<string, Typed>
  readonly nowMicros: bigint
  readonly scans: Scan[]
  /** Views inside views so far. */
  readonly depth: number
  /** Columns met while one condition is translated, and how often it named any. */
  met: Origin[]
  references: number
  /**
   * Aggregates and windows of the SELECT under translation. A filter from outside on what they tell rows apart by takes whole
   * groups of rows, and passes; any other would change what they make of them.
   */
  readonly folds: Fold[]
}

/** Queries by name. Each naming takes its columns anew: BigQuery runs the query wherever it is named, and a filter is good for one place. */
export type Ctes = ReadonlyMap<string, () => readonly Output[]>

export interface Scope {
  readonly work: Work
  readonly ctes: Ctes
  readonly sources: readonly Source[]
  readonly outer?: Scope | undefined
  /** Aliases of the SELECT list, where they may be named; undefined for one given twice. */
  readonly aliases?: ReadonlyMap<string, Typed | undefined> | undefined
  /** GROUP BY and ORDER BY prefer the alias; elsewhere a clash with a column is refused. */
  readonly aliasFirst?: boolean | undefined
}

export function resolve(scope: Scope, { path }: Extract<Expr, { is: 'path' }>): Typed {
  const first = (path[0] as string).toLowerCase()
  const alias = path.length === 1 && scope.aliases?.has(first) === true
  const found = candidates(scope, path)
  if (alias) {
    const value = scope.aliases?.get(first)
    const clash = found[0] !== undefined && found[0].value.sql !== value?.sql && scope.aliasFirst !== true
    if (value === undefined || clash) refuseQuery(`Column name ${path[0] ?? ''} is ambiguous`)
    return value
  }
  if (found.length > 1) refuseQuery(`Column name ${path[0] ?? ''} is ambiguous`)
  if (found[0] !== undefined) return found[0].rest.reduce(fieldOf, met(scope, found[0].value))
  if (scope.outer !== undefined) return resolve({ ...scope.outer, work: scope.work }, { is: 'path', at: 0, path })
  refuseQuery(`Unrecognized name: ${path.join('.')}`)
}

interface Candidate {
  readonly value: Typed
  readonly rest: readonly string[]
}

function candidates(scope: Scope, path: readonly string[]): Candidate[] {
  const [first = '', second] = path.map((name) => name.toLowerCase())
  const source = scope.sources.find((one) => one.alias?.toLowerCase() === first)
  if (source !== undefined) {
    const column = source.columns.find((one) => one.name.toLowerCase() === second)
    if (column !== undefined) return [{ value: column, rest: path.slice(2) }]
    if (source.value !== undefined) return [{ value: source.value, rest: path.slice(1) }]
    if (second !== undefined) refuseQuery(`Name ${second} not found inside ${first}`)
    const homonym = scope.sources.some((one) => named(one, first).length > 0)
    if (!homonym) refuseQuery(`The local server does not take the row ${first} as a value`)
  }
  return scope.sources.flatMap((one) => named(one, first)).map((value) => ({ value, rest: path.slice(1) }))
}

function named(source: Source, name: string): Visible[] {
  return source.columns.filter((column) => column.qualifiedOnly !== true && column.name.toLowerCase() === name)
}

/** Notes that a statement has read the column. */
export function met(scope: Scope, value: Typed): Typed {
  for (const origin of value.origins ?? []) {
    origin.scan.columns.add(origin.column)
    scope.work.met.push(origin)
  }
  scope.work.references += 1
  return { sql: value.sql, type: value.type, origins: value.origins }
}

export function fieldOf(record: Typed, name: string): Typed {
  const fields = record.type.is === 'STRUCT' ? record.type.fields : []
  const field = fields.find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (field === undefined) refuseQuery(`Field name ${name} does not exist in ${record.type.is}`)
  return { sql: `struct_extract(${record.sql}, ${quoteText(field.name)})`, type: field.type as Type }
}
