/**
 * Filters of Pub/Sub subscriptions: compiles an expression on a message's attributes to a predicate.
 *
 * The documented grammar and no more: `attributes:k`, `attributes.k = "v"`, `!=`, `hasPrefix(attributes.k, "v")`,
 * AND, OR, NOT (or `-`), parentheses. AND and OR may not be mixed without parentheses. Whatever the real service
 * would refuse must be refused here, or a filter that works locally fails on the day of the deployment.
 * `!=` holds for a message that lacks the attribute.
 */
import { invalid } from '../protobuf.ts'

export type Attributes = Readonly<Record<string, string>>
export type Filter = (attributes: Attributes) => boolean

const FILTER_BYTES_MAX = 256
const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(!=|[=:.,()]|-(?=[\sa-zA-Z(]))|([A-Za-z0-9_][A-Za-z0-9_-]*))/y
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/
const KEYWORDS = new Set(['AND', 'OR', 'NOT'])

/** @throws INVALID_ARGUMENT on anything outside the grammar */
export function compileFilter(expression: string): Filter {
  if (expression.trim() === '') return () => true
  if (Buffer.byteLength(expression) > FILTER_BYTES_MAX) {
    throw invalid(`The filter is longer than ${FILTER_BYTES_MAX} bytes.`)
  }
  const reader = new Reader(tokensOf(expression), expression)
  const filter = condition(reader)
  if (!reader.atEnd()) throw reader.unexpected()
  return filter
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (expression.slice(TOKEN.lastIndex).trim() !== '') {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(expression)
    if (match === null) throw invalid(`Invalid filter: cannot read "${expression.slice(at)}".`)
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '')
  }
  return tokens
}

class Reader {
  readonly #tokens: readonly string[]
  readonly #expression: string
  #at = 0

  constructor(tokens: readonly string[], expression: string) {
    this.#tokens = tokens
    this.#expression = expression
  }

  peek(): string | undefined {
    return this.#tokens[this.#at]
  }

  next(): string {
    const token = this.#tokens[this.#at]
    if (token === undefined) throw this.unexpected()
    this.#at += 1
    return token
  }

  /** Takes the token when it comes next. */
  accept(token: string): boolean {
    if (this.peek() !== token) return false
    this.#at += 1
    return true
  }

  expect(token: string): void {
    if (!this.accept(token)) throw this.unexpected()
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length
  }

  unexpected(): Error {
    return invalid(`Invalid filter: unexpected ${this.peek() ?? 'end'} in \`${this.#expression}\`.`)
  }
}

function condition(reader: Reader): Filter {
  const terms = [negation(reader)]
  const joint = reader.peek()
  if (joint !== 'AND' && joint !== 'OR') return terms[0] as Filter
  while (reader.accept(joint)) terms.push(negation(reader))
  if (joint === 'AND') return (attributes) => terms.every((term) => term(attributes))
  return (attributes) => terms.some((term) => term(attributes))
}

function negation(reader: Reader): Filter {
  if (reader.accept('NOT') || reader.accept('-')) {
    const negated = term(reader)
    return (attributes) => !negated(attributes)
  }
  return term(reader)
}

function term(reader: Reader): Filter {
  if (reader.accept('(')) {
    const inner = condition(reader)
    reader.expect(')')
    return inner
  }
  if (reader.accept('hasPrefix')) return prefix(reader)
  reader.expect('attributes')
  if (reader.accept(':')) {
    const key = keyOf(reader)
    return (attributes) => Object.hasOwn(attributes, key)
  }
  reader.expect('.')
  return comparison(reader)
}

function prefix(reader: Reader): Filter {
  reader.expect('(')
  reader.expect('attributes')
  reader.expect('.')
  const key = keyOf(reader)
  reader.expect(',')
  const start = literal(reader)
  reader.expect(')')
  return (attributes) => Object.hasOwn(attributes, key) && attributes[key]?.startsWith(start) === true
}

function comparison(reader: Reader): Filter {
  const key = keyOf(reader)
  const equal = reader.accept('=')
  if (!equal) reader.expect('!=')
  const value = literal(reader)
  return (attributes) => (Object.hasOwn(attributes, key) && attributes[key] === value) === equal
}

function keyOf(reader: Reader): string {
  const token = reader.peek() ?? ''
  if (token.startsWith('"')) return literal(reader)
  if (!PLAIN_KEY.test(token) || KEYWORDS.has(token)) throw reader.unexpected()
  return reader.next()
}

const ESCAPES: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function literal(reader: Reader): string {
  if (!(reader.peek() ?? '').startsWith('"')) throw reader.unexpected()
  const inner = reader.next().slice(1, -1)
  return inner.replace(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|(.))/g, (_, unicode, hex, octal, one: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal as string, 8))
    const code = (unicode ?? hex) as string | undefined
    return code === undefined ? (ESCAPES[one] ?? one) : String.fromCharCode(Number.parseInt(code, 16))
  })
}
