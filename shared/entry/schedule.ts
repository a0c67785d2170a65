/**
 * The seam of everything that runs on a clock. Only Cloud Scheduler (and staff through it) may call: the platform
 * checks its identity token before us, functions on a clock are never public.
 *
 * A run answers its tally: what it did, in numbers, nothing uncounted. Two runs at once must be safe; the function's
 * docblock says why.
 */
import type { HttpFunction } from '@google-cloud/functions-framework'
import { actAs } from '#platform/acting.ts'
import { now } from '#platform/clock.ts'
import { leaveFrameworkDomain } from '#platform/framework-domain.ts'
import { log } from '#platform/log.ts'
import { noteFailedRun, noteGoodRun } from '#stores/failed-runs.ts'
import { send, sendFailure } from './answer.ts'
import type { Resources, ScheduleDeclaration } from './declaration.ts'
import { requestIdOf } from './request.ts'

/** Words a job counts in. */
export type Tally = Partial<Record<'read' | 'saved' | 'unchanged' | 'refused' | 'sent' | 'settled' | 'released' | 'deleted' | 'published' | 'deferred' | 'failed', number>>

/** A job starts nothing new after this, so that it ends before the platform ends it. */
export interface Run {
  readonly startedAtMs: number
  /** True while there is time for another piece of work. */
  readonly hasTime: () => boolean
}

interface ScheduleFacts {
  readonly name: string
  readonly cron: string
  readonly timeZone?: string
  readonly impact: string
  readonly timeoutSeconds?: number
  readonly resources?: Partial<Resources>
  readonly run: (run: Run) => Promise<Tally>
}

export function schedule(facts: ScheduleFacts): ScheduleDeclaration {
  const { name, cron, impact, timeZone, resources, timeoutSeconds = 300 } = facts
  const handle: HttpFunction = async (request, response) => {
    leaveFrameworkDomain()
    const requestId = requestIdOf(request)
    const started = performance.now()
    try {
      const hasTime = (): boolean => performance.now() - started < timeoutSeconds * 800
      const tally = await actAs({ who: name, via: name, requestId, ip: null }, () => facts.run({ startedAtMs: now(), hasTime }))
      await noted(() => noteGoodRun({ name, impact }), name)
      if (Object.values(tally).some((count) => count > 0)) log.info(`${name} ran`, { function: name, requestId, tally })
      send(response, { status: 200, body: { tally } }, requestId)
    } catch (error) {
      await noted(() => noteFailedRun({ name, impact }), name)
      sendFailure(response, error, { requestId, function: name })
    }
  }
  return {
    kind: 'schedule', name, cron, impact, timeoutSeconds, handle,
    ...(timeZone === undefined ? {} : { timeZone }), ...(resources === undefined ? {} : { resources }),
  }
}

/** Several failures in a row are an alert. A run that did its work did it, also when this cannot be written. */
async function noted(note: () => Promise<void>, name: string): Promise<void> {
  try {
    await note()
  } catch (error) {
    log.warn('how a run went could not be noted', { function: name, why: String(error) })
  }
}
