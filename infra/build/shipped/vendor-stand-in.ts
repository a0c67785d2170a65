/**
 * Stands in for the vendors and the warehouse while a function is compiled: a small true page where a job would end early
 * without one, so that what it does with a page is compiled too; nothing (`{}`) to every other question.
 */
import { createServer, type Server } from 'node:http'

const AT = '2026-01-01T00:00:00.000Z'
const MONEY = { amount: 100, currency: 'USD' }
export const LOCATION = 'compile'

const VARIATION = {
  type: 'ITEM_VARIATION', id: 'compile-variation', version: 1, updated_at: AT,
  item_variation_data: { name: 'One', sku: 'ONE', pricing_type: 'FIXED_PRICING', price_money: MONEY, track_inventory: true, sellable: true },
}
const ITEM = { type: 'ITEM', id: 'compile-item', version: 1, updated_at: AT, item_data: { name: 'Item', description: 'An item', variations: [VARIATION] } }
const COUNT = { catalog_object_id: VARIATION.id, state: 'IN_STOCK', location_id: LOCATION, quantity: '1', calculated_at: AT }
const PAYMENT = { id: 'compile-payment', created_at: AT, updated_at: AT, status: 'COMPLETED', source_type: 'CARD', amount_money: MONEY, location_id: LOCATION }
const QUERY = { jobComplete: true, schema: { fields: [] }, rows: [], totalRows: '0', jobReference: { projectId: 'compile', jobId: 'compile', location: 'US' } }

/** By the path of what is asked; the first that fits. */
const PAGES: ReadonlyArray<readonly [RegExp, unknown]> = [
  [/\/catalog\/search$/, { objects: [ITEM], latest_time: AT }],
  [/\/inventory\/counts\/batch-retrieve$/, { counts: [COUNT] }],
  [/\/v2\/locations$/, { locations: [{ id: LOCATION }] }],
  [/\/v2\/payments$/, { payments: [PAYMENT] }],
  [/\/v1\/(balance_transactions|disputes|events|payouts|refunds|charges)$/, { object: 'list', data: [], has_more: false }],
  [/\/xml\/v1\/request\.api$/, { messages: { resultCode: 'Ok', message: [{ code: 'I00001', text: 'Successful.' }] } }],
  [/\/auth\/oauth\/token$/, { access_token: 'compile', refresh_token: 'compile', expires_in: 1800 }],
  [/\/(queries|jobs)(\/|$)/, QUERY],
]

export function vendorStandIn(): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://stand-in')
    const page = PAGES.find(([path]) => path.test(pathname))?.[1] ?? {}
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(JSON.stringify(page)))
  })
}
