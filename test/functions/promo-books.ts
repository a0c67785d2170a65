/** Promo codes in the books: a code counts exactly the orders that hold a use of it, and each customer is marked by the order that does. */
import type { Order } from '../../shared/domain/order.ts'
import type { Json } from './shop.ts'

const GIVEN_UP = ['payment_failed', 'expired', 'cancelled']

interface Evidence {
  readonly orders: readonly Order[]
  readonly promoCodes: readonly Json[]
  readonly promoUses: readonly Json[]
}

export function promoFaults({ orders, promoCodes, promoUses }: Evidence): string[] {
  const holders = orders.filter(({ promo }) => promo?.held === true)
  const marks = holders.flatMap(({ id, promo }) => (promo?.marks ?? []).map((mark) => `${mark} ${promo?.code} ${id}`))
  const kept = promoUses.map(({ id, code, orderId }) => `${id} ${code} ${orderId}`)
  return [
    ...promoCodes.flatMap(({ code, uses, usesMax }) => {
      const holding = holders.filter(({ promo }) => promo?.code === code).length
      return [
        ...(holding === uses ? [] : [`promo code ${code} counts ${uses} uses, ${holding} orders hold one`]),
        ...(usesMax !== null && uses > usesMax ? [`promo code ${code} was used ${uses} times of ${usesMax}`] : []),
      ]
    }),
    ...holders.filter(({ state }) => GIVEN_UP.includes(state)).map(({ id, state }) => `order ${id} is ${state} and still holds a use of a promo code`),
    ...marks.filter((mark) => !kept.includes(mark)).map((mark) => `nothing says that a promo code was used: ${mark}`),
    ...kept.filter((mark) => !marks.includes(mark)).map((mark) => `a promo code counts as used by an order that does not hold it: ${mark}`),
    ...orders.filter(({ total, promo, subtotal }) => total < 0 || (promo !== undefined && promo.amount > subtotal)).map(({ id, total }) => `order ${id} comes to ${total}`),
  ]
}
