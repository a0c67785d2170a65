/**
 * Chooses a signature of the allow-list for a call, as GoogleSQL does: exact types first, then literals that may take
 * another type, then columns that widen. No signature means refusal, never a nearest guess.
 */
import { FUNCTIONS } from './functions.ts'
import { refuseQuery } from './refusal.ts'
import { duckdbType, INT64, quoteText, sameType, scalar, typeName, type Type } from './columns.ts'

/** A column of a base table that a value comes from unchanged. */
export interface Origin {
  readonly scan: { readonly filtered: Set<string>; readonly columns: Set<string> }
  readonly column: string
}

export interface Typed {
  readonly sql: string
  readonly type: Type
  /** Text of a literal or a parameter: it may still become another type, from this text and not from a rounded value. */
  readonly literal?: string | undefined
  readonly origins?: readonly Origin[] | undefined
}

/** What stands in a call's parentheses; a bare word may be a date part, a column, or either. */
export interface Argument {
  readonly value?: Typed | undefined
  readonly part?: string | undefined
  /** Of an INTERVAL of `part`. */
  readonly count?: Typed | undefined
}

export interface Signature {
  readonly parameters: readonly string[]
  readonly result: string
  readonly text: string
}

export interface Choice {
  readonly text: string
  readonly type: Type
  readonly args: readonly string[]
}

const SIGNATURES = new Map<string, Signature[]>()
for (const line of FUNCTIONS.replace(/\n {2}/g, ' ').split('\n')) {
  const [, name = '', parameters = '', result = '', text = ''] = /^(.+?)\((.*?)\) (\S+) = (.+)$/.exec(line) ?? []
  if (name === '') continue
  const signature = { parameters: parameters === '' ? [] : parameters.split(', '), result, text }
  SIGNATURES.set(name, [...(SIGNATURES.get(name) ?? []), signature])
}

/** Cheapest first: nothing, a literal's change, a column's widening. */
const LITERAL = 10
const WIDENING = 1000
const WIDENS: Record<string, readonly string[]> = {
  INT64: ['FLOAT64', 'NUMERIC'],
  NUMERIC: ['FLOAT64'],
  DATE: ['DATETIME'],
}
const LITERAL_WIDENS: Record<string, readonly string[]> = {
  INT64: ['FLOAT64', 'NUMERIC'],
  FLOAT64: ['NUMERIC'],
  STRING: ['DATE', 'DATETIME', 'TIMESTAMP'],
}
const INTERVALS: Record<string, (count: string) => string> = {
  MICROSECOND: (count) => `to_microseconds(${count})`,
  MILLISECOND: (count) => `to_microseconds(1000 * ${count})`,
  SECOND: (count) => `to_microseconds(1000000 * ${count})`,
  MINUTE: (count) => `to_minutes(${count})`,
  HOUR: (count) => `to_hours(${count})`,
  DAY: (count) => `to_days(CAST(${count} AS INTEGER))`,
  WEEK: (count) => `to_days(CAST(7 * ${count} AS INTEGER))`,
  MONTH: (count) => `to_months(CAST(${count} AS INTEGER))`,
  QUARTER: (count) => `to_months(CAST(3 * ${count} AS INTEGER))`,
  YEAR: (count) => `to_years(CAST(${count} AS INTEGER))`,
}
/** strftime elements that both engines write alike. */
const FORMAT_ELEMENTS: Record<string, string> = { '%F': '%Y-%m-%d', '%T': '%H:%M:%S' }
const FORMAT = /^(?:[^%]|%[YmdHMSyjbBaAIpFT%])*$/

/** What it costs to take a value as another type; undefined when GoogleSQL would not. */
function cost(from: Typed, to: Type): number | undefined {
  if (sameType(from.type, to)) return 0
  if (from.type.is === 'NULL') return LITERAL
  const step = from.literal === undefined ? WIDENING : LITERAL
  const place = (from.literal === undefined ? WIDENS : LITERAL_WIDENS)[from.type.is]?.indexOf(to.is) ?? -1
  return place < 0 ? undefined : step + place
}

export function convert(value: Typed, to: Type): string {
  if (sameType(value.type, to)) return value.sql
  const text = value.type.is === 'NULL' ? 'NULL' : value.literal === undefined ? value.sql : quoteText(value.literal)
  return `CAST(${text} AS ${duckdbType(to)})`
}

/** The type that all of them can be; undefined when there is none. */
export function commonType(values: readonly Typed[]): Type | undefined {
  const candidates = values.map((value) => value.type).filter((type) => type.is !== 'NULL')
  if (candidates.length === 0) return INT64
  let best: { type: Type; sum: number } | undefined
  for (const type of candidates) {
    const costs = values.map((value) => cost(value, type))
    const sum = costs.reduce<number>((total, one) => total + (one ?? Number.POSITIVE_INFINITY), 0)
    if (Number.isFinite(sum) && (best === undefined || sum < best.sum)) best = { type, sum }
  }
  return best?.type
}

