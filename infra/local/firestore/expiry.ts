/**
 * Deletes documents whose time-to-live has passed, and not on time: one sweep a day, so that whatever reads them
 * must look at the expiry itself, as with the real service ("typically within 24 hours").
 */
import type { Timeline } from '../timeline.ts'
import type { Database } from './database.ts'
import { valueAt } from './matching.ts'
import { microsOf } from './protocol.ts'

const DAY_MS = 86_400_000

/** Sweeps at each midnight (UTC) of the timeline. */
export function sweepDaily(timeline: Timeline, database: Database): void {
  const policies = database.indexFile.overrides.filter((override) => override.expires)
  if (policies.length === 0) return
  const nextMs = (Math.floor(timeline.now() / DAY_MS) + 1) * DAY_MS
  timeline.at(nextMs, async () => {
    for (const { collectionGroup, path } of policies) await sweep(timeline, database, collectionGroup, path)
    sweepDaily(timeline, database)
  })
}

async function sweep(timeline: Timeline, database: Database, collectionId: string, path: string): Promise<void> {
  const nowMicros = timeline.now() * 1000
  const set = database.store.documents({ kind: 'group', under: database.names.root, collectionId })
  const expired: string[] = []
  for (const { document } of set?.slots() ?? []) {
    const expireAt = valueAt(document, path)?.timestampValue
    if (expireAt != null && microsOf(expireAt) < nowMicros) expired.push(document.name)
  }
  for (const name of expired) {
    const write = { name, deletes: true, fields: {}, mask: undefined, transforms: [], condition: undefined }
    const now = new AbortController()
    const deleted = database.commit([write], { signal: now.signal })
    // The sweep waits for nobody: a document that is locked at this moment is left for the next day.
    now.abort()
    await deleted.catch(() => undefined)
  }
}
