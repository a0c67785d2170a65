/** Records that wait for a moment: `nextAtMs` says when, null when nothing is left to do. */
import { now } from '#platform/clock.ts'
import { collection, doc, readQuery, revise, transact, type Data, type Snapshot } from '#platform/firestore.ts'

/** A nudged record is due again after this, if its worker did not get to it; so is one that could not be finished. */
const HOLD_MS = 60_000

/** Records whose time has come, the longest waiting first. */
export async function dueRecords(name: string, limit: number): Promise<Snapshot[]> {
  return readQuery((await collection(name)).where('nextAtMs', '<=', now()).orderBy('nextAtMs').limit(limit))
}

/** Looks at a record again later, if it is still due. */
export async function lookLater(name: string, id: string): Promise<void> {
  const place = await doc(name, id)
  await revise(async (unit) => {
    const nextAtMs: unknown = (await unit.get(place)).get('nextAtMs')
    if (typeof nextAtMs === 'number' && nextAtMs <= now()) unit.update(place, { nextAtMs: now() + HOLD_MS })
  })
}

/** Gives the workers time before the next nudge. A record that moved since it was read is left alone. */
export async function holdBack(records: readonly Snapshot[]): Promise<void> {
  await changeUnmoved(records, () => ({ nextAtMs: now() + HOLD_MS }))
}

/** Changes those among due records that nobody has moved since they were read. */
export async function changeUnmoved(records: readonly Snapshot[], changeAt: (place: number) => Data): Promise<void> {
  if (records.length === 0) return
  await transact(async (unit) => {
    const fresh = await unit.getAll(...records.map(({ ref }) => ref))
    for (const [index, snapshot] of fresh.entries()) {
      if (snapshot.get('nextAtMs') === records[index]?.get('nextAtMs')) unit.update(snapshot.ref, changeAt(index))
    }
  })
}
