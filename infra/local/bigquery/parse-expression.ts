/**
 * Reads GoogleSQL expressions, by precedence. A construct that is not written here is a syntax error of the local
 * server, even where BigQuery would take it: a refusal is seen at once, a wrong guess is not.
 */
import { Cursor } from './cursor.ts'
import { isQuery, parseQuery } from './parse-query.ts'
import type { Call, Expr, Item, Order, Window } from './syntax.ts'
import { BOOL, INT64, NULL, scalar, STRING, type Column, type Type } from './columns.ts'

const TYPED_LITERALS = ['DATE', 'TIMESTAMP', 'DATETIME', 'NUMERIC', 'JSON']
const COMPARISONS = ['=', '!=', '<>', '<=', '>=', '<', '>']

export function parseExpression(c: Cursor): Expr {
  return binary(c, ['OR'], () => binary(c, ['AND'], () => not(c)))
}

function binary(c: Cursor, operators: readonly string[], operand: () => Expr): Expr {
  let left = operand()
  while (true) {
    const at = c.at
    const operator = operators.find((one) => c.take(one))
    if (operator === undefined) return left
    left = { is: 'call', at, name: operator, args: [left, operand()] }
  }
}

function not(c: Cursor): Expr {
  const at = c.at
  return c.take('NOT') ? call(at, 'NOT', not(c)) : comparison(c)
}

function comparison(c: Cursor): Expr {
  const left = sum(c)
  const at = c.at
  const operator = COMPARISONS.find((one) => c.take(one))
  if (operator !== undefined) return call(at, operator === '<>' ? '!=' : operator, left, sum(c))
  if (c.take('IS')) {
    const negated = c.take('NOT')
    const word = ['NULL', 'TRUE', 'FALSE'].find((one) => c.take(one)) ?? c.unexpected()
    return negate(negated, call(at, `IS ${word}`, left))
  }
  const negated = c.is('NOT') && c.take('NOT')
  if (c.take('LIKE')) return negate(negated, call(at, 'LIKE', left, sum(c)))
  if (c.take('BETWEEN')) {
    const low = sum(c)
    c.expect('AND')
    return negate(negated, call(at, 'BETWEEN', left, low, sum(c)))
  }
  if (c.take('IN')) return negate(negated, { is: 'in', at, value: left, among: among(c) })
  return negated ? c.unexpected() : left
}

function among(c: Cursor): Extract<Expr, { is: 'in' }>['among'] {
  if (c.take('UNNEST')) return { is: 'unnest', value: inParens(c, () => parseExpression(c)) }
  return inParens(c, () => (isQuery(c) ? parseQuery(c) : c.list(() => parseExpression(c))))
}

function sum(c: Cursor): Expr {
  return binary(c, ['+', '-'], () => binary(c, ['*', '/', '||'], () => unary(c)))
}

function unary(c: Cursor): Expr {
  const at = c.at
  if (!c.take('-')) return postfix(c)
  const value = unary(c)
  if (value.is === 'literal' && !value.text.startsWith('-')) return { ...value, text: `-${value.text}`, at }
  return call(at, 'NEGATE', value)
}

function postfix(c: Cursor): Expr {
  let value = primary(c)
  while (true) {
    const at = c.at
    if (c.take('.')) value = { is: 'field', at, of: value, name: c.name() }
    else if (c.take('[')) {
      const how = ['OFFSET', 'SAFE_OFFSET', 'ORDINAL', 'SAFE_ORDINAL'].find((one) => c.take(one)) ?? c.unexpected()
      value = call(at, `[${how}]`, value, inParens(c, () => parseExpression(c)))
      c.expect(']')
    } else return value
  }
}

function primary(c: Cursor): Expr {
  const { kind, text, at } = c.peek()
  if (kind === 'number') {
    c.next()
    return { is: 'literal', at, type: /^\d+$/.test(text) ? INT64 : { is: 'FLOAT64' }, text }
  }
  if (kind === 'string') return { is: 'literal', at, type: STRING, text: c.next().text }
  if (kind === 'param') return { is: 'param', at, name: c.next().text }
  if (c.take('[')) return arrayOf(c, at, undefined)
  if (c.is('(')) {
    return inParens(c, () => (isQuery(c) ? { is: 'subquery', at, as: 'scalar', query: parseQuery(c) } : parseExpression(c)))
  }
  return keyword(c) ?? named(c)
}

/** What begins with a word of the language. */
function keyword(c: Cursor): Expr | undefined {
  const at = c.at
  const truth = ['TRUE', 'FALSE'].find((one) => c.take(one))
  if (truth !== undefined) return { is: 'literal', at, type: BOOL, text: truth }
  if (c.take('NULL')) return { is: 'literal', at, type: NULL, text: 'NULL' }
  if (c.take('CASE')) return caseOf(c, at)
  if (c.take('CAST')) return castOf(c, at, false)
  if (c.take('SAFE_CAST')) return castOf(c, at, true)
  if (c.take('EXTRACT')) return extractOf(c, at)
  if (c.take('EXISTS')) return { is: 'subquery', at, as: 'exists', query: inParens(c, () => parseQuery(c)) }
  if (c.take('INTERVAL')) return { is: 'interval', at, count: sum(c), part: c.name().toUpperCase() }
  if (c.take('STRUCT')) return { is: 'struct', at, items: inParens(c, () => c.list(() => item(c))) }
  if (c.is('ARRAY')) return arrayKeyword(c, at)
  const literal = c.peek(1).kind === 'string' ? TYPED_LITERALS.find((one) => c.take(one)) : undefined
  if (literal === undefined) return undefined
  const value: Expr = { is: 'literal', at, type: STRING, text: c.next().text }
  return { is: 'cast', at, value, type: { is: scalar(literal) }, safe: false }
}

