/** Reads a GoogleSQL query: WITH, SELECT, set operations, joins. Anything that changes data is refused by name. */
import { Cursor } from './cursor.ts'
import { parseExpression, parseOrderBy } from './parse-expression.ts'
import { refuseQuery } from './refusal.ts'
import type { Body, From, Item, Query, Select, Star } from './syntax.ts'

const SET_OPERATORS = ['UNION ALL', 'UNION DISTINCT', 'INTERSECT DISTINCT', 'EXCEPT DISTINCT']

/** A whole statement: one query, and nothing after it. */
export function parseStatement(sql: string): Query {
  const c = new Cursor(sql)
  const { kind, text } = c.peek()
  if (kind === 'word' && !/^(select|with)$/i.test(text)) {
    refuseQuery(`${text.toUpperCase()} is not supported by the local server; it runs queries only.`)
  }
  const query = parseQuery(c)
  if (c.peek().kind !== 'end') c.unexpected()
  return query
}

export function isQuery(c: Cursor): boolean {
  let ahead = 0
  while (c.peek(ahead).kind === 'mark' && c.peek(ahead).text === '(') ahead += 1
  const { kind, text } = c.peek(ahead)
  return kind === 'word' && /^(select|with)$/i.test(text)
}

export function parseQuery(c: Cursor): Query {
  const ctes = c.take('WITH') ? c.list(() => cte(c)) : []
  const body = bodies(c)
  const orderBy = parseOrderBy(c)
  const limit = c.take('LIMIT') ? parseExpression(c) : undefined
  const offset = limit !== undefined && c.take('OFFSET') ? parseExpression(c) : undefined
  return { is: 'query', with: ctes, body, orderBy, limit, offset }
}

function cte(c: Cursor): Query['with'][number] {
  const name = c.name()
  c.expect('AS')
  return { name, query: parens(c) }
}

function parens(c: Cursor): Query {
  c.expect('(')
  const query = parseQuery(c)
  c.expect(')')
  return query
}

/** Without parentheses BigQuery takes only one kind of set operation in a row. */
function bodies(c: Cursor): Body {
  let left = body(c)
  let first: string | undefined
  while (true) {
    const at = c.at
    const operator = SET_OPERATORS.find((one) => c.take(...one.split(' ')))
    if (operator === undefined) return left
    first ??= operator
    if (operator !== first) c.refuse('Different set operations cannot be used in the same query without parentheses', at)
    left = { is: 'set', operator, left, right: body(c), at }
  }
}

function body(c: Cursor): Body {
  return c.is('(') ? parens(c) : select(c)
}

function select(c: Cursor): Select {
  const at = c.at
  c.expect('SELECT')
  const distinct = c.take('DISTINCT')
  const items = c.list(() => selected(c))
  return {
    is: 'select',
    at,
    distinct,
    items,
    from: c.take('FROM') ? sources(c) : [],
    where: c.take('WHERE') ? parseExpression(c) : undefined,
    groupBy: c.take('GROUP', 'BY') ? c.list(() => parseExpression(c)) : [],
    having: c.take('HAVING') ? parseExpression(c) : undefined,
    qualify: c.take('QUALIFY') ? parseExpression(c) : undefined,
  }
}

function selected(c: Cursor): Item | Star {
  const at = c.at
  if (c.take('*')) return star(c, at, undefined)
  if (c.isName() && c.peek(1).text === '.' && c.peek(2).text === '*') {
    const of = c.name()
    c.expect('.', '*')
    return star(c, at, of)
  }
  return { is: 'item', value: parseExpression(c), alias: c.alias() }
}

function star(c: Cursor, at: number, of: string | undefined): Star {
  const except = c.take('EXCEPT', '(') ? c.list(() => c.name()) : []
  if (except.length > 0) c.expect(')')
  const replace = c.take('REPLACE', '(')
    ? c.list((): Item => ({ is: 'item', value: parseExpression(c), alias: c.alias() ?? c.unexpected() }))
    : []
  if (replace.length > 0) c.expect(')')
  return { is: 'star', at, of, except, replace }
}

function sources(c: Cursor): From[] {
  const all = [source(c, 'FROM')]
  while (true) {
    const join = c.take(',') ? 'CROSS JOIN' : joinWord(c)
    if (join === undefined) return all
    all.push(source(c, join))
  }
}

function joinWord(c: Cursor): From['join'] | undefined {
  if (c.take('JOIN') || c.take('INNER', 'JOIN')) return 'JOIN'
  if (c.take('CROSS', 'JOIN')) return 'CROSS JOIN'
  for (const side of ['LEFT', 'RIGHT', 'FULL'] as const) {
    if (c.take(side, 'JOIN') || c.take(side, 'OUTER', 'JOIN')) return `${side} JOIN`
  }
  return undefined
}

function source(c: Cursor, join: From['join']): From {
  const at = c.at
  const item = sourceItem(c)
  const alias = c.alias()
  const offset = item.is === 'unnest' && c.take('WITH', 'OFFSET') ? (c.alias() ?? 'offset') : undefined
  if (join === 'FROM' || join === 'CROSS JOIN') return { join, at, source: item, alias, offset, using: [] }
  if (item.is === 'unnest' && !c.is('ON')) return { join, at, source: item, alias, offset, using: [] }
  if (c.take('ON')) return { join, at, source: item, alias, offset, on: parseExpression(c), using: [] }
  c.expect('USING', '(')
  const using = c.list(() => c.name())
  c.expect(')')
  return { join, at, source: item, alias, offset, using }
}

function sourceItem(c: Cursor): From['source'] {
  if (c.take('UNNEST', '(')) {
    const value = parseExpression(c)
    c.expect(')')
    return { is: 'unnest', value }
  }
  if (c.is('(')) return isQuery(c) ? parens(c) : c.unexpected()
  const path = c.name().split('.')
  while (c.take('.')) path.push(...c.name().split('.'))
  return { is: 'table', path }
}
