/** List prices in US dollars (us-central1, November 2026), and what counted calls cost by them. */

export const PRICE = {
  read: 0.03 / 100_000,
  write: 0.09 / 100_000,
  request: 0.4 / 1_000_000,
  vcpuSecond: 0.000024,
  gibSecond: 0.0000025,
  /** A warm instance that does nothing, for each of both. */
  idleSecond: 0.0000025,
  /** Each way; a message or request counts as 1 KiB at least, and ours are smaller. */
  pubsubKib: 40 / 2 ** 30,
  /** A row counts as 1 KiB at least. */
  streamedKib: 0.01 / (200 * 1024),
  /** A query that reads 10 MiB or less. */
  query: (6.25 * 10) / 2 ** 20,
  logKib: 0.5 / 2 ** 20,
  /** A month. */
  job: 0.1,
  secretVersion: 0.06,
  storedGib: 0.15,
} as const

const MEMORY_GIB = 0.5

export interface Counted {
  readonly reads: number
  readonly writes: number
  readonly published: number
  /** Rows into the warehouse. */
  readonly streamed: number
  readonly invocations: number
  /** Time in which an instance of 1 vCPU had something to do, in seconds. */
  readonly busySeconds: number
}

/** What the stores and the messages take of it. */
export function storeDollars({ reads, writes, published, streamed }: Omit<Counted, 'invocations' | 'busySeconds'>): number {
  return reads * PRICE.read + writes * PRICE.write + published * 2 * PRICE.pubsubKib + streamed * PRICE.streamedKib
}

export function busyDollars(seconds: number, { cpu, memoryGib }: { readonly cpu: number; readonly memoryGib: number }): number {
  return seconds * (cpu * PRICE.vcpuSecond + memoryGib * PRICE.gibSecond)
}

export function dollars(counted: Counted): number {
  return storeDollars(counted) + counted.invocations * PRICE.request + busyDollars(counted.busySeconds, { cpu: 1, memoryGib: MEMORY_GIB })
}
