/** Sentences of the OpenAPI document that hold for all operations. */
import type { FailureCode } from '../../shared/values/failure.ts'

export const ABOUT = `The back office of a shop.

**Success** is \`{"success": true, ..., "timestamp"}\`, **failure** \`{"success": false, "error", "code", "retryable", "details"?, "timestamp"}\`. Answers may get further fields; unknown fields that are sent are refused.

**Money** is a decimal number in major units (\`8.25\`), exact for its currency. **Time** is ISO 8601 in UTC.

**Lists** come by pages: hand \`nextCursor\` back as \`cursor\`; null says that this was the last one.

**Doing things once**: send an \`Idempotency-Key\` with whatever takes one, and the same again after a lost answer. A 504 means that nobody knows yet: the same key asks for the truth.

**Limits** are told by \`RateLimit-*\`; over them the answer is 429 with \`Retry-After\`.

**What is no JSON at all** (a broken body, a wrong charset, a broken escape in the address) may be refused with 400 by the platform, before it reaches the shop.`

export const ABOUT_CODES: Readonly<Record<FailureCode, string>> = {
  INVALID_INPUT: 'what was sent breaks a rule; `details.fields` names each field and its rule.',
  UNAUTHORIZED: 'a sign-in is needed, or the one that was sent is not valid any more.',
  PAYMENT_DECLINED: 'the card was refused and nothing was charged; another one may be tried at once.',
  FORBIDDEN: 'whoever is signed in may not do this.',
  AGE_VERIFICATION_REQUIRED: 'something in the cart is for adults, and this customer\'s age is not verified.',
  NOT_FOUND: 'there is no such thing, or it is somebody else\'s.',
  CONFLICT: 'what has happened already stands against it.',
  OUT_OF_STOCK: 'there is less than was asked for; `details.lines` says how much there is.',
  PRICE_CHANGED: 'a price is another one than the customer saw; both totals are in `details`, nothing was charged.',
  PAYLOAD_TOO_LARGE: 'the body is too large.',
  IDEMPOTENCY_MISMATCH: 'this key was used with another body.',
  RATE_LIMITED: 'too many requests; `Retry-After` says when to come again.',
  DATABASE_ERROR: 'something failed on our side; the same request may be sent again.',
  INTERNAL_ERROR: 'something failed on our side.',
  SERVICE_UNAVAILABLE: 'not just now; `Retry-After` says when to come again.',
  GATEWAY_TIMEOUT: 'nobody knows yet how it ended; the same request with the same key tells the truth.',
}
