/** A new secret for an endpoint: nothing is lost while its receiver changes over. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGround } from '../purchase.ts'
import type { Answer, Person, Shop } from '../shop.ts'
import { isSignedWith, Receiver, register, sale, type Received } from './receiver.ts'

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

const rotate = (id: string, key?: string, who: Person = admin): Promise<Answer> => who.post(`/api/admin/webhook-endpoints/${id}/rotate`, {}, key)

async function toldNow(path: string): Promise<Received> {
  const { id } = await sale(shop)
  await shop.cloud.drain()
  return receiver.at(path).find(({ said }) => said['data'].orderId === id) as Received
}

describe('does', () => {
  test('sign with both secrets for a day, and then with the new one only', async () => {
    const { id, path, secret: old } = await register(admin, receiver)
    const { status, body } = await rotate(id)
    expect(status).toBe(200)
    expect(body['secret']).not.toBe(old)
    const during = await toldNow(path)
    expect([await isSignedWith(old, during), await isSignedWith(body['secret'], during)]).toEqual([true, true])
    await shop.cloud.advance(25 * 3_600_000)
    admin = await shop.person('admin')
    const after = await toldNow(path)
    expect([await isSignedWith(old, after), await isSignedWith(body['secret'], after)]).toEqual([false, true])
  })
})

describe('refuses', () => {
  test('anybody but admins, and an endpoint that does not exist', async () => {
    const { id } = await register(admin, receiver)
    expect([(await rotate(id, undefined, await shop.person('support'))).status, (await rotate('whe_none')).status]).toEqual([403, 404])
  })
})

describe('survives', () => {
  test('a lost answer: the same key gets the same secret, and the old one is still valid', async () => {
    const { id, path, secret: old } = await register(admin, receiver)
    const [first, second] = await Promise.all([rotate(id, 'r1'), rotate(id, 'r1')])
    const third = await rotate(id, 'r1')
    expect(new Set([first, second, third].map(({ body }) => body['secret'])).size).toBe(1)
    const told = await toldNow(path)
    expect([await isSignedWith(old, told), await isSignedWith(third.body['secret'], told)]).toEqual([true, true])
  })
})
