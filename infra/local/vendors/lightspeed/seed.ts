/** A small second till for the shop: a dozen items in two shops, some of them Square's too, and a few sales of the days before. */
import type { Account } from './account.ts'
import { itemOf, saleOf } from './shapes.ts'

/** Description, price, SKU, category, tags; the caps are in Square's catalogue as well. */
const ITEMS = [
  ['Natural Cap', 28, 'AP-CAP-NAT', 'Apparel', ['all_ages']],
  ['Olive Cap', 28, 'AP-CAP-OLV', 'Apparel', ['all_ages']],
  ['Hemp Twine 50 m', 6.5, 'LS-TWINE-50', 'Household', ['all_ages']],
  ['Beeswax Wick', 3.25, 'LS-WICK-01', 'Accessories', []],
  ['Rolling Tray', 14.95, 'LS-TRAY-01', 'Accessories', []],
  ['Storage Jar', 11, 'LS-JAR-01', 'Accessories', ['all_ages']],
  ['Evening Flower 3.5 g', 34, 'LS-EVE-3', 'Flower', []],
  ['Evening Flower 7 g', 62, 'LS-EVE-7', 'Flower', []],
  ['Ginger Chews', 21.5, 'LS-CHEW-GI', 'Edibles', []],
  ['Hemp Tea', 9.8, 'LS-TEA-01', 'Pantry', ['all_ages']],
  ['Field Soap', 7.25, 'LS-SOAP-01', 'Body', ['all_ages']],
  ['Gift Wrap', 2, 'LS-WRAP-01', undefined, ['all_ages']],
] as const
const SALES = 8
const HOUR_MS = 3_600_000

/** Shelves that hold anything are left alone. */
export function plantSeed(account: Account): void {
  if (account.items.size > 0) return
  for (const [index, [description, price, sku, category, tags]] of ITEMS.entries()) {
    const itemId = account.number('item')
    account.items.set(itemId, itemOf({ itemId, at: account.stamp(), description, price, cost: price * 0.4, sku, category, tags }))
    for (const shopId of ['1', '2']) account.count(itemId, shopId, 10 + index * 3)
  }
  for (let sold = 0; sold < SALES; sold += 1) {
    const saleId = account.number('sale')
    const at = account.stamp(account.now() - (SALES - sold) * 5 * HOUR_MS)
    const lines = [{ itemId: String(1 + (sold % ITEMS.length)), quantity: 1 + (sold % 2), price: ITEMS[sold % ITEMS.length]?.[1] ?? 1 }]
    account.sales.set(saleId, saleOf({ saleId, at, shopId: String(1 + (sold % 2)), customerId: sold % 3 === 0 ? '7' : '0', completed: true, lines }))
  }
}
