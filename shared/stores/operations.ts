/**
 * Idempotency: the record of an operation is written in the same transaction as its effect, so that either both
 * exist or neither. The same key then gets the same bytes again, for 24 hours.
 */
import { createHash } from 'node:crypto'
import { Failure } from '#values/failure.ts'
import { DAY_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { doc, timestamp, transact, type Unit } from '#platform/firestore.ts'

export interface OperationKey {
  /** Caller, endpoint and key: one caller's key means nothing for another. */
  readonly scope: readonly string[]
  readonly requestHash: string
}

export interface Done {
  readonly status: number
  readonly body: string
  readonly replayed: boolean
}

/** Runs `work` once for this key. Two at once: one runs, the other waits for its locks and gets the first one's bytes. */
export async function once(key: OperationKey | undefined, work: (unit: Unit) => Promise<{ status: number; body: string }>): Promise<Done> {
  if (key === undefined) return transact(async (unit) => ({ ...(await work(unit)), replayed: false }))
  const place = await doc('operations', digest(key.scope))
  const expireAt = await timestamp(now() + DAY_MS)
  return transact(async (unit) => {
    const record = (await unit.get(place)).data() as { requestHash: string; status: number; body: string; untilMs: number } | undefined
    if (record !== undefined && record.untilMs > now()) {
      if (record.requestHash !== key.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
      return { status: record.status, body: record.body, replayed: true }
    }
    const done = await work(unit)
    unit.set(place, { requestHash: key.requestHash, status: done.status, body: done.body, untilMs: now() + DAY_MS, expireAt })
    return { ...done, replayed: false }
  })
}

/** Parts are kept apart by their length, so that no two lists read alike. */
export function digest(parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`)
  return hash.digest('base64url')
}
