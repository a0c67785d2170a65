/**
 * Rings up sales: at the register, and by the API. A completed sale takes its units off the shelf, and puts back those of
 * lines below nought. The vendor knows no request again: the same one twice is two sales.
 */
import type { Account, Fields } from './account.ts'
import { refused } from './refusal.ts'
import { decimal, saleOf, type SaleWish } from './shapes.ts'

/** `{lines: [{itemID, quantity}], shopID?, customerID?, completed?}` at the register. */
export function sell(account: Account, input: Fields): Fields {
  const wanted = (Array.isArray(input['lines']) ? input['lines'] : [{ itemID: '3', quantity: 1 }]) as Fields[]
  return rungUp(account, {
    shopId: String(input['shopID'] ?? '1'),
    customerId: String(input['customerID'] ?? '0'),
    completed: input['completed'] !== false,
    lines: wanted.map((line) => ({ itemId: String(line['itemID']), quantity: Number(line['quantity'] ?? 1), price: Number(line['price'] ?? priceOf(account, String(line['itemID']))) })),
  })
}

/** `POST Sale.json` */
export function postSale(account: Account, input: Fields): Fields {
  const completed = String(input['completed'] ?? 'false') === 'true'
  const [shopId, registerId, employeeId] = ['shopID', 'registerID', 'employeeID'].map((field) => numberIn(input, field))
  const lines = linesIn(input).map((line) => lineOf(account, line))
  if (completed && lines.length === 0) throw refused(422, 'A sale without lines cannot be completed.')
  const by = { reference: String(input['referenceNumber'] ?? ''), source: String(input['referenceNumberSource'] ?? ''), registerId: registerId ?? '', employeeId: employeeId ?? '' }
  const wish = { shopId: shopId ?? '', customerId: String(input['customerID'] ?? '0'), completed, lines, by }
  const { total } = saleOf({ ...wish, saleId: '0', at: account.stamp() }).fields
  const paid = decimal(paymentsIn(input).reduce((sum, { amount }) => sum + Number(amount), 0))
  if (completed && paid !== total) throw refused(422, `The payments of a completed sale must be its total of ${String(total)}.`)
  return { '@attributes': { count: '1' }, Sale: rungUp(account, wish) }
}

/** `PUT Sale/ID.json` `{completed: true}`: completes an open sale; one that is completed stays as it is. */
export function completeSale(account: Account, saleId: string, input: Fields): Fields {
  const held = account.sales.get(saleId)
  if (held === undefined) throw refused(404, 'Sale not found.')
  const { fields, related } = held
  if (String(input['completed']) !== 'true' || fields['completed'] === 'true') return { '@attributes': { count: '1' }, Sale: fields }
  if (fields['voided'] === 'true') throw refused(422, 'A voided sale cannot be completed.')
  const lines = related['SaleLines'] ?? []
  for (const line of lines) lineOf(account, line)
  if (lines.length === 0) throw refused(422, 'A sale without lines cannot be completed.')
  if (fields['balance'] !== '0') throw refused(422, `The payments of a completed sale must be its total of ${String(fields['total'])}.`)
  const at = account.stamp()
  const done = { ...fields, completed: 'true', completeTime: at, timeStamp: at, updatetime: at }
  account.sales.set(saleId, { ...held, fields: done })
  offTheShelf(account, String(fields['shopID']), lines.map(({ itemID, unitQuantity }) => ({ itemId: String(itemID), quantity: Number(unitQuantity) })))
  return { '@attributes': { count: '1' }, Sale: done }
}

/** What it takes of the bucket beside the call itself. */
export function postCost(input: Fields): number {
  return 2 + (String(input['completed']) === 'true' ? 3 : 0) + 0.5 * (linesIn(input).length + paymentsIn(input).length)
}

function rungUp(account: Account, wish: Omit<SaleWish, 'saleId' | 'at'>): Fields {
  const saleId = account.number('sale')
  const sale = saleOf({ ...wish, saleId, at: account.stamp() })
  account.sales.set(saleId, sale)
  if (wish.completed) offTheShelf(account, wish.shopId, wish.lines)
  return sale.fields
}

function offTheShelf(account: Account, shopId: string, lines: ReadonlyArray<{ readonly itemId: string; readonly quantity: number }>): void {
  for (const { itemId, quantity } of lines) {
    const held = account.stockOf(itemId).find(({ fields }) => fields['shopID'] === shopId)
    if (held !== undefined) account.count(itemId, shopId, Number(held.fields['qoh']) - quantity)
  }
}

function lineOf(account: Account, line: Fields): SaleWish['lines'][number] {
  const itemId = String(line['itemID'])
  const item = account.items.get(itemId)?.fields
  const quantity = Number(line['unitQuantity'] ?? Number.NaN)
  if (item === undefined || item['archived'] === 'true') throw refused(422, `Item ${itemId} cannot be sold.`)
  if (!Number.isFinite(quantity) || quantity === 0) throw refused(422, 'unitQuantity must be a number other than nought.')
  return { itemId, quantity, price: Number(line['unitPrice'] ?? priceOf(account, itemId)), untaxed: String(line['tax']) === 'false' }
}

function linesIn(input: Fields): Fields[] {
  return recordsIn(input, 'SaleLines', 'SaleLine')
}

function paymentsIn(input: Fields): Fields[] {
  return recordsIn(input, 'SalePayments', 'SalePayment')
}

function recordsIn(input: Fields, relation: string, name: string): Fields[] {
  const given = (input[relation] as Fields | undefined)?.[name]
  return given === undefined ? [] : ([given].flat() as Fields[])
}

function numberIn(input: Fields, field: string): string {
  const value = String(input[field] ?? '0')
  if (!/^[1-9]\d*$/.test(value)) throw refused(422, `${field} is missing.`)
  return value
}

function priceOf(account: Account, itemId: string): string {
  const prices = account.items.get(itemId)?.fields['Prices'] as { ItemPrice: Array<{ amount: string }> } | undefined
  return prices?.ItemPrice[0]?.amount ?? '1'
}