function arrayKeyword(c: Cursor, at: number): Expr {
  if (c.is('ARRAY', '(')) {
    c.expect('ARRAY')
    return { is: 'subquery', at, as: 'array', query: inParens(c, () => parseQuery(c)) }
  }
  const type = c.is('ARRAY', '<') ? parseType(c) : (c.expect('ARRAY'), undefined)
  c.expect('[')
  return arrayOf(c, at, type?.is === 'ARRAY' ? type.of : undefined)
}

function arrayOf(c: Cursor, at: number, of: Type | undefined): Expr {
  const items = c.is(']') ? [] : c.list(() => parseExpression(c))
  c.expect(']')
  return { is: 'array', at, of, items }
}

function caseOf(c: Cursor, at: number): Expr {
  const operand = c.is('WHEN') ? undefined : parseExpression(c)
  const whens: Array<readonly [Expr, Expr]> = []
  while (c.take('WHEN')) {
    const condition = parseExpression(c)
    c.expect('THEN')
    whens.push([condition, parseExpression(c)])
  }
  const otherwise = c.take('ELSE') ? parseExpression(c) : undefined
  c.expect('END')
  return { is: 'case', at, operand, whens, otherwise }
}

function castOf(c: Cursor, at: number, safe: boolean): Expr {
  return inParens(c, () => {
    const value = parseExpression(c)
    c.expect('AS')
    return { is: 'cast', at, value, type: parseType(c), safe }
  })
}

function extractOf(c: Cursor, at: number): Expr {
  return inParens(c, () => {
    const part: Expr = { is: 'path', at: c.at, path: [c.name()] }
    c.expect('FROM')
    const value = parseExpression(c)
    return call(at, 'EXTRACT', part, value, ...(c.take('AT', 'TIME', 'ZONE') ? [parseExpression(c)] : []))
  })
}

/** A function's call, or the name of a column with its fields. */
function named(c: Cursor): Expr {
  const at = c.at
  const callable = c.peek().kind === 'word' && c.is(c.peek().text.toUpperCase(), '(')
  const path = [callable ? c.next().text : c.name()]
  while (c.is('.') && c.isName(1)) {
    c.expect('.')
    path.push(c.name())
  }
  return c.is('(') ? functionCall(c, at, path.join('.').toUpperCase()) : { is: 'path', at, path }
}

function functionCall(c: Cursor, at: number, name: string): Call {
  c.expect('(')
  if (name === 'COUNT' && c.take('*')) {
    c.expect(')')
    return { is: 'call', at, name: 'COUNT', args: [], over: over(c) }
  }
  const distinct = c.take('DISTINCT')
  const args = c.is(')') ? [] : c.list(() => parseExpression(c))
  const nulls = c.take('IGNORE', 'NULLS') ? 'IGNORE' : c.take('RESPECT', 'NULLS') ? 'RESPECT' : undefined
  const orderBy = parseOrderBy(c)
  const limit = c.take('LIMIT') ? parseExpression(c) : undefined
  c.expect(')')
  return { is: 'call', at, name, args, distinct, nulls, orderBy, limit, over: over(c) }
}

function over(c: Cursor): Window | undefined {
  if (!c.take('OVER')) return undefined
  return inParens(c, () => {
    const partitionBy = c.take('PARTITION', 'BY') ? c.list(() => parseExpression(c)) : []
    return { partitionBy, orderBy: parseOrderBy(c), frame: frame(c) }
  })
}

function frame(c: Cursor): string {
  const unit = ['ROWS', 'RANGE'].find((one) => c.take(one))
  if (unit === undefined) return ''
  if (!c.take('BETWEEN')) return ` ${unit} ${bound(c)}`
  const from = bound(c)
  c.expect('AND')
  return ` ${unit} BETWEEN ${from} AND ${bound(c)}`
}

function bound(c: Cursor): string {
  if (c.take('CURRENT', 'ROW')) return 'CURRENT ROW'
  const { kind, text } = c.peek()
  if (!c.is('UNBOUNDED') && (kind !== 'number' || !/^\d+$/.test(text))) c.unexpected()
  c.next()
  return `${text.toUpperCase()} ${['PRECEDING', 'FOLLOWING'].find((one) => c.take(one)) ?? c.unexpected()}`
}

export function parseOrderBy(c: Cursor): Order[] {
  if (!c.take('ORDER', 'BY')) return []
  return c.list(() => {
    const value = parseExpression(c)
    const descending = c.take('DESC')
    if (!descending) c.take('ASC')
    const nulls = c.take('NULLS', 'FIRST') ? 'FIRST' : c.take('NULLS', 'LAST') ? 'LAST' : undefined
    return { value, descending, nulls }
  })
}

function item(c: Cursor): Item {
  return { is: 'item', value: parseExpression(c), alias: c.alias() }
}

function parseType(c: Cursor): Type {
  if (c.take('ARRAY', '<')) {
    const of = parseType(c)
    c.expect('>')
    return { is: 'ARRAY', of }
  }
  if (c.take('STRUCT', '<')) {
    const fields = c.list((): Column => ({ name: c.name(), type: parseType(c) }))
    c.expect('>')
    return { is: 'STRUCT', fields }
  }
  return { is: scalar(c.name()) }
}

function inParens<T>(c: Cursor, inner: () => T): T {
  c.expect('(')
  const value = inner()
  c.expect(')')
  return value
}

function call(at: number, name: string, ...args: Expr[]): Call {
  return { is: 'call', at, name, args }
}

function negate(negated: boolean, value: Expr): Expr {
  return negated ? call(value.at, 'NOT', value) : value
}
