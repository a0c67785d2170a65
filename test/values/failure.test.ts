/** Failures: one table of codes, one shape, and nothing of the inside in what a caller sees. */
import { describe, expect, test } from 'vitest'
import { FAILURES, Failure, invalid, type FailureCode } from '#values/failure.ts'

const STATUS: Record<FailureCode, number> = {
  INVALID_INPUT: 400, UNAUTHORIZED: 401, PAYMENT_DECLINED: 402, FORBIDDEN: 403, AGE_VERIFICATION_REQUIRED: 403, NOT_FOUND: 404,
  CONFLICT: 409, OUT_OF_STOCK: 409, PRICE_CHANGED: 409, PAYLOAD_TOO_LARGE: 413, IDEMPOTENCY_MISMATCH: 422, RATE_LIMITED: 429,
  DATABASE_ERROR: 500, INTERNAL_ERROR: 500, SERVICE_UNAVAILABLE: 503, GATEWAY_TIMEOUT: 504,
}

describe('does', () => {
  test.each(Object.entries(STATUS) as Array<[
    FailureCode, number,
  ]>)('answers %s with %i and a sentence for a person', (code, status) => {
    const failure = new Failure(code)
    expect(failure.status).toBe(status)
    expect(failure.message).toMatch(/^[A-Z].+\.$/)
  })

  test('has no code beside the table', () => {
    expect(Object.keys(FAILURES).sort()).toEqual(Object.keys(STATUS).sort())
  })

  test('only what may pass by itself is called retryable', () => {
    const retryable = Object.entries(FAILURES).filter(([, row]) => row.retryable).map(([code]) => code)
    expect(retryable.sort()).toEqual(['DATABASE_ERROR', 'GATEWAY_TIMEOUT', 'RATE_LIMITED', 'SERVICE_UNAVAILABLE'])
  })

  test('a service that is away says when to come back', () => {
    expect(new Failure('SERVICE_UNAVAILABLE').retryAfterSeconds).toBe(5)
    expect(new Failure('SERVICE_UNAVAILABLE', { retryAfterSeconds: 60 }).retryAfterSeconds).toBe(60)
    expect(new Failure('CONFLICT').retryAfterSeconds).toBeUndefined()
  })

  test('a bad field is named with its rule', () => {
    const failure = invalid('cart.0.price', 'has too many digits')
    expect([failure.code, failure.message, failure.details]).toEqual([
      'INVALID_INPUT', 'cart.0.price: has too many digits', { fields: [{ field: 'cart.0.price', rule: 'has too many digits' }] },
    ])
  })
})

describe('refuses', () => {
  test('to put the reason or the cause into the sentence', () => {
    const failure = new Failure('INTERNAL_ERROR', { reason: 'index missing', cause: new Error('secret place') })
    expect(failure.message).toBe('Something went wrong.')
  })

  test('to tell a declined customer anything but to use another card', () => {
    expect(FAILURES.PAYMENT_DECLINED.sentence).toBe('Payment declined. Please use a different card.')
    expect(FAILURES.GATEWAY_TIMEOUT.sentence).toMatch(/^We could not reach .+\. You will not be charged twice\. /)
  })
})
