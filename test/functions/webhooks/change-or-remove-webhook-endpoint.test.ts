/** What becomes of an endpoint: told of other things, switched off and on, removed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGround } from '../purchase.ts'
import type { Answer, Person, Shop } from '../shop.ts'
import { Receiver, register, sale } from './receiver.ts'

let shop: Shop
let admin: Person
let receiver: Receiver

beforeAll(async () => {
  shop = (await openGround()).shop
  receiver = await Receiver.open()
  admin = await shop.person('admin')
}, 30_000)
afterAll(async () => {
  await receiver.close()
  await shop.cloud.stop()
})

const change = (id: string, wish: object, who: Person = admin): Promise<Answer> => who.call('PUT', `/api/admin/webhook-endpoints/${id}`, wish)
const remove = (id: string, who: Person = admin): Promise<Answer> => who.call('DELETE', `/api/admin/webhook-endpoints/${id}`)

describe('does', () => {
  test('switch off and on: what happened meanwhile is not told, what happens then is', async () => {
    const { id, path } = await register(admin, receiver)
    expect((await change(id, { active: false })).body['endpoint']).toMatchObject({ active: false })
    await sale(shop)
    await shop.cloud.drain()
    expect(receiver.at(path)).toEqual([])
    await change(id, { active: true })
    const { id: orderId } = await sale(shop)
    await shop.cloud.drain()
    expect(receiver.at(path).map(({ said }) => said['data'].orderId)).toEqual([orderId])
  })

  test('switched on again after it was gone: well, and the alert is over', async () => {
    const { id, path } = await register(admin, receiver)
    receiver.answers(path, 410)
    await sale(shop)
    await shop.cloud.drain()
    const alertOf = () => shop.at('pagerduty', 'alerts').find(({ dedup_key }) => dedup_key === `webhook-endpoint/${id}`)
    expect(alertOf()?.['status']).toBe('open')
    expect((await change(id, { active: true })).body['endpoint']).toMatchObject({ active: true, disabledReason: null, failingSince: null })
    await shop.cloud.drain()
    expect(alertOf()?.['status']).toBe('resolved')
  })

  test('tell only what is asked for from then on; what is so already is not written', async () => {
    const { id, path } = await register(admin, receiver)
    await change(id, { eventTypes: ['order.refunded', 'order.refunded'] })
    const version = shop.document('webhook_endpoints', id)?.['version']
    await change(id, { eventTypes: ['order.refunded'], active: true })
    expect(shop.document('webhook_endpoints', id)?.['version']).toBe(version)
    await sale(shop)
    await shop.cloud.drain()
    expect(receiver.at(path)).toEqual([])
  })

  test('remove: nothing more is sent, not even what was on its way', async () => {
    const { id, path } = await register(admin, receiver)
    receiver.answers(path, 500)
    await sale(shop)
    await shop.cloud.drain()
    expect([(await remove(id)).status, (await remove(id)).status]).toEqual([200, 404])
    await shop.cloud.advance(120_000)
    await shop.cloud.drain()
    expect(receiver.at(path)).toHaveLength(1)
    const left = shop.documents('webhook_deliveries').map(({ data }) => data).filter(({ endpointId }) => endpointId === id)
    expect(left).toMatchObject([{ status: 'dead', lastError: 'Its endpoint was removed.' }])
  })
})

describe('refuses', () => {
  test('anybody but admins, what does not exist, and a change of nothing', async () => {
    const { id } = await register(admin, receiver)
    const support = await shop.person('support')
    expect([(await change(id, { active: false }, support)).status, (await remove(id, support)).status]).toEqual([403, 403])
    expect([(await change('whe_none', { active: false })).status, (await change(id, {})).status, (await change(id, { url: 'https://x.example.com' })).status]).toEqual([404, 400, 400])
  })
})
