/**
 * Applies an Authorize.Net event from the inbox to its order.
 *
 * Safe to run twice: the inbox record is closed in the transaction that changes the order, and an order that has moved
 * on is left alone. An event is an alert, not the truth: it only names a transaction, and what that is now is asked of
 * the gateway. So events may come in any order, twice, or only the last of them. A failed try goes back on the inbox's
 * schedule and blocks no other event.
 */
import { isLateHold } from '#domain/settle.ts'
import { config } from '#platform/config.ts'
import { guarded } from '#stores/guarded.ts'
import { markIgnored } from '#stores/inbox.ts'
import { nudgeMails } from '#stores/mails.ts'
import { applyEvent, readOrder, type OrderFact } from '#stores/orders.ts'
import { factOf, lookedUp, transactionOf, type AuthorizeNetFact } from '#vendors/authorize-net/events.ts'
import { authorizeNetGateway } from '#vendors/authorize-net/gateway.ts'
import { vendorEvent, type VendorEvent } from '#entry/vendor-event.ts'

export const onAuthorizeNetEvent = vendorEvent({
  name: 'on-authorize-net-event',
  vendor: 'authorize-net',
  impact: 'Orders whose answer from KAJA was lost, or that somebody decided there, stay unsettled until the sweep asks.',
  apply,
})

async function apply({ record, place }: VendorEvent): Promise<void> {
  const transactionId = transactionOf(record.payload)
  const seen = transactionId === null ? undefined : await lookedUp(transactionId)
  const order = seen === undefined ? undefined : await readOrder(seen.orderId)
  const fact = seen === undefined || order === undefined ? undefined : factOf(seen.details, order)
  if (order === undefined || fact === undefined) return markIgnored(place)
  // Nobody waits for this money any more: it goes free now, not when the gateway forgets it.
  const isLate = fact.about === 'charge' && isLateHold(order, fact.outcome)
  const outcome = isLate ? await guarded(authorizeNetGateway).cancel(fact.outcome.transactionId) : undefined
  const truth: AuthorizeNetFact = outcome === undefined ? fact : { about: 'charge', outcome }
  const settlement = await applyEvent(place, order.id, factIn(record.id, truth))
  await nudgeMails(settlement?.mails ?? [])
}

function factIn(eventId: string, fact: AuthorizeNetFact): OrderFact {
  const { SHOP_NAME: shopName } = config('shop')
  if (fact.about === 'refund') return { ...fact, shopName }
  return { about: 'charge', facts: { outcome: fact.outcome, cause: `webhook ${eventId}`, shopName } }
}
