/**
 * Staff replay a dead letter about a payment, named in the second batch of a list whose rest is unknown. Whoever gets no
 * answer clicks again until he has one; some click again all the same.
 */
import { successOf, unheard } from '../../functions/inbox.ts'
import { chargesFor, checkOut, PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

const UNKNOWN = 205
const CLICKS_MAX = 6
const BETWEEN_CLICKS_MS = 20_000

export const replayDeadLetters: Scenario = {
  name: 'replay-dead-letters',
  functions: ['replay-dead-letters', 'on-replay-accepted', 'on-stripe-event'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const { body } = await checkOut(buyer, { cartId, paymentMethod: { token: 'pm_card_authenticationRequired' } })
    const orderId = body['orderId'] as string
    await unheard(shop, () => shop.act('stripe', `payment_intents/${chargesFor(shop, orderId)[0]?.['id']}/authenticate`, { outcome: 'succeed' }))
    const event = successOf(shop, orderId)
    const record = {
      id: event['id'], type: event['type'], payload: JSON.stringify(event), subject: orderId, vendor: 'stripe', status: 'dead', attempts: 6,
      receivedAtMs: shop.cloud.now(), nextAtMs: null, lastError: 'Stripe was away.',
    }
    const id = `stripe-${event['id']}`
    await shop.cloud.servers.firestore.write([{ path: `inbox/${id}`, data: record }])
    const ids = [...Array.from({ length: UNKNOWN }, (_, n) => `stripe-evt_none${n}`), id]
    const admin = await shop.person('admin')
    const wish = { ids, reason: `for ${orderId}` }
    const click = async (): Promise<void> => {
      for (let clicks = 0; clicks < CLICKS_MAX; clicks += 1) {
        const answer = await admin.post('/api/admin/dead-letters/replay', wish, 'the-click').catch(() => undefined)
        if (answer?.status === 202) return
        await shop.cloud.instances.allReady()
        await shop.cloud.advance(BETWEEN_CLICKS_MS)
      }
    }
    return {
      run: click,
      again: click,
      faults: () => {
        const replays = shop.documents('replays').map(({ data }) => data).filter(({ reason }) => reason === `for ${orderId}`)
        const { status, replay } = shop.document('inbox', id) ?? {}
        return [
          ...(replays.length === 1 ? [] : [`one wish for ${id} made ${replays.length} replays`]),
          ...replays
            .filter(({ state, replayed, refused }) => state !== 'done' || replayed !== 1 || refused !== UNKNOWN)
            .map((one) => `replay ${one['id']} is ${one['state']} with ${one['replayed']} replayed and ${one['refused']} refused`),
          ...(status === 'applied' && replay?.count === 1 ? [] : [`event ${id} is ${status} after ${replay?.count ?? 0} replays`]),
        ]
      },
    }
  },
}
