/** The shop as it is measured: nothing limited, one product with plenty of stock. */
import type { Shopper } from './shopper.ts'

export const PRODUCT = 'test-product-1'
/** No limit may stand in the way of a measurement; what is limited in a shop is not what is measured here. */
export const OPEN = {
  MAILS_PER_MINUTE: '100000', API_LIMIT_PER_MINUTE: '100000', CHECKOUTS_PER_CUSTOMER_HOUR: '100000', CHECKOUTS_PER_IP_HOUR: '100000',
  FRAUD_ORDERS_PER_CUSTOMER_HOUR: '100000', FRAUD_ORDERS_PER_IP_HOUR: '100000', FRAUD_AMOUNT_PER_CUSTOMER_HOUR: '100000000', FRAUD_AMOUNT_PER_IP_HOUR: '100000000',
}

/** Sets the store's count, and lets the shop take it over. */
export async function stock(house: Shopper, productId: string, quantity: number): Promise<void> {
  await house.call('POST', '/_local/drain')
  await house.call('POST', '/_local/vendors/square/inventory', { variationId: productId, quantity })
  await house.call('POST', '/_local/jobs/sync-square-catalogue')
}

export function say(what: string, figures: string): void {
  process.stdout.write(`${what.padEnd(46)}${figures}\n`)
}
