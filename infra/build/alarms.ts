/**
 * How grave it is when a function fails, and what is promised of the shop as a whole. The sentence of each alarm is the
 * function's own `impact`; this says only who is woken by it.
 */
import type { Severity } from '../../shared/domain/alert.ts'
import type { Declaration } from '../../shared/entry/declaration.ts'

/** So often Scheduler tries a job again that does not run every minute or two. */
export const RETRIES = 3

/** Failures that wake somebody at once: money that is not reconciled, events that are missed, facts that do not reach the warehouse, alerts nobody hears. */
const P0 = /^(?:check-out|confirm-order|refund-order|reconcile-.+|sweep-reservations|renew-memberships|send-warehouse-rows|publish-audit-seal|on-alert|on-(?:stripe|authorize-net|razorpay)-.+)$/
/** What staff look at, and what is made up for later without anybody noticing. */
const P2 = /^(?:list-(?!products|membership-tiers|orders).+|search-.+|show-.+-(?:stats|metrics)|show-stats|sweep-carts|sweep-cards)$/

export function severityOf({ kind, name }: Declaration): Severity {
  if (kind === 'webhook' || P0.test(name)) return 'p0'
  return P2.test(name) ? 'p2' : 'p1'
}

/** So many failures in five minutes wake nobody yet. What runs on a clock is tried again: all tries must have failed. */
export function failuresMaxOf(declaration: Declaration): number {
  const most = { p0: 0, p1: 4, p2: 9 }[severityOf(declaration)]
  return declaration.kind === 'schedule' ? Math.min(most, RETRIES) : most
}

export interface Objective {
  readonly id: string
  /** What is promised, in words. */
  readonly about: string
  /** Path of an endpoint or topic of a message function: the objective stands as soon as there is one. */
  readonly of: string
  readonly goal: number
  /** Answers that count as good: all that are no failure of ours, or those within so many milliseconds. */
  readonly withinMs?: number
  /** Or minutes in which no message has waited longer than so many seconds. */
  readonly waitsSecondsMax?: number
}

/** A decline (402) and a refusal (4xx) count neither way: good is 2xx, bad is 5xx. */
const PROMISED: readonly Objective[] = [
  { id: 'checkout-paid', of: '/api/checkout', goal: 0.99, about: 'More than 99 % of payments attempted and not declined are paid.' },
  { id: 'checkout-fast', of: '/api/checkout', goal: 0.9, withinMs: 2_000, about: '9 of 10 checkouts are answered within 2 s.' },
  { id: 'scan-answered', of: '/api/scans', goal: 0.999, about: 'More than 99.9 % of scans are answered.' },
  { id: 'scan-fast', of: '/api/scans', goal: 0.9, withinMs: 500, about: '9 of 10 scans are answered within half a second.' },
  { id: 'mail-sent', of: 'mail-queued', goal: 0.98, about: 'More than 98 % of the tries to send a mail are not failures of ours.' },
  { id: 'mail-prompt', of: 'mail-queued', goal: 0.98, waitsSecondsMax: 30, about: 'In 98 % of all minutes no mail has waited longer than 30 s for the provider.' },
  { id: 'dashboard-answered', of: '/api/bigquery/dashboard', goal: 0.99, about: 'More than 99 % of dashboards are answered.' },
  { id: 'dashboard-fast', of: '/api/bigquery/dashboard', goal: 0.9, withinMs: 3_000, about: '9 of 10 dashboards are answered within 3 s.' },
  { id: 'push-sent', of: 'push-queued', goal: 0.95, about: 'More than 95 % of the tries to send a push are not failures of ours.' },
]

export interface Owned extends Objective {
  readonly function: string
}

/** What is promised of functions that exist. */
export function objectivesOf(declarations: readonly Declaration[]): Owned[] {
  return PROMISED.flatMap((objective) => {
    const owner = declarations.find((one) => ('path' in one && one.path === objective.of) || (one.kind === 'message' && one.topic === objective.of))
    return owner === undefined ? [] : [{ ...objective, function: owner.name }]
  })
}
