/**
 * The use of a promo code that an order holds. It is counted with the code in the commit that reserves the order's goods; an
 * order that comes to nothing gives it back in the commit that says so, and takes it again if its money comes late. What is
 * refunded was bought with it: it stays used.
 */
import { toMajor } from '#values/money.ts'
import type { PromoUseShown } from './shown/order.ts'

export interface PromoUse {
  readonly code: string
  /** What it took off. */
  readonly amount: number
  /** Names of the records by which its customer is known to have used it; none where he may use it again. */
  readonly marks: readonly string[]
  /** False: it was given back. */
  readonly held: boolean
}

interface Holder {
  readonly promo?: PromoUse
}

export function newPromoUse({ code, marks }: Pick<PromoUse, 'code' | 'marks'>, amount: number): PromoUse {
  return { code, amount, marks, held: true }
}

/** The order without its use. */
export function useReturned<Order extends Holder>(order: Order): Order {
  return order.promo === undefined ? order : { ...order, promo: { ...order.promo, held: false } }
}

/** The order with the use that it had given back. */
export function useTakenAgain<Order extends Holder>(order: Order): Order {
  return order.promo === undefined ? order : { ...order, promo: { ...order.promo, held: true } }
}

export function promoUseView({ code, amount }: PromoUse, currency: string): PromoUseShown {
  return { code, amount: toMajor(amount, currency) }
}
