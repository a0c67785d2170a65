/** The lines of a Checkout Session: priced on the spot (`price_data`), for no catalogue is kept here. */
import type Stripe from 'stripe'
import type { Account } from './account.ts'
import type { Fields } from './fields.ts'
import { currencyOf } from './money.ts'
import { invalid, missing, noSuch } from './refusal.ts'

export function lineItems(account: Account, fields: Fields): Stripe.LineItem[] {
  const items = fields.groups('line_items').map((line) => lineItem(account, line))
  const currencies = new Set(items.map((item) => item.currency))
  if (currencies.size > 1) throw invalid('All line items must have the same currency.', { param: 'line_items' })
  return items
}

function lineItem(account: Account, line: Fields): Stripe.LineItem {
  const price = line.text('price')
  if (price !== undefined) throw noSuch('price', price, line.param('price'))
  const data = line.group('price_data')
  if (data === undefined) throw missing(line.param('price_data'))
  const product = data.group('product_data')
  if (product === undefined) throw missing(data.param('product_data'))
  const description = product.needText('name')
  const currency = currencyOf(data)
  const unit = data.needInteger('unit_amount')
  if (unit < 0) throw invalid('Invalid non-negative integer', { param: data.param('unit_amount') })
  const quantity = line.positive('quantity')
  if (quantity === undefined) throw missing(line.param('quantity'))
  return {
    id: account.ids.next('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: unit * quantity,
    amount_tax: 0,
    amount_total: unit * quantity,
    currency,
    description,
    metadata: line.metadata() ?? {},
    price: priceOf(account, currency, unit),
    quantity,
  }
}

function priceOf(account: Account, currency: string, unit: number): Stripe.Price {
  const price = {
    id: account.ids.next('price'),
    object: 'price',
    active: false,
    billing_scheme: 'per_unit',
    created: account.now(),
    currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: account.ids.next('prod'),
    recurring: null,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'one_time',
    unit_amount: unit,
    unit_amount_decimal: String(unit),
  }
  return price as unknown as Stripe.Price
}
