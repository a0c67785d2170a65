/** The one statement that changes a table here: `ALTER TABLE t ALTER COLUMN c SET DATA TYPE NUMERIC`, to a type that takes every value of the old one. */
import { scalar, type Field, type Scalar } from './columns.ts'
import { refuseQuery } from './refusal.ts'

export interface Widening {
  readonly path: readonly string[]
  readonly column: string
  readonly type: Scalar
}

const STATEMENT = /^\s*ALTER\s+TABLE\s+`([\w.-]+)`\s+ALTER\s+COLUMN\s+(\w+)\s+SET\s+DATA\s+TYPE\s+(\w+)\s*;?\s*$/i
const WIDENS: Partial<Record<Scalar, readonly Scalar[]>> = { INT64: ['NUMERIC', 'FLOAT64'], NUMERIC: ['FLOAT64'] }

/** Undefined for any other statement. */
export function wideningOf(sql: string): Widening | undefined {
  const [, path, column, type] = STATEMENT.exec(sql) ?? []
  return path === undefined || column === undefined || type === undefined ? undefined : { path: path.split('.'), column, type: scalar(type) }
}

export function widened(fields: readonly Field[], column: string, to: Scalar): Field[] {
  const field = fields.find(({ name }) => name.toLowerCase() === column.toLowerCase())
  if (field === undefined) refuseQuery(`Column not found: ${column}`)
  const from = /^(RECORD|STRUCT)$/i.test(field.type) || field.mode === 'REPEATED' ? undefined : scalar(field.type)
  if (from === undefined || WIDENS[from]?.includes(to) !== true) refuseQuery(`ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type (${field.type}) is assignable to the new type (${to})`)
  return fields.map((one) => (one === field ? { ...one, type: to } : one))
}
