/** The shape of a parsed statement: what the parser makes and the translator reads. Nothing here knows about tables or types. */
import type { Type } from './columns.ts'

export type Expr = { readonly at: number } & (
  | { readonly is: 'literal'; readonly type: Type; readonly text: string }
  | { readonly is: 'param'; readonly name: string }
  | { readonly is: 'path'; readonly path: readonly string[] }
  | { readonly is: 'field'; readonly of: Expr; readonly name: string }
  | Call
  | Case
  | { readonly is: 'cast'; readonly value: Expr; readonly type: Type; readonly safe: boolean }
  | { readonly is: 'interval'; readonly count: Expr; readonly part: string }
  | { readonly is: 'subquery'; readonly as: 'scalar' | 'exists' | 'array'; readonly query: Query }
  | { readonly is: 'in'; readonly value: Expr; readonly among: readonly Expr[] | Query | Unnest }
  | { readonly is: 'array'; readonly of?: Type | undefined; readonly items: readonly Expr[] }
  | { readonly is: 'struct'; readonly items: readonly Item[] }
)

export interface Case {
  readonly is: 'case'
  readonly operand?: Expr | undefined
  readonly whens: ReadonlyArray<readonly [Expr, Expr]>
  readonly otherwise?: Expr | undefined
}

/** A function or an operator; its name is upper case. */
export interface Call {
  readonly is: 'call'
  readonly at: number
  readonly name: string
  readonly args: readonly Expr[]
  readonly distinct?: boolean | undefined
  readonly nulls?: 'IGNORE' | 'RESPECT' | undefined
  readonly orderBy?: readonly Order[] | undefined
  readonly limit?: Expr | undefined
  readonly over?: Window | undefined
}

export interface Unnest {
  readonly is: 'unnest'
  readonly value: Expr
}

export interface Order {
  readonly value: Expr
  readonly descending: boolean
  readonly nulls?: 'FIRST' | 'LAST' | undefined
}

export interface Window {
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly Order[]
  /** `ROWS BETWEEN ...`: the same words in both languages. */
  readonly frame: string
}

export interface Query {
  readonly is: 'query'
  readonly with: ReadonlyArray<{ readonly name: string; readonly query: Query }>
  readonly body: Body
  readonly orderBy: readonly Order[]
  readonly limit?: Expr | undefined
  readonly offset?: Expr | undefined
}

export type Body =
  | Select
  | Query
  | { readonly is: 'set'; readonly operator: string; readonly left: Body; readonly right: Body; readonly at: number }

export interface Select {
  readonly is: 'select'
  readonly at: number
  readonly distinct: boolean
  readonly items: ReadonlyArray<Item | Star>
  readonly from: readonly From[]
  readonly where?: Expr | undefined
  readonly groupBy: readonly Expr[]
  readonly having?: Expr | undefined
  readonly qualify?: Expr | undefined
}

export interface Item {
  readonly is: 'item'
  readonly value: Expr
  readonly alias?: string | undefined
}

export interface Star {
  readonly is: 'star'
  readonly at: number
  readonly of?: string | undefined
  readonly except: readonly string[]
  readonly replace: readonly Item[]
}

export interface From {
  readonly join: 'FROM' | 'CROSS JOIN' | 'JOIN' | 'LEFT JOIN' | 'RIGHT JOIN' | 'FULL JOIN'
  readonly at: number
  readonly source: { readonly is: 'table'; readonly path: readonly string[] } | Query | Unnest
  readonly alias?: string | undefined
  /** Alias of `WITH OFFSET`. */
  readonly offset?: string | undefined
  readonly on?: Expr | undefined
  readonly using: readonly string[]
}
