/**
 * Cloud Scheduler of the local cloud: fires jobs at their due times on the cloud's clock.
 *
 * One execution of a job at a time: one that falls due while another runs waits for its end, further ones are
 * dropped. When the clock jumps, jobs fire at every due time on the way, in order. But a job that would fire more
 * than 60 times in one jump fires 60 times, evenly spread, the first and the last due time among them: a jump of
 * a month must not run a minute's job 43,200 times. Due times that passed while the local cloud was down are
 * not made up for.
 */
import type { Disk, Shelf } from './disk.ts'
import type { GrpcCall, GrpcMethod, GrpcService } from './grpc-ports.ts'
import { alreadyExists, invalid, maskedFields, notFound, pageOf, servicesIn, type PageRequest } from './protobuf.ts'
import { ATTEMPT_DEADLINE_MS, jobFrom, NO_RETRY, wireJob, type Job, type WireJob } from './scheduler/job.ts'
import { Runner, type Fire, type Fired } from './scheduler/runner.ts'
import { unsigned, type Sign } from './scheduler/token.ts'
import type { Timeline } from './timeline.ts'

export type { Fire, Fired, FireTarget } from './scheduler/runner.ts'
export type { Claims, Sign } from './scheduler/token.ts'

export interface SchedulerOptions {
  readonly timeline: Timeline
  readonly disk: Disk
  readonly projectId: string
  readonly fire: Fire
  readonly location?: string
  /** Makes the identity token of an execution; without it an unsigned one. */
  readonly sign?: Sign
}

/** A job as a function's declaration has it. */
export interface JobWish {
  readonly name: string
  readonly cron: string
  /** UTC without it. */
  readonly timeZone?: string
  readonly url: string
  /** Real time one attempt may take. */
  readonly attemptDeadlineMs?: number
  /** Attempts after the first; none without it. */
  readonly retries?: number
  /** Of a new job: it runs only when it is told to. */
  readonly paused?: boolean
}

const PAGE_MAX = 500
const service = servicesIn('@google-cloud/scheduler/build/protos/protos.json')

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new Scheduler(options)
}

