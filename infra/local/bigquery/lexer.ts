/**
 * Cuts a GoogleSQL statement into tokens. What is no token of GoogleSQL, and an escape that the language does not
 * have, is refused here: a string must never mean something else locally than in production.
 */
import { refuseAt } from './refusal.ts'

export interface Token {
  readonly kind: 'word' | 'quoted' | 'number' | 'string' | 'param' | 'mark' | 'end'
  /** Without quotes and escapes. */
  readonly text: string
  readonly at: number
}

const SPACE = /(?:\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)+/y
const STRING = /(r?)('''[\s\S]*?(?<!\\)'''|"""[\s\S]*?(?<!\\)"""|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*")/iy
const REST: ReadonlyArray<[Token['kind'], RegExp]> = [
  ['quoted', /`[^`\n]+`/y],
  ['param', /@[A-Za-z_]\w*/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y],
  ['word', /[A-Za-z_]\w*/y],
  ['mark', /<>|!=|<=|>=|\|\||[-+*/=<>(),.[\]]/y],
]
const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' }
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g

export function lex(sql: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (true) {
    at += matchAt(SPACE, sql, at)?.[0].length ?? 0
    if (at >= sql.length) break
    const string = matchAt(STRING, sql, at)
    if (string !== undefined) {
      tokens.push({ kind: 'string', text: content(sql, at, string[2] ?? '', string[1] !== ''), at })
      at += string[0].length
      continue
    }
    const token = tokenAt(sql, at)
    tokens.push(token)
    at += token.text.length + (token.kind === 'quoted' ? 2 : token.kind === 'param' ? 1 : 0)
  }
  tokens.push({ kind: 'end', text: '', at: sql.length })
  return tokens
}

function tokenAt(sql: string, at: number): Token {
  for (const [kind, pattern] of REST) {
    const found = matchAt(pattern, sql, at)?.[0]
    if (found === undefined) continue
    if (kind === 'quoted') return { kind, text: found.slice(1, -1), at }
    return { kind, text: kind === 'param' ? found.slice(1) : found, at }
  }
  return refuseAt(sql, at, `Syntax error: Illegal input character "${sql[at] ?? ''}"`)
}

function content(sql: string, at: number, quoted: string, raw: boolean): string {
  const width = /^('''|""")/.test(quoted) && quoted.length >= 6 ? 3 : 1
  const inner = quoted.slice(width, -width)
  if (raw) return inner
  return inner.replace(ESCAPE, (all, x?: string, u?: string, long?: string, octal?: string, plain?: string) => {
    const hex = x ?? u ?? long
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
    if (plain !== undefined && '\\\'"`?'.includes(plain)) return plain
    return ESCAPES[plain ?? ''] ?? refuseAt(sql, at, `Syntax error: Illegal escape sequence: ${all}`)
  })
}

function matchAt(pattern: RegExp, sql: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(sql) ?? undefined
}
