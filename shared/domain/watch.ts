/** What is looked at every minute, and from where on it is an alert. Each is over as soon as its figure is well again. */
import { iso } from '#values/time.ts'
import type { Alert, AlertChange } from './alert.ts'

export interface Signs {
  /** Vendor events and mails that were given up and wait for a person. */
  readonly deadLetters: number
  readonly deadMails: number
  /** Mails that somebody waits for and that should have been out for too long, and the one that has waited longest. */
  readonly lateMails: number
  readonly longestMail: { readonly mailId: string; readonly sinceMs: number } | undefined
  /** Orders of the last hour, and those among all whose payment was not answered in it. */
  readonly attempts: number
  readonly timeouts: number
  /** Orders whose payment has been unknown for too long, and the one that has waited longest. */
  readonly stuck: number
  readonly longest: { readonly orderId: string; readonly sinceMs: number } | undefined
  /** The sync that was last at the present the longest time ago, if that is too long. */
  readonly lateSync: { readonly job: string; readonly sinceMs: number } | undefined
}

export interface Thresholds {
  readonly deadLetters: number
  readonly timeoutsPercent: number
  readonly timeoutsMin: number
  readonly stuckMinutes: number
  readonly mailMinutes: number
  readonly syncMinutes: number
}

/** Every alert that is watched: a key, and what is wrong, if anything is. */
type Watched = readonly [key: string, wrong: Alert | undefined]

export const WATCHED_KEYS = ['inbox/dead-letters', 'mail/backlog', 'payments/timeouts', 'payments/stuck', 'syncs/lag'] as const

/** What has changed about the alerts that are `open` now. */
export function changesIn(signs: Signs, thresholds: Thresholds, open: ReadonlySet<string>): AlertChange[] {
  return watched(signs, thresholds).flatMap(([key, wrong]): AlertChange[] => {
    if (wrong !== undefined) return open.has(key) ? [] : [{ raise: wrong }]
    return open.has(key) ? [{ resolve: key }] : []
  })
}

function watched(signs: Signs, thresholds: Thresholds): Watched[] {
  return [
    ['inbox/dead-letters', deadLetters(signs, thresholds)],
    ['mail/backlog', backlog(signs, thresholds)],
    ['payments/timeouts', timeouts(signs, thresholds)],
    ['payments/stuck', stuck(signs, thresholds)],
    ['syncs/lag', lag(signs, thresholds)],
  ]
}

function deadLetters({ deadLetters: events, deadMails: mails }: Signs, { deadLetters: most }: Thresholds): Alert | undefined {
  if (events + mails <= most) return undefined
  return {
    key: 'inbox/dead-letters', severity: 'p1', summary: `${events + mails} dead letters wait for a person: vendor events that were not applied, mails that were not sent.`,
    details: { events, mails },
  }
}

function backlog({ lateMails, longestMail }: Signs, { mailMinutes }: Thresholds): Alert | undefined {
  if (longestMail === undefined || lateMails === 0) return undefined
  return {
    key: 'mail/backlog', severity: 'p1', summary: `${lateMails} mails that customers wait for are due for more than ${mailMinutes} minutes.`,
    details: { mails: lateMails, mailId: longestMail.mailId, since: iso(longestMail.sinceMs) },
  }
}

function timeouts({ attempts, timeouts: unanswered }: Signs, { timeoutsPercent, timeoutsMin }: Thresholds): Alert | undefined {
  if (unanswered < timeoutsMin || unanswered * 100 <= attempts * timeoutsPercent) return undefined
  return {
    key: 'payments/timeouts', severity: 'p1', summary: `${unanswered} of the last hour's ${attempts} payments were not answered by the gateway.`,
    details: { attempts, unanswered },
  }
}

function stuck({ stuck: orders, longest }: Signs, { stuckMinutes }: Thresholds): Alert | undefined {
  if (longest === undefined || orders === 0) return undefined
  return {
    key: 'payments/stuck', severity: 'p0', orderId: longest.orderId,
    summary: `${orders} orders have waited for more than ${stuckMinutes} minutes to know whether they were paid.`,
    details: { orders, since: iso(longest.sinceMs) },
  }
}

function lag({ lateSync }: Signs, { syncMinutes }: Thresholds): Alert | undefined {
  if (lateSync === undefined) return undefined
  return {
    key: 'syncs/lag', severity: 'p1', summary: `${lateSync.job} is behind for more than ${syncMinutes} minutes: reports and stock of the till are old.`,
    details: { sync: lateSync.job, since: iso(lateSync.sinceMs) },
  }
}