/** Finds the cheapest signature of `name` for these arguments. */
export function choose(name: string, args: readonly Argument[], shown = name): Choice {
  const signatures = SIGNATURES.get(name)
  if (signatures === undefined) refuseQuery(`Function not found: ${shown} (the local server has an allow-list)`)
  let best: { choice: Choice; sum: number } | undefined
  for (const signature of signatures) {
    const found = match(signature, args)
    if (found !== undefined && (best === undefined || found.sum < best.sum)) best = found
  }
  if (best !== undefined) return best.choice
  const types = args.map(({ value, part }) => (value === undefined ? (part ?? '') : typeName(value.type)))
  refuseQuery(`No matching signature for ${shown} for argument types: ${types.join(', ')}`)
}

function match(signature: Signature, args: readonly Argument[]): { choice: Choice; sum: number } | undefined {
  const parameters = spread(signature.parameters, args.length)
  if (parameters === undefined) return undefined
  const letters = bindLetters(parameters, args)
  if (letters === undefined) return undefined
  let sum = 0
  let group = 0
  const texts: string[] = []
  for (const [index, parameter] of parameters.entries()) {
    const taken = take(parameter, args[index] as Argument, letters)
    if (taken === undefined) return undefined
    sum += taken.cost
    group = taken.group ?? group
    texts.push(taken.text)
  }
  if (group > 1 && signature.text.includes('$group')) refuseQuery('Regular expression has more than 1 capturing group')
  const text = signature.text.replaceAll('$group', String(group))
  return { choice: { text, type: typeOf(signature.result, letters), args: texts }, sum }
}

function spread(parameters: readonly string[], count: number): string[] | undefined {
  const last = parameters.at(-1)
  if (last?.endsWith('...') !== true) return parameters.length === count ? [...parameters] : undefined
  if (count < parameters.length) return undefined
  return [...parameters.slice(0, -1), ...Array.from({ length: count - parameters.length + 1 }, () => last.slice(0, -3))]
}

/** What `T` and `O` stand for in this call. */
function bindLetters(parameters: readonly string[], args: readonly Argument[]): Map<string, Type> | undefined {
  const letters = new Map<string, Type>()
  for (const letter of ['T', 'O']) {
    const values: Typed[] = []
    for (const [index, parameter] of parameters.entries()) {
      const value = args[index]?.value
      if (value === undefined) continue
      if (parameter === letter) values.push(value)
      if (parameter === `ARRAY<${letter}>`) {
        if (value.type.is !== 'ARRAY') return undefined
        values.push({ sql: '', type: value.type.of })
      }
    }
    const type = commonType(values)
    if (type === undefined || (letter === 'O' && !comparable(type))) return undefined
    letters.set(letter, type)
  }
  return letters
}

export function comparable(type: Type): boolean {
  return type.is !== 'ARRAY' && type.is !== 'STRUCT' && type.is !== 'JSON'
}

interface Taken {
  readonly text: string
  readonly cost: number
  readonly group?: number
}

function take(parameter: string, { value, part, count }: Argument, letters: Map<string, Type>): Taken | undefined {
  if (/^[=+]/.test(parameter)) {
    const known = part === 'WEEK(MONDAY)' ? 'ISOWEEK' : (part ?? '')
    if ((count !== undefined) !== parameter.startsWith('+') || !parameter.slice(1).split('|').includes(known)) return undefined
    const interval = count === undefined ? undefined : INTERVALS[known]?.(integer(count))
    return { text: interval ?? (known === 'ISOWEEK' ? 'week' : known.toLowerCase()), cost: 0 }
  }
  if (value === undefined) return undefined
  if (/^(FORMAT|PATH|REGEX)$/.test(parameter)) return takeLiteral(parameter, value)
  const type = typeOf(parameter, letters)
  const price = cost(value, type)
  return price === undefined ? undefined : { text: convert(value, type), cost: price }
}

function integer(count: Typed): string {
  if (count.type.is !== 'INT64') refuseQuery(`INTERVAL wants INT64, not ${typeName(count.type)}`)
  return count.sql
}

function takeLiteral(parameter: string, { literal, type }: Typed): Taken | undefined {
  if (literal === undefined || type.is !== 'STRING') return undefined
  if (parameter === 'FORMAT') {
    if (!FORMAT.test(literal)) refuseQuery(`The local server does not know a format element of "${literal}"`)
    return { text: quoteText(literal.replace(/%[FT]/g, (element) => FORMAT_ELEMENTS[element] ?? element)), cost: 0 }
  }
  if (parameter === 'PATH') {
    const known = /^\$(\.[A-Za-z_]\w*|\[\d+\]|\."[^"*]+")*$/.test(literal)
    if (!known) refuseQuery(`The local server does not know the JSON path "${literal}"`)
    return { text: quoteText(literal), cost: 0 }
  }
  const groups = literal.match(/(?<!\\)\((?!\?)/g)?.length ?? 0
  return { text: quoteText(literal), cost: 0, group: groups }
}

function typeOf(name: string, letters: Map<string, Type>): Type {
  if (name.startsWith('ARRAY<')) return { is: 'ARRAY', of: typeOf(name.slice(6, -1), letters) }
  return letters.get(name) ?? { is: scalar(name) }
}
