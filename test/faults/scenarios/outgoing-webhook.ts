/** An order is handed over, and a system outside the shop is told: at least once, always under one id, whoever dies on the way. */
import { Receiver, register } from '../../functions/webhooks/receiver.ts'
import { PRODUCT } from '../../functions/purchase.ts'
import type { Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

interface Listening {
  readonly receiver: Receiver
  readonly path: string
  readonly id: string
}

/** One endpoint for all runs that share a shop: there may not be many. */
const listening = new WeakMap<Shop, Promise<Listening>>()

async function listen(shop: Shop): Promise<Listening> {
  const receiver = await Receiver.open()
  receiver.letGo()
  return { receiver, ...(await register(await shop.person('admin'), receiver, ['order.fulfilled'])) }
}

export const outgoingWebhook: Scenario = {
  name: 'outgoing-webhook',
  functions: ['send-webhooks', 'on-webhook-due'],
  prepare: async ({ shop }) => {
    const heard = await (listening.get(shop) ?? listen(shop))
    listening.set(shop, Promise.resolve(heard))
    const { id: orderId } = await (await shop.person()).buy({ productId: PRODUCT, quantity: 1 })
    await shop.cloud.drain()
    const admin = await shop.person('admin')
    return {
      run: async () => {
        await admin.post(`/api/orders/${orderId}/fulfil`, { how: 'picked_up' }).catch(() => undefined)
        await shop.cloud.runJob('send-webhooks').catch(() => undefined)
        await shop.cloud.drain().catch(() => undefined)
      },
      faults: () => {
        const told = heard.receiver.at(heard.path).filter(({ said }) => said['data'].orderId === orderId)
        const deliveries = shop.documents('webhook_deliveries').filter(({ data }) => data['endpointId'] === heard.id && data['orderId'] === orderId)
        const ids = new Set(told.map(({ id }) => id)).size
        return [
          ...(ids === 1 ? [] : [`order ${orderId} was handed over, and its receiver was told under ${ids} ids`]),
          ...(deliveries.length === 1 && deliveries[0]?.data['status'] === 'delivered' ? [] : [`order ${orderId} has deliveries: ${deliveries.map(({ data }) => data['status']).join() || 'none'}`]),
        ]
      },
    }
  },
}
