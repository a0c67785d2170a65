/** An order as it begins: nothing is charged, its goods and its use of a promo code are held for it. */
import { canonicalEmail } from '#values/email.ts'
import type { Delivery } from './delivery.ts'
import { FIRST_CHECK_MS, LEASE_MS, SESSION_MS, type HostedSession, type Order, type OrderLine } from './order.ts'
import { orderNumber } from './order-number.ts'
import type { GatewayName } from './payment.ts'
import { newPromoUse, type PromoUse } from './promo-use.ts'
import type { Purpose } from './purpose.ts'
import type { LineTotals, Totals } from './totals.ts'

export interface Draft {
  readonly id: string
  readonly customerId: string | null
  readonly email: string
  readonly cartId: string | null
  readonly purpose?: Purpose
  /** Why it is placed; absent: somebody checks out. */
  readonly cause?: string
  readonly lines: ReadonlyArray<Omit<OrderLine, keyof LineTotals | 'refundedQuantity'>>
  readonly sums: Totals
  readonly discountPercent: number
  readonly promo?: Pick<PromoUse, 'code' | 'marks'> | undefined
  readonly delivery?: Delivery | undefined
  readonly currency: string
  readonly gateway: GatewayName
  readonly token: string | null
  /** The saved card that pays instead. */
  readonly cardId?: string
  /** To be paid on the gateway's own page. */
  readonly hosted?: boolean
  readonly stockUnconfirmed: boolean
  readonly requestHash: string
  readonly runner: string
  readonly ip: string
  readonly ipCountry?: string | null
  readonly userAgent: string
  readonly deviceId?: string | null
  readonly nowMs: number
}

export function newOrder(draft: Draft): Order {
  const { sums, nowMs } = draft
  return {
    id: draft.id,
    number: orderNumber(draft.id),
    state: 'pending_payment',
    history: [{ state: 'pending_payment', atMs: nowMs, cause: draft.cause ?? 'checkout' }],
    customerId: draft.customerId,
    email: draft.email,
    canonicalEmail: canonicalEmail(draft.email),
    cartId: draft.cartId,
    ...(draft.purpose === undefined ? {} : { purpose: draft.purpose }),
    lines: draft.lines.map((line, index) => ({ ...line, ...(sums.lines[index] as LineTotals), refundedQuantity: 0 })),
    subtotal: sums.subtotal,
    discount: sums.discount,
    discountPercent: draft.discountPercent,
    ...(draft.promo === undefined ? {} : { promo: newPromoUse(draft.promo, sums.promo) }),
    tax: sums.tax,
    taxed: sums.taxed,
    shipping: sums.shipping,
    shippingTax: sums.shippingTax,
    total: sums.total,
    currency: draft.currency,
    payment: {
      gateway: sums.total === 0 ? 'none' : draft.gateway,
      attempt: 1,
      capture: true,
      status: 'pending',
      transactionId: null,
      token: draft.token,
      clientSecret: null,
      nextAction: null,
      declineCode: null,
      received: null,
      answer: null,
      ...(draft.hosted === true && sums.total > 0 ? { session: newSession(nowMs) } : {}),
      ...(draft.cardId !== undefined && sums.total > 0 ? { cardId: draft.cardId } : {}),
    },
    refunds: [],
    stockUnconfirmed: draft.stockUnconfirmed,
    ...(draft.delivery === undefined ? {} : { delivery: draft.delivery }),
    fulfilment: null,
    reviewReasons: [],
    review: null,
    requestHash: draft.requestHash,
    runner: draft.runner,
    leaseUntilMs: nowMs + LEASE_MS,
    checkAtMs: nowMs + FIRST_CHECK_MS,
    answer: null,
    ip: draft.ip,
    ipCountry: draft.ipCountry ?? null,
    userAgent: draft.userAgent,
    deviceId: draft.deviceId ?? null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  }
}

/** In whole seconds, as gateways count. */
function newSession(nowMs: number): HostedSession {
  return { id: null, url: null, expiresAtMs: Math.floor((nowMs + SESSION_MS) / 1000) * 1000, answer: null }
}
