/** Turns GoogleSQL expressions into DuckDB text whose type is known; a value is never left to DuckDB's own conversions. */
import { refuseQuery } from './refusal.ts'
import { fieldOf, resolve, type Scope } from './scope.ts'
import { choose, commonType, comparable, convert, type Argument, type Typed } from './signatures.ts'
import type { Call, Expr, Order, Query, Window } from './syntax.ts'
import { translateQuery } from './translate-query.ts'
import { BOOL, duckdbType, INT64, quoteName, quoteText, sameType, typeName, type Type } from './columns.ts'

type One<Is extends Expr['is']> = Extract<Expr, { is: Is }>

export function translate(scope: Scope, expr: Expr): Typed {
  switch (expr.is) {
    case 'literal':
      return literal(expr.type, expr.text)
    case 'param':
      return parameter(scope, expr.name)
    case 'path':
      return resolve(scope, expr)
    case 'field':
      return fieldOf(translate(scope, expr.of), expr.name)
    case 'call':
      return call(scope, expr)
    case 'case':
      return caseOf(scope, expr)
    case 'cast':
      return cast(translate(scope, expr.value), expr.type, expr.safe)
    case 'subquery':
      return subquery(scope, expr)
    case 'in':
      return inList(scope, expr)
    case 'array':
      return array(scope, expr)
    case 'struct':
      return struct(scope, expr)
    case 'interval':
      refuseQuery('The local server takes an INTERVAL only beside a date or a timestamp')
  }
}

/** The expression as a condition. */
export function condition(scope: Scope, expr: Expr, clause: string): string {
  const value = translate(scope, expr)
  if (value.type.is !== 'BOOL' && value.type.is !== 'NULL') {
    refuseQuery(`${clause} should return type BOOL, but returns ${typeName(value.type)}`)
  }
  return convert(value, BOOL)
}

const FILTERS = ['=', '<', '<=', '>', '>=', 'BETWEEN']

/** A condition of WHERE or ON; what compares one column with constants is noted as a filter on it. */
export function filter(scope: Scope, expr: Expr, clause: string): string {
  if (expr.is === 'call' && expr.name === 'AND') return `(${expr.args.map((one) => filter(scope, one, clause)).join(' AND ')})`
  const { work } = scope
  work.met = []
  work.references = 0
  const sql = condition(scope, expr, clause)
  const compares = expr.is === 'in' || (expr.is === 'call' && FILTERS.includes(expr.name))
  if (compares && work.references === 1) for (const { scan, column } of work.met) scan.filtered.add(column)
  return sql
}

function literal(type: Type, text: string): Typed {
  if (type.is === 'NULL') return { sql: 'NULL', type }
  return { sql: `CAST(${quoteText(text)} AS ${duckdbType(type)})`, type, literal: text }
}

function parameter(scope: Scope, name: string): Typed {
  const value = scope.work.params.get(name.toLowerCase())
  if (value === undefined) refuseQuery(`Query parameter '${name}' not found`)
  return value
}

function call(scope: Scope, expr: Call): Typed {
  const chosen = choose(expr.name, expr.args.map((arg) => argument(scope, arg)), shown(expr.name))
  const aggregate = chosen.text.includes('$w')
  const windowOnly = chosen.text.includes('$over')
  modifiersFit(expr, chosen.text, aggregate || windowOnly)
  const keys = expr.over?.partitionBy.map((key) => comparableKey(translate(scope, key), 'PARTITION BY')) ?? []
  const over = expr.over === undefined ? '' : ` OVER (${window(scope, expr.over, keys)})`
  if (aggregate || windowOnly) {
    scope.work.folds.push({ is: expr.over === undefined ? 'aggregate' : 'window', by: keys.flatMap(({ origins = [] }) => origins) })
  }
  const skipNull = expr.nulls === 'IGNORE' && aggregate ? ` FILTER (WHERE ${chosen.args[0] ?? ''} IS NOT NULL)` : ''
  const marks: Record<string, string> = {
    '*': chosen.args.join(', '),
    '|': chosen.args.join(' || '),
    now: String(scope.work.nowMicros),
    d: expr.distinct === true ? 'DISTINCT ' : '',
    o: orderBy(scope, expr.orderBy ?? []),
    n: expr.nulls === 'IGNORE' ? ' IGNORE NULLS' : '',
    w: skipNull + over,
    over,
  }
  const marked = (_: string, mark: string) => marks[mark] ?? chosen.args[Number(mark) - 1] ?? ''
  const sql = chosen.text.replace(/\$(\d|\*|\||now|over|[dnow])/g, marked)
  if (expr.limit === undefined) return { sql, type: chosen.type }
  return { sql: `list_slice(${sql}, 1, ${convert(translate(scope, expr.limit), INT64)})`, type: chosen.type }
}

