/**
 * Outcomes of a charge in any order, repeated, stale and late: whatever comes, the money and the goods are counted
 * afterwards, and each is there once.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { balanced } from '#domain/ledger.ts'
import { isOpen, takenFor, type Order } from '#domain/order.ts'
import { isLateMoney, settle, settleLate } from '#domain/settle.ts'
import { NOW_MS, SHOP, pendingOrder } from './given.ts'
import { TOTAL, outcomeNames, outcomes, type OutcomeName } from './outcomes.ts'

/** An order's life as the store writes it: one settlement after the other, everything counted. */
function live(steps: ReadonlyArray<{ name: OutcomeName; restocked: boolean }>, first: Order) {
  const life = {
    order: first, entries: [] as string[], booked: 0, held: 2, atTill: 0, receipts: 0, reopened: 0, answers: new Set<string>(),
    rowIds: [] as string[], mailIds: [] as string[],
  }
  let nowMs = NOW_MS
  for (const { name, restocked } of steps) {
    nowMs += 1000
    const settling = { order: life.order, outcome: outcomes[name], cause: 'test', nowMs, shopName: SHOP }
    const late = isLateMoney(life.order, settling.outcome)
    const settlement = late ? settleLate(settling, restocked) : settle(settling)
    if (settlement === undefined) continue
    if (!late) expect(isOpen(life.order)).toBe(true)
    if (life.order.answer !== null && !late) expect(settlement.order.answer).toEqual(life.order.answer)
    life.order = settlement.order
    for (const entry of settlement.entries) {
      expect(balanced(entry)).toEqual(entry)
      life.entries.push(entry.id)
      life.booked += entry.postings.find(({ account }) => account === 'gateway:stripe')?.amount ?? 0
    }
    if (settlement.reopenCart) life.reopened += 1
    life.held += settlement.holds.reduce((sum, { delta }) => sum + delta, 0)
    life.atTill += settlement.stock.reduce((sum, { delta }) => sum + delta, 0)
    life.receipts += settlement.mails.filter(({ template }) => template === 'receipt').length
    for (const { id } of settlement.mails) {
      // A mail is created by its id: a second one of the same would fail the commit of what it tells.
      expect(life.mailIds).not.toContain(id)
      life.mailIds.push(id)
    }
    life.rowIds.push(...settlement.rows.map(({ table, insertId }) => `${table} ${insertId}`))
  }
  return life
}

describe('survives', () => {
  const step = fc.record({ name: fc.constantFrom(...outcomeNames), restocked: fc.boolean() })
  const many = { numRuns: 1000 }

  test('outcomes in any order, repeated: one charge at most, and the goods are sold once, held, or free', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const { order, entries, booked, held, atTill, receipts, reopened } = live(steps, pendingOrder())
      expect(reopened).toBeLessThanOrEqual(1)
      expect(entries.length).toBeLessThanOrEqual(1)
      expect(booked).toBe(entries.length === 0 ? 0 : takenFor(order).amount)
      if (order.refunds.length === 0) expect(takenFor(order).amount === TOTAL || isOpen(order) || entries.length === 0).toBe(true)
      else expect(order.refunds[0]?.amount).toBe(booked)
      const givenBack = order.refunds.length === 1
      // Money that goes back is no purchase to thank for: its refund mail follows when it has gone.
      expect(receipts).toBe(givenBack ? 0 : entries.length)
      if (isOpen(order)) expect([held, atTill, entries.length]).toEqual([2, 0, 0])
      else if (order.state === 'paid') expect([held, atTill]).toEqual(givenBack ? [0, 0] : [2, -2])
      else expect([held, atTill, entries.length]).toEqual([0, 0, 0])
    }), many)
  })

  test('whatever comes, a closed order has its answer, no card token and no check; an open one has no answer and a check', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const { order } = live(steps, pendingOrder())
      expect(order.answer === null).toBe(isOpen(order))
      expect(order.checkAtMs === null).toBe(!isOpen(order) && order.refunds.length === 0)
      if (!isOpen(order)) expect([
        order.payment.token, order.payment.clientSecret, order.payment.nextAction,
      ]).toEqual([null, null, null])
      expect(order.history.at(-1)?.state).toBe(order.state)
    }), many)
  })

  test('money that is right is booked by whichever outcome brings it, and then nothing moves the order', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 6 }), fc.array(step, { maxLength: 6 }), (before, after) => {
      const paid = live([...before, { name: 'succeeded', restocked: true }], pendingOrder()).order
      if (paid.state !== 'paid') throw new Error(`money left the order ${paid.state}`)
      expect(live(after, paid).order).toBe(paid)
    }), many)
  })

  test('the same outcome twice in a row changes no state, no money and no goods', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 6 }), step, (before, last) => {
      const once = live([...before, last], pendingOrder())
      const twice = live([...before, last, last], pendingOrder())
      const facts = ({ order, ...rest }: typeof once) => ({
        ...rest, state: order.state, history: order.history.length, answer: order.answer,
      })
      expect(facts(twice)).toEqual(facts(once))
    }), many)
  })

  test('each row of the warehouse outcomeNames its own fact', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const { rowIds } = live(steps, pendingOrder())
      expect(new Set(rowIds).size).toBe(rowIds.length)
    }), many)
  })
})
