/** The log of outgoing webhooks. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGround } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'
import { Receiver, register, sale } from './receiver.ts'

const PATH = '/api/admin/webhook-deliveries'

let shop: Shop
let viewer: Person
let receiver: Receiver
let good: string
let bad: string

beforeAll(async () => {
  shop = (await openGround()).shop
  receiver = await Receiver.open()
  viewer = await shop.person('viewer')
  const admin = await shop.person('admin')
  const [one, two] = [await register(admin, receiver), await register(admin, receiver, ['order.paid'])]
  receiver.answers(two.path, (response) => response.writeHead(422).end('No such customer: maria@example.com'))
  ;[good, bad] = [one.id, two.id]
  for (let number = 0; number < 3; number += 1) await sale(shop)
  await shop.cloud.drain()
}, 60_000)
afterAll(async () => {
  await receiver.close()
  await shop.cloud.stop()
})

describe('does', () => {
  test('list all, the newest first, page by page', async () => {
    const whole = (await viewer.get(PATH)).body
    expect([whole['deliveries'].length, whole['nextCursor']]).toEqual([6, null])
    const times = whole['deliveries'].map(({ createdAt }: Json) => createdAt)
    expect(times).toEqual(times.toSorted().reverse())
    const first = (await viewer.get(`${PATH}?limit=4`)).body
    const second = (await viewer.get(`${PATH}?limit=4&cursor=${first['nextCursor']}`)).body
    expect([...first['deliveries'], ...second['deliveries']]).toEqual(whole['deliveries'])
  })

  test('find by endpoint, status and event, and say what was answered without what is personal', async () => {
    const { body } = await viewer.get(`${PATH}?endpointId=${bad}&status=pending&type=order.paid`)
    expect(body['deliveries']).toHaveLength(3)
    expect(body['deliveries'][0]).toMatchObject({
      endpointId: bad, type: 'order.paid', status: 'pending', attempts: 1, lastStatus: 422, lastError: 'answered 422', lastResponse: 'No such customer: [masked]',
      nextAttemptAt: expect.any(String), deliveredAt: null,
    })
    expect((await viewer.get(`${PATH}?endpointId=${good}&status=pending`)).body['deliveries']).toEqual([])
    expect((await viewer.get(`${PATH}?status=delivered`)).body['deliveries']).toHaveLength(3)
    expect((await viewer.get(`${PATH}?type=order.refunded`)).body['deliveries']).toEqual([])
  })
})

describe('refuses', () => {
  test('customers, guests, and what is no filter', async () => {
    expect([(await (await shop.person()).get(PATH)).status, (await shop.guest().get(PATH)).status]).toEqual([403, 401])
    for (const query of ['status=lost', 'type=order.eaten', 'limit=101', 'cursor=x', 'color=red']) expect((await viewer.get(`${PATH}?${query}`)).status).toBe(400)
  })
})
