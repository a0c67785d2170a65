/**
 * Lanes: work that touches the same hot documents goes one after the other inside an instance, so that it does not
 * fight itself. Only a courtesy: other instances do not see it, and correctness never rests on it.
 */
const lanes = new Map<string, Promise<void>>()

/** Runs `work` when everything that entered one of its lanes earlier is done. Lanes are taken all at once, so nothing dead-locks. */
export async function inLanes<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
  const before = names.map((name) => lanes.get(name)).filter((tail) => tail !== undefined)
  const { promise: done, resolve: leave } = Promise.withResolvers<void>()
  for (const name of names) lanes.set(name, done)
  try {
    await Promise.all(before)
    return await work()
  } finally {
    leave()
    for (const name of names) if (lanes.get(name) === done) lanes.delete(name)
  }
}
