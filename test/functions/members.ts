/** Members in tests: how they subscribe, what they are told, and what lies at the gateways for them. */
import { kajaChargesFor } from './kaja.ts'
import { chargesFor } from './purchase.ts'
import type { Answer, Json, Person, Shop } from './shop.ts'

export function subscribe(person: Person, wanted: Json = {}, key?: string): Promise<Answer> {
  const body = { customerId: person.id, email: person.email, tier: 'GOLD', paymentMethod: { token: 'pm_card_visa' }, ...wanted }
  return person.post('/api/memberships/subscribe', body, key)
}

/** A person who has become a member. */
export async function newMember(shop: Shop, wanted: Json = {}): Promise<Person> {
  const person = await shop.person()
  const answer = await subscribe(person, wanted)
  if (answer.status !== 201) throw new Error(`The membership did not begin: ${answer.text}`)
  return person
}

/** The same person when a day has passed, and his sign-in with it. */
export function later(shop: Shop, person: Pick<Person, 'id'>): Promise<Person> {
  return shop.person('customer', person.id)
}

export function change(person: Person, what: string, body: Json, key?: string): Promise<Answer> {
  return person.call('PUT', `/api/memberships/${person.id}/${what}`, body, key === undefined ? {} : { 'idempotency-key': key })
}

export async function membershipOf(person: Person): Promise<Json> {
  return (await person.get(`/api/memberships/${person.id}`)).body['membership'] as Json
}

/** The orders of a person's memberships, the oldest first. */
export function memberOrders(shop: Shop, person: Pick<Person, 'id'>): Json[] {
  const orders = shop.documents('orders').map(({ data }) => data).filter(({ customerId, purpose }) => customerId === person.id && purpose?.kind === 'membership')
  return orders.sort((one, other) => one['createdAtMs'] - other['createdAtMs'])
}

/** What the gateways have charged for an order, in cents. */
export function chargedFor(shop: Shop, orderId: string): number[] {
  const stripe = chargesFor(shop, orderId).filter(({ status }) => status === 'succeeded').map((intent) => intent['amount_received'] as number)
  return [...stripe, ...kajaChargesFor(shop, orderId).map((charge) => Math.round(charge['settleAmount'] * 100))]
}

/** Subjects of the mails that somebody got, the oldest first. */
export function mailsTo(shop: Shop, { email }: Pick<Person, 'email'>): string[] {
  return shop.at('resend', 'emails').filter(({ to }) => String(to) === email).map(({ subject }) => String(subject))
}
