/** A past of any length that takes no memory: each sale follows from its number, and is made when a list comes to it. */
import { stampOf, type Held, type Past } from './account.ts'
import { saleOf } from './shapes.ts'

/** Numbers of sales that are made up begin here: none that was rung up has come so far. */
export const PAST_FROM = 1_000_000

export interface Span {
  readonly fromMs: number
  readonly toMs: number
  /** Numbers above this one only. */
  readonly afterNumber: number
}

/** Sales of a span in the order of their moments, which is that of their numbers. */
export function* pastSales(past: Past, { fromMs, toMs, afterNumber }: Span): Generator<Held> {
  const stepMs = (past.toMs - past.fromMs) / Math.max(past.count, 1)
  const first = Math.max(0, afterNumber - PAST_FROM + 1, Math.floor((fromMs - past.fromMs) / stepMs) - 2)
  for (let number = first; number < past.count; number += 1) {
    const atMs = past.fromMs + Math.floor(number * stepMs)
    if (atMs > toMs + 1_000) return
    yield pastSale(number, atMs)
  }
}

export function pastSale(number: number, atMs: number): Held {
  return saleOf({
    saleId: String(PAST_FROM + number),
    at: stampOf(atMs),
    shopId: String(1 + (number % 2)),
    customerId: number % 4 === 0 ? String(1 + (number % 3_000)) : '0',
    completed: true,
    lines: Array.from({ length: 1 + (number % 3) }, (_, line) => ({
      itemId: String(1 + ((number + line) % 12)), quantity: 1 + ((number + line) % 4), price: (500 + ((number * 37 + line * 11) % 9_000)) / 100,
    })),
  })
}
