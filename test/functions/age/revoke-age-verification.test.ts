/** An age verification that staff take back is worth nothing from then on, and stays on record. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkOut } from '../purchase.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let admin: Person
beforeAll(async () => {
  shop = await openShop()
  admin = await shop.person('admin')
})
afterAll(() => shop.cloud.stop())
afterEach(() => shop.calm())

const revoke = (customer: Person, by = admin): Promise<Answer> => by.call('DELETE', `/api/age-verification/${customer.id}`)

describe('does', () => {
  test('take it back: nothing for adults is sold any more, until he is verified anew, with another birth date too', async () => {
    const customer = await shop.adult()
    const { status, body } = await revoke(customer)
    expect([status, body]).toMatchObject([200, { success: true, message: 'Age verification removed.' }])
    expect((await customer.get(`/api/age-verification/status/${customer.id}`)).body).toMatchObject({ verified: false, verifiedAt: null })
    expect((await checkOut(customer, { cart: [{ productId: 'VARSELTZER1', quantity: 1 }] })).status).toBe(403)
    expect((await customer.verifyAge({ dateOfBirth: '1985-01-01' })).body).toMatchObject({ verified: true, method: 'full_verification' })
  })

  test('keep the row of the check, marked, and who did it on the audit trail', async () => {
    const customer = await shop.person()
    const { body } = await customer.verifyAge()
    await revoke(customer)
    await shop.cloud.drain()
    const rows = ((await shop.cloud.rows('commerce', 'age_verifications')) as Json[]).filter((row) => row['customer_id'] === customer.id)
    expect(rows).toMatchObject([{ id: body['verificationId'], outcome: 'revoked', verified: false, ip_address: customer.address }])
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject }) => subject === customer.id)
    expect(events.map(({ what, who }) => [what, who])).toContainEqual(['age.revoked', `admin ${admin.id}`])
  })
})

describe('refuses', () => {
  test('what is not there, and everybody but an admin', async () => {
    const customer = await shop.person()
    expect((await revoke(customer)).status).toBe(404)
    await customer.verifyAge()
    for (const person of [customer, await shop.person('support')]) expect((await revoke(customer, person)).status).toBe(403)
    expect((await revoke(customer)).status).toBe(200)
    expect((await revoke(customer)).status).toBe(404)
  })
})

describe('survives', () => {
  test('its own commit being lost: it is told what it has done, once on record', async () => {
    const customer = await shop.adult()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `age_verifications/${customer.id}`, when: 'after', effect: 'drop' })
    expect((await revoke(customer)).status).toBe(200)
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject, what }) => subject === customer.id && what === 'age.revoked')
    expect(events).toHaveLength(1)
  })
})
