/**
 * A past of any length that takes no memory: each payment follows from its number, evenly spread over a span of time and
 * over the locations, and is made when a list comes to it.
 */
import type { Dated, Payment } from './shapes.ts'

export interface Past {
  readonly count: number
  readonly fromMs: number
  readonly toMs: number
  readonly locations: readonly string[]
  readonly currency: string
}

interface Choice {
  /** Key of the last one handed out: its moment, `|`, its id. */
  readonly after: string | undefined
  readonly byUpdate: boolean
  readonly descending: boolean
  /** Bounds of the list, of either moment. */
  readonly from: ReadonlyArray<string | undefined>
  readonly to: ReadonlyArray<string | undefined>
  readonly limit: number
  readonly matches: (payment: Dated) => boolean
}

/** The fee comes after the sale. */
const CHANGED_AFTER_MS = 2_000
const BRANDS = ['VISA', 'MASTERCARD', 'AMERICAN_EXPRESS', 'DISCOVER']

/** The first of those that match, from where a list stands. */
export function pastPayments(past: Past, { after, byUpdate, descending, from, to, limit, matches }: Choice): Payment[] {
  const stepMs = (past.toMs - past.fromMs) / Math.max(past.count, 1)
  const numberAt = (moment: string, shiftMs = 0): number => Math.floor((Date.parse(moment) - shiftMs - past.fromMs) / stepMs)
  const standsAt = after?.slice(0, after.indexOf('|'))
  const starts = [...from, descending ? undefined : standsAt].filter((moment) => moment !== undefined)
  const ends = [...to, descending ? standsAt : undefined].filter((moment) => moment !== undefined)
  const lowest = Math.max(0, ...starts.map((moment) => numberAt(moment, CHANGED_AFTER_MS) - 2))
  const highest = Math.min(past.count - 1, ...ends.map((moment) => numberAt(moment) + 2))
  const found: Payment[] = []
  const key = (payment: Payment): string => `${byUpdate ? payment.updated_at : payment.created_at}|${payment.id}`
  const beyond = (payment: Payment): boolean => after === undefined || (descending ? key(payment) < after : key(payment) > after)
  const step = descending ? -1 : 1
  for (let number = descending ? highest : lowest; number >= lowest && number <= highest && found.length < limit; number += step) {
    const payment = pastPayment(past, number, stepMs)
    if (beyond(payment) && matches(payment)) found.push(payment)
  }
  return found
}

function pastPayment(past: Past, number: number, stepMs: number): Payment {
  const soldMs = past.fromMs + Math.floor(number * stepMs)
  const at = new Date(soldMs).toISOString()
  const id = `PAST${String(number).padStart(20, '0')}`
  const amount = 500 + ((number * 7_919) % 20_000)
  const money = (value: number) => ({ amount: value, currency: past.currency })
  return {
    id,
    created_at: at,
    updated_at: new Date(soldMs + CHANGED_AFTER_MS).toISOString(),
    amount_money: money(amount),
    total_money: money(amount),
    approved_money: money(amount),
    processing_fee: [{ amount_money: money(Math.round((amount * 26) / 1_000) + 15), effective_at: at, type: 'INITIAL' }],
    status: 'COMPLETED',
    delay_duration: 'PT168H',
    source_type: 'CARD',
    card_details: {
      status: 'CAPTURED',
      card: { card_brand: BRANDS[number % BRANDS.length], last_4: '1111', exp_month: 11, exp_year: 2030, card_type: 'DEBIT' },
      entry_method: 'EMV',
    },
    location_id: past.locations[number % past.locations.length] ?? '',
    order_id: `ORDER${String(number).padStart(19, '0')}`,
    ...(number % 3 === 0 ? { customer_id: `CUSTOMER${number % 5_000}` } : {}),
    receipt_number: id.slice(-4),
    application_details: { square_product: 'SQUARE_POS' },
    version_token: `v${number}`,
  }
}
