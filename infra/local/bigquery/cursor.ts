/** Walks the tokens of one statement for the parser; where the parser expected something else, the statement is refused. */
import { lex, type Token } from './lexer.ts'
import { refuseAt } from './refusal.ts'

/** Words that GoogleSQL reserves: never a name unless in backticks. */
const RESERVED = new Set(
  `ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT DEFAULT
  DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL GROUP GROUPING
  GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE NATURAL NEW NO NOT
  NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET
  SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH WITHIN`.split(/\s+/),
)

export class Cursor {
  readonly sql: string
  readonly #tokens: readonly Token[]
  #place = 0

  constructor(sql: string) {
    this.sql = sql
    this.#tokens = lex(sql)
  }

  get at(): number {
    return this.peek().at
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#place + ahead, this.#tokens.length - 1)] as Token
  }

  next(): Token {
    const token = this.peek()
    this.#place += 1
    return token
  }

  /** True when the next tokens are these keywords or marks. */
  is(...words: string[]): boolean {
    return words.every((word, ahead) => {
      const token = this.peek(ahead)
      return (token.kind === 'word' || token.kind === 'mark') && token.text.toUpperCase() === word
    })
  }

  take(...words: string[]): boolean {
    const found = this.is(...words)
    if (found) this.#place += words.length
    return found
  }

  expect(...words: string[]): void {
    if (!this.take(...words)) this.refuse(`Expected ${words.join(' ')} but got ${this.#shown()}`)
  }

  isName(ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'quoted' || (token.kind === 'word' && !RESERVED.has(token.text.toUpperCase()))
  }

  name(): string {
    if (!this.isName()) this.refuse(`Unexpected ${this.#shown()}`)
    return this.next().text
  }

  /** `[AS] alias`, if there is one. */
  alias(): string | undefined {
    if (this.take('AS') || this.isName()) return this.name()
    return undefined
  }

  /** One or more, parted by commas. */
  list<T>(one: () => T): T[] {
    const all = [one()]
    while (this.take(',')) all.push(one())
    return all
  }

  unexpected(): never {
    return this.refuse(`Unexpected ${this.#shown()}`)
  }

  refuse(message: string, at = this.at): never {
    return refuseAt(this.sql, at, `Syntax error: ${message}`)
  }

  #shown(): string {
    const { kind, text } = this.peek()
    if (kind === 'end') return 'end of script'
    if (kind === 'word') return RESERVED.has(text.toUpperCase()) ? `keyword ${text.toUpperCase()}` : `identifier "${text}"`
    return `"${text}"`
  }
}
