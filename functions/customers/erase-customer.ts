/**
 * Forgets a customer: his membership ends, his cards and his key are gone, what is his is deleted, his orders name nobody any
 * more; a signed certificate names each store and what was done there. Shows how it stands.
 *
 * What is written first is that it was asked for; from then on it is finished by this call, by another, or by the sweep,
 * whoever comes to it, and it must never be that a certificate says more than was done. An order that is still open is
 * waited for: the answer is then 202 and says so. It cannot be taken back.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { erasureView } from '#domain/erasure.ts'
import { ErasureShown } from '#domain/shown/customer.ts'
import { now } from '#platform/clock.ts'
import { derivedId } from '#platform/derived.ts'
import { finishRemoval } from '#stores/cards.ts'
import { goOnErasing, readErasure, startErasure } from '#stores/erasing.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Wish = z.strictObject({ reason: z.string().trim().min(1).max(500) })
/** Well before the platform ends the call; the sweep has the rest. */
const PATIENCE_MS = 30_000

export const eraseCustomer = endpoint({
  name: 'erase-customer',
  path: '/api/admin/customers/:customerId/erase',
  impact: 'Customers who ask to be forgotten are not forgotten in time.',
  POST: route({
    who: ['admin'],
    summary: 'Forget a customer, with a signed certificate',
    body: Wish,
    reply: ErasureShown,
    also: { 202: ErasureShown },
    idempotent: true,
    run,
  }),
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Show how far a customer is forgotten',
    reply: ErasureShown,
    run: async ({ params }) => {
      const erasure = await readErasure(params['customerId'] ?? '')
      if (erasure === undefined) throw new Failure('NOT_FOUND', { message: 'Nobody has asked to forget this customer.' })
      return erasureView(erasure)
    },
  }),
})

async function run({ body, caller, params, key, requestHash }: Call<z.output<typeof Wish>, unknown>): Promise<Reply> {
  const endsAt = performance.now() + PATIENCE_MS
  const customerId = params['customerId'] ?? ''
  const by = whoIs(caller)
  const id = key === undefined ? newId('ers') : derivedId('ers', [by, customerId, key])
  const asked = await startErasure({ id, customerId, by, reason: body.reason, requestHash, nowMs: now() })
  if (asked.answer !== null && asked.id === id) return { ...asked.answer, replayed: true }
  const erasure = await goOnErasing(asked, {
    hasTime: () => performance.now() < endsAt,
    removeCard: (card) => finishRemoval(gatewayNamed(card.gateway), card, by),
  })
  return erasure.answer ?? { status: 202, body: erasureView(erasure) }
}
