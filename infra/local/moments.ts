/**
 * What a person may write where the clock is moved: ISO 8601 durations (`P3D`, `PT15M`, `P1M`) and moments.
 */
const DURATION = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** Months and years are counted in the calendar (UTC); a day that the month does not have becomes its last. */
export function addDuration(fromMs: number, text: string): number | undefined {
  const match = DURATION.exec(text)
  if (match === null || text.endsWith('P') || text.endsWith('T')) return undefined
  const [years, months, weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0))
  const moved = addMonths(fromMs, (years ?? 0) * 12 + (months ?? 0))
  const dayCount = (weeks ?? 0) * 7 + (days ?? 0)
  return moved + Math.round((((dayCount * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000)
}

export function momentOf(text: string): number | undefined {
  const ms = MOMENT.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

function addMonths(fromMs: number, months: number): number {
  const moved = new Date(fromMs)
  const day = moved.getUTCDate()
  moved.setUTCMonth(moved.getUTCMonth() + months)
  if (moved.getUTCDate() !== day) moved.setUTCDate(0)
  return moved.getTime()
}
