/**
 * Orders that wait for a person. In the shop of these tests more than 100.00 an hour is unusual: three units are looked
 * at, one is not.
 */
import { chargesFor, checkOut, openGround, PRODUCT, type Ground } from './purchase.ts'
import type { Answer, Json, Person, Shop } from './shop.ts'

export interface Held {
  readonly buyer: Person
  readonly cartId: string
  readonly orderId: string
  readonly answer: Answer
}

/** Card that Stripe takes and wants somebody to look at. */
export const RISKY = { paymentMethod: { token: 'pm_card_riskLevelElevated' } }

export function openWatchfulGround(): Promise<Ground> {
  return openGround({ environment: { FRAUD_AMOUNT_PER_CUSTOMER_HOUR: '100' } })
}

/** Somebody new tries to buy so many units. */
export async function tryToBuy(shop: Shop, quantity: number, more: Json = {}): Promise<Held> {
  const buyer = await shop.person()
  const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity })
  const answer = await checkOut(buyer, { cartId, ...more }, 'the-click')
  return { buyer, cartId, orderId: answer.body['orderId'] ?? answer.body['details'].orderId, answer }
}

export interface Deciding {
  readonly key?: string
  readonly reason?: string
}

export function decide(admin: Person, orderId: string, decision: 'approve' | 'refuse', { key, reason = 'Looked at' }: Deciding = {}): Promise<Answer> {
  return admin.post(`/api/orders/${orderId}/review`, { decision, reason }, key)
}

export function stateOf(shop: Shop, orderId: string): string {
  return shop.document('orders', orderId)?.['state']
}

export function intentOf(shop: Shop, orderId: string): Json {
  return chargesFor(shop, orderId)[0] as Json
}

/** What this person was told by mail, in no order. */
export function toldTo(shop: Shop, person: Person): string[] {
  const mails = shop.at('resend', 'emails').filter(({ to }) => String(to) === person.email)
  return mails.map(({ subject }) => String(subject).replace(/ [A-Z0-9]{4}-.*/, '')).sort()
}
