/**
 * A short fingerprint of a JSON value that does not depend on the order of its keys: binds a cursor to its query
 * and an idempotency key to its body.
 */
import { createHash } from 'node:crypto'
import { isRecord } from './input.ts'

export function digest(value: unknown): string {
  const canonical = JSON.stringify(value, (_key, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  )
  return createHash('sha256').update(canonical).digest('base64url').slice(0, 22)
}
