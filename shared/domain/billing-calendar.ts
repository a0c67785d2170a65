/**
 * The billing calendar: due each month on the same civil day and at the same time of day, as the store's calendar and
 * clock show it. A month that has no such day is due on its last one, and the next again on the day agreed.
 *
 * Every due moment is counted from the first day, never from the one before: so the 31st comes back after February, and
 * neither a change of clocks nor one of the store's time zone moves the day.
 */
import { DAY_MS } from '#values/time.ts'
import { momentOf, wallTime } from './civil-day.ts'

/** The civil day and time of day from which months are counted. */
export interface Anchor {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
  readonly timeMs: number
}

export function anchorAt(timeZone: string, atMs: number): Anchor {
  const wallMs = wallTime(timeZone, atMs)
  const wall = new Date(wallMs)
  const day = wall.getUTCDate()
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day, timeMs: wallMs - Math.floor(wallMs / DAY_MS) * DAY_MS }
}

/** So many months after the first day. */
export function dueAt(timeZone: string, { year, month, day, timeMs }: Anchor, months: number): number {
  const lastDay = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  return momentOf(timeZone, Date.UTC(year, month - 1 + months, Math.min(day, lastDay)) + timeMs)
}

/** The same time of day, so many civil days later. */
export function daysAfter(timeZone: string, atMs: number, days: number): number {
  return momentOf(timeZone, wallTime(timeZone, atMs) + days * DAY_MS)
}
