/**
 * The wire: every network call between an instance and a server of the local cloud passes here, where it is
 * counted, and where a fault that somebody ordered strikes it.
 *
 * A server hands each call to `pass` with the work that answers it. `before` faults strike when nothing has
 * happened yet; `after` faults strike when the work is done and only the answer is lost. How a loss looks (a
 * reset socket, a gRPC status) is the server's business: it catches `WireFault`.
 */
import { setTimeout as sleep } from 'node:timers/promises'

export interface WireCall {
  /** Label of the instance that called, e.g. `instance-1`; `outside` when it was none of them. */
  readonly instance: string
  /** Server called: `firestore`, `pubsub`, `bigquery`, `secretmanager`, `scheduler`, `stripe`, ... */
  readonly target: string
  /** `Commit`, `Publish`, or for HTTP the method and the path with ids replaced: `POST /v1/payment_intents/:id/confirm`. */
  readonly operation: string
  /** Size of the request in bytes. */
  readonly bytes: number
  readonly function?: string | undefined
  readonly requestId?: string | undefined
  /** For whom the caller worked when it took the request; undefined when nobody had asked. */
  readonly tenant?: string | undefined
  /** Text a fault's `match` is searched in; made only when a fault asks. */
  readonly text: () => string
}

/** What a server counts while it works: documents read and written, bytes answered. */
export interface Tally {
  reads: number
  writes: number
  bytes: number
  /** It was part of a transaction: what it read stays locked. */
  inTransaction?: boolean
}

export interface CallRecord extends Tally {
  readonly n: number
  /** ISO time on the cloud's clock when the call began. */
  readonly at: string
  /** Start on a real, monotonic clock in milliseconds: overlapping calls ran at the same time. */
  readonly startedMs: number
  readonly instance: string
  readonly target: string
  readonly operation: string
  readonly function?: string
  readonly requestId?: string
  ms: number
  fault?: string
}

export const EFFECTS = ['drop', 'hang', 'error', 'delay', 'duplicate', 'kill'] as const

export interface Fault {
  readonly target: string
  readonly operation?: string | undefined
  readonly match?: string | undefined
  readonly instance?: string | undefined
  /** Only calls made by this function. */
  readonly function?: string | undefined
  readonly when: 'before' | 'after'
  readonly effect: (typeof EFFECTS)[number]
  /** HTTP status or gRPC code of an `error`. */
  readonly status?: number | undefined
  /** Real time; it ends early when the faults are cleared. */
  readonly delayMs?: number | undefined
  /** Matching calls let through first. */
  readonly skip?: number | undefined
  /** Calls struck; without it one. */
  readonly times?: number | undefined
}

/** Thrown into a server: the caller must see a loss or an error instead of the answer. */
export class WireFault extends Error {
  readonly effect: 'drop' | 'hang' | 'error'
  readonly status: number | undefined

  constructor(effect: 'drop' | 'hang' | 'error', status?: number) {
    super(`fault: ${effect}`)
    this.effect = effect
    this.status = status
  }
}

const RECORDS_MAX = 200_000

export class Wire {
  readonly #faults: Array<{ fault: Fault; seen: number; struck: number }> = []
  #records: CallRecord[] = []
  #n = 0
  #clearing = new AbortController()
  readonly #now: () => number
  readonly #kill: (instance: string) => void
  readonly #tenant: string | undefined

  /** @param options `tenant`: whose servers these are; absent, they answer everybody */
  constructor(options: { now: () => number; kill: (instance: string) => void; tenant?: string }) {
    this.#now = options.now
    this.#tenant = options.tenant
    this.#kill = options.kill
  }

  addFault(fault: Fault): void {
    this.#faults.push({ fault, seen: 0, struck: 0 })
  }

  clearFaults(): void {
    this.#faults.length = 0
    this.#clearing.abort()
    this.#clearing = new AbortController()
  }

  faults(): Array<Fault & { struck: number }> {
    return this.#faults.map(({ fault, struck }) => ({ ...fault, struck }))
  }

  /** Calls numbered above `since`, oldest first. */
  calls(since = 0): CallRecord[] {
    const first = this.#records[0]?.n ?? 0
    return this.#records.slice(Math.max(since + 1 - first, 0))
  }

  get lastCall(): number {
    return this.#n
  }

  async pass<T>(call: WireCall, work: (tally: Tally) => Promise<T> | T): Promise<T> {
    if (call.tenant !== undefined && this.#tenant !== undefined && call.tenant !== this.#tenant) throw new WireFault('error', 403)
    const startedMs = performance.now()
    const record: CallRecord = {
      n: ++this.#n,
      at: new Date(this.#now()).toISOString(),
      startedMs,
      instance: call.instance,
      target: call.target,
      operation: call.operation,
      ...(call.function === undefined ? {} : { function: call.function }),
      ...(call.requestId === undefined ? {} : { requestId: call.requestId }),
      reads: 0,
      writes: 0,
      bytes: call.bytes,
      ms: 0,
    }
    this.#keep(record)
    try {
      const before = this.#struck(call, 'before')
      if (before !== undefined) await this.#strike(before, call, record)
      let answer = await work(record)
      if (before?.effect === 'duplicate') answer = await work(record)
      const after = this.#struck(call, 'after')
      if (after?.effect === 'duplicate') answer = await work(record)
      else if (after !== undefined) await this.#strike(after, call, record)
      return answer
    } finally {
      record.ms = Math.round((performance.now() - startedMs) * 1000) / 1000
    }
  }

  #keep(record: CallRecord): void {
    this.#records.push(record)
    if (this.#records.length > RECORDS_MAX) this.#records = this.#records.slice(-RECORDS_MAX / 2)
  }

  #struck(call: WireCall, when: Fault['when']): Fault | undefined {
    for (const entry of this.#faults) {
      const { fault } = entry
      if (fault.when !== when || !matches(fault, call)) continue
      entry.seen += 1
      if (entry.seen <= (fault.skip ?? 0) || entry.struck >= (fault.times ?? 1)) continue
      entry.struck += 1
      return fault
    }
    return undefined
  }

  async #strike(fault: Fault, call: WireCall, record: CallRecord): Promise<void> {
    record.fault = `${fault.when} ${fault.effect}`
    switch (fault.effect) {
      case 'duplicate':
        return
      case 'delay':
        await sleep(fault.delayMs ?? 1000, undefined, { signal: this.#clearing.signal }).catch(() => undefined)
        return
      case 'kill':
        this.#kill(call.instance)
        throw new WireFault('drop')
      default:
        throw new WireFault(fault.effect, fault.status)
    }
  }
}

function matches(fault: Fault, call: WireCall): boolean {
  if (fault.target !== call.target) return false
  if (fault.instance !== undefined && fault.instance !== call.instance) return false
  if (fault.function !== undefined && fault.function !== call.function) return false
  if (fault.operation !== undefined && !namesOperation(fault.operation, call.operation)) return false
  return fault.match === undefined || call.text().includes(fault.match)
}

/** A full name ("POST /v1/refunds") must be equal, a part ("refunds", "commit") may stand anywhere. */
function namesOperation(wanted: string, operation: string): boolean {
  if (wanted.includes(' ')) return wanted.toLowerCase() === operation.toLowerCase()
  return operation.toLowerCase().includes(wanted.toLowerCase())
}
