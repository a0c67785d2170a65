/**
 * Turns a GoogleSQL query into DuckDB text with known columns. Clauses are read in the order in which GoogleSQL gives
 * names their meaning: FROM, WHERE, SELECT, then GROUP BY, HAVING, QUALIFY and ORDER BY, which may name its aliases.
 */
import { parseStatement } from './parse-query.ts'
import { refuseQuery } from './refusal.ts'
import { met, type Ctes, type Fold, type Output, type Scan, type Scope, type Source, type Visible, type Work } from './scope.ts'
import { commonType, convert, type Typed } from './signatures.ts'
import type { Body, Expr, From, Item, Order, Query, Select, Star } from './syntax.ts'
import { comparableKey, condition, filter, orderBy, translate } from './translate-expression.ts'
import { duckdbType, INT64, quoteName, sameType, typeName, type Column } from './columns.ts'

const VIEW_DEPTH_MAX = 16

export interface Translated {
  readonly sql: string
  readonly columns: readonly Output[]
}

/** A whole statement: its columns have names of their own, and tables that ask for a partition filter get one. */
export function translateStatement(work: Work, sql: string): Translated {
  const result = translateQuery(work, new Map(), parseStatement(sql))
  const names = result.columns.map((column) => column.name.toLowerCase())
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    refuseQuery(`Duplicate column names in the result are not supported. Found duplicate(s): ${twice}`)
  }
  for (const { table, partitionColumn, filtered } of work.scans) {
    if (partitionColumn === undefined || filtered.has(partitionColumn)) continue
    const filter = `a filter over column(s) '${partitionColumn}' that can be used for partition elimination`
    refuseQuery(`Cannot query over table '${table}' without ${filter}`)
  }
  return result
}

export function translateQuery(work: Work, ctes: Ctes, query: Query, outer?: Scope): Translated {
  const known = new Map(ctes)
  const texts: string[] = []
  for (const { name, query: inner } of query.with) {
    const before = new Map(known)
    const { sql, columns } = translateQuery(work, before, inner, outer)
    let unnamed: readonly Output[] | undefined = columns
    known.set(name.toLowerCase(), () => {
      const taken = unnamed ?? translateQuery(work, before, inner, outer).columns
      unnamed = undefined
      return taken
    })
    texts.push(`${quoteName(name.toLowerCase())} AS (${sql})`)
  }
  const { body, orderBy: orders } = query
  const result = body.is === 'select' ? select(work, known, body, orders, outer) : ordered(work, known, query, outer)
  const limit = bound(work, 'LIMIT', query.limit) + bound(work, 'OFFSET', query.offset)
  const sql = (texts.length === 0 ? '' : `WITH ${texts.join(', ')} `) + result.sql + limit
  return { sql, columns: limit === '' ? result.columns : withoutOrigins(result.columns) }
}

function bound(work: Work, word: string, expr: Expr | undefined): string {
  if (expr === undefined) return ''
  if (expr.is !== 'literal' && expr.is !== 'param') refuseQuery(`${word} expects an integer literal or parameter`)
  const value = translate({ work, ctes: new Map(), sources: [] }, expr)
  if (value.type.is !== 'INT64') refuseQuery(`${word} expects an integer literal or parameter`)
  return ` ${word} ${value.sql}`
}

/** A set operation or a query in parentheses: ORDER BY sees the columns of the result only. */
function ordered(work: Work, ctes: Ctes, query: Query, outer: Scope | undefined): Translated {
  const inner = bodyOf(work, ctes, query.body, outer)
  if (query.orderBy.length === 0) return inner
  const columns = inner.columns.map((column) => ({ ...column, sql: `"result".${quoteName(column.name)}` }))
  const scope: Scope = { work, ctes, sources: [{ alias: undefined, columns }], outer }
  const order = orderBy(scope, query.orderBy, (expr) => ordinal(expr, columns.length))
  return { sql: `SELECT * FROM (${inner.sql}) AS "result"${order}`, columns: inner.columns }
}

function bodyOf(work: Work, ctes: Ctes, one: Body, outer: Scope | undefined): Translated {
  if (one.is === 'query') {
    const inner = translateQuery(work, ctes, one, outer)
    return { sql: `(${inner.sql})`, columns: inner.columns }
  }
  if (one.is === 'select') return select(work, ctes, one, [], outer)
  const left = bodyOf(work, ctes, one.left, outer)
  const right = bodyOf(work, ctes, one.right, outer)
  if (left.columns.length !== right.columns.length) {
    refuseQuery('Queries in a set operation have mismatched column count')
  }
  const columns = left.columns.map((column, index) => unite(column, right.columns[index] as Output, one.operator))
  const operator = one.operator.replace(' DISTINCT', '')
  return { sql: `${recast(left, columns)} ${operator} ${recast(right, columns)}`, columns }
}

