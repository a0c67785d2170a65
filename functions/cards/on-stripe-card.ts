/**
 * Learns from Stripe what has become of a card whose customer was at his bank.
 *
 * Safe to run twice: the inbox record is closed in the transaction that changes the card, and a card that has moved on is
 * left alone. Stripe is asked what is true now, so events may come in any order; a failed try goes back on the inbox's
 * schedule. A card that its customer finishes after we had given up is kept, or forgotten if he has taken it back.
 */
import { readOne, type Doc } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { readCard, settleCardOf } from '#stores/cards.ts'
import { guarded } from '#stores/guarded.ts'
import { inboxDoc, inboxNudge, inboxTopic, markIgnored, pendingRecord, putOff } from '#stores/inbox.ts'
import { setupIn } from '#vendors/stripe/cards.ts'
import { stripeGateway } from '#vendors/stripe/gateway.ts'
import { message } from '#entry/message.ts'

export const onStripeCard = message({
  name: 'on-stripe-card',
  topic: inboxTopic('stripe'),
  filter: 'hasPrefix(attributes.type, "setup_intent.")',
  impact: 'Cards whose customer was at his bank are saved only when he asks again, or by the sweep.',
  data: inboxNudge,
  run: async ({ eventId, attempt }) => {
    const place = await inboxDoc('stripe', eventId)
    try {
      await learnt(place)
    } catch (error) {
      log.error('a card could not be learnt', error, { function: 'on-stripe-card', eventId })
      await putOff(place, error, attempt)
    }
  },
})

async function learnt(place: Doc): Promise<void> {
  const record = pendingRecord(await readOne(place))
  if (record === undefined) return
  const { cardId, setupId } = setupIn(record.payload)
  const card = cardId === null ? undefined : await readCard(cardId)
  // Nearly every card was stored by our own call before its event comes.
  if (card === undefined || card.state === 'stored' || card.state === 'removing') return markIgnored(place)
  const outcome = await guarded(stripeGateway).findSetup?.(setupId)
  if (outcome === undefined || outcome.status === 'unknown' || outcome.status === 'unavailable') throw new Error(outcome?.reason ?? 'not asked')
  await settleCardOf(card.id, outcome, { gateway: stripeGateway, cause: `webhook ${record.id}`, inbox: place })
}
