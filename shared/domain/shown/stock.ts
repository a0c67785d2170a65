/** Stock, as staff are shown it where it is not as it should be. */
import { z } from 'zod'
import { countShown, listOf, momentShown } from '#values/shown.ts'
import { ORDER_STATES } from '../order.ts'

const WaitingShown = z.object({
  orderId: z.string(),
  number: z.string(),
  state: z.enum(ORDER_STATES),
  quantity: countShown,
  stockUnconfirmed: z.boolean().describe('Sold while the till could not be asked.'),
  createdAt: momentShown,
})

export const StockDifferenceShown = z
  .object({
    productId: z.string(),
    name: z.string(),
    variationName: z.string(),
    sku: z.string().nullable(),
    source: z.enum(['square', 'lightspeed']),
    kind: z.literal('oversold'),
    units: countShown.describe('So many are promised that the till does not count.'),
    onHand: z.int(),
    promised: z.int().describe('Reserved, or sold and not taken off the till\'s count yet.'),
    since: momentShown.nullable(),
    orders: listOf(WaitingShown).describe('Who waits for it, the last promised first; at most twenty.'),
  })
  .meta({ id: 'StockDifference' })
export type StockDifferenceShown = z.input<typeof StockDifferenceShown>