function unite(left: Output, right: Output, operator: string): Output {
  const type = commonType([{ sql: '', type: left.type }, { sql: '', type: right.type }])
  if (type === undefined) {
    const types = `${typeName(left.type)}, ${typeName(right.type)}`
    refuseQuery(`Column ${left.name} in ${operator} has incompatible types: ${types}`)
  }
  const through = operator === 'UNION ALL' && left.origins !== undefined && right.origins !== undefined
  return { name: left.name, type, origins: through ? [...(left.origins ?? []), ...(right.origins ?? [])] : undefined }
}

function recast({ sql, columns }: Translated, wanted: readonly Column[]): string {
  const names = columns.map((_, index) => `"c${index}"`)
  const casts = wanted.map(({ name, type }, index) => `CAST("c${index}" AS ${duckdbType(type)}) AS ${quoteName(name)}`)
  return `(SELECT ${casts.join(', ')} FROM (${sql}) AS "side"(${names.join(', ')}))`
}

interface Selected {
  readonly name: string
  readonly named: boolean
  readonly value: Typed
}

function select(work: Work, ctes: Ctes, ast: Select, orders: readonly Order[], outer: Scope | undefined): Translated {
  const { sources, text: from } = sourcesOf(work, ctes, ast.from, outer)
  const outside = work.folds.length
  const scope: Scope = { work, ctes, sources, outer }
  const where = ast.where === undefined ? '' : ` WHERE ${filter(scope, ast.where, 'WHERE clause')}`
  const items = selectedOf(scope, ast)
  const aliases = aliasesOf(items)
  const keyScope: Scope = { ...scope, aliases, aliasFirst: true }
  const keys = ast.groupBy.map((expr) => groupKey(keyScope, expr, items))
  const afterScope: Scope = { ...scope, aliases }
  const having = ast.having === undefined ? '' : ` HAVING ${condition(afterScope, ast.having, 'HAVING clause')}`
  const qualify = ast.qualify === undefined ? '' : ` QUALIFY ${condition(afterScope, ast.qualify, 'QUALIFY clause')}`
  const order = orderBy(keyScope, orders, (expr) => ordinal(expr, items.length) ?? aliasPlace(expr, items))
  if (ast.distinct) for (const item of items) comparableKey(item.value, 'SELECT DISTINCT')
  const list = items.map((item) => `${item.value.sql} AS ${quoteName(item.name)}`).join(', ')
  const group = keys.length === 0 ? '' : ` GROUP BY ${keys.map((key) => key.sql).join(', ')}`
  const folds = work.folds.splice(outside)
  if (keys.length > 0) folds.push({ is: 'aggregate', by: [] })
  const columns = items.map(({ name, value }): Output => ({ name, type: value.type, origins: passedBy(folds, keys, value) }))
  const sql = `SELECT ${ast.distinct ? 'DISTINCT ' : ''}${list}${from}${where}${group}${having}${qualify}${order}`
  return { sql, columns }
}

/** Where a filter on the column from outside arrives: undefined where an aggregate or a window does not let it pass. */
function passedBy(folds: readonly Fold[], keys: readonly Typed[], { origins }: Typed): Output['origins'] {
  const groups = keys.flatMap((key) => key.origins ?? [])
  const passes = folds.every(({ is, by }) => {
    const known = is === 'aggregate' ? groups : by
    return origins?.every((origin) => known.some(({ scan, column }) => scan === origin.scan && column === origin.column)) === true
  })
  return passes ? origins : undefined
}

function selectedOf(scope: Scope, ast: Select): Selected[] {
  const items: Selected[] = []
  let unnamed = 0
  for (const item of ast.items) {
    if (item.is === 'star') items.push(...expand(scope, item))
    else {
      const name = item.alias ?? nameOf(item.value)
      const value = translate(scope, item.value)
      const typed = value.type.is === 'NULL' ? { sql: convert(value, INT64), type: INT64 } : value
      items.push({ name: name ?? `f${unnamed++}_`, named: name !== undefined, value: typed })
    }
  }
  return items
}

function nameOf(expr: Expr): string | undefined {
  return expr.is === 'path' ? expr.path.at(-1) : expr.is === 'field' ? expr.name : undefined
}

