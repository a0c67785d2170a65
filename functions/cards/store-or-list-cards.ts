/**
 * Saves a card for later payments, once for each click; lists the cards that a customer can pay with.
 *
 * The attempt is written before the gateway is asked, and its id, which follows from the `Idempotency-Key` or from the
 * token, is its key there: the same click is the same card on every instance. One runs it; the others wait for its answer.
 * A bank that wants to see its customer is answered with 202; afterwards the same call says how it went, or the webhook
 * finishes it. What must never happen: a second card for one click, a card at the gateway that nobody knows of.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { emailField } from '#values/schema.ts'
import { listOf } from '#values/shown.ts'
import { cardAnswer, cardView } from '#domain/card.ts'
import { CardShown, CardWaitsShown } from '#domain/shown/customer.ts'
import { config } from '#platform/config.ts'
import { askCard, joinCard, keepCard, listCardsOf, type CardWish } from '#stores/cards.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Sent = z.strictObject({
  gateway: z.enum(['stripe', 'kaja']).optional(),
  token: z.string().min(1).max(500),
  /** For the payment service; without it that of the caller's sign-in. */
  email: emailField.optional(),
})
type Body = z.output<typeof Sent>

export const storeOrListCards = endpoint({
  name: 'store-or-list-cards',
  path: '/api/customers/:customerId/cards',
  impact: 'Customers cannot save a card, and memberships cannot be taken out with a new one.',
  POST: route({
    who: ['customer', 'admin'],
    summary: 'Save a card for later payments',
    body: Sent,
    reply: z.object({ card: CardShown }),
    also: { 202: CardWaitsShown },
    status: 201,
    idempotent: true,
    fails: ['PAYMENT_DECLINED'],
    run,
  }),
  GET: route({
    who: ['customer', 'viewer', 'support', 'admin'],
    summary: 'List the cards that a customer can pay with',
    reply: z.object({ cards: listOf(CardShown) }),
    run: async ({ params, caller }) => {
      const customerId = params['customerId'] ?? ''
      refuseStranger(caller, customerId)
      return { cards: (await listCardsOf(customerId)).map(cardView) }
    },
  }),
})

async function run(call: Call<Body, unknown>): Promise<Reply> {
  const runner = newId('run')
  const wish = wishOf(call, runner)
  // One that the shop does not have is refused here: no attempt is written for it.
  const gateway = gatewayNamed(wish.gateway)
  const { card: asked, fresh } = await askCard(wish)
  if (call.key !== undefined && asked.requestHash !== call.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
  const card = fresh ? await keepCard(gateway, asked, 'sent') : await joinCard(asked, gateway, runner)
  const answer = cardAnswer(card)
  return 'final' in answer ? { ...answer.final, replayed: !fresh } : answer
}

function wishOf({ body, params, caller, key, requestHash, ip }: Call<Body, unknown>, runner: string): CardWish {
  const customerId = params['customerId'] ?? ''
  refuseStranger(caller, customerId)
  const { token, gateway = config('shop').PAYMENT_GATEWAY } = body
  const email = body.email ?? (caller.id === customerId ? caller.email : null)
  if (email === null) throw invalid('email', 'must be sent: the sign-in names none')
  const sent = ['token', customerId, gateway, token]
  return {
    key: key === undefined ? sent : ['key', caller.role, caller.id ?? '', customerId, key], isKeyed: key !== undefined, customerId, email, gateway, token, requestHash,
    runner, ip,
  }
}
