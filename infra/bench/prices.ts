/** List prices in US dollars (us-central1, November 2026), and what counted calls cost by them. */

const READ = 0.03 / 100_000
const WRITE = 0.09 / 100_000
const REQUEST = 0.4 / 1_000_000
const VCPU_SECOND = 0.000024
const GIB_SECOND = 0.0000025
/** Each way; a message or request counts as 1 KiB at least, and ours are smaller. */
const PUBSUB_KIB = 40 / 2 ** 30
const STREAMED_KIB = 0.01 / (200 * 1024)

const MEMORY_GIB = 0.5

export interface Counted {
  readonly reads: number
  readonly writes: number
  readonly published: number
  readonly streamed: number
  readonly invocations: number
  /** Time in which an instance of 1 vCPU had something to do, in seconds. */
  readonly busySeconds: number
}

export function dollars({ reads, writes, published, streamed, invocations, busySeconds }: Counted): number {
  return (
    reads * READ + writes * WRITE + published * 2 * PUBSUB_KIB + streamed * STREAMED_KIB +
    invocations * REQUEST + busySeconds * (VCPU_SECOND + MEMORY_GIB * GIB_SECOND)
  )
}