function expand(scope: Scope, star: Star): Selected[] {
  const of = star.of?.toLowerCase()
  const sources = scope.sources.filter((source) => of === undefined || source.alias?.toLowerCase() === of)
  if (sources.length === 0) refuseQuery(`SELECT * must have a FROM clause or a known alias: ${star.of ?? '*'}`)
  const all = sources.flatMap((source) => source.columns.filter((column) => of !== undefined || column.qualifiedOnly !== true))
  const except = star.except.map((name) => name.toLowerCase())
  const replace = new Map(star.replace.map((item: Item) => [item.alias?.toLowerCase(), item.value]))
  for (const name of [...except, ...replace.keys()]) {
    if (!all.some((column) => column.name.toLowerCase() === name)) {
      refuseQuery(`Column ${name ?? ''} in SELECT * EXCEPT or REPLACE list does not exist`)
    }
  }
  return all
    .filter((column) => !except.includes(column.name.toLowerCase()))
    .map((column) => {
      const other = replace.get(column.name.toLowerCase())
      return { name: column.name, named: true, value: other === undefined ? met(scope, column) : translate(scope, other) }
    })
}

function aliasesOf(items: readonly Selected[]): Map<string, Typed | undefined> {
  const aliases = new Map<string, Typed | undefined>()
  for (const { name, named, value } of items) {
    const key = name.toLowerCase()
    if (named) aliases.set(key, aliases.has(key) ? undefined : value)
  }
  return aliases
}

function groupKey(scope: Scope, expr: Expr, items: readonly Selected[]): Typed {
  const place = ordinal(expr, items.length)
  const value = place === undefined ? translate(scope, expr) : (items[Number(place) - 1] as Selected).value
  return comparableKey(value, 'GROUP BY')
}

/** `ORDER BY 2` and `GROUP BY 2` mean a column of the SELECT list. */
function ordinal(expr: Expr, count: number): string | undefined {
  if (expr.is !== 'literal' || expr.type.is !== 'INT64') return undefined
  const place = Number(expr.text)
  if (place < 1 || place > count) refuseQuery(`Column number ${expr.text} is out of range`)
  return String(place)
}

/** A bare alias orders by the column's place: it works with DISTINCT and GROUP BY alike. */
function aliasPlace(expr: Expr, items: readonly Selected[]): string | undefined {
  if (expr.is !== 'path' || expr.path.length > 1) return undefined
  const wanted = expr.path[0]?.toLowerCase()
  const places = items.flatMap((item, index) => (item.named && item.name.toLowerCase() === wanted ? [index] : []))
  if (places.length !== 1) return undefined
  comparableKey((items[places[0] as number] as Selected).value, 'ORDER BY')
  return String((places[0] as number) + 1)
}

function withoutOrigins(columns: readonly Output[]): Output[] {
  return columns.map(({ name, type }) => ({ name, type }))
}

function sourcesOf(work: Work, ctes: Ctes, from: readonly From[], outer: Scope | undefined): { sources: Source[]; text: string } {
  const sources: Source[] = []
  let text = ''
  for (const one of from) {
    const { source, sql } = sourceOf({ work, ctes, sources, outer }, one)
    const alias = source.alias?.toLowerCase()
    if (alias !== undefined && sources.some((other) => other.alias?.toLowerCase() === alias)) {
      refuseQuery(`Duplicate table alias ${alias} in the same FROM clause`)
    }
    const using = one.using.length === 0 ? undefined : merge(sources, source, one)
    if (using === undefined) sources.push(source)
    const on = using ?? (one.on === undefined ? '' : ` ON ${filter({ work, ctes, sources, outer }, one.on, 'JOIN ON clause')}`)
    text += ` ${one.join} ${sql}${on}`
  }
  return { sources, text }
}

/** `USING (k)`: one column `k` stands for both; what it is depends on which side may be missing. */
function merge(sources: Source[], right: Source, one: From): string {
  const merged: Visible[] = []
  const conditions = one.using.map((name) => {
    const left = hide(sources, name)
    const other = hide([right], name)
    if (!sameType(left.type, other.type)) refuseQuery(`USING column ${name} has two types`)
    const both = { FROM: left.sql, 'CROSS JOIN': left.sql, JOIN: left.sql, 'LEFT JOIN': left.sql, 'RIGHT JOIN': other.sql }
    const sql = one.join === 'FULL JOIN' ? `coalesce(${left.sql}, ${other.sql})` : both[one.join]
    merged.push({ name: left.name, type: left.type, sql, origins: [...(left.origins ?? []), ...(other.origins ?? [])] })
    return `${left.sql} = ${other.sql}`
  })
  sources.unshift({ alias: undefined, columns: merged })
  sources.push(right)
  return ` ON ${conditions.join(' AND ')}`
}

