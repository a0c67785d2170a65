/** Days and hours as people in a time zone count them; a day is 23 or 25 hours long where clocks are changed. */
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
  return dayNamed(timeZone, datesIn(timeZone).format(atMs))
}

/** The day of that name, `2026-11-20`. */
export function dayNamed(timeZone: string, day: string): CivilDay {
  const dates = datesIn(timeZone)
  return { day, fromMs: firstMomentOf(day, dates), toMs: firstMomentOf(daysAfter(day, 1), dates) }
}

/** The date that people there write at a moment: `2026-11-20`. */
export function dateIn(timeZone: string, atMs: number): string {
  return datesIn(timeZone).format(atMs)
}

function datesIn(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
}

export function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().split('T')[0] as string
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

const clocks = new Map<string, Intl.DateTimeFormat>()

function clockIn(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone)
  if (known !== undefined) return known
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  })
  clocks.set(timeZone, clock)
  return clock
}

/** What calendar and clock on the wall show there at a moment, written as if it were UTC: so it can be counted with. */
export function wallTime(timeZone: string, atMs: number): number {
  const parts = Object.fromEntries(clockIn(timeZone).formatToParts(atMs).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((atMs % 1000) + 1000) % 1000)
}

/** The moment at which the wall shows that. What it shows twice counts the first time; what it leaves out counts as so much later. */
export function momentOf(timeZone: string, wallMs: number): number {
  const before = wallTime(timeZone, wallMs - DAY_MS) - (wallMs - DAY_MS)
  const after = wallTime(timeZone, wallMs + DAY_MS) - (wallMs + DAY_MS)
  const moments = [wallMs - before, wallMs - after].sort((one, other) => one - other)
  return moments.find((atMs) => wallTime(timeZone, atMs) === wallMs) ?? wallMs - before
}
