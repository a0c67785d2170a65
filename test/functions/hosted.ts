/** A customer who pays on Stripe's own page: the shop opens it, and he uses it as a browser would, by looking and sending a form. */
import type { Answer, Json, Person, Shop } from './shop.ts'

/** Asks the shop for the page of a purchase. */
export function openPage(person: Person, purchase: Json, key?: string): Promise<Answer> {
  const who = person.token === undefined ? {} : { customerId: person.id }
  return person.post('/api/checkout/sessions', { ...who, email: person.email, ...purchase }, key)
}

/** What Stripe holds for an order. */
export function sessionsFor(shop: Shop, orderId: string): Json[] {
  return shop.at('stripe', 'checkout_sessions').filter((session) => session['client_reference_id'] === orderId)
}

export async function look(url: string): Promise<string> {
  return (await fetch(url)).text()
}

/** Sends the page's form; answers where it leads, or what the page says then. */
export async function send(url: string, fields: Record<string, string> = {}): Promise<{ location: string | null; text: string }> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
  return { location: answer.headers.get('location'), text: await answer.text() }
}

export function payOn(url: string, card = 'pm_card_visa'): Promise<{ location: string | null; text: string }> {
  return send(url, { payment_method: card })
}
