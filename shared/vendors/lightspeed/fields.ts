/** Lightspeed's values: all of them text, none as "0", moments with an offset, decimals with more digits than money has. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { NUMERIC_DIGITS, roundedDecimal } from '#values/decimal.ts'

export const id = z.string().regex(/^\d{1,20}$/, 'must be a number')

/** Another record's number; "0" and nothing are none. */
export const reference = id.optional().transform((value) => (value === undefined || value === '0' ? null : value))

export const words = z.string().max(2_000).optional().transform((value) => value ?? '')

/** Text that may be empty, which is none. */
export const label = z.string().max(255).optional().transform((value) => (value === undefined || value.trim() === '' ? null : value.trim()))

export const yes = z.enum(['true', 'false']).transform((value) => value === 'true')

export const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

export const decimal = z.string().transform((text, check) => {
  const value = roundedDecimal(text, NUMERIC_DIGITS)
  if (value !== undefined) return value
  check.addIssue({ code: 'custom', message: 'must be a decimal' })
  return z.NEVER
})

export interface Sorted<Item> {
  readonly good: readonly Item[]
  readonly bad: ReadonlyArray<{ readonly id: string; readonly reason: string }>
}

/** What can be read, and what cannot, each with the rule it breaks: one bad record stops no other. */
export function sorted<Item>(records: readonly unknown[], idField: string, read: (record: unknown) => z.ZodSafeParseResult<Item>): Sorted<Item> {
  const good: Item[] = []
  const bad: Array<{ id: string; reason: string }> = []
  for (const record of records) {
    const parsed = read(record)
    if (parsed.success) good.push(parsed.data)
    else bad.push({ id: idOf(record, idField), reason: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') })
  }
  return { good, bad }
}

function idOf(record: unknown, idField: string): string {
  const said = (record as Record<string, unknown> | null)?.[idField]
  return typeof said === 'string' ? said : ''
}

/** Tells two states of a record apart that changed within the same second. */
export function fingerprint(record: unknown): string {
  return createHash('sha1').update(JSON.stringify(record)).digest('base64url').slice(0, 10)
}

/** As Lightspeed takes a moment in a filter: whole seconds. */
export function inSeconds(ms: number): string {
  return `${new Date(Math.floor(ms / 1_000) * 1_000).toISOString().slice(0, 19)}+00:00`
}
