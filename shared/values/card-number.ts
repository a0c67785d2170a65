/**
 * Finds what looks like a card number: a whole run of 13 to 19 digits (single spaces or dashes between them allowed),
 * with a known issuer prefix and a right check digit. Such a number may never enter the house: it is refused and not logged.
 */
const RUN = /(?<![A-Za-z0-9_])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9_])/g
/** Visa, Mastercard (51-55, 2221-2720), American Express, Discover, Diners, JCB, UnionPay, Maestro. */
const ISSUER =
  /^(?:4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[47]|6011|64[4-9]|65|30[0-5]|3095|36|3[89]|352[89]|35[3-8]|62|5018|5020|5038|6304|6759|676[1-3])/

export function cardNumbersIn(text: string): string[] {
  if (text.length < 13) return []
  return (text.match(RUN) ?? []).filter((run) => {
    const digits = run.replace(/[ -]/g, '')
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
