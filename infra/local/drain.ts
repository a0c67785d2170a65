/**
 * Waits until nothing is left that is due now: work on the clock, messages, webhook deliveries, what the cloud itself
 * has asked of instances, and outbox work that only a scheduled function would pick up.
 *
 * What waits for a later moment (a back-off, a retry) is not due and not waited for.
 */
import type { Timeline } from './timeline.ts'

export interface DrainSources {
  readonly timeline: Timeline
  /** Messages and deliveries due within a moment or under way, by the name of who owes them. */
  readonly owed: () => Record<string, number>
  /** How many of them are not due yet. */
  readonly waiting: () => number
  /** Scheduled functions that pick up what is due in the shop's own stores and what nobody works at. */
  readonly jobsDue: () => readonly string[]
  readonly runJob: (job: string) => Promise<void>
}

/** Something is still due when the deadline has come. */
export class StillDue extends Error {}

const LOOK_AGAIN_MS = 4
const JOBS_AGAIN_MS = 200

/** Resolves when nothing is owed; due work in the shop's stores is not looked at. */
export async function quiet(sources: Pick<DrainSources, 'timeline' | 'owed' | 'waiting'>, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (true) {
    if (sources.timeline.busy()) await sources.timeline.settle()
    const owed = Object.entries(sources.owed()).filter(([, count]) => count > 0)
    if (owed.length === 0 && !sources.timeline.busy()) return
    // Nothing is under way, and what is left comes in a moment: the clock need not be waited for.
    if (owed.length > 0 && !sources.timeline.busy() && sources.waiting() === owed.reduce((sum, [, count]) => sum + count, 0)) {
      await sources.timeline.hasten()
      continue
    }
    if (performance.now() > deadline) {
      const list = owed.map(([name, count]) => `${name}: ${count}`).join(', ')
      throw new StillDue(`After ${deadlineMs / 1000} s something is still due (${list || 'work on the clock'}).`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}

export async function drain(sources: DrainSources, deadlineMs = 60_000): Promise<void> {
  const deadline = performance.now() + deadlineMs
  for (let round = 0; ; round += 1) {
    await quiet(sources, Math.max(deadline - performance.now(), 1))
    const jobs = sources.jobsDue()
    if (jobs.length === 0) return
    if (performance.now() > deadline) throw new StillDue(`After ${deadlineMs / 1000} s work is still due in the stores, of ${jobs.join(', ')}.`)
    // A job that could not help at once (its target fails) is not asked without a pause.
    if (round > 1) await new Promise((resolve) => setTimeout(resolve, JOBS_AGAIN_MS))
    for (const job of jobs) await sources.runJob(job)
  }
}
