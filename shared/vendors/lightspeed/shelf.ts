/** What lies on the shelves of the shop that is sold from online, as one count that can be put in order with others. */
import { z } from 'zod'
import type { CounterItem } from '#domain/pos.ts'
import { datedToTheSecond } from '#domain/stock.ts'
import { config } from '#platform/config.ts'
import { decimal, id, moment } from './fields.ts'

export const STOCK = z.object({ itemID: id, shopID: z.string().regex(/^\d{1,20}$/), timeStamp: moment })
/** Units are whole or parts of one; what is no number makes the item unreadable: it must never pass for nought. */
export const SHELF = STOCK.extend({ qoh: decimal, sellable: decimal.optional() })

/** Null when our shop has no such shelf. What is laid away may not be sold; what was sold beyond the count is below nought, which \`sellable\` never is. */
export function countOn(shelves: ReadonlyArray<z.output<typeof SHELF>>, askedAtMs: number): CounterItem['count'] {
  const ours = shelves.find(({ shopID }) => shopID === config('lightspeed').LIGHTSPEED_SHOP_ID)
  if (ours === undefined) return null
  const { qoh, sellable, timeStamp } = ours
  return { quantity: Math.floor(Math.min(Number(qoh), Number(sellable ?? qoh))), countedAtMs: datedToTheSecond(timeStamp, askedAtMs) }
}
