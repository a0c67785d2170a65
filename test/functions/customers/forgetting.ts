/** A customer with a history, the wish to forget him, and everything that an attacker could lay hands on. */
import { checkOut, PRODUCT } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

/** For adults. */
export const SELTZER = 'VARSELTZER1'
export const BORN = '1971-07-13'

export interface History {
  readonly customer: Person
  readonly orderIds: readonly string[]
  readonly verificationId: string
}

/** Verified, has bought three times, has a cart with something in it and mails about all of it. */
export async function withHistory(shop: Shop, customer: Person): Promise<History> {
  const verified = await customer.verifyAge({ dateOfBirth: BORN })
  const orderIds: string[] = []
  for (const productId of [SELTZER, PRODUCT, 'VARTOTE1']) {
    const { status, body, text } = await checkOut(customer, { cart: [{ productId, quantity: 1 }], deviceId: `phone of ${customer.id}` })
    if (status !== 201) throw new Error(text)
    orderIds.push(body['orderId'])
  }
  await customer.fill({ productId: PRODUCT, quantity: 2 })
  await shop.cloud.drain()
  return { customer, orderIds, verificationId: verified.body['verificationId'] }
}

export function erase(admin: Person, customer: Person, { key, reason = 'Asked by letter' }: { key?: string; reason?: string } = {}): Promise<Answer> {
  return admin.post(`/api/admin/customers/${customer.id}/erase`, { reason }, key)
}

/** What the certificate says was done, by store. */
export function recordsOf({ certificate }: Json): Json {
  return Object.fromEntries(certificate.stores.map(({ store, records }: Json) => [store, records]))
}

export function orderOf(shop: Shop, orderId: string | undefined): Json {
  return shop.document('orders', orderId ?? '') as Json
}

const WAREHOUSE = [['commerce', ['age_verifications_log', 'orders_log', 'payments_log', 'ledger_log']], ['audit', ['events_log']]] as const

/** Every document of every collection. */
export function wholeStore(shop: Shop): Record<string, Json[]> {
  return Object.fromEntries(shop.cloud.servers.firestore.collections().map((id) => [id, shop.documents(id)]))
}

/** Where one of these texts still stands, as `orders: customer-4@example.com`. */
export function standingIn(shop: Shop, traces: readonly string[]): string[] {
  const stores = Object.entries(wholeStore(shop)).map(([name, documents]) => ({ name, text: JSON.stringify(documents) }))
  return stores.flatMap(({ name, text }) => traces.filter((trace) => text.includes(trace)).map((trace) => `${name}: ${trace}`))
}

export async function wholeWarehouse(shop: Shop): Promise<Json[]> {
  const tables = WAREHOUSE.flatMap(([dataset, names]) => names.map((name) => shop.cloud.rows(dataset, name) as Promise<Json[]>))
  return (await Promise.all(tables)).flat()
}
