/**
 * Signatures that did not hold, counted by vendor in five minutes. One that holds costs nothing; and once there were
 * too many, the others of that time are not counted any more: whoever sends thousands must not cost us thousands of writes.
 */
import { MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { transact } from '#platform/firestore.ts'
import { inLanes } from '#platform/lanes.ts'
import { inMemory } from '#platform/in-memory.ts'
import { alertPlace, nudgeKeys, raiseAlert } from './alerts.ts'
import { counterDoc, counterOf, countedUp } from './limits.ts'

const WINDOW_MS = 5 * MINUTE_MS
/** Over when there was no such window for so long. */
const QUIET_MS = 10 * MINUTE_MS
/** Until when a vendor's window is known to be full. It is only a courtesy: the counter decides. */
const fullUntil = inMemory<string, number>()

export async function noteBadSignature(vendor: string): Promise<void> {
  await inLanes([`bad signature ${vendor}`], async () => {
    if ((fullUntil.get(vendor) ?? 0) > now()) return
    if (await counted(vendor)) await nudgeKeys([keyOf(vendor)])
  })
}

function keyOf(vendor: string): string {
  return `signatures/${vendor}`
}

/** @returns whether this one was one too many */
async function counted(vendor: string): Promise<boolean> {
  const { ALERT_SIGNATURE_FAILURES: most } = config('alerts')
  const [place, alert] = [await counterDoc(`bad signature ${vendor}`), await alertPlace()]
  return transact(async (unit) => {
    const counter = counterOf(place, await unit.get(place), WINDOW_MS)
    if (counter.used >= most) fullUntil.set(vendor, counter.startedAtMs + WINDOW_MS)
    if (counter.used > most) return false
    unit.set(place, countedUp(counter))
    if (counter.used < most) return false
    const summary = `More than ${most} webhooks in the name of ${vendor} came within five minutes whose signature does not hold.`
    raiseAlert(unit, alert, { key: keyOf(vendor), severity: 'p0', summary, details: { vendor }, quietMs: QUIET_MS })
    return true
  })
}
