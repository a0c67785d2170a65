/**
 * A job's due times: unix cron in a time zone, as Cloud Scheduler takes it (five fields).
 */
import { Cron } from 'croner'
import { invalid } from '../protobuf.ts'

export class CronSchedule {
  readonly #cron: Cron

  /** @throws INVALID_ARGUMENT */
  constructor(expression: string, timeZone: string) {
    if (expression.trim().split(/\s+/).length !== 5) throw invalid(`The schedule "${expression}" is not five fields of cron.`)
    try {
      this.#cron = new Cron(expression, { timezone: timeZone || 'UTC', paused: true })
      this.#cron.nextRun(new Date(0))
    } catch (error) {
      throw invalid(`Schedule or time zone is malformed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** First due time after the moment; undefined when there is none (30 February). */
  nextAfter(ms: number): number | undefined {
    return this.#cron.nextRun(new Date(ms))?.getTime()
  }

  /**
   * Due times from `firstMs` (one itself) to `lastMs`, all of them, or `countMax` when there are more: the first,
   * the last, and between them those next to evenly spread moments. Where the schedule is so uneven that
   * several moments share a due time, the ones that follow fill up.
   */
  between(firstMs: number, lastMs: number, countMax: number): number[] {
    const all = this.#from(firstMs, lastMs, countMax + 1)
    if (all.length <= countMax) return all
    const end = this.#cron.previousRuns(1, new Date(lastMs + 1000))[0]?.getTime() ?? firstMs
    const chosen = new Set([firstMs, end])
    for (let n = 1; n < countMax - 1; n++) {
      const moment = firstMs + Math.round(((end - firstMs) * n) / (countMax - 1))
      chosen.add(this.nextAfter(moment - 1) ?? end)
    }
    for (const due of chosen) {
      if (chosen.size >= countMax) break
      const next = this.nextAfter(due)
      if (next !== undefined && next < end) chosen.add(next)
    }
    return [...chosen].sort((a, b) => a - b)
  }

  #from(firstMs: number, lastMs: number, countMax: number): number[] {
    const due: number[] = []
    let at: number | undefined = firstMs
    while (at !== undefined && at <= lastMs && due.length < countMax) {
      due.push(at)
      at = this.nextAfter(at)
    }
    return due
  }
}
