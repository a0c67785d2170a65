/**
 * Finds what looks like a card number: 13 to 19 digits with a known issuer prefix and a right check digit, not part of a
 * longer word. Such a number may never enter the house: it is refused and not logged.
 */
/** Ways to write one. A number stays one when an expiry date or a security code stands beside it. */
const SHAPES = [
  /** Digits only. */
  /(?<![A-Za-z0-9_])\d{13,19}(?![A-Za-z0-9_])/g,
  /** As printed on a card; looked for at every group, since other digits may stand before it. */
  /(?<![A-Za-z0-9_])(?=(\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}|\d{4}[ -]\d{6}[ -]\d{4,5})(?![A-Za-z0-9_]))/g,
  /** Any grouping by single spaces or dashes. */
  /(?<![A-Za-z0-9_])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9_])/g,
]
const UUID = /(?<![A-Za-z0-9_])[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}(?![A-Za-z0-9_])/gi
/** Visa, Mastercard (51-55, 2221-2720), American Express, Discover, Diners, JCB, UnionPay, Maestro. */
const ISSUER =
  /^(?:4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[47]|6011|64[4-9]|65|30[0-5]|3095|36|3[89]|352[89]|35[3-8]|62|5018|5020|5038|5893|6304|6759|676[1-3])/

export function cardNumbersIn(text: string): string[] {
  if (text.length < 13) return []
  const bare = text.replace(UUID, '')
  const written = SHAPES.flatMap((shape) => [...bare.matchAll(shape)].map((match) => match[1] ?? match[0]))
  return [...new Set(written)].filter((number) => {
    const digits = number.replace(/[ -]/g, '')
    return ISSUER.test(digits) && checks(digits)
  })
}

/** Luhn's check. */
function checks(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place])
    const doubled = place % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