export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #jobs: Shelf<Job>
  readonly #runners = new Map<string, Runner>()
  readonly #parent: string

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#parent = `projects/${options.projectId}/locations/${options.location ?? 'us-central1'}`
    this.#jobs = options.disk.shelves('scheduler').shelf('jobs')
    for (const job of this.#jobs.values()) this.#run(job)
  }

  get service(): GrpcService {
    return { target: 'scheduler', definition: service('google.cloud.scheduler.v1.CloudScheduler'), methods: methodsOf(this) }
  }

  /** Declares a job, or brings an existing one in line; whether it is paused stays. */
  add(wish: JobWish): void {
    const { timeline, projectId } = this.#options
    const name = `${this.#parent}/jobs/${wish.name}`
    const wire = { schedule: wish.cron, timeZone: wish.timeZone ?? 'UTC', httpTarget: { uri: wish.url } }
    const wanted = jobFrom(name, wire, timeline.now())
    const email = `scheduler@${projectId}.iam.gserviceaccount.com`
    this.#replace({
      ...wanted,
      paused: wish.paused === true,
      target: { ...wanted.target, headers: { 'content-type': 'application/json' }, oidc: { email, audience: wish.url } },
      retry: { ...NO_RETRY, count: wish.retries ?? 0 },
      attemptDeadlineMs: wish.attemptDeadlineMs ?? ATTEMPT_DEADLINE_MS,
    })
  }

  /** Runs a job at once, paused or not, and resolves to what the function answered. Rejects when it did not answer. */
  runNow(name: string): Promise<Fired> {
    return this.runner(this.#full(name)).runNow()
  }

  /** Executions under way or due now. */
  pending(): number {
    let pending = 0
    for (const runner of this.#runners.values()) pending += runner.pending
    return pending
  }

  list(parent: string): Runner[] {
    return [...this.#runners.values()].filter(({ job }) => job.name.startsWith(`${parent}/jobs/`))
  }

  runner(name: string): Runner {
    const runner = this.#runners.get(name)
    if (runner === undefined) throw notFound(name)
    return runner
  }

  create(parent: string, wire: WireJob): Runner {
    if (!new RegExp(`^projects/${this.#options.projectId}/locations/[a-z0-9-]+$`).test(parent)) throw notFound(parent)
    const name = wire.name || `${parent}/jobs/job-${this.#options.timeline.now()}`
    if (!name.startsWith(`${parent}/jobs/`)) throw invalid(`The job's name must begin with ${parent}/jobs/.`)
    if (this.#jobs.has(name)) throw alreadyExists(name)
    return this.#run(this.#keep(jobFrom(name, wire, this.#options.timeline.now())))
  }

  /** Changes the fields of the mask; without one all that are set. */
  update(wire: WireJob, fields: readonly string[]): Runner {
    const { job } = this.runner(wire.name ?? '')
    const merged = { ...wireJob(job, undefined), ...picked(wire, fields) }
    return this.#replace(jobFrom(job.name, merged, this.#options.timeline.now()))
  }

  delete(name: string): void {
    this.runner(name).stop()
    this.#runners.delete(name)
    this.#jobs.delete(name)
  }

  pause(name: string, paused: boolean): Runner {
    const runner = this.runner(name)
    runner.job.paused = paused
    this.#keep(runner.job)
    runner.restart()
    return runner
  }

  #replace(job: Job): Runner {
    const existing = this.#runners.get(job.name)
    if (existing === undefined) return this.#run(this.#keep(job))
    const { paused, lastAttempt } = existing.job
    this.#keep(Object.assign(existing.job, job, { paused }, lastAttempt && { lastAttempt }))
    existing.restart()
    return existing
  }

  #keep(job: Job): Job {
    return this.#jobs.set(job.name, job)
  }

  #run(job: Job): Runner {
    const { timeline, fire, sign = unsigned } = this.#options
    // A job deleted while it ran must not come back with the note of its last attempt.
    const keep = (kept: Job): void => void (this.#jobs.has(kept.name) && this.#keep(kept))
    const runner = new Runner(job, { timeline, fire, sign, keep })
    this.#runners.set(job.name, runner)
    return runner
  }

  #full(name: string): string {
    return name.includes('/') ? name : `${this.#parent}/jobs/${name}`
  }
}

function picked(wire: WireJob, fields: readonly string[]): WireJob {
  const entries = Object.entries(wire).filter(([field, value]) => (fields.length === 0 ? value : fields.includes(field)))
  return Object.fromEntries(entries) as WireJob
}

type Named = { readonly name: string }

function methodsOf(scheduler: Scheduler): GrpcService['methods'] {
  const answer = ({ job, dueMs }: Runner): object => wireJob(job, dueMs)
  return {
    ListJobs: ({ request }: GrpcCall<PageRequest & { parent: string }>) => {
      const { items, nextPageToken } = pageOf(scheduler.list(request.parent), request, PAGE_MAX)
      return { jobs: items.map(answer), nextPageToken }
    },
    GetJob: ({ request }: GrpcCall<Named>) => answer(scheduler.runner(request.name)),
    CreateJob: ({ request }: GrpcCall<{ parent: string; job?: WireJob | null }>) =>
      answer(scheduler.create(request.parent, request.job ?? {})),
    UpdateJob: ({ request }: GrpcCall<{ job: WireJob; updateMask?: { paths?: string[] } | null }>) =>
      answer(scheduler.update(request.job, maskedFields(request.updateMask))),
    DeleteJob: ({ request }: GrpcCall<Named>) => {
      scheduler.delete(request.name)
      return {}
    },
    PauseJob: ({ request }: GrpcCall<Named>) => answer(scheduler.pause(request.name, true)),
    ResumeJob: ({ request }: GrpcCall<Named>) => answer(scheduler.pause(request.name, false)),
    // Answered when the run has begun, as the real service does; how it ended is in the job.
    RunJob: ({ request }: GrpcCall<Named>) => {
      const runner = scheduler.runner(request.name)
      runner.runNow().catch(() => {})
      return answer(runner)
    },
  } satisfies Record<string, GrpcMethod<never>>
}
