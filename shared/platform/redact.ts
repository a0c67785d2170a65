/**
 * Masks what may not be written down: card numbers, e-mail addresses, bearer tokens, vendor keys, and the values of
 * fields whose name says that they are secret or personal.
 */
import { cardNumbersIn } from '#values/card-number.ts'

const SECRET_FIELDS = /secret|token|password|authorization|api_?key|signature|cookie|cvc|cvv|client_secret/i
const PERSONAL_FIELDS =
  /^(email|e_?mail|(?:full|first|last|given|family|customer|card_?holder|recipient|contact)?_?name|phone|address|line1|line2|postal_?code|zip|date_?of_?birth|dob|receipt_email|billing_details)$/i
/** Bounded where a long text without a match would be read again from every character of it. */
const PATTERNS = [
  /\b(?:sk|rk|pk|re|whsec)_[A-Za-z0-9_+/=-]{8,}/g,
  /\b[a-z]+_[A-Za-z0-9]+_secret_[A-Za-z0-9]+/g,
  /\b(?:EAAA|ya29\.|sq0[a-z]{3}-)[A-Za-z0-9_-]{20,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"]*?-----END [A-Z ]*PRIVATE KEY-----|[^"]*)/g,
  /\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi,
  /\beyJ[A-Za-z0-9_-]{1,512}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  /[^\s"'<>@:/]{1,64}@[^\s"'<>@]{1,255}\.[A-Za-z]{2,}/g,
]
const MASK = '[masked]'
const DEPTH_MAX = 12

/** A copy with everything masked that may not be kept; errors become their message and stack, bytes their number. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return redactText(String(value))
  if (typeof value === 'number') return cardNumbersIn(String(value)).length === 0 ? value : MASK
  if (value === null || typeof value !== 'object') return value
  if (depth > DEPTH_MAX) return '[deep]'
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  if (value instanceof Error) return redactText(value.stack ?? value.message)
  if (value instanceof Date) return value.toJSON()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [redactText(name), hides(name, inner) ? MASK : redact(inner, depth + 1)]),
  )
}

function hides(name: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return false
  return SECRET_FIELDS.test(name) || PERSONAL_FIELDS.test(name)
}

export function redactText(text: string): string {
  let masked = text
  for (const pattern of PATTERNS) masked = masked.replace(pattern, MASK)
  for (const number of cardNumbersIn(masked)) masked = masked.replaceAll(number, MASK)
  return masked
}
