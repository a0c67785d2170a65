/** Compares what a caller has sent with what only we can make, in the same time wherever they differ: nobody learns it sign by sign. */
import { timingSafeEqual } from 'node:crypto'

export function isSameSecret(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}