/** DISTINCT, ORDER BY, OVER and the like only where the function has a place for them. */
function modifiersFit(expr: Call, text: string, folds: boolean): void {
  const refused =
    (expr.distinct === true && !text.includes('$d') && 'DISTINCT') ||
    ((expr.orderBy ?? []).length > 0 && !text.includes('$o') && 'ORDER BY') ||
    (expr.nulls !== undefined && !text.includes('$n') && expr.name !== 'ARRAY_AGG' && `${expr.nulls} NULLS`) ||
    (expr.limit !== undefined && expr.name !== 'ARRAY_AGG' && 'LIMIT') ||
    (expr.over !== undefined && !folds && 'OVER')
  if (refused !== false) refuseQuery(`The local server does not take ${refused} in ${shown(expr.name)}`)
  if (text.includes('$over') && expr.over === undefined) {
    refuseQuery(`Analytic function ${shown(expr.name)} cannot be called without an OVER clause`)
  }
}

function shown(name: string): string {
  return /^\W|^(OR|AND|NOT|LIKE|BETWEEN|IS )/.test(name) ? `operator ${name}` : `function ${name}`
}

function argument(scope: Scope, expr: Expr): Argument {
  if (expr.is === 'interval') return { part: expr.part, count: translate(scope, expr.count) }
  if (expr.is === 'call' && expr.name === 'WEEK' && expr.args[0]?.is === 'path') {
    return { part: `WEEK(${expr.args[0].path.join('.').toUpperCase()})` }
  }
  const part = expr.is === 'path' && expr.path.length === 1 ? (expr.path[0] ?? '').toUpperCase() : ''
  if (!PARTS.has(part)) return { value: translate(scope, expr) }
  return isKnown(scope, part.toLowerCase()) ? { part, value: translate(scope, expr) } : { part }
}

const PARTS = new Set(
  'MICROSECOND MILLISECOND SECOND MINUTE HOUR DAY DAYOFWEEK DAYOFYEAR WEEK ISOWEEK MONTH QUARTER YEAR ISOYEAR DATE'.split(' '),
)

/** `day` may be a column's name as well. */
function isKnown(scope: Scope, name: string): boolean {
  const column = scope.sources.some((source) => source.columns.some((one) => one.name.toLowerCase() === name))
  return column || scope.aliases?.has(name) === true || (scope.outer !== undefined && isKnown(scope.outer, name))
}

function window(scope: Scope, over: Window, keys: readonly Typed[]): string {
  const partition = keys.length === 0 ? '' : `PARTITION BY ${keys.map(({ sql }) => sql).join(', ')}`
  return partition + orderBy(scope, over.orderBy) + over.frame
}

/** With NULL first ascending and last descending, as BigQuery has it. */
export function orderBy(scope: Scope, orders: readonly Order[], place?: (expr: Expr) => string | undefined): string {
  if (orders.length === 0) return ''
  const keys = orders.map((order) => {
    const value = place?.(order.value) ?? comparableKey(translate(scope, order.value), 'ORDER BY').sql
    return `${value} ${order.descending ? 'DESC' : 'ASC'} NULLS ${order.nulls ?? (order.descending ? 'LAST' : 'FIRST')}`
  })
  return ` ORDER BY ${keys.join(', ')}`
}

export function comparableKey(value: Typed, clause: string): Typed {
  if (comparable(value.type)) return value
  refuseQuery(`${clause} does not support expressions of type ${value.type.is}`)
}

function caseOf(scope: Scope, expr: One<'case'>): Typed {
  const conditions = expr.whens.map(([when]) => {
    if (expr.operand === undefined) return condition(scope, when, 'CASE')
    return translate(scope, { is: 'call', at: expr.at, name: '=', args: [expr.operand, when] }).sql
  })
  const values = expr.whens.map(([, then]) => translate(scope, then))
  if (expr.otherwise !== undefined) values.push(translate(scope, expr.otherwise))
  const type = common(values, 'CASE')
  const whens = conditions.map((when, index) => `WHEN ${when} THEN ${convert(values[index] as Typed, type)}`)
  const otherwise = expr.otherwise === undefined ? '' : ` ELSE ${convert(values.at(-1) as Typed, type)}`
  return { sql: `(CASE ${whens.join(' ')}${otherwise} END)`, type }
}

