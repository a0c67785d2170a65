/**
 * Square's quantities: decimal strings with at most five digits after the point, kept exact as whole
 * hundred-thousandths. No floating point: 0.1 + 0.2 kilos on hand is 0.3.
 */
const DIGITS = 5
const SCALE = 100_000n

/** Undefined when the text is not a quantity. */
export function parseQuantity(text: string): bigint | undefined {
  const found = /^(-?)(\d{1,12})(?:\.(\d{1,5}))?$/.exec(text)
  if (found === null) return undefined
  const [, sign, whole = '0', fraction = ''] = found
  const units = BigInt(whole) * SCALE + BigInt(fraction.padEnd(DIGITS, '0'))
  return sign === '-' ? -units : units
}

export function formatQuantity(units: bigint): string {
  const size = units < 0n ? -units : units
  const fraction = String(size % SCALE).padStart(DIGITS, '0').replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${size / SCALE}${fraction === '' ? '' : `.${fraction}`}`
}
