/**
 * What a table's declaration may say, and what a change of it may do: new columns that may be empty, REQUIRED relaxed to
 * NULLABLE. Anything that would lose or rewrite data is refused, and so is what the local server would silently ignore.
 */
import { Refusal } from './refusal.ts'
import { columnsOf, duckdbType, fieldOfColumn, quoteName, sameType, typeOfField, type Field, type Type } from './columns.ts'

/** A table or a view as the REST interface writes it; what is not named here is kept and given back. */
export interface TableResource {
  readonly tableReference: { readonly projectId: string; readonly datasetId: string; readonly tableId: string }
  readonly schema: { readonly fields: readonly Field[] }
  readonly view?: { readonly query: string; readonly useLegacySql?: boolean }
  readonly timePartitioning?: { readonly type?: string; readonly field?: string; readonly requirePartitionFilter?: boolean }
  readonly requirePartitionFilter?: boolean
  readonly expirationTime?: string
  readonly creationTime: string
  readonly lastModifiedTime: string
  readonly etag: string
  readonly [more: string]: unknown
}

const UNKNOWN_PARTS = 'rangePartitioning materializedView externalDataConfiguration cloneDefinition snapshotDefinition'.split(' ')
const MODES = ['NULLABLE', 'REQUIRED', 'REPEATED']
const PARTITION_TYPES = ['HOUR', 'DAY', 'MONTH', 'YEAR']

export function checkTable(resource: Partial<TableResource>): void {
  const unknown = UNKNOWN_PARTS.find((part) => resource[part] !== undefined)
  if (unknown !== undefined) throw new Refusal('invalid', `The local server does not know ${unknown}.`)
  checkFields(resource.schema?.fields ?? [])
  const partitioning = resource.timePartitioning
  if (partitioning === undefined) return
  const field = resource.schema?.fields.find((one) => one.name === partitioning.field)
  if (field === undefined) throw new Refusal('invalid', 'The local server partitions by a column of the schema only.')
  if (!PARTITION_TYPES.includes(partitioning.type ?? '') || !/^(DATE|TIMESTAMP|DATETIME)$/.test(field.type)) {
    throw new Refusal('invalid', `The field specified for time partitioning must be a DATE, TIMESTAMP or DATETIME: ${field.name}`)
  }
}

function checkFields(fields: readonly Field[]): void {
  const names = new Set<string>()
  for (const field of fields) {
    if (!/^[A-Za-z_]\w{0,299}$/.test(field.name)) throw new Refusal('invalid', `Invalid field name "${field.name}".`)
    if (names.has(field.name.toLowerCase())) throw new Refusal('invalid', `Duplicate field name "${field.name}".`)
    names.add(field.name.toLowerCase())
    if (!MODES.includes(field.mode ?? 'NULLABLE')) throw new Refusal('invalid', `Invalid mode ${String(field.mode)}.`)
    if (field['defaultValueExpression'] !== undefined) throw new Refusal('invalid', 'The local server knows no default values.')
    typeOfField(field)
    checkFields(field.fields ?? [])
  }
}

/** Types by their old names and a mode always, as the real service answers. */
export function normalFields(fields: readonly Field[]): Field[] {
  return fields.map((field) => {
    const { type } = fieldOfColumn({ name: field.name, type: typeOfField(field) })
    const inner = field.fields === undefined ? {} : { fields: normalFields(field.fields) }
    return { ...field, type, mode: field.mode ?? 'NULLABLE', ...inner }
  })
}

/** DuckDB's columns; a list that nobody gave is empty. */
export function columnDefinitions(fields: readonly Field[]): string[] {
  const empty = (type: Type) => (type.is === 'ARRAY' ? ' DEFAULT []' : '')
  return columnsOf(fields).map(({ name, type }) => `${quoteName(name)} ${duckdbType(type)}${empty(type)}`)
}

/** A column to add, or a field of one: `at` is the path to the record that gets it, as DuckDB writes it. */
export interface AddedField {
  readonly at: string
  readonly field: Field
}

/** Columns to add for the new schema; refuses every other difference. */
export function addedFields(table: string, before: readonly Field[], after: readonly Field[], at = ''): AddedField[] {
  const inner: AddedField[] = []
  const refuse = (why: string): never => {
    throw new Refusal('invalid', `Provided Schema does not match Table ${table}. ${why}`)
  }
  for (const field of before) {
    const same = after.find((one) => one.name.toLowerCase() === field.name.toLowerCase())
    if (same === undefined) return refuse(`Field ${field.name} is missing in new schema`)
    if (field.fields !== undefined && same.fields !== undefined) {
      const path = `${at}${quoteName(field.name)}.${field.mode === 'REPEATED' ? 'element.' : ''}`
      inner.push(...addedFields(table, field.fields, same.fields, path))
    } else if (!sameType(typeOfField(field), typeOfField(same))) {
      return refuse(`Field ${field.name} has changed type from ${field.type} to ${same.type}`)
    }
    const mode = same.mode ?? 'NULLABLE'
    if (mode !== field.mode && mode !== 'NULLABLE') {
      return refuse(`Field ${field.name} has changed mode from ${field.mode ?? ''} to ${mode}`)
    }
  }
  const added = after.filter((field) => !before.some((one) => one.name.toLowerCase() === field.name.toLowerCase()))
  const required = added.find((field) => field.mode === 'REQUIRED')
  if (required !== undefined) return refuse(`Cannot add required fields to an existing schema. (field: ${required.name})`)
  return [...inner, ...added.map((field) => ({ at, field }))]
}
