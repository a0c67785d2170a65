/** Promo codes for tests: made by an admin, told apart by their names. */
import type { Answer, Json, Person, Shop } from './shop.ts'

let made = 0

/** A code of its own for one test: 10 % off, once per customer, unless something else is wanted. */
export async function promoCode(shop: Shop, wanted: Json = {}): Promise<string> {
  const code = (wanted['code'] as string | undefined) ?? `CODE-${++made}`
  const gives = wanted['amount'] === undefined ? { percent: 10 } : {}
  const answer = await (await shop.person('admin')).post('/api/admin/promo-codes', { ...gives, reason: 'test', ...wanted, code })
  if (answer.status !== 201) throw new Error(`The promo code was not made: ${answer.text}`)
  return code
}

/** How many orders hold a use of it, as staff see it. */
export function usesOf(shop: Shop, code: string): number {
  return shop.document('promo_codes', code)?.['uses'] as number
}

export async function endCode(admin: Person, code: string): Promise<Answer> {
  return admin.post(`/api/admin/promo-codes/${code}/end`, { reason: 'leaked' })
}

/** The field and the rule that an answer names. */
export function ruleOf({ status, body }: Answer): [number, string, string] {
  const { field, rule } = body['details']?.fields?.[0] ?? {}
  return [status, field, rule]
}
