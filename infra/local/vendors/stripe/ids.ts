/**
 * Ids as Stripe makes them: a prefix and 24 characters. Two ids are never alike, not even across restarts:
 * each start takes a number of its own from the disk, each id of that start counts on from it.
 */
import type { Shelf } from '../../disk.ts'

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export class Ids {
  readonly #start: string
  #count = 0
  #state: number

  /** @param seed what the tails are made from; with the same seed a run gives the same ids */
  constructor(starts: Shelf<number>, seed: number) {
    const start = (starts.get('starts') ?? 0) + 1
    starts.set('starts', start)
    this.#start = start.toString(36).padStart(3, '0')
    this.#state = Math.floor(seed * 0xffff_ffff) >>> 0
  }

  next(prefix: string): string {
    this.#count += 1
    return `${prefix}_3${this.#start}${this.#count.toString(36).padStart(8, '0')}${this.tail(12)}`
  }

  /** Characters that say nothing: the end of an id, a client secret. */
  tail(length: number): string {
    let text = ''
    for (let n = 0; n < length; n += 1) text += LETTERS[this.#draw() % LETTERS.length]
    return text
  }

  /** A small generator of its own (mulberry32), so that drawing ids leaves the seeded disorder of webhooks alone. */
  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
