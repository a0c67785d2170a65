/**
 * Payments and refunds as the till took them: lists, single ones, and the card fee that is known only later.
 *
 * A list without `location_id` covers the main location alone, and a year back, as the vendor does. The fee
 * arrives as a `payment.updated` some seconds after the sale; it is owed again after a restart.
 */
import { page, paged } from './cursors.ts'
import { pastPayments, type Past } from './past.ts'
import { notFound, SquareFailure } from './failure.ts'
import { oneOf, pageLimit, text, time } from './input.ts'
import type { Notifications } from './notifications.ts'
import type { Dated, Json, Payment } from './shapes.ts'
import type { SquareStore } from './store.ts'

const PAGE_SIZE = 100
const YEAR_MS = 365 * 24 * 3_600_000
const FEE_AFTER_MS = 2_000
const FEE_PER_MILLE = 26
const FEE_FIXED = 15

export class Payments {
  readonly #store: SquareStore
  readonly #notifications: Notifications

  constructor(store: SquareStore, notifications: Notifications) {
    this.#store = store
    this.#notifications = notifications
    for (const payment of store.payments.values()) this.#awaitFee(payment)
  }

  list(input: Json): Json {
    const locationId = text(input, 'location_id') ?? this.#store.mainLocation.id
    return paged('payments', this.#page(input, this.#store.payments.values(), locationId, this.#store.past.get('payments')))
  }

  get(id: string): Json {
    const payment = this.#store.payments.get(id)
    if (payment === undefined) throw notFound(`Payment with id ${id}`, 'payment_id')
    return { payment }
  }

  listRefunds(input: Json): Json {
    const status = text(input, 'status')
    const rows = this.#store.refunds.values().filter((refund) => status === undefined || refund['status'] === status)
    return paged('refunds', this.#page(input, rows, text(input, 'location_id')))
  }

  getRefund(id: string): Json {
    const refund = this.#store.refunds.get(id)
    if (refund === undefined) throw notFound(`Refund with id ${id}`, 'refund_id')
    return { refund }
  }

  /** Puts a new or changed payment on the shelf and tells the shop. */
  keep(payment: Payment, event: 'payment.created' | 'payment.updated'): Payment {
    this.#store.payments.set(payment.id, payment)
    this.#notifications.tell({ type: event, dataType: 'payment', id: payment.id, object: { payment } })
    if (event === 'payment.created') this.#awaitFee(payment)
    return payment
  }

  /** Gives money back for a payment; never more than is left of it. */
  refund(paymentId: string, amount: number | undefined, reason: string): Dated {
    const payment = this.#store.payments.get(paymentId)
    if (payment === undefined) throw notFound(`Payment ${paymentId}`, 'payment_id')
    const { currency } = payment.total_money
    const before = payment.refunded_money?.amount ?? 0
    const given = amount ?? payment.total_money.amount - before
    if (given < 1 || before + given > payment.total_money.amount) {
      throw new SquareFailure(400, 'REFUND_AMOUNT_INVALID', 'The requested refund amount exceeds the amount available to refund.')
    }
    const moment = this.#store.stamp()
    const refund: Dated = {
      id: this.#store.id(),
      status: 'COMPLETED',
      amount_money: { amount: given, currency },
      payment_id: paymentId,
      ...(payment.order_id === undefined ? {} : { order_id: payment.order_id }),
      ...(payment.location_id === undefined ? {} : { location_id: payment.location_id }),
      reason,
      created_at: moment,
      updated_at: moment,
    }
    this.#store.refunds.set(refund.id, refund)
    const refundIds = [...(payment.refund_ids ?? []), refund.id]
    const refunded = { refunded_money: { amount: before + given, currency }, refund_ids: refundIds }
    this.keep(this.#newer({ ...payment, ...refunded }), 'payment.updated')
    return refund
  }

  /** @param past payments that are not held, but made when they are asked for */
  #page<T extends Dated>(input: Json, rows: readonly T[], locationId: string | undefined, past?: Past) {
    const byUpdate = oneOf(input, 'sort_field', ['CREATED_AT', 'UPDATED_AT'] as const) === 'UPDATED_AT'
    const descending = oneOf(input, 'sort_order', ['ASC', 'DESC'] as const) !== 'ASC'
    const created = range(input, 'begin_time', 'end_time', new Date(this.#store.now() - YEAR_MS).toISOString())
    const updated = range(input, 'updated_at_begin_time', 'updated_at_end_time')
    const matches = (row: Dated): boolean => {
      if (locationId !== undefined && row.location_id !== locationId) return false
      return created(row.created_at) && updated(row.updated_at)
    }
    const key = (row: T) => `${byUpdate ? row.updated_at : row.created_at}|${row.id}`
    const limit = pageLimit(input, PAGE_SIZE, PAGE_SIZE)
    const from = [time(input, 'updated_at_begin_time'), time(input, 'begin_time')]
    const to = [time(input, 'updated_at_end_time'), time(input, 'end_time')]
    const choose = (after: string | undefined): T[] => {
      const made = past === undefined ? [] : pastPayments(past, { after, descending, byUpdate, from, to, limit: limit + 1, matches })
      return [...rows.filter(matches), ...(made as unknown as T[])]
    }
    return page(choose, this.#store.now(), { input, limit, key, descending })
  }

  #awaitFee(payment: Payment): void {
    if (payment.source_type !== 'CARD' || payment.status !== 'COMPLETED' || payment.processing_fee !== undefined) return
    this.#store.context.timeline.at(Date.parse(payment.created_at) + FEE_AFTER_MS, () => {
      const held = this.#store.payments.get(payment.id)
      if (held === undefined || held.processing_fee !== undefined) return
      const { amount, currency } = held.total_money
      const fee = { amount: Math.round((amount * FEE_PER_MILLE) / 1000) + FEE_FIXED, currency }
      const charged = [{ amount_money: fee, effective_at: held.created_at, type: 'INITIAL' }]
      this.keep(this.#newer({ ...held, processing_fee: charged }), 'payment.updated')
    })
  }

  #newer(payment: Payment): Payment {
    return { ...payment, updated_at: this.#store.stamp(), version_token: this.#store.id(40) }
  }
}

/** A filter `begin <= x < end`; a range that ends before it begins is refused. */
function range(input: Json, beginField: string, endField: string, standardBegin?: string): (moment: string) => boolean {
  const begin = time(input, beginField) ?? standardBegin
  const end = time(input, endField)
  if (begin !== undefined && end !== undefined && end < begin) {
    throw new SquareFailure(400, 'INVALID_TIME_RANGE', `${endField} must not be before ${beginField}.`, { field: endField })
  }
  return (moment) => (begin === undefined || moment >= begin) && (end === undefined || moment < end)
}
