/**
 * Payments at Square's tills, a page at a time. Without a location a list covers the main one alone, and without a
 * beginning only what was created within a year: both are always said.
 */
import { z } from 'zod'
import type { TillPayment } from '#domain/pos.ts'
import { CursorExpired, type Walk } from '#domain/walk.ts'
import { CURRENCY } from '#values/money.ts'
import { DAY_MS, MINUTE_MS, iso } from '#values/time.ts'
import { Failure } from '#values/failure.ts'
import { square } from './api.ts'

const PAGE = 100
/** So long before it changed a payment may have been made. */
const CREATED_BEFORE_MS = 4 * 365 * DAY_MS
const REST_MS_MAX = MINUTE_MS

const id = z.string().min(1).max(192)
const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const money = z.object({ amount: z.int(), currency: z.string().regex(CURRENCY) })

/** What is kept of a payment; other fields come and go as Square likes. */
const PAYMENT = z.object({
  id,
  created_at: moment,
  updated_at: moment,
  status: z.string().min(1).max(50),
  source_type: z.string().max(50).optional(),
  amount_money: money,
  total_money: money.optional(),
  tip_money: money.optional(),
  refunded_money: money.optional(),
  processing_fee: z.array(z.object({ amount_money: money })).optional(),
  location_id: id.optional(),
  order_id: id.optional(),
  customer_id: id.optional(),
  card_details: z.object({ card: z.object({ card_brand: z.string().max(50).optional() }).optional() }).optional(),
})

/** Every location, open or not: a closed one has its past. */
export async function locationIds(): Promise<string[]> {
  const { locations = [] } = await square<{ locations?: ReadonlyArray<{ readonly id: string }> }>({ method: 'GET', path: '/locations', restMsMax: REST_MS_MAX })
  return locations.map((location) => location.id)
}

export interface PaymentPage {
  readonly payments: readonly TillPayment[]
  readonly bad: ReadonlyArray<{ readonly id: string; readonly reason: string }>
  readonly cursor: string | null
}

/**
 * Payments of a location that changed within the walk's window, the earliest change first, from its mark on.
 * @throws CursorExpired when Square has forgotten the mark
 */
export async function* paymentPages(locationId: string, { fromMs, toMs, cursor: from }: Walk): AsyncGenerator<PaymentPage> {
  const asked = {
    location_id: locationId,
    begin_time: iso(Math.max(0, fromMs - CREATED_BEFORE_MS)),
    updated_at_begin_time: iso(fromMs),
    updated_at_end_time: iso(toMs),
    sort_field: 'UPDATED_AT',
    sort_order: 'ASC',
    limit: String(PAGE),
  }
  let cursor = from
  do {
    const query = new URLSearchParams({ ...asked, ...(cursor === null ? {} : { cursor }) })
    const answer = await page(`/payments?${query.toString()}`)
    cursor = answer.cursor === undefined || answer.cursor === '' ? null : answer.cursor
    yield { ...read(answer.payments ?? []), cursor }
  } while (cursor !== null)
}

async function page(path: string): Promise<{ payments?: readonly unknown[]; cursor?: string }> {
  try {
    return await square({ method: 'GET', path, restMsMax: REST_MS_MAX })
  } catch (error) {
    if (error instanceof Failure && error.details?.['code'] === 'INVALID_CURSOR') throw new CursorExpired()
    throw error
  }
}

function read(given: readonly unknown[]): Omit<PaymentPage, 'cursor'> {
  const payments: TillPayment[] = []
  const bad: Array<{ id: string; reason: string }> = []
  for (const one of given) {
    const parsed = PAYMENT.safeParse(one)
    if (parsed.success) payments.push(paymentOf(parsed.data))
    else bad.push({ id: idOf(one), reason: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') })
  }
  return { payments, bad }
}

function idOf(one: unknown): string {
  const said = (one as { id?: unknown } | null)?.id
  return typeof said === 'string' ? said : ''
}

function paymentOf(payment: z.output<typeof PAYMENT>): TillPayment {
  const { amount, currency } = payment.amount_money
  return {
    id: payment.id,
    locationId: payment.location_id ?? null,
    orderId: payment.order_id ?? null,
    customerId: payment.customer_id ?? null,
    status: payment.status,
    sourceType: payment.source_type ?? null,
    cardBrand: payment.card_details?.card?.card_brand ?? null,
    currency,
    amount,
    tip: payment.tip_money?.amount ?? 0,
    total: payment.total_money?.amount ?? amount + (payment.tip_money?.amount ?? 0),
    refunded: payment.refunded_money?.amount ?? 0,
    fees: payment.processing_fee === undefined ? null : payment.processing_fee.reduce((sum, fee) => sum + fee.amount_money.amount, 0),
    createdAtMs: payment.created_at,
    updatedAtMs: payment.updated_at,
  }
}
