/**
 * What pullers hold: each pulled message under an acknowledgement id of its own, until the puller acknowledges it,
 * gives it back, or its deadline passes. The deadline follows the cloud's clock.
 * An id that has run out is worth nothing: the message may be with somebody else by then.
 */
import type { Timeline } from '../timeline.ts'
import type { Backlog, Entry } from './backlog.ts'

interface Lease {
  readonly backlog: Backlog
  readonly entry: Entry
  readonly cancel: () => void
}

export class Leases {
  readonly #timeline: Timeline
  readonly #leases = new Map<string, Lease>()
  #count = 0

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  /** Answers the acknowledgement id. */
  grant(backlog: Backlog, entry: Entry): string {
    const ackId = `${entry.message.id}-${++this.#count}`
    this.#keep(ackId, backlog, entry, backlog.subscription.ackDeadlineSeconds)
    return ackId
  }

  ack(subscription: string, ackIds: readonly string[]): void {
    for (const lease of this.#end(subscription, ackIds)) lease.backlog.ack(lease.entry)
  }

  /** Moves the deadlines; none left means given back. */
  extend(subscription: string, ackIds: readonly string[], seconds: number): void {
    for (const ackId of ackIds) {
      for (const { backlog, entry } of this.#end(subscription, [ackId])) {
        if (seconds === 0) backlog.nack(entry)
        else this.#keep(ackId, backlog, entry, seconds)
      }
    }
  }

  #keep(ackId: string, backlog: Backlog, entry: Entry, seconds: number): void {
    const cancel = this.#timeline.after(seconds * 1000, () => {
      this.#leases.delete(ackId)
      backlog.nack(entry)
    })
    this.#leases.set(ackId, { backlog, entry, cancel })
  }

  #end(subscription: string, ackIds: readonly string[]): Lease[] {
    const ended: Lease[] = []
    for (const ackId of ackIds) {
      const lease = this.#leases.get(ackId)
      if (lease === undefined || lease.backlog.subscription.name !== subscription) continue
      lease.cancel()
      this.#leases.delete(ackId)
      ended.push(lease)
    }
    return ended
  }
}
