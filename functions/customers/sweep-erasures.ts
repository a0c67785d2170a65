/**
 * Goes on with erasures that a dead instance left, or that waited for an open order, and looks once more for what was
 * being written while an erasure ran.
 *
 * Safe to run twice: each part of an erasure is written with how far it has got, in one commit.
 */
import type { Erasure } from '#domain/erasure.ts'
import { finishRemoval } from '#stores/cards.ts'
import { dueRecords, lookLater } from '#stores/due.ts'
import { erasureOf, goOnErasing } from '#stores/erasing.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { schedule, type Run } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

export const sweepErasures = schedule({
  name: 'sweep-erasures',
  cron: '*/5 * * * *',
  impact: 'Customers who asked to be forgotten are forgotten in part only.',
  run: (run) =>
    sweep({
      name: 'sweep-erasures', run, atOnce: 2, counts: ['settled', 'deferred'],
      take: async (limit) => (await dueRecords('erasures', limit)).map((snapshot) => erasureOf(snapshot) as Erasure),
      finish: (erasure) => goneOn(erasure, run),
      putOff: ({ customerId }) => lookLater('erasures', customerId),
    }),
})

async function goneOn(erasure: Erasure, { hasTime }: Run): Promise<'settled' | 'deferred'> {
  const { state } = await goOnErasing(erasure, { hasTime, removeCard: (card) => finishRemoval(gatewayNamed(card.gateway), card, 'erasure') })
  return state === 'done' ? 'settled' : 'deferred'
}
