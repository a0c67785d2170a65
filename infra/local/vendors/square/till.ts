/**
 * The till in the store: a sale makes an order, a payment, and takes what was sold from the stock.
 *
 * A sale may be dated back, so that a shop with a past can be played; its stock then does not move, because the
 * seed's count was made after it.
 */
import type { Catalog } from './catalog.ts'
import { invalid, notFound } from './failure.ts'
import { oneOf, record, records, requiredText, text, time } from './input.ts'
import type { Inventory } from './inventory.ts'
import type { Payments } from './payments.ts'
import { parseQuantity } from './quantity.ts'
import type { Json, Money, Order, Payment } from './shapes.ts'
import type { SquareStore } from './store.ts'

interface SoldLine {
  readonly variationId: string
  readonly name: string
  readonly variationName: string
  readonly quantity: string
  readonly units: bigint
  readonly price: number
  readonly tracked: boolean
}

export class Till {
  readonly #store: SquareStore
  readonly #catalog: Catalog
  readonly #inventory: Inventory
  readonly #payments: Payments

  constructor(store: SquareStore, parts: { catalog: Catalog; inventory: Inventory; payments: Payments }) {
    this.#store = store
    this.#catalog = parts.catalog
    this.#inventory = parts.inventory
    this.#payments = parts.payments
  }

  /** `{lines: [{variationId, quantity, price?}]}` or `{amount}`, with `source`, `tip`, `tax`, `customerId`, `note`, `at`. */
  sell(input: Json): Payment {
    const lines = records(input, 'lines').map((line) => this.#line(line))
    const at = time(input, 'at') ?? this.#store.stamp()
    const goods = lines.length === 0 ? amount(input, 'amount', 1) : lines.reduce((sum, line) => sum + cost(line), 0)
    const tax = amount(input, 'tax', 0)
    const tip = amount(input, 'tip', 0)
    const order = this.#order(input, lines, { goods, tax, tip }, at)
    const sold = lines.filter((line) => line.tracked)
    const states = { from: 'IN_STOCK', to: 'SOLD' }
    const moves = sold.map((line) => this.#inventory.movement(line.variationId, line.units, states, at))
    if (moves.length > 0) this.#inventory.apply(moves)
    const payment = this.#payment(input, order, { goods: goods + tax, tip }, at)
    this.#store.orders.set(order.id, { ...order, tenders: [this.#tender(payment)] })
    return this.#payments.keep(payment, 'payment.created')
  }

  #line(line: Json): SoldLine {
    const variationId = requiredText(line, 'variationId')
    const variation = this.#catalog.variation(variationId)?.item_variation_data
    if (variation === undefined) throw notFound(`Variation ${variationId}`)
    const quantity = String(line['quantity'] ?? '1')
    const units = parseQuantity(quantity)
    if (units === undefined || units <= 0n) throw invalid('quantity', 'A quantity is a decimal above zero.')
    const item = this.#store.catalog.get(variation.item_id)?.item_data
    return {
      variationId,
      name: item?.name ?? '',
      variationName: variation.name ?? '',
      quantity,
      units,
      price: variation.price_money?.amount ?? amount(line, 'price', 1),
      tracked: variation.track_inventory === true,
    }
  }

  #order(input: Json, lines: readonly SoldLine[], sums: { goods: number; tax: number; tip: number }, at: string): Order {
    const money = (value: number) => this.#money(value)
    const customerId = text(input, 'customerId')
    const total = sums.goods + sums.tax + sums.tip
    return {
      id: this.#store.id(),
      location_id: text(input, 'locationId') ?? this.#store.mainLocation.id,
      source: { name: 'Square Point of Sale' },
      ...(customerId === undefined ? {} : { customer_id: customerId }),
      line_items: lines.map((line) => ({
        uid: this.#store.id(22),
        name: line.name,
        variation_name: line.variationName,
        quantity: line.quantity,
        catalog_object_id: line.variationId,
        base_price_money: money(line.price),
        gross_sales_money: money(cost(line)),
        total_tax_money: money(0),
        total_discount_money: money(0),
        total_money: money(cost(line)),
      })),
      created_at: at,
      updated_at: at,
      closed_at: at,
      state: 'COMPLETED',
      version: 2,
      total_money: money(total),
      total_tax_money: money(sums.tax),
      total_discount_money: money(0),
      total_tip_money: money(sums.tip),
      total_service_charge_money: money(0),
      net_amount_due_money: money(0),
      net_amounts: {
        total_money: money(total),
        tax_money: money(sums.tax),
        discount_money: money(0),
        tip_money: money(sums.tip),
        service_charge_money: money(0),
      },
    }
  }

  #payment(input: Json, order: Order, sums: { goods: number; tip: number }, at: string): Payment {
    const source = oneOf(input, 'source', ['CARD', 'CASH', 'EXTERNAL', 'WALLET'] as const) ?? 'CARD'
    const status = oneOf(input, 'status', ['APPROVED', 'PENDING', 'COMPLETED', 'CANCELED', 'FAILED'] as const) ?? 'COMPLETED'
    const note = text(input, 'note')
    const id = this.#store.id()
    return {
      id,
      created_at: at,
      updated_at: at,
      amount_money: this.#money(sums.goods),
      total_money: this.#money(sums.goods + sums.tip),
      approved_money: this.#money(sums.goods + sums.tip),
      ...(sums.tip === 0 ? {} : { tip_money: this.#money(sums.tip) }),
      status,
      delay_duration: 'PT168H',
      delay_action: 'CANCEL',
      source_type: source,
      ...(source === 'CARD' ? { card_details: cardDetails(record(input, 'card') ?? {}, at) } : {}),
      location_id: order.location_id as string,
      order_id: order.id,
      ...(order.customer_id === undefined ? {} : { customer_id: order.customer_id }),
      ...(note === undefined ? {} : { note }),
      receipt_number: id.slice(0, 4),
      application_details: { square_product: 'SQUARE_POS' },
      version_token: this.#store.id(40),
    }
  }

  #tender(payment: Payment): Json {
    return {
      id: payment.id,
      location_id: payment.location_id,
      created_at: payment.created_at,
      amount_money: payment.total_money,
      type: payment.source_type === 'CARD' || payment.source_type === 'CASH' ? payment.source_type : 'OTHER',
      payment_id: payment.id,
    }
  }

  #money(value: number): Money {
    return { amount: value, currency: String(this.#store.mainLocation['currency']) }
  }
}

/** Price times quantity in minor units, half away from zero. */
function cost(line: SoldLine): number {
  return Number((BigInt(line.price) * line.units * 2n + 100_000n) / 200_000n)
}

function amount(input: Json, field: string, min: number): number {
  const value = input[field] ?? 0
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    throw invalid(field, `${field} is a whole number of cents, at least ${min}.`)
  }
  return value
}

function cardDetails(card: Json, at: string): Json {
  return {
    status: 'CAPTURED',
    card: {
      card_brand: text(card, 'card_brand') ?? 'VISA',
      last_4: text(card, 'last_4') ?? '1111',
      exp_month: 11,
      exp_year: 2030,
      card_type: 'DEBIT',
      prepaid_type: 'NOT_PREPAID',
    },
    entry_method: 'EMV',
    card_payment_timeline: { authorized_at: at, captured_at: at },
  }
}
