/**
 * Runs one job: waits for its due times, fires it, tries again where the job asks for it, and never has two
 * executions of it under way.
 *
 * How a jump of the clock is thinned is told in `scheduler.ts`.
 */
import type { Timeline } from '../timeline.ts'
import { CronSchedule } from './cron.ts'
import { retryWaitMs, shortName, type Job } from './job.ts'
import { claimsFor, type Sign } from './token.ts'

export interface FireTarget {
  readonly url: string
  readonly method: string
  readonly body: Buffer
}

export interface Fired {
  readonly status: number
  readonly body: unknown
}

/** Brings one execution to the function, by the job's short name, and resolves to its answer. */
export type Fire = (name: string, headers: Record<string, string>, target: FireTarget) => Promise<Fired>

export interface RunnerOptions {
  readonly timeline: Timeline
  readonly fire: Fire
  readonly sign: Sign
  /** Keeps the job after an attempt. */
  readonly keep: (job: Job) => void
}

export const FIRINGS_PER_JUMP_MAX = 60

export class Runner {
  readonly job: Job
  readonly #options: RunnerOptions
  #cron: CronSchedule
  #dueMs: number | undefined
  #cancel: () => void = () => {}
  #turn: Promise<unknown> = Promise.resolve()
  #underWay = 0
  /** Counts beginnings, so that an execution begun before one does not wait for a next time of its own. */
  #beginning = 0
  /** Due times left of the jump that leads to `#plannedTo`. */
  #plan: number[] = []
  #plannedTo: number | undefined

  constructor(job: Job, options: RunnerOptions) {
    this.job = job
    this.#options = options
    this.#cron = new CronSchedule(job.cron, job.timeZone)
    this.#waitForNext(options.timeline.now())
  }

  /** Moment of the next execution or retry. */
  get dueMs(): number | undefined {
    return this.#dueMs
  }

  /** Executions under way or due now. */
  get pending(): number {
    const due = this.#dueMs !== undefined && this.#dueMs <= this.#options.timeline.now()
    return Math.max(this.#underWay, due ? 1 : 0)
  }

  /** Begins anew with the job as it is now: changed, paused, resumed. */
  restart(): void {
    this.stop()
    this.#plannedTo = undefined
    this.#cron = new CronSchedule(this.job.cron, this.job.timeZone)
    this.#waitForNext(this.#options.timeline.now())
  }

  stop(): void {
    this.#beginning += 1
    this.#cancel()
    this.#dueMs = undefined
  }

  /** One attempt out of turn, paused or not. */
  runNow(): Promise<Fired> {
    return this.#attempt(this.#options.timeline.now())
  }

  #waitForNext(afterMs: number): void {
    if (this.job.paused) return
    const dueMs = this.#nextOf(afterMs)
    if (dueMs !== undefined) this.#wait(dueMs, () => this.#execute(dueMs))
  }

  #wait(dueMs: number, work: () => Promise<void>): void {
    this.#cancel()
    this.#dueMs = dueMs
    this.#cancel = this.#options.timeline.at(dueMs, async () => {
      this.#dueMs = undefined
      await work()
    })
  }

  /** Within a jump the next of its thinned due times. */
  #nextOf(afterMs: number): number | undefined {
    const { jumpTargetMs } = this.#options.timeline
    if (jumpTargetMs !== undefined && jumpTargetMs === this.#plannedTo && this.#plan.length > 0) return this.#plan.shift()
    return this.#cron.nextAfter(afterMs)
  }

  async #execute(scheduledMs: number): Promise<void> {
    const { jumpTargetMs } = this.#options.timeline
    if (jumpTargetMs !== undefined && jumpTargetMs !== this.#plannedTo) {
      this.#plannedTo = jumpTargetMs
      this.#plan = this.#cron.between(scheduledMs, jumpTargetMs, FIRINGS_PER_JUMP_MAX).slice(1)
    }
    await this.#tryTo(scheduledMs, this.#options.timeline.now(), 0)
  }

  async #tryTo(scheduledMs: number, startedMs: number, retries: number): Promise<void> {
    const beginning = this.#beginning
    const succeeded = await this.#attempt(scheduledMs).then(({ status }) => isSuccess(status), () => false)
    if (this.#beginning !== beginning) return
    const nextDueMs = this.#cron.nextAfter(Math.max(scheduledMs, startedMs)) ?? Number.POSITIVE_INFINITY
    const retryMs = this.#options.timeline.now() + retryWaitMs(this.job.retry, retries)
    if (!succeeded && this.#mayRetry(startedMs, retries) && retryMs < nextDueMs) {
      return this.#wait(retryMs, () => this.#tryTo(scheduledMs, startedMs, retries + 1))
    }
    this.#waitForNext(Math.max(scheduledMs, startedMs))
  }

  #mayRetry(startedMs: number, retries: number): boolean {
    const { count, durationMs } = this.job.retry
    return count > 0 && (retries < count || this.#options.timeline.now() - startedMs < durationMs)
  }

  /** Waits for the execution before it. */
  #attempt(scheduledMs: number): Promise<Fired> {
    this.#underWay += 1
    const attempt = this.#turn.then(() => this.#fire(scheduledMs)).finally(() => (this.#underWay -= 1))
    this.#turn = attempt.catch(() => {})
    return attempt
  }

  async #fire(scheduledMs: number): Promise<Fired> {
    const { timeline, fire } = this.#options
    const { name, target, attemptDeadlineMs } = this.job
    const atMs = timeline.now()
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new DeadlinePassed('No answer by the attempt deadline.')), attemptDeadlineMs)
    })
    try {
      const body = Buffer.from(target.body, 'base64')
      const { url, method } = target
      const answer = fire(shortName(name), await this.#headers(scheduledMs), { url, method, body })
      const fired = await Promise.race([answer, silence])
      this.#note(atMs, codeOf(fired.status), isSuccess(fired.status) ? '' : `HTTP status ${fired.status}`)
      return fired
    } catch (error) {
      this.#note(atMs, error instanceof DeadlinePassed ? 4 : 14, error instanceof Error ? error.message : String(error))
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #note(atMs: number, code: number, message: string): void {
    this.job.lastAttempt = { atMs, code, message }
    this.#options.keep(this.job)
  }

  /** The job's own headers cannot take the place of Scheduler's. */
  async #headers(scheduledMs: number): Promise<Record<string, string>> {
    const { name, target } = this.job
    const own = Object.entries(target.headers).map(([key, value]) => [key.toLowerCase(), value] as const)
    const { oidc } = target
    const token = oidc && (await this.#options.sign(claimsFor(oidc, this.#options.timeline.now())))
    return {
      'content-type': 'application/octet-stream',
      'user-agent': 'Google-Cloud-Scheduler',
      ...Object.fromEntries(own),
      'x-cloudscheduler': 'true',
      'x-cloudscheduler-jobname': shortName(name),
      'x-cloudscheduler-scheduletime': new Date(scheduledMs).toISOString(),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
  }
}

class DeadlinePassed extends Error {}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

/** The gRPC code Scheduler notes for an HTTP status. */
function codeOf(status: number): number {
  if (isSuccess(status)) return 0
  const known: Record<number, number> = { 400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 500: 13, 501: 12, 503: 14, 504: 4 }
  return known[status] ?? 2
}
