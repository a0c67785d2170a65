/** What staff write to each other about an order. Never changed, never shown to customers. */
import { iso } from '#values/time.ts'
import type { NoteShown } from './shown/order.ts'

export interface OrderNote {
  readonly id: string
  readonly orderId: string
  readonly text: string
  readonly by: string
  readonly atMs: number
}

export function noteView({ id, text, by, atMs }: OrderNote): NoteShown {
  return { id, text, by, at: iso(atMs) }
}
