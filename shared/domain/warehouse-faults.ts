/**
 * What is wrong with a row before it is handed over: an older or a broken sender may have written what its table does not
 * take. It is kept apart with its reason, and the rows beside it arrive.
 */
import { z, type ZodType } from 'zod'
import { pathOf, type WarehouseRow } from './warehouse-rows.ts'
import { TABLES, type Column } from './warehouse.ts'

const WHOLE_MAX = Number.MAX_SAFE_INTEGER
const SCALARS = {
  STRING: z.string(),
  INT64: z.int().min(-WHOLE_MAX).max(WHOLE_MAX),
  FLOAT64: z.number(),
  NUMERIC: z.string().regex(/^-?\d{1,29}(?:\.\d{1,9})?$/, 'must be a decimal number as text'),
  BOOL: z.boolean(),
  TIMESTAMP: z.iso.datetime({ offset: true }),
  JSON: z.string().refine(isJson, 'must be JSON as text'),
} satisfies Record<Exclude<Column['type'], 'RECORD'>, ZodType>

const SCHEMAS = new Map(TABLES.map(({ dataset, name, columns }) => [`${dataset}.${name}`, recordSchema(columns)]))
const FAULTS_SHOWN_MAX = 5

/** Why the warehouse would not take the row; undefined when it will. */
export function faultOf(row: WarehouseRow): string | undefined {
  const schema = SCHEMAS.get(pathOf(row))
  if (schema === undefined) return `${pathOf(row)} is no table of the warehouse`
  const checked = schema.safeParse(row.json)
  if (checked.success) return undefined
  const faults = checked.error.issues.flatMap((issue) => {
    const at = issue.path.join('.')
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${at === '' ? key : `${at}.${key}`}: no such column`)
    return [`${at}: ${issue.message}`]
  })
  return faults.slice(0, FAULTS_SHOWN_MAX).join('; ')
}

function recordSchema(columns: readonly Column[]): ZodType {
  return z.strictObject(Object.fromEntries(columns.map((column) => [column.name, cellSchema(column)])))
}

/** A column that was declared after the row was written is empty. */
function cellSchema({ type, mode, fields = [] }: Column): ZodType {
  const one = type === 'RECORD' ? recordSchema(fields) : SCALARS[type]
  if (mode === 'REPEATED') return z.array(one).default([])
  return mode === 'REQUIRED' ? one : one.nullish()
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
