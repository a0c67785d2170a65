/** What becomes of a card by what its gateway says, when, and in whatever order it says it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CARD_ACTION_MS, cardAnswer, cardView, isAbandoned, isOpenCard, isUsable, leasedCard, newCard, releasedCard, removedCard, settleCard, storeRequestOf, triedAgainLater,
  usedCard, wantRemoval, type Card, type CardChange,
} from '#domain/card.ts'
import type { CardFacts, StoreCardOutcome } from '#domain/payment.ts'

const NOW = Date.parse('2026-12-01T12:00:00Z')
const FACTS: CardFacts = { brand: 'visa', last4: '4242', expiryMonth: 12, expiryYear: 2029 }
const STORED: StoreCardOutcome = { status: 'stored', reference: 'cus_1/pm_1', card: FACTS }
const DECLINED: StoreCardOutcome = { status: 'declined', declineCode: 'generic_decline' }
const ACTION: StoreCardOutcome = { status: 'requires_action', clientSecret: 'seti_1_secret', nextAction: { type: 'use_stripe_sdk' }, setupId: 'seti_1' }
const AWAY: StoreCardOutcome = { status: 'unavailable', reason: 'no', answered: true }
const LOST: StoreCardOutcome = { status: 'unknown', reason: 'lost' }
const OUTCOMES = [STORED, DECLINED, ACTION, AWAY, LOST]

const SENT = newCard({ id: 'card_1', customerId: 'c-1', email: 'a@b.c', gateway: 'stripe', token: 'pm_1', requestHash: 'h', runner: 'run_1' }, NOW)
const LEFT = newCard({ id: 'card_2', customerId: 'c-1', email: 'a@b.c', gateway: 'kaja', token: null, paidWith: { orderId: 'ord_1', transactionId: '7' }, requestHash: '', runner: 'sweep' }, NOW)

function settled(card: Card, outcome: StoreCardOutcome, more: { isFull?: boolean; nowMs?: number } = {}): CardChange | undefined {
  return settleCard(card, { outcome, sealed: outcome.status === 'stored' ? 'sealed' : null, cause: 'sent', nowMs: NOW + 1_000, ...more })
}

function after(card: Card, ...outcomes: StoreCardOutcome[]): Card {
  return outcomes.reduce((one, outcome) => settled(one, outcome)?.card ?? one, card)
}

function gone(card: Card): Card {
  const removing = wantRemoval(card, 'customer c-1', NOW + 2_000)?.card ?? card
  return removedCard(removing, 'customer c-1', NOW + 3_000)?.card ?? removing
}

describe('does', () => {
  test.each<[string, Card, StoreCardOutcome, Card['state']]>([
    ['a card that was sent', SENT, STORED, 'stored'],
    ['a card that was sent', SENT, DECLINED, 'failed'],
    ['a card that was sent', SENT, ACTION, 'requires_action'],
    ['a card that was sent', SENT, AWAY, 'failed'],
    ['a card that was sent', SENT, LOST, 'storing'],
    ['the card of a payment', LEFT, STORED, 'stored'],
    ['the card of a payment', LEFT, AWAY, 'storing'],
    ['a customer at his bank', after(SENT, ACTION), STORED, 'stored'],
    ['a customer at his bank', after(SENT, ACTION), DECLINED, 'failed'],
    ['a customer at his bank', after(SENT, ACTION), AWAY, 'requires_action'],
    ['a refused card that its customer has finished after all', after(SENT, DECLINED), STORED, 'stored'],
    ['a card that is gone, and that the gateway has', gone(after(SENT, STORED)), STORED, 'removing'],
  ])('%s: %#', (_, card, outcome, state) => {
    expect(after(card, outcome).state).toBe(state)
  })

  test('keep of a stored card what a person may see, and the sealed name; token and address go', () => {
    const card = after(SENT, ACTION, STORED)
    expect(card).toMatchObject({ facts: FACTS, reference: 'sealed', token: null, email: null, action: null, setupId: null, nextAtMs: null })
    expect(cardView(card)).toMatchObject({ id: 'card_1', brand: 'visa', last4: '4242', expiryMonth: 12, expiryYear: 2029, state: 'stored' })
    expect(JSON.stringify(card)).not.toContain('pm_1')
  })

  test('keep nothing of a removed card but that it was there', () => {
    expect(gone(after(SENT, STORED))).toMatchObject({ state: 'removed', facts: null, reference: null, setupId: null, nextAtMs: null })
    expect(gone(after(SENT, ACTION))).toMatchObject({ state: 'removed', action: null, token: null })
  })

  test('answer what can be told at each point, and the same bytes for ever once it is final', () => {
    const answers = [after(SENT, STORED), gone(after(SENT, STORED)), after(SENT, DECLINED)].map((card) => cardAnswer(card))
    expect(answers[0]).toEqual(answers[1])
    expect(answers.map((answer) => ('final' in answer ? answer.final.status : answer.status))).toEqual([201, 201, 402])
    expect(cardAnswer(after(SENT, ACTION))).toMatchObject({ status: 202, body: { clientSecret: 'seti_1_secret' } })
    expect(() => cardAnswer(SENT)).toThrow(expect.objectContaining({ code: 'GATEWAY_TIMEOUT' }))
    expect(() => cardAnswer(after(SENT, AWAY))).toThrow(expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' }))
    expect(() => cardAnswer(gone(after(SENT, ACTION)))).toThrow(expect.objectContaining({ code: 'CONFLICT' }))
  })

  test('send under the card\'s own id, and let one runner act until his lease ends', () => {
    expect(storeRequestOf(SENT)).toEqual({ customerId: 'c-1', email: 'a@b.c', token: 'pm_1', key: 'card_1', createdAtMs: NOW })
    expect(leasedCard(SENT, 'run_2', NOW + 1)).toBeUndefined()
    expect(leasedCard(SENT, 'run_1', NOW + 1)?.runner).toBe('run_1')
    expect(leasedCard(after(SENT, LOST), 'run_2', NOW + 1_000)?.runner).toBe('run_2')
    expect(leasedCard(LEFT, 'run_2', NOW)?.runner).toBe('run_2')
  })

  test('have the sweep come less and less often, at least once an hour', () => {
    const waits = Array.from({ length: 9 }).reduce<Card[]>((cards) => [...cards, triedAgainLater(cards.at(-1) ?? SENT, NOW)], []).map(({ nextAtMs }) => ((nextAtMs ?? 0) - NOW) / 60_000)
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  test('give a customer at his bank a quarter of an hour', () => {
    const waiting = after(SENT, ACTION)
    expect([waiting.nextAtMs, isAbandoned(waiting, NOW + CARD_ACTION_MS - 1), isAbandoned(waiting, NOW + CARD_ACTION_MS)]).toEqual([NOW + CARD_ACTION_MS, false, true])
    const times = [LOST, ACTION].map((outcome, index) => isAbandoned(after(waiting, ...[LOST, outcome].slice(0, index + 1)), NOW + CARD_ACTION_MS))
    expect(times).toEqual([false, true])
    expect(isAbandoned(after(waiting, STORED), NOW + CARD_ACTION_MS)).toBe(false)
  })

  test('put each change on record once, without what is personal', () => {
    const rows = [settled(SENT, STORED), wantRemoval(after(SENT, STORED), 'customer c-1', NOW)].map((change) => change?.rows[0])
    expect(rows.map((row) => row?.json['what'])).toEqual(['card.stored', 'card.removing'])
    expect(new Set(rows.map((row) => row?.insertId)).size).toBe(2)
    expect(JSON.stringify(rows)).not.toMatch(/\b4242\b|a@b\.c|pm_1|sealed/)
  })
})

describe('refuses', () => {
  test('to take back what is in use, until nothing is paid with it', () => {
    const used = usedCard(usedCard(after(SENT, STORED), 'membership mem_1'), 'membership mem_1')
    expect(() => wantRemoval(used, 'customer c-1', NOW)).toThrow(expect.objectContaining({ code: 'CONFLICT', details: { usedBy: ['membership mem_1'] } }))
    expect(wantRemoval(releasedCard(used, 'membership mem_1'), 'customer c-1', NOW)?.card.state).toBe('removing')
  })

  test('to take back what nobody knows to be there, and what never was', () => {
    expect(() => wantRemoval(SENT, 'customer c-1', NOW)).toThrow(expect.objectContaining({ code: 'CONFLICT', retryable: true }))
    expect(() => wantRemoval(after(SENT, DECLINED), 'customer c-1', NOW)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })

  test('to keep the card of a payment that is one too many', () => {
    expect(settled(LEFT, STORED, { isFull: true })?.card).toMatchObject({ state: 'removing', reference: 'sealed' })
  })

  test.each<[Card, string | null]>([[SENT, 'c-1'], [after(SENT, STORED), 'c-2'], [after(SENT, STORED), null], [gone(after(SENT, STORED)), 'c-1']])('to pay with what does not pay: %#', (card, customerId) => {
    expect(isUsable(card, customerId)).toBe(false)
  })
})

describe('survives', () => {
  const anything = fc.array(fc.oneof(fc.constantFrom(...OUTCOMES), fc.constant('remove'), fc.constant('removed')), { maxLength: 12 })

  test('anything in any order: what is open will be looked at, what is over will not, and what may lie at the gateway is never forgotten', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom(SENT, LEFT), (facts, first) => {
        let card = first
        let isKept = false
        for (const fact of facts) {
          const before = card
          try {
            card = (fact === 'remove' ? wantRemoval(card, 'x', NOW) : fact === 'removed' ? removedCard(card, 'x', NOW) : settled(card, fact))?.card ?? card
          } catch {
            expect(fact).toBe('remove')
          }
          if (typeof fact === 'object' && fact.status === 'stored') isKept = true
          if (before.state === 'removing' && card.state === 'removed') isKept = false
          expect((isOpenCard(card) || card.state === 'removing') === (card.nextAtMs !== null)).toBe(true)
          if (isKept) expect(['stored', 'removing']).toContain(card.state)
          if (card.state === 'stored') expect([card.facts, card.reference]).not.toContain(null)
          if (!isOpenCard(card)) expect([card.token, card.email, card.action]).toEqual([null, null, null])
        }
      }),
    )
  })

  test('the same outcome twice: the second says nothing new', () => {
    for (const outcome of [STORED, DECLINED]) expect(settled(after(SENT, outcome), outcome)).toBeUndefined()
    expect(settled(after(SENT, ACTION), ACTION)?.rows).toEqual([])
  })
})
