/** Where a sync stands, and what its last run did. */
import { now } from '#platform/clock.ts'
import { doc, readOne, transact } from '#platform/firestore.ts'
import { inLanes } from '#platform/lanes.ts'

export async function readProgress(job: string): Promise<Record<string, string>> {
  const data = (await readOne(await doc('sync_progress', job))).data()
  return (data?.['watermarks'] ?? {}) as Record<string, string>
}

export async function saveProgress(job: string, watermarks: Record<string, string>, tally: Record<string, number>): Promise<void> {
  const place = await doc('sync_progress', job)
  // One run may note several at once.
  await inLanes([`progress ${job}`], () => transact(async (unit) => {
    const before = ((await unit.get(place)).data()?.['watermarks'] ?? {}) as Record<string, string>
    unit.set(place, { watermarks: { ...before, ...watermarks }, lastRunAtMs: now(), tally })
  }))
}
