/** Decimal text from others, with as many digits as they like: exact until it is rounded, once, half away from zero. */
import { digitsOf, toMinor } from './money.ts'

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,20}))?$/

/** @returns undefined for what is no decimal */
export function roundedDecimal(text: string, digits: number): string | undefined {
  const match = DECIMAL.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = ''] = match
  const kept = BigInt(`${whole}${fraction.slice(0, digits).padEnd(digits, '0')}`)
  const rounded = kept + (fraction.charCodeAt(digits) >= 53 ? 1n : 0n)
  const figures = String(rounded).padStart(digits + 1, '0')
  const shown = digits === 0 ? figures : `${figures.slice(0, -digits)}.${figures.slice(-digits)}`.replace(/\.?0+$/, '')
  return rounded === 0n ? '0' : `${sign}${shown}`
}

/** Minor units of a decimal in major units. */
export function roundedMinor(text: string, currency: string): number | undefined {
  const rounded = roundedDecimal(text, digitsOf(currency))
  return rounded === undefined ? undefined : toMinor(rounded, currency)
}

/** Digits after the point that a sum is taken with, and that a NUMERIC holds. */
export const NUMERIC_DIGITS = 9

/** The sum of decimals, exact to `NUMERIC_DIGITS`. */
export function decimalSum(texts: readonly string[]): string {
  const units = texts.reduce((sum, text) => sum + unitsOf(text), 0n)
  const figures = String(units < 0n ? -units : units).padStart(NUMERIC_DIGITS + 1, '0')
  return roundedDecimal(`${units < 0n ? '-' : ''}${figures.slice(0, -NUMERIC_DIGITS)}.${figures.slice(-NUMERIC_DIGITS)}`, NUMERIC_DIGITS) ?? '0'
}

function unitsOf(text: string): bigint {
  const [whole = '0', fraction = ''] = (roundedDecimal(text, NUMERIC_DIGITS) ?? '0').split('.')
  const units = BigInt(`${whole.replace('-', '')}${fraction.padEnd(NUMERIC_DIGITS, '0')}`)
  return whole.startsWith('-') ? -units : units
}
