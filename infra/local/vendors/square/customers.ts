/**
 * Customers, locations and the merchant: what a till knows of people and places. Reads only, apart from local control.
 */
import { page, paged } from './cursors.ts'
import { notFound } from './failure.ts'
import { flag, oneOf, pageLimit, record, text } from './input.ts'
import type { Dated, Json } from './shapes.ts'
import type { SquareStore } from './store.ts'

const PAGE_SIZE = 100

export function listCustomers(store: SquareStore, input: Json): Json {
  const rows = store.customers.values()
  const counted = flag(input, 'count') ? { count: rows.length } : {}
  return { ...customerPage(store, input, rows, input), ...counted }
}

export function searchCustomers(store: SquareStore, input: Json): Json {
  const query = record(input, 'query') ?? {}
  const wanted = record(query, 'filter') ?? {}
  const email = exact(wanted, 'email_address')
  const phone = exact(wanted, 'phone_number')
  const reference = exact(wanted, 'reference_id')
  const rows = store.customers.values().filter((customer) => {
    if (email !== undefined && String(customer['email_address'] ?? '').toLowerCase() !== email.toLowerCase()) return false
    if (phone !== undefined && customer['phone_number'] !== phone) return false
    return reference === undefined || customer['reference_id'] === reference
  })
  const sort = record(query, 'sort') ?? {}
  return customerPage(store, input, rows, { sort_field: sort['field'], sort_order: sort['order'] })
}

export function getCustomer(store: SquareStore, id: string): Json {
  const customer = store.customers.get(id)
  if (customer === undefined) throw notFound(`Customer with ID \`${id}\``, 'customer_id')
  return { customer }
}

export function listLocations(store: SquareStore): Json {
  return { locations: store.locations.values() }
}

export function getLocation(store: SquareStore, id: string): Json {
  const location = id === 'main' ? store.mainLocation : store.locations.get(id)
  if (location === undefined) throw notFound(`Location with ID \`${id}\``, 'location_id')
  return { location }
}

export function getMerchant(store: SquareStore, id: string): Json {
  const main = store.mainLocation
  if (id !== 'me' && id !== main.merchant_id) throw notFound(`Merchant with ID \`${id}\``, 'merchant_id')
  return {
    merchant: {
      id: main.merchant_id,
      business_name: main['business_name'],
      country: main['country'],
      language_code: main['language_code'],
      currency: main['currency'],
      status: 'ACTIVE',
      main_location_id: main.id,
      created_at: main.created_at,
    },
  }
}

function customerPage(store: SquareStore, input: Json, rows: readonly Dated[], sort: Json): Json {
  const byCreation = oneOf(sort, 'sort_field', ['DEFAULT', 'CREATED_AT'] as const) === 'CREATED_AT'
  const key = (customer: Dated) => {
    const name = `${String(customer['given_name'] ?? '')} ${String(customer['family_name'] ?? '')}`.toLowerCase()
    return `${byCreation ? customer.created_at : name}|${customer.id}`
  }
  const limit = pageLimit(input, PAGE_SIZE, PAGE_SIZE)
  const descending = oneOf(sort, 'sort_order', ['ASC', 'DESC'] as const) === 'DESC'
  return paged('customers', page(rows, store.now(), { input, limit, key, descending }))
}

function exact(wanted: Json, field: string): string | undefined {
  return text(record(wanted, field) ?? {}, 'exact')
}
