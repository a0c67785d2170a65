/**
 * Buyers whose calls can be struck without striking anybody else's: the quantity that each buys makes the amount that
 * Stripe is asked for his own, his e-mail stands in his commits and mails.
 */
import { expect } from 'vitest'
import type { Fault } from '../../infra/local/wire.ts'
import { chargesFor, checkOut, ordersOf, PRICE, PRODUCT, type Ground } from './purchase.ts'
import type { Answer, Person } from './shop.ts'

export type Strike = Omit<Fault, 'target' | 'match' | 'operation' | 'skip'>

const KEY = 'the-click'
const quantities = new WeakMap<Ground, number>()

export class Buyer {
  readonly person: Person
  readonly cartId: string
  readonly #ground: Ground
  readonly #quantity: number

  private constructor(ground: Ground, facts: { person: Person; cartId: string; quantity: number }) {
    this.#ground = ground
    this.person = facts.person
    this.cartId = facts.cartId
    this.#quantity = facts.quantity
  }

  static async enter(ground: Ground): Promise<Buyer> {
    const quantity = (quantities.get(ground) ?? 0) + 1
    quantities.set(ground, quantity)
    const person = await ground.shop.person()
    const cartId = (await person.fill({ productId: PRODUCT, quantity }))['id'] as string
    return new Buyer(ground, { person, cartId, quantity })
  }

  /** Strikes the charge of this buyer. */
  strikeCharge(strike: Strike): void {
    this.#ground.shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match: `amount=${this.#quantity * PRICE}&`, ...strike })
  }

  /** Strikes his commits: the first reserves, the second settles. */
  strikeCommit(which: 'reserve' | 'settle', strike: Strike): void {
    this.#ground.shop.fault({ target: 'firestore', operation: 'Commit', match: this.person.email, skip: which === 'reserve' ? 0 : 1, ...strike })
  }

  pay(key = KEY): Promise<Answer> {
    return checkOut(this.person, { cartId: this.cartId }, key)
  }

  /** His one order, with how often it was charged. */
  outcome(): { state: string; charges: number } {
    const { shop } = this.#ground
    const [order, ...others] = ordersOf(shop, this.person)
    if (order === undefined || others.length > 0) throw new Error(`${this.person.id} has ${order === undefined ? 'no order' : 'several orders'}`)
    const charges = chargesFor(shop, order['id']).filter(({ status }) => status === 'succeeded').length
    return { state: order['state'], charges }
  }
}

/** The answer says that he has paid, and he has, once. */
export function expectPaidOnce(buyer: Buyer, answer: Answer): void {
  expect([answer.status, answer.body['order']?.state]).toEqual([201, 'paid'])
  expect(buyer.outcome()).toEqual({ state: 'paid', charges: 1 })
}
