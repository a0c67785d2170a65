/**
 * Promo codes: what one takes off, for whom and how often, and why it does not.
 *
 * How often one is used is counted on itself, by whoever writes an order with it, on the version that was read: so the last
 * use is given once. A code is never changed, only ended: what somebody was promised by it stays as it was.
 */
import { Failure } from '#values/failure.ts'
import { toMajor, toText } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { PromoUse } from './promo-use.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { PromoCodeShown } from './shown/mail.ts'
import type { PromoGives } from './totals.ts'

export interface PromoCode {
  readonly code: string
  readonly gives: PromoGives
  readonly currency: string
  /** From then on; null: at once. */
  readonly validFromMs: number | null
  /** The first moment at which it is not valid any more; null: until it is ended. */
  readonly validUntilMs: number | null
  /** Null: as often as anybody likes. */
  readonly usesMax: number | null
  readonly oncePerCustomer: boolean
  /** Of the goods, before anything is taken off. */
  readonly minimumSubtotal: number
  /** Orders that hold a use of it. */
  readonly uses: number
  readonly endedAtMs: number | null
  readonly createdBy: string
  readonly createdAtMs: number
}

export type PromoWish = Omit<PromoCode, 'uses' | 'endedAtMs' | 'createdAtMs'>

export interface PromoChange {
  readonly promo: PromoCode
  readonly row: WarehouseRow
}

export function newPromoCode(wish: PromoWish, reason: string, nowMs: number): PromoChange {
  const promo: PromoCode = { ...wish, uses: 0, endedAtMs: null, createdAtMs: nowMs }
  return { promo, row: audited(promo, { what: 'promo_code.created', before: null, reason, nowMs }) }
}

/** Undefined when it is ended already. */
export function endedPromoCode(promo: PromoCode, reason: string, nowMs: number): PromoChange | undefined {
  if (promo.endedAtMs !== null) return undefined
  const ended = { ...promo, endedAtMs: nowMs }
  return { promo: ended, row: audited(ended, { what: 'promo_code.ended', before: promo, reason, nowMs }) }
}

interface Audited {
  readonly what: 'promo_code.created' | 'promo_code.ended'
  readonly before: PromoCode | null
  readonly reason: string
  readonly nowMs: number
}

function audited(promo: PromoCode, { what, before, reason, nowMs }: Audited): WarehouseRow {
  const facts = (one: PromoCode) => ({ ...promoCodeView(one, nowMs), state: undefined })
  return auditEvent({
    id: `promo-${promo.code}-${what}-audit`, who: null, what, subject: promo.code, before: before === null ? null : facts(before), after: facts(promo),
    why: reason, requestId: null, ip: null, atMs: nowMs,
  })
}

/** A code that somebody wants to use, and what is known of it. */
export interface PromoFound {
  readonly code: string
  /** Undefined when there is no such code. */
  readonly promo: PromoCode | undefined
  /** Names of the records that say that this customer has used it. */
  readonly marks: readonly string[]
  /** One of them is there. */
  readonly isUsed: boolean
}

/** What it would be used for. */
export interface Purchase {
  readonly currency: string
  readonly subtotal: number
  readonly nowMs: number
}

export interface Offer {
  readonly gives: PromoGives
  readonly use: Pick<PromoUse, 'code' | 'marks'>
}

/** @throws Failure INVALID_INPUT that names the code and the rule */
export function offerOf(found: PromoFound, purchase: Purchase): Offer {
  const { code, promo, marks } = found
  const rule = refusalOf(found, purchase)
  if (promo !== undefined && rule === undefined) return { gives: promo.gives, use: { code, marks: promo.oncePerCustomer ? marks : [] } }
  throw new Failure('INVALID_INPUT', {
    message: `Promo code ${code} ${rule}.`,
    details: { fields: [{ field: 'promoCode', rule }] },
    ...(rule === USED || rule === USED_UP ? { reason: rule } : {}),
  })
}

const USED = 'was used by this customer before'
const USED_UP = 'is used up'

/** Whether a refusal may be the doing of the very order that is asked for: whoever has taken the use must be looked for. */
export function isPromoTaken(error: Failure): boolean {
  return error.reason === USED || error.reason === USED_UP
}

/** Why a code does not count for a purchase; undefined when it does. */
export function refusalOf({ promo, isUsed }: PromoFound, { currency, subtotal, nowMs }: Purchase): string | undefined {
  if (promo === undefined) return 'is not known'
  if (promo.endedAtMs !== null) return 'has ended'
  if (promo.validFromMs !== null && promo.validFromMs > nowMs) return `is valid from ${iso(promo.validFromMs)}`
  if (promo.validUntilMs !== null && promo.validUntilMs <= nowMs) return 'has expired'
  if (promo.currency !== currency) return `is for purchases in ${promo.currency}`
  if (subtotal < promo.minimumSubtotal) return `is for purchases of at least ${toText(promo.minimumSubtotal, currency)} ${currency}`
  if (promo.oncePerCustomer && isUsed) return USED
  return promo.usesMax !== null && promo.uses >= promo.usesMax ? USED_UP : undefined
}

export type PromoState = 'scheduled' | 'active' | 'used_up' | 'expired' | 'ended'

function stateOf(promo: PromoCode, nowMs: number): PromoState {
  if (promo.endedAtMs !== null) return 'ended'
  if (promo.validUntilMs !== null && promo.validUntilMs <= nowMs) return 'expired'
  if (promo.usesMax !== null && promo.uses >= promo.usesMax) return 'used_up'
  return promo.validFromMs !== null && promo.validFromMs > nowMs ? 'scheduled' : 'active'
}

export function promoCodeView(promo: PromoCode, nowMs: number): PromoCodeShown {
  const { gives, currency } = promo
  const moment = (ms: number | null): string | null => (ms === null ? null : iso(ms))
  return {
    code: promo.code,
    state: stateOf(promo, nowMs),
    ...('amount' in gives ? { amount: toMajor(gives.amount, currency) } : { percent: gives.basisPoints / 100 }),
    currency,
    validFrom: moment(promo.validFromMs),
    validUntil: moment(promo.validUntilMs),
    usesMax: promo.usesMax,
    oncePerCustomer: promo.oncePerCustomer,
    minimumSubtotal: toMajor(promo.minimumSubtotal, currency),
    uses: promo.uses,
    endedAt: moment(promo.endedAtMs),
    createdBy: promo.createdBy,
    createdAt: iso(promo.createdAtMs),
  }
}
