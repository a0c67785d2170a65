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
  readonly lines: ReadonlyArray<{ readonly itemId: string; readonly quantity: number; readonly price: number; readonly untaxed?: boolean }>
  /** Whoever rings it up by the API names these. */
  readonly by?: { readonly reference: string; readonly source: string; readonly registerId: string; readonly employeeId: string }
}

const TAX_RATE = 0.0825

/** A sale with its lines and its payment; amounts have more digits than the currency, as the vendor's have. */
export function saleOf(wish: SaleWish): { fields: Fields; related: Record<string, Fields[]> } {
  const { saleId, at, shopId, customerId, completed, by } = wish
  const subtotal = wish.lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0)
  const tax = wish.lines.reduce((sum, line) => sum + line.quantity * line.price * rateOf(line), 0)
  const total = decimal(subtotal + tax)
  const fields: Fields = {
    saleID: saleId, timeStamp: at, discountPercent: '0', completed: String(completed), archived: 'false', voided: 'false', isTaxInclusive: 'false',
    createTime: at, updatetime: at, ...(completed ? { completeTime: at } : {}), referenceNumber: by?.reference ?? '', referenceNumberSource: by?.source ?? '', ticketNumber: `22${saleId.padStart(10, '0')}`,
    calcDiscount: '0', calcTotal: total, calcSubtotal: decimal(subtotal), calcTax1: decimal(tax), calcTax2: '0', calcPayments: completed ? total : '0', calcTips: '0',
    total, totalDue: total, balance: completed ? '0' : total, taxTotal: decimal(tax), customerID: customerId, employeeID: by?.employeeId ?? '1', registerID: by?.registerId ?? '1', shopID: shopId,
  }
  const lines = wish.lines.map((line, index) => {
    const { itemId, quantity, price, untaxed = false } = line
    return {
      saleLineID: `${saleId}${index + 1}`, unitQuantity: String(quantity), unitPrice: decimal(price), discountAmount: '0', discountPercent: '0', tax: String(!untaxed),
      calcLineDiscount: '0', calcTotal: decimal(quantity * price * (1 + rateOf(line))), calcSubtotal: decimal(quantity * price), calcTax1: decimal(quantity * price * rateOf(line)),
      calcTax2: '0', itemID: itemId, saleID: saleId, shopID: shopId, parentSaleLineID: '0',
    }
  })
  const payments = completed && total !== '0' ? [{ salePaymentID: saleId, amount: total, createTime: at, archived: 'false', paymentTypeID: '1', saleID: saleId }] : []
  const customer = customerId === '0' ? [] : [{ customerID: customerId, firstName: 'Ada', lastName: `Number ${customerId}`, dob: '1980-01-01' }]
  return { fields, related: { SaleLines: lines, SalePayments: payments, Customer: customer } }
}

function rateOf({ untaxed = false }: SaleWish['lines'][number]): number {
  return untaxed ? 0 : TAX_RATE
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
