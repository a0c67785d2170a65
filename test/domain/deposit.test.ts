/** The deposit of an age check: set aside, let go, never taken, and owed for as long as it is set aside. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkedWith, depositRequest, isToRelease, mayBeAskedAgain, newDeposit, settleDeposit, type Deposit } from '#domain/deposit.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { DAY_MS } from '#values/time.ts'
import { NOW_MS } from './given.ts'

const opened = (): Deposit => newDeposit({ id: 'dep_1', customerId: 'cust-1', amount: 500, currency: 'USD', gateway: 'stripe', token: 'pm_1', requestHash: 'hash', nowMs: NOW_MS })
const AUTHORISED: ChargeOutcome = { status: 'authorised', transactionId: 'pi_1', amount: 500, currency: 'USD', held: null, answer: null }
const CANCELLED: ChargeOutcome = { status: 'cancelled', transactionId: 'pi_1' }
const UNKNOWN: ChargeOutcome = { status: 'unknown', reason: 'silence' }
const after = (deposit: Deposit, outcome: ChargeOutcome, nowMs = NOW_MS): Deposit => settleDeposit(deposit, outcome, nowMs)?.deposit ?? deposit
const held = (): Deposit => after(opened(), AUTHORISED)

describe('does', () => {
  test('ask the gateway to set it aside, not to take it, under a key of its own', () => {
    expect(depositRequest(opened(), false)).toEqual({
      orderId: 'dep_1', attempt: 1, key: 'dep_1:1', amount: 500, currency: 'USD', token: 'pm_1', description: 'Deposit for an age check, let go again', capture: false, createdAtMs: NOW_MS,
    })
    expect(depositRequest(opened(), true)['again']).toBe(true)
  })

  test('book what is set aside as owed, and let go after a day', () => {
    const change = settleDeposit(opened(), AUTHORISED, NOW_MS)
    expect(change?.deposit).toMatchObject({ state: 'held', transactionId: 'pi_1', token: null, nextAtMs: NOW_MS + DAY_MS })
    expect(change?.entries.map(({ id, postings }) => [id, postings])).toEqual([['deposit-dep_1', [{ account: 'deposits:payable', amount: -500 }, { account: 'deposits:held', amount: 500 }]]])
    expect([isToRelease(held(), NOW_MS + DAY_MS - 1), isToRelease(held(), NOW_MS + DAY_MS)]).toEqual([false, true])
    const gone = settleDeposit(held(), CANCELLED, NOW_MS + DAY_MS)
    expect([gone?.deposit.state, gone?.deposit.nextAtMs]).toEqual(['released', null])
    expect(gone?.entries.map(({ id, postings }) => [id, postings])).toEqual([['deposit-release-dep_1', [{ account: 'deposits:held', amount: -500 }, { account: 'deposits:payable', amount: 500 }]]])
  })

  test('give it back at once to whoever has passed, whatever is noted later', () => {
    const passed = checkedWith(held(), true, NOW_MS + 5)
    expect([passed.check, passed.nextAtMs, isToRelease(passed, NOW_MS + 5)]).toEqual(['passed', NOW_MS + 5, true])
    expect(checkedWith(passed, false, NOW_MS + 9)).toBe(passed)
    const refused = checkedWith(held(), false, NOW_MS + 5)
    expect([refused.check, isToRelease(refused, NOW_MS + 5), checkedWith(refused, true, NOW_MS + 9).check]).toEqual(['refused', false, 'passed'])
    expect(checkedWith(after(held(), CANCELLED), true, NOW_MS + 5).nextAtMs).toBeNull()
  })

  test.each<[ChargeOutcome, string | null, boolean]>([
    [{ status: 'declined', transactionId: null, declineCode: 'card_declined', answer: null }, 'card_declined', false],
    [CANCELLED, 'authentication_required', false], [{ status: 'absent' }, null, true], [{ status: 'unavailable', reason: 'down' }, null, true],
  ])('end when nothing was set aside: %j', (outcome, declineCode, again) => {
    const failed = after(opened(), outcome)
    expect([failed.state, failed.declineCode, failed.token, failed.nextAtMs, mayBeAskedAgain(failed)]).toEqual(['failed', declineCode, null, null, again])
  })

  test('let one go at once that turns out to be set aside after it was given up', () => {
    const late = after(after(opened(), { status: 'absent' }), AUTHORISED, NOW_MS + 7)
    expect([late.state, isToRelease(late, NOW_MS + 7)]).toEqual(['held', true])
  })

  test('call somebody when it was taken at the gateway', () => {
    const change = settleDeposit(held(), { status: 'succeeded', transactionId: 'pi_1', amount: 500, currency: 'USD', answer: null }, NOW_MS)
    expect([change?.deposit.state, change?.alerts]).toMatchObject(['released', [{ raise: { key: 'deposit/dep_1' } }]])
  })

  test('whatever the gateway says, in whatever order: owed exactly while it is set aside', () => {
    const outcomes = fc.constantFrom<ChargeOutcome>(AUTHORISED, CANCELLED, UNKNOWN, { status: 'absent' }, { status: 'processing', transactionId: 'pi_1' }, { status: 'declined', transactionId: 'pi_1', declineCode: 'no', answer: null })
    fc.assert(
      fc.property(fc.array(outcomes, { maxLength: 10 }), (said) => {
        let deposit = opened()
        let owed = 0
        for (const outcome of said) {
          const change = settleDeposit(deposit, outcome, NOW_MS)
          deposit = change?.deposit ?? deposit
          for (const { postings } of change?.entries ?? []) for (const { account, amount } of postings) if (account === 'deposits:payable') owed -= amount
          expect(owed).toBe(deposit.state === 'held' ? 500 : 0)
        }
      }),
    )
  })
})

describe('refuses', () => {
  test('to move by what is no news', () => {
    for (const outcome of [UNKNOWN, { status: 'processing', transactionId: 'pi_1' }] as const) {
      expect([settleDeposit(opened(), outcome, NOW_MS), settleDeposit(held(), outcome, NOW_MS)]).toEqual([undefined, undefined])
    }
    expect(settleDeposit(held(), AUTHORISED, NOW_MS)).toBeUndefined()
    const released = after(held(), CANCELLED)
    for (const outcome of [AUTHORISED, CANCELLED, { status: 'absent' }] as const) expect(settleDeposit(released, outcome, NOW_MS)).toBeUndefined()
  })
})
