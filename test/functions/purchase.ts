/**
 * A shop to buy in, for the tests of the purchase: plenty of the usual product, the first counts kept, and the words in
 * which these tests speak: time passes, everything settles, the books are right.
 */
import { expect } from 'vitest'
import type { LocalCloud } from '../../infra/local/cloud.ts'
import { furnishShop } from '../../infra/local/shop.ts'
import { evidenceOf, stuck, violations } from './books.ts'
import { openShop, Shop, type Answer, type Json, type Person, type ShopOptions } from './shop.ts'

export const PRODUCT = 'test-product-1'
/** Price of `PRODUCT` in cents. */
export const PRICE = 5_000
const PLENTY = 100_000
const MINUTE_MS = 60_000

export interface Ground {
  readonly shop: Shop
  /** What Square counted of each product before anything was sold. */
  readonly stock: Map<string, number>
}

export async function openGround(options: ShopOptions = {}): Promise<Ground> {
  const shop = await openShop({ furnish: withPlenty, ...options })
  const ground = { shop, stock: new Map<string, number>() }
  for (const { data } of shop.documents('products')) if (data['counted'] === true) ground.stock.set(data['id'], shop.shelf(data['id']))
  return ground
}

async function withPlenty(cloud: LocalCloud): Promise<void> {
  const shop = new Shop(cloud)
  await shop.act('square', 'webhooks', { enabled: false })
  await shop.act('square', 'inventory', { variationId: PRODUCT, quantity: PLENTY })
  await furnishShop(cloud)
}

/** Somebody counts the shelf by hand, and the shop learns it. Only while nothing of the product is under way. */
export async function recount({ shop, stock }: Ground, productId: string, quantity: number): Promise<void> {
  await shop.cloud.drain()
  const known = shop.shelf(productId)
  await shop.act('square', 'inventory', { variationId: productId, quantity })
  await shop.tally('sync-square-catalogue')
  stock.set(productId, (stock.get(productId) ?? known) + quantity - known)
}

/** Lets time pass and does what falls due: sweeps, retries, mails, adjustments. */
export async function timePasses({ shop }: Ground, minutes: number): Promise<void> {
  await shop.cloud.advance(minutes * MINUTE_MS)
  await shop.tally('sweep-reservations')
  await shop.cloud.drain()
}

/** Nothing may be wrong now. */
export function expectTrueBooks({ shop, stock }: Ground): void {
  expect(violations(evidenceOf(shop), stock)).toEqual([])
}

/** Lets so much time pass that whatever was lost has been found again; then nothing is wrong and nothing is stuck. */
export async function expectAllSettles(ground: Ground): Promise<void> {
  for (const minutes of [0, 2, 20]) await timePasses(ground, minutes)
  const evidence = evidenceOf(ground.shop)
  expect([...violations(evidence, ground.stock), ...stuck(evidence)]).toEqual([])
}

/** A checkout of stored lines, with everything a frontend may send. */
export function checkOut(person: Person, purchase: Json, key?: string): Promise<Answer> {
  const who = person.token === undefined ? {} : { customerId: person.id }
  return person.post('/api/checkout', { ...who, email: person.email, paymentMethod: { token: 'pm_card_visa' }, ...purchase }, key)
}

/** The order as the shop shows it to this person. */
export async function orderOf(person: Person, orderId: string): Promise<Json> {
  return (await person.get(`/api/orders/${orderId}`)).body['order'] as Json
}

/** What Stripe holds for an order. */
export function chargesFor(shop: Shop, orderId: string): Json[] {
  return shop.at('stripe', 'payment_intents').filter(({ metadata }) => metadata['order_id'] === orderId)
}

/** The orders that this person's address stands on. */
export function ordersOf(shop: Shop, person: Person): Json[] {
  return shop.documents('orders').map(({ data }) => data).filter(({ email }) => email === person.email)
}

/** Sellable units as the shop shows them. */
export async function left(person: Person, productId: string): Promise<number> {
  return (await person.get(`/api/products/${productId}`)).body['product']['inventory'] as number
}

/** Tries until it holds; the deadline is for a machine under load. */
export async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('It did not come to pass.')
}
