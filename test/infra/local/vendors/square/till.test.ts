/** Payments, refunds, orders, customers and places at the Square simulator. */
import { describe, expect, test } from 'vitest'
import { errorOf, ground } from './ground.ts'

const DAY_MS = 24 * 3_600_000

describe('does', () => {
  test('a sale in the store makes a payment and an order, takes the stock, and learns its fee later', async () => {
    const { call, control, timeline } = await ground()
    const lines = [{ variationId: 'VARTOTE1', quantity: 2 }, { variationId: 'VARGIFTCARDANY', price: 1000 }]
    const { payment } = (await control('payments', { lines, tip: 200, tax: 100 })).body
    expect(payment).toMatchObject({ status: 'COMPLETED', source_type: 'CARD', total_money: { amount: 6100, currency: 'USD' } })
    expect((await call('GET', `/v2/payments/${payment.id}`)).body['payment'].processing_fee).toBeUndefined()
    const { order } = (await call('GET', `/v2/orders/${payment.order_id}`)).body
    expect(order).toMatchObject({ state: 'COMPLETED', total_money: { amount: 6100 }, tenders: [{ payment_id: payment.id }] })
    expect(order.line_items.map((line: { total_money: { amount: number } }) => line.total_money.amount)).toEqual([4800, 1000])
    const { counts } = (await call('GET', '/v2/inventory/VARTOTE1')).body
    expect(counts).toMatchObject([{ state: 'IN_STOCK', quantity: '36' }])
    await timeline.jumpTo(timeline.now() + 3000)
    const later = (await call('GET', `/v2/payments/${payment.id}`)).body['payment']
    expect(later.processing_fee).toMatchObject([{ type: 'INITIAL', amount_money: { amount: 174, currency: 'USD' } }])
    expect(later.updated_at > payment.updated_at).toBe(true)
  })

  test('payments are listed newest first, for the main location alone unless named, by creation or by change', async () => {
    const { call, control, timeline } = await ground()
    const day = (days: number) => new Date(timeline.now() - days * DAY_MS).toISOString()
    for (const days of [400, 30, 20, 10]) await control('payments', { amount: 1000 + days, source: 'CASH', at: day(days) })
    await control('payments', { amount: 5, source: 'CASH', locationId: 'LMARKETSTAND1' })
    const amounts = async (query: string) => {
      const { body } = await call('GET', `/v2/payments${query}`)
      return (body['payments'] ?? []).map((payment: { amount_money: { amount: number } }) => payment.amount_money.amount)
    }
    expect(await amounts('')).toEqual([1010, 1020, 1030])
    expect(await amounts('?sort_order=ASC')).toEqual([1030, 1020, 1010])
    expect(await amounts('?location_id=LMARKETSTAND1')).toEqual([5])
    expect(await amounts(`?begin_time=${day(500)}&end_time=${day(25)}`)).toEqual([1030, 1400])
    expect(await amounts(`?updated_at_begin_time=${day(15)}&sort_field=UPDATED_AT`)).toEqual([1010])
    const first = await call('GET', '/v2/payments?limit=2')
    const second = await call('GET', `/v2/payments?limit=2&cursor=${first.body['cursor']}`)
    expect(second.body['payments']).toHaveLength(1)
    expect(second.body['cursor']).toBeUndefined()
    expect((await call('GET', '/v2/payments?location_id=nowhere')).body).toEqual({})
  })

  test('a refund gives back what is left at most, and changes its payment', async () => {
    const { call, control } = await ground()
    const { payment } = (await control('payments', { lines: [{ variationId: 'VARTOTE1' }] })).body
    const restock = [{ variationId: 'VARTOTE1' }]
    const { refund } = (await control(`payments/${payment.id}/refund`, { amount: 400, reason: 'Torn', restock })).body
    expect((await call('GET', `/v2/refunds/${refund.id}`)).body['refund']).toMatchObject({ status: 'COMPLETED', reason: 'Torn' })
    const tooMuch = await control(`payments/${payment.id}/refund`, { amount: 2001 })
    expect(errorOf(tooMuch)).toBe('400 REFUND_ERROR REFUND_AMOUNT_INVALID')
    await control(`payments/${payment.id}/refund`)
    const after = (await call('GET', `/v2/payments/${payment.id}`)).body['payment']
    expect(after).toMatchObject({ refunded_money: { amount: 2400 }, refund_ids: [refund.id, expect.any(String)] })
    expect((await call('GET', '/v2/refunds')).body['refunds']).toHaveLength(2)
    expect((await call('GET', '/v2/inventory/VARTOTE1')).body['counts'][0].quantity).toBe('38')
  })

  test('orders are searched by state and by the moment they are sorted by', async () => {
    const { call, control, square } = await ground()
    const place = { location_id: square.locationId }
    await control('import', {
      orders: [
        { ...place, id: 'o1', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-02-01T00:00:00Z', state: 'OPEN', version: 1 },
        { ...place, id: 'o2', created_at: '2026-01-02T00:00:00Z', state: 'COMPLETED', version: 4 },
      ],
    })
    const search = (query: object) => call('POST', '/v2/orders/search', { location_ids: [square.locationId], ...query })
    const ids = async (query: object) => (await search({ query })).body['orders']?.map((order: { id: string }) => order.id)
    expect(await ids({})).toEqual(['o2', 'o1'])
    expect(await ids({ filter: { state_filter: { states: ['OPEN'] } } })).toEqual(['o1'])
    const updated = { date_time_filter: { updated_at: { start_at: '2026-01-15T00:00:00Z' } } }
    expect(await ids({ filter: updated, sort: { sort_field: 'UPDATED_AT' } })).toEqual(['o1'])
    expect(errorOf(await search({ query: { filter: updated } }))).toBe('400 INVALID_REQUEST_ERROR BAD_REQUEST')
    expect((await search({ return_entries: true })).body['order_entries'][0]).toEqual({
      order_id: 'o2',
      version: 4,
      location_id: square.locationId,
    })
    const several = await call('POST', '/v2/orders/batch-retrieve', { order_ids: ['o1', 'nowhere'] })
    expect(several.body['orders']).toHaveLength(1)
    expect(errorOf(await call('POST', '/v2/orders/search', {}))).toBe('400 INVALID_REQUEST_ERROR MISSING_REQUIRED_PARAMETER')
  })

  test('customers, locations and the merchant are found', async () => {
    const { call, control, square } = await ground()
    const { customer } = (await control('customers', { given_name: 'Ada', email_address: 'Ada@example.com' })).body
    await control('customers', { given_name: 'Bo' })
    const filter = { email_address: { exact: 'ada@example.com' } }
    const found = await call('POST', '/v2/customers/search', { query: { filter } })
    expect(found.body['customers']).toMatchObject([{ id: customer.id }])
    expect((await call('GET', '/v2/customers?count=true&limit=1')).body).toMatchObject({ count: 2, cursor: expect.any(String) })
    expect((await call('GET', `/v2/customers/${customer.id}`)).body['customer'].given_name).toBe('Ada')
    expect((await call('GET', '/v2/locations')).body['locations'].map((location: { id: string }) => location.id)).toEqual([
      square.locationId,
      'LMARKETSTAND1',
    ])
    expect((await call('GET', '/v2/locations/main')).body['location'].currency).toBe('USD')
    expect((await call('GET', '/v2/merchants/me')).body['merchant']).toMatchObject({ id: square.merchantId })
  })
})

describe('refuses', () => {
  test('ranges that end before they begin, limits above the page, and ids that are not there', async () => {
    const { call } = await ground()
    const range = '?begin_time=2026-02-01T00:00:00Z&end_time=2026-01-01T00:00:00Z'
    expect(errorOf(await call('GET', `/v2/payments${range}`))).toBe('400 INVALID_REQUEST_ERROR INVALID_TIME_RANGE')
    expect(errorOf(await call('GET', '/v2/payments?limit=101'))).toBe('400 INVALID_REQUEST_ERROR INVALID_VALUE')
    for (const path of ['payments/x', 'refunds/x', 'orders/x', 'customers/x', 'locations/x', 'merchants/x', 'inventory/x']) {
      expect(errorOf(await call('GET', `/v2/${path}`))).toBe('404 INVALID_REQUEST_ERROR NOT_FOUND')
    }
  })
})
