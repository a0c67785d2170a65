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
import { readOne, type Doc } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { guarded } from '#stores/guarded.ts'
import { inboxDoc, inboxNudge, inboxTopic, markIgnored, pendingRecord, putOff } from '#stores/inbox.ts'
import { nudgeMails } from '#stores/mails.ts'
import { applyEvent, readOrder, type OrderFact } from '#stores/orders.ts'
import { factOf, lookedUp, transactionOf, type AuthorizeNetFact } from '#vendors/authorize-net/events.ts'
import { authorizeNetGateway } from '#vendors/authorize-net/gateway.ts'
import { message } from '#entry/message.ts'

export const onAuthorizeNetEvent = message({
  name: 'on-authorize-net-event',
  topic: inboxTopic('authorize-net'),
  impact: 'Orders whose answer from KAJA was lost, or that somebody decided there, stay unsettled until the sweep asks.',
  data: inboxNudge,
  run: async ({ eventId, attempt }) => {
    const place = await inboxDoc('authorize-net', eventId)
    try {
      await applied(place)
    } catch (error) {
      log.error('an Authorize.Net event could not be applied', error, { function: 'on-authorize-net-event', eventId })
      await putOff(place, error, attempt)
    }
  },
})

async function applied(place: Doc): Promise<void> {
  const record = pendingRecord(await readOne(place))
  if (record === undefined) return
  const transactionId = transactionOf(record.payload)
  const seen = transactionId === null ? undefined : await lookedUp(transactionId)
  const order = seen === undefined ? undefined : await readOrder(seen.orderId)
  const fact = seen === undefined || order === undefined ? undefined : factOf(seen.details, order)
  if (order === undefined || fact === undefined) return markIgnored(place)
  // Nobody waits for this money any more: it goes free now, not when the gateway forgets it.
  const isLate = fact.about === 'charge' && isLateHold(order, fact.outcome)
  const outcome = isLate ? await guarded(authorizeNetGateway).cancel(fact.outcome.transactionId) : undefined
  const truth: AuthorizeNetFact = outcome === undefined ? fact : { about: 'charge', outcome }
  const settlement = await applyEvent(place, order.id, () => factIn(record.id, truth))
  await nudgeMails(settlement?.mails ?? [])
}

function factIn(eventId: string, fact: AuthorizeNetFact): OrderFact {
  const { SHOP_NAME: shopName } = config('shop')
  if (fact.about === 'refund') return { ...fact, shopName }
  return { about: 'charge', facts: { outcome: fact.outcome, cause: `webhook ${eventId}`, shopName } }
}
