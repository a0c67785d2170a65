/**
 * Finishes what nobody finished: cards whose runner died or whose answer was lost, whose customer never came back from his
 * bank, that a paid order leaves behind to be kept, and that the gateway was not yet told to forget.
 *
 * Safe to run twice: a lease lets one runner act on an attempt, the gateway keeps one card for it and forgets one once, and
 * what has moved on is left as it is. What is given up is ended at the gateway first, so that it cannot be kept later.
 */
import { isAbandoned, isOpenCard, type Card } from '#domain/card.ts'
import { newId } from '#values/ids.ts'
import { now } from '#platform/clock.ts'
import { cardOf, checkCardLater, finishRemoval, giveUpCard, keepCard, takeCardLease } from '#stores/cards.ts'
import { dueRecords } from '#stores/due.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { schedule } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

export const sweepCards = schedule({
  name: 'sweep-cards',
  cron: '* * * * *',
  impact: 'Cards whose answer was lost stay unusable, and removed ones stay at the payment service.',
  run: (run) =>
    sweep({
      name: 'sweep-cards', run, atOnce: 8, counts: ['settled', 'unchanged'],
      take: async (limit) => (await dueRecords('cards', limit)).map((snapshot) => cardOf(snapshot) as Card),
      finish: checked,
      putOff: ({ id }) => checkCardLater(id),
    }),
})

async function checked(card: Card): Promise<'settled' | 'unchanged'> {
  const after = isOpenCard(card) ? await finished(card) : await finishRemoval(gatewayNamed(card.gateway), card, 'sweep')
  return after.nextAtMs === null ? 'settled' : 'unchanged'
}

async function finished(found: Card): Promise<Card> {
  const card = await takeCardLease(found.id, newId('run'))
  if (card === undefined || !isOpenCard(card)) {
    await checkCardLater(found.id)
    return found
  }
  const gateway = gatewayNamed(card.gateway)
  const kept = await keepCard(gateway, card, 'sweep')
  return isAbandoned(kept, now()) ? finishRemoval(gateway, await giveUpCard(kept.id, 'abandoned'), 'sweep') : kept
}
