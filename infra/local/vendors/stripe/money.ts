/** Currencies the account takes, the smallest amount of each it charges, and how amounts are written for people. */
import type { Fields } from './fields.ts'
import { invalid } from './refusal.ts'

/** Smallest charge by currency, in the currency's smallest unit. */
const AMOUNT_MIN: Readonly<Record<string, number>> = {
  aed: 200,
  aud: 50,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17500,
  inr: 50,
  jpy: 50,
  mxn: 1000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1000,
  usd: 50,
}
const AMOUNT_MAX = 99_999_999
const WITHOUT_CENTS = new Set(['jpy'])

export function currencyOf(fields: Fields, name = 'currency'): string {
  const currency = fields.needText(name)
  if (Object.hasOwn(AMOUNT_MIN, currency)) return currency
  const known = Object.keys(AMOUNT_MIN).join(', ')
  const message = `Invalid currency: ${currency}. Stripe currently supports these currencies: ${known}`
  throw invalid(message, { param: fields.param(name) })
}

/** @returns `amount` if it can be charged */
export function chargeable(amount: number, currency: string, param = 'amount'): number {
  const least = AMOUNT_MIN[currency] ?? 50
  if (amount < 0) throw invalid('Invalid positive integer', { code: 'parameter_invalid_integer', param })
  if (amount < least) {
    throw invalid(`Amount must be at least ${written(least, currency)}`, { code: 'amount_too_small', param })
  }
  if (amount > AMOUNT_MAX) {
    throw invalid(`Amount must be no more than ${written(AMOUNT_MAX, currency)}`, { code: 'amount_too_large', param })
  }
  return amount
}

export function written(amount: number, currency: string): string {
  const number = WITHOUT_CENTS.has(currency) ? String(amount) : (amount / 100).toFixed(2)
  return currency === 'usd' ? `$${number} usd` : `${number} ${currency}`
}
