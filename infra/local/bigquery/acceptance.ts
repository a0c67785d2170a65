/**
 * Values on their way in: one JSON row of an insertAll becomes values of the table's types, or is refused with the
 * column at fault. Strict on purpose: a row that only fits after a silent conversion is a fault of the sender.
 */
import {
  DuckDBBlobValue, DuckDBDateValue, DuckDBDecimalValue, DuckDBTimestampTZValue, DuckDBTimestampValue,
  listValue, structValue, type DuckDBValue,
} from '@duckdb/node-api'
import { scalar, type Field, type Scalar } from './columns.ts'

export class RowFault extends Error {
  readonly location: string

  constructor(location: string, message: string) {
    super(message)
    this.location = location
  }
}

const INTEGER_MAX = 2n ** 63n - 1n
const DAY_MS = 86_400_000
const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/

/** The row's values in the order of the fields. */
export function acceptRow(json: unknown, fields: readonly Field[], ignoreUnknown: boolean): DuckDBValue[] {
  return acceptRecord(json, fields, ignoreUnknown, '')
}

function acceptRecord(json: unknown, fields: readonly Field[], ignoreUnknown: boolean, prefix: string): DuckDBValue[] {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new RowFault(prefix.slice(0, -1), `This field: ${prefix.slice(0, -1)} is not a record.`)
  }
  const given = new Map(Object.entries(json).map(([name, value]) => [name.toLowerCase(), value as unknown]))
  const values = fields.map((field) => {
    const value = given.get(field.name.toLowerCase()) ?? null
    given.delete(field.name.toLowerCase())
    return accept(value, field, ignoreUnknown, prefix + field.name)
  })
  const [unknown] = given.keys()
  if (unknown !== undefined && !ignoreUnknown) throw new RowFault(prefix + unknown, `no such field: ${prefix}${unknown}.`)
  return values
}

function accept(value: unknown, field: Field, ignoreUnknown: boolean, path: string): DuckDBValue {
  if (field.mode === 'REPEATED') {
    if (value === null) return listValue([])
    if (!Array.isArray(value)) throw new RowFault(path, `This field: ${path} is repeated and wants an array.`)
    return listValue(value.map((item) => acceptOne(item, field, ignoreUnknown, path)))
  }
  if (value === null && field.mode !== 'REQUIRED') return null
  if (value === null) throw new RowFault(path, `Missing required field: ${path}.`)
  if (Array.isArray(value)) throw new RowFault(path, `Array specified for non-repeated field: ${path}.`)
  return acceptOne(value, field, ignoreUnknown, path)
}

function acceptOne(value: unknown, field: Field, ignoreUnknown: boolean, path: string): DuckDBValue {
  if (value === null || value === undefined) throw new RowFault(path, `Only optional fields can be set to NULL. Field: ${path}`)
  if (/^(RECORD|STRUCT)$/i.test(field.type)) {
    const fields = field.fields ?? []
    const values = acceptRecord(value, fields, ignoreUnknown, `${path}.`)
    return structValue(Object.fromEntries(fields.map(({ name }, index) => [name, values[index] ?? null])))
  }
  if (typeof value === 'object') throw new RowFault(path, `This field: ${path} is not a record.`)
  const read = READERS[scalar(field.type)](value as Plain)
  if (read !== undefined) return read
  throw new RowFault(path, `Cannot convert value to ${field.type.toLowerCase()} (bad value): ${String(value).slice(0, 100)}`)
}

type Plain = string | number | boolean

const READERS: Record<Scalar, (value: Plain) => DuckDBValue | undefined> = {
  STRING: (value) => (typeof value === 'string' ? value : undefined),
  BYTES: readBytes,
  INT64: readInteger,
  FLOAT64: readFloat,
  NUMERIC: readNumeric,
  BOOL: (value) => (/^(true|false)$/i.test(String(value)) ? String(value).toLowerCase() === 'true' : undefined),
  TIMESTAMP: readTimestamp,
  DATE: readDate,
  DATETIME: readDatetime,
  JSON: readJson,
}

function readInteger(value: Plain): bigint | undefined {
  if (typeof value === 'boolean' || !/^[-+]?\d{1,19}$/.test(String(value))) return undefined
  const integer = BigInt(value)
  return integer > INTEGER_MAX || integer < -INTEGER_MAX - 1n ? undefined : integer
}

function readFloat(value: Plain): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return undefined
  if (/^(NaN|[-+]?Infinity)$/.test(value)) return Number(value)
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value) ? Number(value) : undefined
}

function readNumeric(value: Plain): DuckDBDecimalValue | undefined {
  const [, sign, whole = '', part = ''] = /^([-+]?)(\d{1,29})(?:\.(\d{1,9}))?$/.exec(String(value)) ?? []
  if (whole === '') return undefined
  const units = BigInt(whole + part.padEnd(9, '0'))
  return new DuckDBDecimalValue(sign === '-' ? -units : units, 38, 9)
}

/** Numbers are seconds since 1970; texts without a zone are UTC. */
function readTimestamp(value: Plain): DuckDBTimestampTZValue | undefined {
  if (typeof value === 'boolean') return undefined
  const seconds = typeof value === 'number' ? value : /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
  if (seconds !== undefined) return new DuckDBTimestampTZValue(BigInt(Math.round(seconds * 1e6)))
  const micros = readMoment(String(value))
  return micros === undefined ? undefined : new DuckDBTimestampTZValue(micros)
}

function readDatetime(value: Plain): DuckDBTimestampValue | undefined {
  const micros = /(Z|UTC|[+-]\d\d:?\d\d)$/.test(String(value).slice(10)) ? undefined : readMoment(String(value))
  return micros === undefined ? undefined : new DuckDBTimestampValue(micros)
}

function readDate(value: Plain): DuckDBDateValue | undefined {
  const micros = String(value).length === 10 ? readMoment(String(value)) : undefined
  return micros === undefined ? undefined : new DuckDBDateValue(Number(micros / 1000n) / DAY_MS)
}

/** Microseconds since 1970; undefined for what no calendar has, such as 30 February. */
function readMoment(text: string): bigint | undefined {
  const [all, year, month, day, hour = '00', minute = '00', second = '00', part = '', zone = 'Z'] = MOMENT.exec(text) ?? []
  if (all === undefined) return undefined
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const ms = Date.parse(`${local}Z`)
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== local) return undefined
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? []
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1)
  return BigInt(ms - offsetMs) * 1000n + BigInt(part.padEnd(6, '0'))
}

function readJson(value: Plain): string | undefined {
  if (typeof value !== 'string') return undefined
  try {
    return JSON.stringify(JSON.parse(value))
  } catch {
    return undefined
  }
}

function readBytes(value: Plain): DuckDBBlobValue | undefined {
  const base64 = typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
  return base64 ? new DuckDBBlobValue(Buffer.from(value, 'base64')) : undefined
}
