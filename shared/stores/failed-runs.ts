/** Runs of scheduled functions that failed one after the other. While all is well there is no record, and nothing is written. */
import { config } from '#platform/config.ts'
import { doc, readOne, transact, type Doc } from '#platform/firestore.ts'
import { alertPlace, nudgeKeys, raiseAlert, resolveAlert } from './alerts.ts'

export interface ScheduledRun {
  readonly name: string
  /** What the business loses when it fails. */
  readonly impact: string
}

export async function noteFailedRun({ name, impact }: ScheduledRun): Promise<void> {
  const [place, alert] = [await runDoc(name), await alertPlace()]
  const told = await transact(async (unit) => {
    const failures = Number((await unit.get(place)).get('failures') ?? 0) + 1
    unit.set(place, { failures })
    if (failures < config('alerts').ALERT_FAILED_RUNS) return false
    const summary = `${name} failed ${failures} times in a row. ${impact}`
    raiseAlert(unit, alert, { key: keyOf(name), severity: 'p1', summary, details: { function: name, failures } })
    return true
  })
  if (told) await nudgeKeys([keyOf(name)])
}

export async function noteGoodRun({ name }: ScheduledRun): Promise<void> {
  const place = await runDoc(name)
  if (!(await readOne(place)).exists) return
  const alert = await alertPlace()
  await transact(async (unit) => {
    if (!(await unit.get(place)).exists) return
    unit.delete(place)
    // Of an alert that was not raised it says nothing.
    resolveAlert(unit, alert, keyOf(name))
  })
  await nudgeKeys([keyOf(name)])
}

function keyOf(name: string): string {
  return `schedule/${name}`
}

function runDoc(name: string): Promise<Doc> {
  return doc('failed_runs', name)
}
