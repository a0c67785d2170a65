/** Records as Lightspeed gives them: what is one stands alone, what is several stands in a list, what is none is left out. */
import type { Fields } from './account.ts'

/** The part of an answer that holds records. */
export function oneOrMany(name: string, records: readonly Fields[]): Fields {
  if (records.length === 0) return {}
  return { [name]: records.length === 1 ? records[0] : records }
}

export interface SaleWish {
  readonly saleId: string
  readonly at: string
  readonly shopId: string
  readonly customerId: string
  readonly completed: boolean
  readonly lines: ReadonlyArray<{ readonly itemId: string; readonly quantity: number; readonly price: number }>
}

const TAX_RATE = 0.0825

/** A sale with its lines and its payment; amounts have more digits than the currency, as the vendor's have. */
export function saleOf(wish: SaleWish): { fields: Fields; related: Record<string, Fields[]> } {
  const { saleId, at, shopId, customerId, completed } = wish
  const subtotal = wish.lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0)
  const tax = subtotal * TAX_RATE
  const total = decimal(subtotal + tax)
  const fields: Fields = {
    saleID: saleId, timeStamp: at, discountPercent: '0', completed: String(completed), archived: 'false', voided: 'false', isTaxInclusive: 'false',
    createTime: at, updatetime: at, ...(completed ? { completeTime: at } : {}), referenceNumber: '', ticketNumber: `22${saleId.padStart(10, '0')}`,
    calcDiscount: '0', calcTotal: total, calcSubtotal: decimal(subtotal), calcTax1: decimal(tax), calcTax2: '0', calcPayments: completed ? total : '0', calcTips: '0',
    total, totalDue: total, balance: completed ? '0' : total, taxTotal: decimal(tax), customerID: customerId, employeeID: '1', registerID: '1', shopID: shopId,
  }
  const lines = wish.lines.map(({ itemId, quantity, price }, index) => ({
    saleLineID: `${saleId}${index + 1}`, unitQuantity: String(quantity), unitPrice: decimal(price), discountAmount: '0', discountPercent: '0', tax: 'true',
    calcLineDiscount: '0', calcTotal: decimal(quantity * price * (1 + TAX_RATE)), calcSubtotal: decimal(quantity * price), calcTax1: decimal(quantity * price * TAX_RATE),
    calcTax2: '0', itemID: itemId, saleID: saleId, shopID: shopId, parentSaleLineID: '0',
  }))
  const payments = completed ? [{ salePaymentID: saleId, amount: total, createTime: at, archived: 'false', paymentTypeID: '1', saleID: saleId }] : []
  const customer = customerId === '0' ? [] : [{ customerID: customerId, firstName: 'Ada', lastName: `Number ${customerId}`, dob: '1980-01-01' }]
  return { fields, related: { SaleLines: lines, SalePayments: payments, Customer: customer } }
}

export interface ItemWish {
  readonly itemId: string
  readonly at: string
  readonly description: string
  readonly price: number
  readonly cost: number
  readonly sku: string
  readonly category: string | undefined
  readonly tags: readonly string[]
}

export function itemOf(wish: ItemWish): { fields: Fields; related: Record<string, Fields[]> } {
  const { itemId, at } = wish
  const price = (useTypeID: string, useType: string, amount: number) => ({ amount: decimal(amount), useTypeID, useType })
  const fields: Fields = {
    itemID: itemId, systemSku: `21${itemId.padStart(10, '0')}`, defaultCost: decimal(wish.cost), avgCost: decimal(wish.cost), tax: 'true', archived: 'false',
    itemType: 'default', description: wish.description, upc: '', ean: '', customSku: wish.sku, manufacturerSku: '', createTime: at, timeStamp: at,
    publishToEcom: 'false', categoryID: wish.category === undefined ? '0' : '1', taxClassID: '1',
    Prices: { ItemPrice: [price('1', 'Default', wish.price), price('2', 'MSRP', wish.price), price('3', 'Online', wish.price)] },
  }
  const category = wish.category === undefined ? [] : [{ categoryID: '1', name: wish.category, fullPathName: wish.category }]
  return { fields, related: { Category: category, Tags: wish.tags.map((tag) => ({ tag })) } }
}

/** Up to five digits after the point, none of them idle. */
export function decimal(value: number): string {
  return String(Math.round(value * 100_000) / 100_000)
}
