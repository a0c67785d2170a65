/** All who may be paid, by their ids. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'
import { register } from './treasury.ts'

let shop: Shop

beforeAll(async () => {
  shop = await openShop()
  const admin = await shop.person('admin')
  for (const id of ['c', 'a', 'b']) await register(admin, id, `acct_${id}aa`)
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('list all payees to staff, page by page', async () => {
    const viewer = await shop.person('viewer')
    const whole = (await viewer.get('/api/payees')).body
    expect([whole['payees'].map(({ id }: Json) => id), whole['nextCursor']]).toEqual([['a', 'b', 'c'], null])
    const first = (await viewer.get('/api/payees?limit=2')).body
    const second = (await viewer.get(`/api/payees?limit=2&cursor=${first['nextCursor']}`)).body
    expect([...first['payees'], ...second['payees']]).toEqual(whole['payees'])
    expect(second['nextCursor']).toBeNull()
  })
})

describe('refuses', () => {
  test('everybody but staff, and what is no page', async () => {
    expect((await (await shop.person()).get('/api/payees')).status).toBe(403)
    expect((await shop.guest().get('/api/payees')).status).toBe(401)
    expect((await (await shop.person('viewer')).get('/api/payees?limit=101')).status).toBe(400)
  })
})
