/**
 * Money: whole minor units (cents) and an ISO 4217 currency inside, a decimal number in major units on the wire.
 *
 * No floating point between the two: wire numbers are read by their shortest decimal text. Rounding is half away
 * from zero, and happens only where a percentage or a share is taken.
 */
import { z } from 'zod'

/** Digits after the point of the currencies that are not 2 (ISO 4217). */
const DIGITS: Record<string, number> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
}

export const CURRENCY = /^[A-Z]{3}$/

export function digitsOf(currency: string): number {
  return DIGITS[currency] ?? 2
}

/**
 * Reads a decimal in major units as minor units.
 * @returns undefined when it is not a finite decimal, has more digits than the currency, or is out of the exact range
 */
export function toMinor(major: number | string, currency: string): number | undefined {
  const match = /^(-?)(\d{1,13})(?:\.(\d+))?$/.exec(String(major))
  if (match === null) return undefined
  const digits = digitsOf(currency)
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (fraction.length > digits) return undefined
  const minor = Number(`${match[2]}${fraction.padEnd(digits, '0')}`)
  if (!Number.isSafeInteger(minor)) return undefined
  return match[1] === '-' && minor !== 0 ? -minor : minor
}

/** Decimal text in major units, with the currency's digits: `8.25`, `100` (JPY). */
export function toText(minor: number, currency: string): string {
  const digits = digitsOf(currency)
  const text = String(Math.abs(minor)).padStart(digits + 1, '0')
  const whole = text.slice(0, text.length - digits)
  const sign = minor < 0 ? '-' : ''
  return digits === 0 ? `${sign}${whole}` : `${sign}${whole}.${text.slice(-digits)}`
}

/** The number on the wire: `197`, `8.25`. */
export function toMajor(minor: number, currency: string): number {
  return Number(toText(minor, currency))
}

/** `minor * numerator / denominator`, rounded half away from zero. Exact for any safe integers. */
export function share(minor: number, numerator: number, denominator: number): number {
  const product = BigInt(minor) * BigInt(numerator)
  const by = BigInt(denominator)
  const positive = product < 0n === by < 0n
  const [top, bottom] = [product < 0n ? -product : product, by < 0n ? -by : by]
  const rounded = (2n * top + bottom) / (2n * bottom)
  return Number(positive ? rounded : -rounded)
}

/**
 * Splits an amount over weights so that the parts add up to it exactly: each part is rounded towards zero, what is left
 * goes to the largest remainders, the earlier first.
 */
export function allocate(minor: number, weights: readonly number[]): number[] {
  if (minor < 0) return allocate(-minor, weights).map((part) => 0 - part)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total <= 0) return weights.map((_, index) => (index === 0 ? minor : 0))
  const exact = weights.map((weight) => BigInt(minor) * BigInt(weight))
  const parts = exact.map((value) => Number(value / BigInt(total)))
  const left = minor - parts.reduce((sum, part) => sum + part, 0)
  const order = exact
    .map((value, index) => ({ index, rest: value % BigInt(total) }))
    .sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))
  for (const { index } of order.slice(0, left)) parts[index] = (parts[index] ?? 0) + 1
  return parts
}

/** A price or amount sent by a caller: a decimal number in major units, at least 0. The currency's digits are checked where it is known. */
export const wireAmount = z.number().min(0).max(9_999_999_999)
