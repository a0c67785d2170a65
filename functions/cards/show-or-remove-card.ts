/**
 * Shows a saved card; removes it.
 *
 * That a card is to go is written first, and from then on it pays nothing; then the gateway forgets it; then nothing is
 * left of it here. A lost answer changes nothing about where that ends: the same call and the sweep find what was written.
 * A card from which something is still paid is not removed.
 */
import { z } from 'zod'
import { cardNotFound, cardView, type Card } from '#domain/card.ts'
import { CardShown } from '#domain/shown/customer.ts'
import { finishRemoval, readCard, wantCardGone } from '#stores/cards.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { refuseStranger, whoIs, type Caller } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const Shown = z.object({ card: CardShown })

export const showOrRemoveCard = endpoint({
  name: 'show-or-remove-card',
  path: '/api/customers/:customerId/cards/:cardId',
  impact: 'Customers cannot take a saved card back.',
  GET: route({
    who: ['customer', 'viewer', 'support', 'admin'],
    summary: 'Show a saved card, or what has become of it',
    reply: Shown,
    run: async ({ params, caller }) => {
      const customerId = ownerIn(params, caller)
      const card = await readCard(params['cardId'] ?? '')
      if (card?.customerId !== customerId) throw cardNotFound()
      return { card: cardView(card) }
    },
  }),
  DELETE: route({
    who: ['customer', 'admin'],
    summary: 'Remove a saved card',
    reply: Shown.extend({ removed: z.literal(true) }),
    also: { 202: Shown.extend({ removed: z.literal(false), message: z.string() }) },
    run: async ({ params, caller }) => {
      const customerId = ownerIn(params, caller)
      const card = await wantCardGone(params['cardId'] ?? '', customerId, whoIs(caller))
      return removed(card.state === 'removing' ? await finishRemoval(gatewayNamed(card.gateway), card, whoIs(caller)) : card)
    },
  }),
})

/** Another customer's card answers as if it did not exist. */
function ownerIn(params: Record<string, string>, caller: Caller): string {
  const customerId = params['customerId'] ?? ''
  refuseStranger(caller, customerId, cardNotFound().message)
  return customerId
}

const WAITS = 'This card is not used any more. The payment service did not answer; it will be told to forget the card.'

function removed(card: Card): Reply {
  if (card.state === 'removed') return { status: 200, body: { removed: true, card: cardView(card) } }
  return { status: 202, body: { removed: false, card: cardView(card), message: WAITS } }
}
