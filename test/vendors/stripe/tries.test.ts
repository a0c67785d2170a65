/** How often Stripe is asked within the deadline of a charge, when not before its time, and what counts as Stripe being away. */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { VendorDown } from '#domain/breaker.ts'
import { afterTries, notAnswered, tried, unknown } from '#vendors/stripe/tries.ts'

beforeAll(() => {
  Object.assign(process.env, { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: 'whsec_1', CHARGE_DEADLINE_MS: '3000', CHARGE_RETRY_WAIT_MS: '20' })
})

let asked = 0
beforeEach(() => {
  asked = 0
})
afterEach(() => vi.useRealTimers())

const LOST = { type: 'StripeConnectionError' }
const BUSY = { statusCode: 429, type: 'StripeRateLimitError' }
const RUNNING = { statusCode: 409, type: 'StripeIdempotencyError' }
const OWN_ERROR = { statusCode: 500, type: 'StripeAPIError' }
const NO_KEY = { statusCode: 401, type: 'StripeAuthenticationError' }
const DECLINED = { statusCode: 402, type: 'StripeCardError', decline_code: 'generic_decline' }

/** Stripe throws these one after the other, the last one for ever. */
async function thrown(...errors: Array<Record<string, unknown>>) {
  const result = await tried(async () => {
    const error = errors[Math.min(asked, errors.length - 1)]
    asked += 1
    throw Object.assign(new Error('Stripe'), error)
  })
  if ('done' in result) throw new Error('It was answered.')
  return result.thrown
}

describe('does', () => {
  test.each<[string, Array<Record<string, unknown>>, number, object]>([
    ['no answer', [LOST], 3, { status: 'unknown' }],
    ['an error of its own', [OWN_ERROR], 3, { status: 'unknown' }],
    ['too many calls', [BUSY], 3, { status: 'unavailable' }],
    ['too many calls, after a lost one', [LOST, BUSY], 3, { status: 'unknown' }],
    ['the same key being under way', [RUNNING], 3, { status: 'unavailable', answered: true }],
    ['a wrong key of ours', [NO_KEY], 1, { status: 'unavailable', answered: true }],
    ['a decline', [DECLINED], 1, { status: 'declined', declineCode: 'generic_decline' }],
  ])('%s: asked so often, and told apart from Stripe being away', async (_, errors, times, outcome) => {
    const result = afterTries(await thrown(...errors))
    expect(asked).toBe(times)
    expect(result).toMatchObject(outcome)
    if (!('answered' in outcome)) expect(result).not.toHaveProperty('answered')
  })

  test('not ask before the time that Stripe names, when that is beyond the deadline, and hand it on', async () => {
    expect(afterTries(await thrown({ ...BUSY, headers: { 'retry-after': '30' } }))).toMatchObject({ status: 'unavailable', retryAfterMs: 30_000 })
    expect(asked).toBe(1)
  })

  test('ask again after a moment that Stripe names, and not before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const done = thrown({ ...BUSY, headers: { 'retry-after': '1' } }, NO_KEY)
    await vi.advanceTimersByTimeAsync(999)
    expect(asked).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    await done
    expect(asked).toBe(2)
  })
})

describe('refuses', () => {
  test('to take an answer to a question for Stripe being away', async () => {
    expect(unknown(await thrown({ statusCode: 404, type: 'StripeInvalidRequestError' }))).toMatchObject({ status: 'unknown', answered: true })
    expect(unknown(await thrown(LOST))).not.toHaveProperty('answered')
  })

  test('to say that Stripe is away when it only does not take our key', async () => {
    expect(notAnswered(await thrown(NO_KEY))).not.toBeInstanceOf(VendorDown)
    expect(notAnswered(await thrown(OWN_ERROR))).toBeInstanceOf(VendorDown)
  })
})
