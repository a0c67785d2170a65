/** A shop whose first sales have become money that Stripe lets go, and whose partners are registered. */
import type { LocalCloudOptions } from '../../../infra/local/cloud.ts'
import { openGround, PRICE, PRODUCT, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const DAY_MS = 86_400_000
const SOLD = 90
/** What was sold, in major units. */
export const TAKINGS = (SOLD * PRICE) / 100
export const PAYEE = 'band'

export async function openTreasury(environment: Record<string, string> = {}, options: Partial<LocalCloudOptions> = {}): Promise<Ground> {
  const ground = await openGround({ ...options, environment: { FRAUD_AMOUNT_PER_CUSTOMER_HOUR: '100000', FRAUD_AMOUNT_PER_IP_HOUR: '100000', PAYOUTS_PER_HOUR: '1000', ...environment } })
  await (await ground.shop.person()).buy({ productId: PRODUCT, quantity: SOLD })
  await ground.shop.cloud.drain()
  await ground.shop.cloud.advance(3 * DAY_MS)
  await register(await ground.shop.person('admin'), PAYEE, 'acct_band')
  return ground
}

export function register(admin: Person, payeeId: string, destination: string, more: Json = {}): Promise<Answer> {
  return admin.call('PUT', `/api/payees/${payeeId}`, { name: 'The Band', destination, ...more })
}

export function payOut(admin: Person, wish: Json, key?: string): Promise<Answer> {
  return admin.post('/api/payouts', { recipientId: PAYEE, amount: 10, currency: 'USD', reason: 'The gig', ...wish }, key)
}

/** What Stripe has transferred for a payout. */
export function transfersFor(shop: Shop, payoutId: string): Json[] {
  return shop.at('stripe', 'transfers').filter(({ metadata }) => metadata.payout_id === payoutId)
}

/** Balance of an account by the ledger, in cents. */
export function balanceOf(shop: Shop, account: string): number {
  const postings = shop.documents('ledger').flatMap(({ data }) => data['postings'] as Array<{ account: string; amount: number }>)
  return postings.filter((posting) => posting.account === account).reduce((sum, { amount }) => sum + amount, 0)
}
