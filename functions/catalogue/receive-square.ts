/**
 * Takes Square's webhooks: verified on the raw bytes, stored, then acknowledged. `on-square-event` applies them.
 *
 * Safe to run twice: the event's id is the inbox record's key.
 * Nearly all that Square tells are sales in the store, and our own adjustments, whose answer we have: those bother no worker.
 */
import { isNews } from '#domain/stock.ts'
import type { VendorMessage } from '#domain/vendor-message.ts'
import { readProducts } from '#stores/products.ts'
import { factOf, verifiedEvent } from '#vendors/square/events.ts'
import { webhook } from '#entry/webhook.ts'

/** More products than one sale has are not looked at while Square waits. */
const PRODUCTS_MAX = 20

export const receiveSquare = webhook({
  name: 'receive-square',
  path: '/api/webhooks/square',
  vendor: 'square',
  impact: 'What is sold or counted in the store reaches the shop only with the next sync.',
  signedBy: ['x-square-hmacsha256-signature'],
  verify: async (raw, header) => verifiedEvent(raw, header('x-square-hmacsha256-signature')),
  isKnown,
})

async function isKnown({ payload }: VendorMessage): Promise<boolean> {
  const fact = factOf(payload)
  if (fact === undefined) return true
  if (fact.about !== 'counts' || fact.unreadable.length > 0 || fact.counts.length > PRODUCTS_MAX) return false
  const read = await readProducts(fact.counts.map(({ productId }) => productId))
  return fact.counts.every((count, index) => {
    const product = read[index]?.product
    return product !== undefined && !isNews(product, count)
  })
}
