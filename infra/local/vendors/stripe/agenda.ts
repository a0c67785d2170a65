/**
 * What will happen to an object of the account later: a charge settles, a session expires, a dispute opens.
 *
 * Each wait is on the timeline and on disk, so that it comes true at its moment also when everything was killed in between.
 * It comes true once: a wait with the same kind and id replaces the earlier one.
 */
import type { Shelf } from '../../disk.ts'
import type { Timeline } from '../../timeline.ts'

interface Wait {
  readonly kind: string
  readonly id: string
  readonly dueMs: number
}

export class Agenda {
  readonly #timeline: Timeline
  readonly #waits: Shelf<Wait>
  readonly #works: Record<string, (id: string) => void> = {}
  readonly #takeBack = new Map<string, () => void>()

  constructor(timeline: Timeline, waits: Shelf<Wait>) {
    this.#timeline = timeline
    this.#waits = waits
  }

  /** Says what a kind of wait does, then takes up the waits of an earlier start. */
  begin(works: Record<string, (id: string) => void>): void {
    Object.assign(this.#works, works)
    for (const wait of this.#waits.values()) this.#enter(wait)
  }

  at(dueMs: number, kind: string, id: string): void {
    this.cancel(kind, id)
    this.#enter(this.#waits.set(`${kind}:${id}`, { kind, id, dueMs }))
  }

  after(delayMs: number, kind: string, id: string): void {
    this.at(this.#timeline.now() + delayMs, kind, id)
  }

  cancel(kind: string, id: string): void {
    this.#takeBack.get(`${kind}:${id}`)?.()
    this.#forget(`${kind}:${id}`)
  }

  #enter(wait: Wait): void {
    const name = `${wait.kind}:${wait.id}`
    const takeBack = this.#timeline.at(wait.dueMs, () => {
      this.#forget(name)
      this.#works[wait.kind]?.(wait.id)
    })
    this.#takeBack.set(name, takeBack)
  }

  #forget(name: string): void {
    this.#takeBack.delete(name)
    if (this.#waits.has(name)) this.#waits.delete(name)
  }
}
