/** Payouts: paid once or not at all, and what was not paid, or came back, is ours again, to the cent. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bankPayoutEntries, type BankPayout } from '#domain/bank-payout.ts'
import { balanced, type JournalEntry } from '#domain/ledger.ts'
import type { Payee } from '#domain/payee.ts'
import { isOpenPayout, payoutView, requestPayout, settlePayout, type Payout, type PayoutOutcome, type PayoutReturn, type PayoutState } from '#domain/payout.ts'
import { NOW_MS } from './given.ts'

const AMOUNT = 10_000
const PAYEE: Payee = { id: 'band', name: 'The Band', destination: 'acct_band', active: true, version: 1, createdAtMs: NOW_MS, updatedAtMs: NOW_MS }
const WISH = { id: 'gig-1', amount: AMOUNT, currency: 'USD', reason: 'The gig', requestedBy: 'admin ann', requestHash: 'hash', keyDigest: null }

const asked = (): { payout: Payout; entries: readonly JournalEntry[] } => requestPayout(WISH, PAYEE, { atGateway: AMOUNT, nowMs: NOW_MS })
const paid = (...returns: PayoutReturn[]): PayoutOutcome => ({ status: 'paid', transferId: 'tr_1', returns })
const FAILED: PayoutOutcome = { status: 'failed', reason: 'balance_insufficient' }
const UNKNOWN: PayoutOutcome = { status: 'unknown', reason: 'no answer' }

function told(outcomes: readonly PayoutOutcome[]): { payout: Payout; entries: JournalEntry[]; rowIds: string[]; alerts: number } {
  const first = asked()
  const life = { payout: first.payout, entries: [...first.entries], rowIds: [] as string[], alerts: 0 }
  for (const [step, outcome] of outcomes.entries()) {
    const change = settlePayout(life.payout, outcome, 'test', NOW_MS + step + 1)
    if (change === undefined) continue
    life.payout = change.payout
    life.entries.push(...change.entries)
    life.rowIds.push(...change.rows.map(({ table, insertId }) => `${table} ${insertId}`))
    life.alerts += change.alerts.length
  }
  return life
}

function balances(entries: readonly JournalEntry[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { account, amount } of entries.flatMap(({ postings }) => postings)) sums[account] = (sums[account] ?? 0) + amount
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0).sort())
}

const ON_ITS_WAY = { 'gateway:stripe': -AMOUNT, 'payouts:transit': AMOUNT }
const ARRIVED = { 'gateway:stripe': -AMOUNT, 'partners:payable': AMOUNT }

describe('does', () => {
  const cases: Array<[string, PayoutOutcome[], PayoutState, Record<string, number>]> = [
    ['asked for', [], 'pending', ON_ITS_WAY],
    ['not answered', [UNKNOWN, UNKNOWN], 'unknown', ON_ITS_WAY],
    ['paid', [paid()], 'paid', ARRIVED],
    ['paid, and the answer was lost at first', [UNKNOWN, paid()], 'paid', ARRIVED],
    ['paid, told twice', [paid(), paid()], 'paid', ARRIVED],
    ['refused', [FAILED], 'failed', {}],
    ['refused, and nothing after it counts', [FAILED, paid(), UNKNOWN, FAILED], 'failed', {}],
    ['paid, and a refusal after it counts for nothing', [paid(), FAILED, UNKNOWN], 'paid', ARRIVED],
    ['a part came back', [paid(), paid({ id: 'txn_1', amount: 400 })], 'paid', { 'gateway:stripe': -9_600, 'partners:payable': 9_600 }],
    ['all came back, in parts', [paid(), paid({ id: 'txn_1', amount: 400 }), paid({ id: 'txn_1', amount: 400 }, { id: 'txn_2', amount: 9_600 })], 'returned', {}],
    ['only the end of it: all came back', [paid({ id: 'txn_1', amount: AMOUNT })], 'returned', {}],
  ]
  test.each(cases)('%s', (_, outcomes, state, sums) => {
    const { payout, entries } = told(outcomes)
    expect([payout.state, balances(entries)]).toEqual([state, sums])
    expect(payout.checkAtMs === null).toBe(!isOpenPayout(payout))
    expect(payout.answer === null).toBe(isOpenPayout(payout))
  })

  test('tell staff what was refused or came back', () => {
    expect([told([paid()]), told([FAILED]), told([paid(), paid({ id: 'txn_1', amount: 1 })])].map(({ alerts }) => alerts)).toEqual([0, 1, 1])
  })

  test('keep the account that was asked for, whatever the payee changes later', () => {
    expect(payoutView(asked().payout)).toMatchObject({ id: 'gig-1', recipientId: 'band', destination: 'acct_band', amount: 100, state: 'pending', returned: 0 })
  })
})

describe('refuses', () => {
  test('more than lies at the gateway, naming what does', () => {
    expect(() => requestPayout(WISH, PAYEE, { atGateway: AMOUNT - 1, nowMs: NOW_MS })).toThrow(expect.objectContaining({ code: 'CONFLICT', details: { available: 99.99, currency: 'USD' } }))
    expect(() => requestPayout(WISH, PAYEE, { atGateway: -5, nowMs: NOW_MS })).toThrow(expect.objectContaining({ details: { available: 0, currency: 'USD' } }))
  })
})

describe('survives', () => {
  const outcome = fc.oneof(fc.constant(FAILED), fc.constant(UNKNOWN), fc.subarray([{ id: 'txn_1', amount: 400 }, { id: 'txn_2', amount: 600 }, { id: 'txn_3', amount: 9_000 }]).map((returns) => paid(...returns)))

  test('whatever is learnt, in whatever order: paid once at most, nothing lost, every entry and row its own', () => {
    fc.assert(fc.property(fc.array(outcome, { maxLength: 10 }), (outcomes) => {
      const { payout, entries, rowIds } = told(outcomes)
      for (const entry of entries) expect(balanced(entry)).toEqual(entry)
      expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length)
      expect(new Set(rowIds).size).toBe(rowIds.length)
      const sums = balances(entries)
      const out = payout.state === 'failed' ? 0 : AMOUNT - payout.returns.reduce((sum, { amount }) => sum + amount, 0)
      expect(0 - (sums['gateway:stripe'] ?? 0)).toBe(out)
      expect((sums['payouts:transit'] ?? 0) === 0).toBe(!isOpenPayout(payout))
    }), { numRuns: 1000 })
  })

  test('a payout to our bank, learnt in any order and however often: each step once, and the money is where it ended', () => {
    const lives: BankPayout['status'][][] = [['on_its_way', 'arrived'], ['on_its_way', 'failed'], ['on_its_way', 'arrived', 'failed']]
    fc.assert(fc.property(fc.constantFrom(...lives), fc.array(fc.nat({ max: 2 }), { maxLength: 6 }), (life, seen) => {
      const last = life.length - 1
      const posted = new Set<string>()
      const entries: JournalEntry[] = []
      for (const at of [...seen.map((one) => Math.min(one, last)), last, ...seen.map((one) => Math.min(one, last))]) {
        const fresh = bankPayoutEntries({ id: 'po_1', status: life[at] ?? 'failed', amount: AMOUNT, currency: 'USD', movementIds: [] }, posted, NOW_MS)
        for (const { id } of fresh) posted.add(id)
        entries.push(...fresh)
      }
      expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length)
      expect(balances(entries)).toEqual(life[last] === 'failed' ? {} : { bank: AMOUNT, 'gateway:stripe': -AMOUNT })
    }), { numRuns: 500 })
  })
})
