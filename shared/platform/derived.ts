/** Ids and keys that follow from what they stand for, and that nobody can guess or forge. */
import { createHmac } from 'node:crypto'
import { encode } from '#values/ids.ts'
import { config } from './config.ts'

/** The same parts give the same id; parts are kept apart by their length, so that no two lists read alike. */
export function derivedId(prefix: string, parts: readonly string[]): string {
  const mac = createHmac('sha256', config('access').ORDER_ID_SECRET)
  for (const part of parts) mac.update(`${Buffer.byteLength(part)}:${part}`)
  return `${prefix}_${encode(mac.digest())}`
}
