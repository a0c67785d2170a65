/** A deadline for calls that know none, and the wait between two tries. Both are real time: they bound one request. */
import { Failure, type FailureCode } from '#values/failure.ts'
import { config } from './config.ts'

/**
 * The result of `work`, or a failure when it takes longer than `ms`. The work itself cannot be called back: what it
 * changes may still happen, so only calls that are safe to repeat belong here.
 */
export async function within<T>(ms: number, what: string, work: Promise<T>, code: FailureCode = 'SERVICE_UNAVAILABLE'): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure(code, { reason: `${what}: no answer within ${ms} ms` })), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

/** A wait that grows with the try and differs between callers, in milliseconds: 5 to 250. */
export function jitter(attempt: number): number {
  const most = Math.min(250, 10 * 2 ** attempt)
  return 5 + Math.random() * most
}

/** Waits between tries of a job's call: 1, 2, 4 s as configured, up to a quarter longer by jitter. */
export function backoff(retry: number): number {
  const jitter = 1 + Math.random() / 4
  return config('deadlines').RETRY_WAIT_MS * 2 ** retry * jitter
}
