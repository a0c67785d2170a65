/** The same click on several instances: one runs it, the others wait for what comes of it, and take over when its lease ends. */
import { LEASE_MS } from '#domain/order.ts'
import { now } from '#platform/clock.ts'
import { pause } from '#platform/deadline.ts'

/** A request that waits for another's answer looks this often, in milliseconds. */
const LOOK_MS = { first: 25, most: 250 }
/** Longer than a dead runner has the right to run. */
const WAIT_MS = LEASE_MS + 5_000

export interface Waiting<Run> {
  /** Whether there is nothing left to run, or something to tell. */
  readonly isOver: (run: Run) => boolean
  readonly read: () => Promise<Run | undefined>
  /** Takes the right to run it; undefined when somebody has it. */
  readonly lease: () => Promise<Run | undefined>
  /** Goes on with what the runner has not finished in its time, under the same key at the vendor. */
  readonly takeOver: (run: Run) => Promise<Run>
}

/** What has become of it when its runner is done, we have taken over, or nobody answers for long. */
export async function joined<Run extends { readonly leaseUntilMs: number }>(found: Run, { isOver, read, lease, takeOver }: Waiting<Run>): Promise<Run> {
  const giveUpAt = performance.now() + WAIT_MS
  let run = found
  for (let lookMs = LOOK_MS.first; performance.now() < giveUpAt; lookMs = Math.min(lookMs * 2, LOOK_MS.most)) {
    if (isOver(run)) return run
    if (run.leaseUntilMs <= now()) {
      const taken = await lease()
      if (taken !== undefined) return isOver(taken) ? taken : takeOver(taken)
    }
    await pause(lookMs)
    run = (await read()) ?? run
  }
  return run
}
