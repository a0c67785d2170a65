/** A difference on record: one record however often it is found, and closed only once. */
import { describe, expect, test } from 'vitest'
import { cameToNothing, closed, differenceId, recorded, repairedAtOnce, unbookedExcess, type Difference } from '#domain/difference.ts'
import type { Movement } from '#domain/payment.ts'
import type { Found } from '#domain/reconciliation.ts'
import { NOW_MS } from './given.ts'

const CHARGE: Movement = { id: 'txn_1', kind: 'charge', amount: 900, fee: 56, currency: 'USD', transactionId: 'pi_1', reference: null, atMs: NOW_MS }
const REFUND: Movement = { ...CHARGE, id: 'txn_2', kind: 'refund', amount: -900, sourceId: 're_1' }
const FOUND: Found = {
  kind: 'charge_without_order', gateway: 'stripe', subject: 'pi_1', amount: 900, currency: 'USD', excess: 900, cause: 'The gateway took 9.00 USD: it names no order.',
  orderId: null, transactionId: 'pi_1', refundId: null, movements: [CHARGE], entryId: null,
}
const resolution = { how: 'booked_unexplained' as const, orderId: null, reason: 'Nobody knows', by: 'admin ann', atMs: NOW_MS }

function open(found: Found = FOUND): Difference {
  return recorded(undefined, found, NOW_MS)?.difference as Difference
}

function explained(): Difference {
  return closed(open(), { state: 'resolved', resolution, nowMs: NOW_MS }).difference
}

describe('does', () => {
  test('name a record after its matter, also where a gateway uses other letters than we do', () => {
    expect(open().id).toBe('charge_without_order-stripe-pi_1')
    expect(differenceId({ kind: 'movement_unknown', gateway: 'kaja', subject: 'a/b c' })).toBe('movement_unknown-kaja-a_b_c')
  })

  test('call staff by an alert of its own, and call it over when it is closed', () => {
    expect(recorded(undefined, FOUND, NOW_MS)?.alerts).toEqual([{ raise: expect.objectContaining({ key: 'reconciliation/charge_without_order-stripe-pi_1', severity: 'p0' }) }])
    expect(closed(open(), { state: 'vanished', nowMs: NOW_MS }).alerts).toEqual([{ resolve: 'reconciliation/charge_without_order-stripe-pi_1' }])
    expect(recorded(undefined, { ...FOUND, kind: 'payment_stuck', excess: 0 }, NOW_MS)?.alerts).toEqual([])
  })

  test('say nothing new when the same is found again, and count what has changed as a version', () => {
    expect(recorded(open(), FOUND, NOW_MS + 1)).toBeUndefined()
    expect(recorded(open(), { ...FOUND, excess: 800, amount: 800 }, NOW_MS + 1)?.difference).toMatchObject({ version: 2, excess: 800, foundAtMs: NOW_MS })
  })

  test('open a record again when what was mended or gone is there anew', () => {
    for (const state of ['repaired', 'vanished'] as const) {
      const before = closed(open(), { state, nowMs: NOW_MS }).difference
      expect(recorded(before, FOUND, NOW_MS)?.difference).toMatchObject({ state: 'open', closedAtMs: null, version: 3 })
    }
  })

  test('keep what staff have accepted, until more is found', () => {
    expect(recorded(explained(), FOUND, NOW_MS)).toBeUndefined()
    const more = recorded(explained(), { ...FOUND, excess: 1_000, amount: 1_000 }, NOW_MS)?.difference as Difference
    expect([more.state, unbookedExcess(more)]).toEqual(['open', 100])
  })

  test('let go what came to nothing, and turn round what was booked as unexplained', () => {
    expect(cameToNothing(open(), [CHARGE, REFUND], NOW_MS)?.difference).toMatchObject({ state: 'vanished', movements: [CHARGE, REFUND] })
    const turned = cameToNothing(explained(), [CHARGE, REFUND], NOW_MS)?.difference as Difference
    expect([turned.state, unbookedExcess(turned)]).toEqual(['open', -900])
    const over = closed(turned, { state: 'resolved', resolution, nowMs: NOW_MS }).difference
    expect([over.explained, cameToNothing(over, [CHARGE, REFUND], NOW_MS)]).toEqual([0, undefined])
  })

  test('put on record what was mended at once without calling anybody, and only once', () => {
    const change = repairedAtOnce(undefined, FOUND, NOW_MS)
    expect(change).toMatchObject({ difference: { state: 'repaired', version: 1 }, alerts: [] })
    expect(repairedAtOnce(change?.difference, FOUND, NOW_MS)).toBeUndefined()
    expect(repairedAtOnce(open(), FOUND, NOW_MS)).toMatchObject({ difference: { state: 'repaired', version: 2 }, alerts: [{ resolve: expect.any(String) }] })
  })

  test('leave an audit event of each change that says before and after, each with an id of its own', () => {
    const [found, over] = [recorded(undefined, FOUND, NOW_MS), closed(open(), { state: 'resolved', resolution, nowMs: NOW_MS })]
    const rows = [found?.rows[0]?.json, over.rows[0]?.json] as Array<Record<string, unknown>>
    expect(rows.map(({ what, who }) => [what, who])).toEqual([['difference.found', null], ['difference.resolved', 'admin ann']])
    expect(JSON.parse(String(rows[1]?.['before']))).toMatchObject({ state: 'open' })
    expect(new Set(rows.map(({ id }) => id)).size).toBe(2)
  })
})
