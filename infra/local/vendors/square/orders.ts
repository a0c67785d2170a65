/**
 * Orders: search, single ones, several at once. The field a search is filtered by must be the one it is sorted by.
 */
import { page, paged } from './cursors.ts'
import { invalid, missing, notFound, SquareFailure } from './failure.ts'
import { flag, oneOf, pageLimit, record, text, texts, time } from './input.ts'
import type { Json, Order } from './shapes.ts'
import type { SquareStore } from './store.ts'

const PAGE_SIZE = 500
const PAGE_SIZE_MAX = 1000
const LOCATIONS_MAX = 10
const BATCH_MAX = 100
const DATES = ['created_at', 'updated_at', 'closed_at'] as const

type DateField = (typeof DATES)[number]

export function searchOrders(store: SquareStore, input: Json): Json {
  const locations = texts(input, 'location_ids')
  if (locations === undefined) throw missing('location_ids')
  if (locations.length > LOCATIONS_MAX) throw invalid('location_ids', `At most ${LOCATIONS_MAX} locations at once.`)
  const query = record(input, 'query') ?? {}
  const sort = record(query, 'sort') ?? {}
  const sortField = oneOf(sort, 'sort_field', ['CREATED_AT', 'UPDATED_AT', 'CLOSED_AT'] as const) ?? 'CREATED_AT'
  const sortedBy = sortField.toLowerCase() as DateField
  const matches = filter(record(query, 'filter') ?? {}, sortedBy)
  const rows = store.orders.values().filter((order) => locations.includes(order.location_id ?? '') && matches(order))
  const found = page(rows, store.now(), {
    input,
    limit: pageLimit(input, PAGE_SIZE, PAGE_SIZE_MAX),
    key: (order) => `${order[sortedBy] ?? ''}|${order.id}`,
    descending: oneOf(sort, 'sort_order', ['ASC', 'DESC'] as const) !== 'ASC',
  })
  if (!flag(input, 'return_entries')) return paged('orders', found)
  const entries = found.rows.map(({ id, version, location_id }) => ({ order_id: id, version, location_id }))
  return paged('order_entries', { ...found, rows: entries })
}

export function getOrder(store: SquareStore, id: string): Json {
  const order = store.orders.get(id)
  if (order === undefined) throw notFound(`Order with ID ${id}`, 'order_id')
  return { order }
}

export function batchRetrieveOrders(store: SquareStore, input: Json): Json {
  const ids = texts(input, 'order_ids')
  if (ids === undefined) throw missing('order_ids')
  if (ids.length > BATCH_MAX) throw invalid('order_ids', `At most ${BATCH_MAX} orders may be retrieved at once.`)
  const locationId = text(input, 'location_id')
  const orders = ids
    .flatMap((id) => store.orders.get(id) ?? [])
    .filter((order) => locationId === undefined || order.location_id === locationId)
  return orders.length === 0 ? {} : { orders }
}

function filter(wanted: Json, sortedBy: DateField): (order: Order) => boolean {
  const states = texts(record(wanted, 'state_filter') ?? {}, 'states')
  const customers = texts(record(wanted, 'customer_filter') ?? {}, 'customer_ids')
  const sources = texts(record(wanted, 'source_filter') ?? {}, 'source_names')
  const dates = record(wanted, 'date_time_filter') ?? {}
  for (const field of DATES) {
    if (dates[field] === undefined || field === sortedBy) continue
    throw new SquareFailure(400, 'BAD_REQUEST', `To filter by ${field}, sort by it too.`, { field: 'query.sort.sort_field' })
  }
  const span = record(dates, sortedBy) ?? {}
  const start = time(span, 'start_at')
  const end = time(span, 'end_at')
  return (order) => {
    if (states?.includes(order.state) === false || customers?.includes(order.customer_id ?? '') === false) return false
    if (sources !== undefined && !sources.includes(String((order['source'] as Json | undefined)?.['name'] ?? ''))) return false
    const moment = order[sortedBy]
    if (start === undefined && end === undefined) return true
    return moment !== undefined && (start === undefined || moment >= start) && (end === undefined || moment < end)
  }
}
