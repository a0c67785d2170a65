/**
 * The local cloud's only clock, and everything that waits for a moment on it.
 *
 * Time flows as it does outside, plus an offset that a person or a test moves forward. Every durable
 * wait (a schedule, a back-off, a lease, a webhook retry) is an entry here, so that a jump of three
 * days runs what falls due in between, in order, each at its own moment.
 * Entries live in memory: a part that must survive a restart re-enters its waits from its own store.
 */
export type Work = () => void | Promise<void>

interface Entry {
  readonly dueMs: number
  readonly order: number
  readonly work: Work
}

/** Real time that may pass between reading this clock and asking it to move there. */
const PASSES_MS = 50
/** Longest delay a Node timer takes; a later entry is looked at again then. */
const TIMER_MS_MAX = 2_000_000_000

export class Timeline {
  #offsetMs: number
  #entries: Entry[] = []
  #order = 0
  #timer: NodeJS.Timeout | undefined
  #running = new Set<Promise<void>>()
  #jumpTargetMs: number | undefined
  readonly #stop = new AbortController()
  readonly #listeners: Array<(offsetMs: number) => void | Promise<void>> = []
  readonly #quiet: Array<() => Promise<void>> = []

  constructor(offsetMs = 0) {
    this.#offsetMs = offsetMs
  }

  /** Milliseconds since 1970 on this clock. */
  now(): number {
    return Date.now() + this.#offsetMs
  }

  get offsetMs(): number {
    return this.#offsetMs
  }

  /** Where the jump under way leads; undefined while time only flows. */
  get jumpTargetMs(): number | undefined {
    return this.#jumpTargetMs
  }

  /** Told of every jump before anything due at the new time runs: instances, the disk. */
  onJump(listener: (offsetMs: number) => void | Promise<void>): void {
    this.#listeners.push(listener)
  }

  /** Awaited between two moments of a jump: what a moment set in motion ends before the next one comes. */
  onQuiet(quiet: () => Promise<void>): void {
    this.#quiet.push(quiet)
  }

  /** Runs `work` at `dueMs` on this clock, at once if that has passed. Returns a function that takes it back. */
  at(dueMs: number, work: Work): () => void {
    const entry: Entry = { dueMs, order: this.#order++, work }
    const index = this.#entries.findIndex((other) => other.dueMs > dueMs)
    if (index === -1) this.#entries.push(entry)
    else this.#entries.splice(index, 0, entry)
    this.#arm()
    return () => {
      const place = this.#entries.indexOf(entry)
      if (place !== -1) this.#entries.splice(place, 1)
    }
  }

  after(delayMs: number, work: Work): () => void {
    return this.at(this.now() + delayMs, work)
  }

  /** True while work that has fallen due is still running, or waits to run. */
  busy(): boolean {
    const first = this.#entries[0]
    return this.#running.size > 0 || (first !== undefined && first.dueMs <= this.now())
  }

  /** Waits until nothing that is due now is left to run. */
  async settle(): Promise<void> {
    while (this.busy() && !this.stopped.aborted) {
      this.#runDue()
      await Promise.race([...this.#running, new Promise((resolve) => setTimeout(resolve, 5))])
    }
  }

  /**
   * Moves the clock forward to `targetMs`, stopping at every entry on the way. A target in the past is refused:
   * nothing in the product may see time run backwards.
   */
  async jumpTo(targetMs: number): Promise<void> {
    if (targetMs < this.now() - PASSES_MS) throw new RangeError('The clock only moves forward.')
    if (this.#jumpTargetMs !== undefined) throw new RangeError('The clock is already moving.')
    this.#jumpTargetMs = targetMs
    clearTimeout(this.#timer)
    try {
      while (!this.stopped.aborted) {
        await this.settle()
        await this.#hush()
        if (this.busy()) continue
        const next = this.#entries[0]
        if (next === undefined || next.dueMs > targetMs) break
        await this.#moveTo(next.dueMs)
      }
      await this.#moveTo(targetMs)
    } finally {
      this.#jumpTargetMs = undefined
      this.#arm()
    }
  }

  /** Moves the clock to the next moment at which something falls due, and runs that. */
  async hasten(): Promise<void> {
    const next = this.#entries[0]
    if (next !== undefined) await this.#moveTo(next.dueMs)
    await this.settle()
  }

  /** Aborted when the clock stops: what it set in motion is to end then. */
  get stopped(): AbortSignal {
    return this.#stop.signal
  }

  stop(): void {
    this.#stop.abort('The local cloud stops.')
    clearTimeout(this.#timer)
    this.#entries = []
  }

  /** Waits for quiet. What falls due meanwhile runs: it may be what the quiet waits for, a lock's deadline, a late message. */
  async #hush(): Promise<void> {
    const tick = setInterval(() => this.#runDue(), 5)
    try {
      for (const quiet of this.#quiet) await quiet()
    } finally {
      clearInterval(tick)
    }
  }

  async #moveTo(momentMs: number): Promise<void> {
    if (momentMs > this.now()) this.#offsetMs = momentMs - Date.now()
    for (const listener of this.#listeners) await listener(this.#offsetMs)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const first = this.#entries[0]
    if (this.stopped.aborted || this.#jumpTargetMs !== undefined || first === undefined) return
    const waitMs = Math.min(Math.max(first.dueMs - this.now(), 0), TIMER_MS_MAX)
    this.#timer = setTimeout(() => {
      this.#runDue()
      this.#arm()
    }, waitMs)
  }

  #runDue(): void {
    const nowMs = this.now()
    while (this.#entries[0] !== undefined && this.#entries[0].dueMs <= nowMs) {
      const entry = this.#entries.shift()
      if (entry === undefined) return
      const running: Promise<void> = (async () => entry.work())()
        .catch((error: unknown) => {
          process.stderr.write(`local cloud: work on the timeline failed: ${String(error)}\n`)
        })
        .finally(() => this.#running.delete(running))
      this.#running.add(running)
    }
  }
}