function cast(value: Typed, type: Type, safe: boolean): Typed {
  if (value.type.is === 'NULL' || sameType(value.type, type)) return { sql: convert(value, type), type }
  const name = `${safe ? 'SAFE_CAST' : 'CAST'} AS ${typeName(type)}`
  const chosen = choose(name, [{ value: { sql: value.sql, type: value.type } }])
  const exact = value.literal !== undefined && type.is === 'NUMERIC' ? quoteText(value.literal) : (chosen.args[0] ?? '')
  return { sql: chosen.text.replaceAll('$1', () => exact), type }
}

function subquery(scope: Scope, expr: One<'subquery'>): Typed {
  const inner = translateQuery(scope.work, scope.ctes, expr.query, scope)
  scope.work.references += 1
  if (expr.as === 'exists') return { sql: `EXISTS (${inner.sql})`, type: BOOL }
  const type = onlyColumn(inner.columns.map((column) => column.type))
  if (expr.as === 'scalar') return { sql: `(${inner.sql})`, type }
  return { sql: `ARRAY(${inner.sql})`, type: { is: 'ARRAY', of: type } }
}

function onlyColumn(types: readonly Type[]): Type {
  if (types.length === 1) return types[0] as Type
  refuseQuery('Subquery of type IN, ARRAY or scalar must have only one output column')
}

function inList(scope: Scope, expr: One<'in'>): Typed {
  const value = translate(scope, expr.value)
  if (!('is' in expr.among)) {
    const items = expr.among.map((item) => translate(scope, item))
    const type = common([value, ...items], 'IN')
    return { sql: `(${convert(value, type)} IN (${items.map((item) => convert(item, type)).join(', ')}))`, type: BOOL }
  }
  const { sql, type } = expr.among.is === 'unnest' ? unnested(scope, expr.among.value) : queried(scope, expr.among)
  const wanted = common([value, { sql: '', type }], 'IN')
  const among = `SELECT CAST("v" AS ${duckdbType(wanted)}) FROM (${sql}) AS "among"("v")`
  return { sql: `(${convert(value, wanted)} IN (${among}))`, type: BOOL }
}

function unnested(scope: Scope, expr: Expr): Typed {
  const list = translate(scope, expr)
  if (list.type.is !== 'ARRAY') refuseQuery(`Values referenced in UNNEST must be arrays, not ${list.type.is}`)
  return { sql: `SELECT unnest(${list.sql})`, type: list.type.of }
}

function queried(scope: Scope, query: Query): Typed {
  const inner = translateQuery(scope.work, scope.ctes, query, scope)
  scope.work.references += 1
  return { sql: inner.sql, type: onlyColumn(inner.columns.map((column) => column.type)) }
}

function array(scope: Scope, expr: One<'array'>): Typed {
  const items = expr.items.map((item) => translate(scope, item))
  const of = expr.of ?? common(items, 'ARRAY')
  const sql = `CAST([${items.map((item) => convert(item, of)).join(', ')}] AS ${duckdbType(of)}[])`
  return { sql, type: { is: 'ARRAY', of } }
}

function struct(scope: Scope, expr: One<'struct'>): Typed {
  const fields = expr.items.map((item) => {
    const name = item.alias ?? (item.value.is === 'path' ? item.value.path.at(-1) : undefined)
    if (name === undefined) refuseQuery('The local server wants a name for every field of a STRUCT')
    const value = translate(scope, item.value)
    return { name, type: value.type.is === 'NULL' ? INT64 : value.type, sql: value.sql }
  })
  const sql = `{${fields.map((field) => `${quoteName(field.name)}: ${field.sql}`).join(', ')}}`
  return { sql, type: { is: 'STRUCT', fields: fields.map(({ name, type }) => ({ name, type })) } }
}

function common(values: readonly Typed[], where: string): Type {
  const type = commonType(values)
  if (type !== undefined) return type
  const types = values.map((value) => typeName(value.type)).join(', ')
  refuseQuery(`No matching signature for ${where} for argument types: ${types}`)
}
