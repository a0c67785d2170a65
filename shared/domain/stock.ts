/**
 * A product's stock between us and the point of sale that counts it: what each word of that till does to our figures.
 *
 * Counts are ordered by the moment at which the till made them, never by that at which they reach us. Of one product at
 * most one adjustment of ours is on its way at a time. While it is, nobody can tell whether a newer count has it already:
 * such a count waits beside the figures (`told`), and the adjustment's own answer, which is a count too, says which of
 * them came later. So a sale is neither undone nor taken off twice, whatever is lost, late or out of order.
 */
import type { PosCount, Product } from './product.ts'

export type Stock = Pick<Product, 'onHand' | 'countedAtMs' | 'told'>

/** New figures; what is absent stays as it is. */
export interface StockChange {
  readonly onHand?: number
  readonly countedAtMs?: number
  readonly told?: Product['told']
}

/** Whether a count says more than what we have heard of its product. */
export function isNews({ countedAtMs, told }: Stock, count: PosCount): boolean {
  return count.countedAtMs > Math.max(countedAtMs, told?.countedAtMs ?? 0)
}

/** A count that is news. `inFlight`: units on their way to the till when it came, negative for goods put back. */
export function heard({ quantity, countedAtMs }: PosCount, inFlight: number): StockChange {
  return inFlight === 0 ? { onHand: quantity, countedAtMs } : { told: { quantity, countedAtMs, inFlight } }
}

/**
 * The adjustment on its way has ended. `count`: what the till counts with it; undefined when the till would not make it:
 * then its own next count settles the figure.
 */
export function answered({ onHand, countedAtMs, told }: Stock, delta: number, count: PosCount | undefined): StockChange {
  const latest = latestOf([count, told])
  if (latest !== undefined && latest.countedAtMs > countedAtMs) return { onHand: latest.quantity, countedAtMs: latest.countedAtMs, told: null }
  return { told: null, ...(count === undefined ? { onHand: onHand + delta } : {}) }
}

type Counted = Pick<PosCount, 'quantity' | 'countedAtMs'>

function latestOf(counts: ReadonlyArray<Counted | null | undefined>): Counted | undefined {
  const known = counts.filter((count) => count !== undefined && count !== null)
  return known.toSorted((one, other) => one.countedAtMs - other.countedAtMs).at(-1)
}

/** Clocks of two houses differ by less than this. */
const APART_MAX_MS = 30_000

/**
 * The order of a count that its till dates to the second only: of several from one second the one that was asked for later
 * is the later one. Within the second it counts how much later, so that a second is ordered to the end when it is long over.
 */
export function datedToTheSecond(stampMs: number, askedAtMs: number): number {
  const apart = Math.max(-APART_MAX_MS, Math.min(APART_MAX_MS, askedAtMs - stampMs))
  return stampMs + ((apart + APART_MAX_MS) / (2 * APART_MAX_MS + 1)) * 1_000
}

/** Whether nothing more can happen in the second of a count that was asked for at that moment. */
export function isSecondOver(stampMs: number, askedAtMs: number): boolean {
  return askedAtMs - stampMs >= APART_MAX_MS
}

/** Units promised to orders that the till does not count: sold in the store meanwhile, or lost. Staff decide who gets none. */
export function shortage({ counted, onHand, held }: Pick<Product, 'counted' | 'onHand' | 'held'>): number {
  return counted ? Math.max(0, held - onHand) : 0
}

/** Of several counts of a product the latest. */
export function latestOfEach(counts: readonly PosCount[]): PosCount[] {
  const latest = new Map<string, PosCount>()
  for (const count of counts) {
    const known = latest.get(count.productId)
    if (known === undefined || count.countedAtMs > known.countedAtMs) latest.set(count.productId, count)
  }
  return [...latest.values()]
}
