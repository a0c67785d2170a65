/**
 * Everything that can go wrong, as the caller sees it: one table, one class.
 *
 * `message` is the sentence for a person; `reason` is for our log only and never leaves the house.
 */
export const FAILURES = {
  INVALID_INPUT: { status: 400, retryable: false, sentence: 'The request is not valid.' },
  UNAUTHORIZED: { status: 401, retryable: false, sentence: 'Please sign in.' },
  PAYMENT_DECLINED: { status: 402, retryable: false, sentence: 'Payment declined. Please use a different card.' },
  FORBIDDEN: { status: 403, retryable: false, sentence: 'You may not do this.' },
  AGE_VERIFICATION_REQUIRED: { status: 403, retryable: false, sentence: 'Please verify your age first.' },
  NOT_FOUND: { status: 404, retryable: false, sentence: 'Not found.' },
  CONFLICT: { status: 409, retryable: false, sentence: 'This conflicts with what has already happened.' },
  OUT_OF_STOCK: { status: 409, retryable: false, sentence: 'Insufficient inventory.' },
  PRICE_CHANGED: { status: 409, retryable: false, sentence: 'A price has changed. Please look at the total again.' },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false, sentence: 'The request is too large.' },
  IDEMPOTENCY_MISMATCH: { status: 422, retryable: false, sentence: 'This Idempotency-Key was used with another request.' },
  RATE_LIMITED: { status: 429, retryable: true, sentence: 'Too many requests. Please wait a moment.' },
  DATABASE_ERROR: { status: 500, retryable: true, sentence: 'Something went wrong. Please try again.' },
  INTERNAL_ERROR: { status: 500, retryable: false, sentence: 'Something went wrong.' },
  SERVICE_UNAVAILABLE: { status: 503, retryable: true, sentence: 'Temporarily unavailable. Please try again.' },
  GATEWAY_TIMEOUT: {
    status: 504,
    retryable: true,
    sentence:
      'We could not reach the payment service. You will not be charged twice. Please check your order before you try again.',
  },
} as const

export type FailureCode = keyof typeof FAILURES

export interface FailureOptions {
  /** Sentence for the caller; the table's own without it. */
  readonly message?: string
  /** Facts the caller's program may use, e.g. `{fields: [...]}`. */
  readonly details?: Record<string, unknown>
  /** Why, for the log. */
  readonly reason?: string
  /** When to come again; whoever is told that may come again, whatever the code. */
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

export class Failure extends Error {
  readonly code: FailureCode
  readonly details: Record<string, unknown> | undefined
  readonly reason: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: FailureCode, options: FailureOptions = {}) {
    super(options.message ?? FAILURES[code].sentence, { cause: options.cause })
    this.name = 'Failure'
    this.code = code
    this.details = options.details
    this.reason = options.reason
    this.retryAfterSeconds = options.retryAfterSeconds ?? (code === 'SERVICE_UNAVAILABLE' ? 5 : undefined)
  }

  get status(): number {
    return FAILURES[this.code].status
  }

  get retryable(): boolean {
    return FAILURES[this.code].retryable || this.retryAfterSeconds !== undefined
  }
}

/** A 400 that names one field and the rule it breaks. */
export function invalid(field: string, rule: string): Failure {
  return new Failure('INVALID_INPUT', { message: `${field}: ${rule}`, details: { fields: [{ field, rule }] } })
}
