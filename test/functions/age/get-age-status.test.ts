/** How a customer's verification stands, to himself and to staff. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'

const DAY_MS = 86_400_000
const NEVER = { verified: false, ageVerified: false, verifiedAt: null, expiresAt: null, renewalDue: false }

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

const statusOf = async (customerId: string): Promise<Json> => {
  const { status, body } = await (await shop.person('viewer')).get(`/api/age-verification/status/${customerId}`)
  return { status, verified: body['verified'], renewalDue: body['renewalDue'] }
}

describe('does', () => {
  test('show a customer and staff the same: never, verified, due, ended', async () => {
    const customer = await shop.person()
    expect((await customer.get(`/api/age-verification/status/${customer.id}`)).body).toMatchObject(NEVER)
    const { body } = await customer.verifyAge()
    const { verifiedAt, expiresAt } = body
    for (const person of [customer, await shop.person('support'), await shop.person('admin')]) {
      expect((await person.get(`/api/age-verification/status/${customer.id}`)).body).toMatchObject({ success: true, verified: true, ageVerified: true, verifiedAt, expiresAt, renewalDue: false })
    }
    await shop.cloud.advance(335 * DAY_MS)
    expect(await statusOf(customer.id)).toEqual({ status: 200, verified: true, renewalDue: true })
    await shop.cloud.advance(30 * DAY_MS)
    expect(await statusOf(customer.id)).toEqual({ status: 200, verified: false, renewalDue: false })
  })
})

describe('refuses', () => {
  test('a stranger and a guest', async () => {
    const [customer, stranger] = [await shop.adult(), await shop.person()]
    expect((await stranger.get(`/api/age-verification/status/${customer.id}`)).status).toBe(404)
    expect((await shop.guest().get(`/api/age-verification/status/${customer.id}`)).status).toBe(401)
    expect((await stranger.get('/api/age-verification/status/nobody')).status).toBe(404)
  })
})
