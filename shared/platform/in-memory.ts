/**
 * What an instance remembers of the shop that it serves: it saves calls and is never the truth, for the next instance
 * remembers something else. All of it can be forgotten at once.
 */
const remembered: Array<Map<unknown, unknown>> = []

/** A map that lasts as long as the instance, or until everything is forgotten. Whoever fills it bounds its size. */
export function inMemory<Key, Value>(): Map<Key, Value> {
  const map = new Map<Key, Value>()
  remembered.push(map as Map<unknown, unknown>)
  return map
}

/** An instance of the local cloud that goes over to another shop begins with that shop's settings, and with nothing of this one's. */
export function forgetAll(): void {
  for (const map of remembered) map.clear()
}
