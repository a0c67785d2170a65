/**
 * Learns from Stripe what has become of a card whose customer was at his bank.
 *
 * Safe to run twice: the inbox record is closed in the transaction that changes the card, and a card that has moved on is
 * left alone. Stripe is asked what is true now, so events may come in any order; a failed try goes back on the inbox's
 * schedule. A card that its customer finishes after we had given up is kept, or forgotten if he has taken it back.
 */
import { readCard, settleCardOf } from '#stores/cards.ts'
import { guarded } from '#stores/guarded.ts'
import { markIgnored } from '#stores/inbox.ts'
import { setupIn } from '#vendors/stripe/cards.ts'
import { stripeGateway } from '#vendors/stripe/gateway.ts'
import { vendorEvent, type VendorEvent } from '#entry/vendor-event.ts'

export const onStripeCard = vendorEvent({
  name: 'on-stripe-card',
  vendor: 'stripe',
  filter: 'hasPrefix(attributes.type, "setup_intent.")',
  impact: 'Cards whose customer was at his bank are saved only when he asks again, or by the sweep.',
  apply,
})

async function apply({ record, place }: VendorEvent): Promise<void> {
  const { cardId, setupId } = setupIn(record.payload)
  const card = cardId === null ? undefined : await readCard(cardId)
  // Nearly every card was stored by our own call before its event comes.
  if (card === undefined || card.state === 'stored' || card.state === 'removing') return markIgnored(place)
  const outcome = await guarded(stripeGateway).findSetup?.(setupId)
  if (outcome === undefined || outcome.status === 'unknown' || outcome.status === 'unavailable') throw new Error(outcome?.reason ?? 'not asked')
  await settleCardOf(card.id, outcome, { gateway: stripeGateway, cause: `webhook ${record.id}`, inbox: place })
}
