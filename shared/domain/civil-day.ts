/** Days as people in a time zone count them; one is 23 or 25 hours long where clocks are changed. */
import { DAY_MS, HOUR_MS } from '#values/time.ts'

export interface CivilDay {
  /** `2026-11-20` */
  readonly day: string
  readonly fromMs: number
  /** Where the next day begins. */
  readonly toMs: number
}

/** The day that a moment belongs to. */
export function dayIn(timeZone: string, atMs: number): CivilDay {
  const dates = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  const day = dates.format(atMs)
  return { day, fromMs: firstMomentOf(day, dates), toMs: firstMomentOf(dayAfter(day), dates) }
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10)
}

/** The first moment that is that day there; zones lie at most 14 hours apart from UTC. */
function firstMomentOf(day: string, dates: Intl.DateTimeFormat): number {
  let before = Date.parse(day) - 15 * HOUR_MS
  let within = Date.parse(day) + 15 * HOUR_MS
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2)
    if (dates.format(middle) < day) before = middle
    else within = middle
  }
  return within
}
