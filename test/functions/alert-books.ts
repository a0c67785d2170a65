/** What must hold of alerts: PagerDuty knows of each what we know, once, and nothing waits to be told for long. */
import type { Json } from './shop.ts'

export interface AlertEvidence {
  readonly alerts: readonly Json[]
  readonly facts: readonly Json[]
  /** PagerDuty's alerts. */
  readonly pages: readonly Json[]
}

/** Whatever is told agrees with what is, and no matter is open twice. */
export function alertFaults({ alerts, pages }: AlertEvidence): string[] {
  const byKey = Map.groupBy(pages, ({ dedup_key }) => String(dedup_key))
  const twice = [...byKey].filter(([, several]) => several.filter(isOpen).length > 1)
  return [
    ...twice.map(([key]) => `alert ${key} is open more than once at PagerDuty`),
    ...[...byKey.keys()].filter((key) => !alerts.some((alert) => alert['key'] === key)).map((key) => `PagerDuty was told of ${key}, which is no alert of ours`),
    ...alerts.filter((alert) => alert['toTell'].length === 0).flatMap((alert) => {
      const there = (byKey.get(alert['key']) ?? []).some(isOpen)
      return there === (alert['status'] === 'open') ? [] : [`alert ${alert['key']} is ${alert['status']}, at PagerDuty it is ${there ? 'open' : 'not open'}`]
    }),
  ]
}

/** What nobody was told although time has passed. */
export function untold({ alerts, facts }: AlertEvidence): string[] {
  return [
    ...facts.map(({ key }) => `a fact about ${key} was never looked at`),
    ...alerts.filter(({ toTell }) => toTell.length > 0).map(({ key, toTell, lastError }) => `alert ${key} waits to be told (${toTell}): ${lastError}`),
  ]
}

function isOpen({ status }: Json): boolean {
  return status !== 'resolved'
}