function hide(sources: readonly Source[], name: string): Visible {
  const matches = (column: Visible) => column.qualifiedOnly !== true && column.name.toLowerCase() === name.toLowerCase()
  const found = sources.flatMap((source) => source.columns.filter(matches))
  if (found.length !== 1) refuseQuery(`Column ${name} in USING clause is ${found.length === 0 ? 'not found' : 'ambiguous'}`)
  for (const origin of found[0]?.origins ?? []) origin.scan.columns.add(origin.column)
  const hidden = (column: Visible) => (matches(column) ? { ...column, qualifiedOnly: true } : column)
  for (const source of sources) source.columns = source.columns.map(hidden)
  return found[0] as Visible
}

function sourceOf(scope: Scope, one: From): { source: Source; sql: string } {
  if (one.source.is === 'unnest') return unnest(scope, one, one.source.value)
  if (one.source.is === 'query') {
    const alias = one.alias ?? `subquery${scope.sources.length}`
    const inner = translateQuery(scope.work, scope.ctes, one.source, scope.outer)
    return { source: visible(one.alias, alias, inner.columns), sql: `(${inner.sql}) AS ${quoteName(alias)}` }
  }
  const { path } = one.source
  const alias = one.alias ?? (path.at(-1) as string)
  const cte = path.length === 1 ? scope.ctes.get((path[0] as string).toLowerCase()) : undefined
  if (cte !== undefined) {
    const name = quoteName((path[0] as string).toLowerCase())
    return { source: visible(alias, alias, cte()), sql: `${name} AS ${quoteName(alias)}` }
  }
  const { sql, columns } = relation(scope.work, path)
  return { source: visible(alias, alias, columns), sql: `${sql} AS ${quoteName(alias)}` }
}

function visible(alias: string | undefined, shown: string, columns: readonly Output[]): Source {
  return { alias, columns: columns.map((column) => ({ ...column, sql: `${quoteName(shown)}.${quoteName(column.name)}` })) }
}

/** A table is scanned; a view is its own text, read anew at each use, that sees nothing of the statement around. */
function relation(work: Work, path: readonly string[]): Translated {
  const found = work.relation(path)
  if (found.view === undefined) {
    const scan: Scan = { table: found.name, columns: new Set(), filtered: new Set(), partitionColumn: found.partitionColumn }
    work.scans.push(scan)
    return { sql: found.sql, columns: found.columns.map((column) => ({ ...column, origins: [{ scan, column: column.name }] })) }
  }
  if (work.depth >= VIEW_DEPTH_MAX) refuseQuery(`Too many nested views at ${found.name}`)
  const inside: Work = { ...work, params: new Map(), depth: work.depth + 1, folds: [] }
  const inner = translateQuery(inside, new Map(), parseStatement(found.view))
  return { sql: `(${inner.sql})`, columns: inner.columns }
}

function unnest(scope: Scope, one: From, expr: Expr): { source: Source; sql: string } {
  if (one.alias === undefined) refuseQuery('The local server wants an alias for every UNNEST')
  const list = translate(scope, expr)
  if (list.type.is !== 'ARRAY') refuseQuery(`Values referenced in UNNEST must be arrays, not ${list.type.is}`)
  const alias = quoteName(one.alias)
  const value: Typed = { sql: `${alias}."v"`, type: list.type.of }
  const fields = value.type.is === 'STRUCT' ? value.type.fields : undefined
  const columns: Visible[] =
    fields === undefined
      ? [{ name: one.alias, type: value.type, sql: value.sql }]
      : fields.map((field) => ({ ...field, sql: `struct_extract(${value.sql}, '${field.name}')` }))
  if (one.offset !== undefined) columns.push({ name: one.offset, type: INT64, sql: `(${alias}."n" - 1)` })
  const ordinality = one.offset === undefined ? '' : ' WITH ORDINALITY'
  const names = one.offset === undefined ? '("v")' : '("v", "n")'
  const on = one.join === 'LEFT JOIN' && one.on === undefined ? ' ON true' : ''
  return { source: { alias: one.alias, columns, value }, sql: `unnest(${list.sql})${ordinality} AS ${alias}${names}${on}` }
}
