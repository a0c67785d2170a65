/** A person's age is checked once, and what was found is kept. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Shop } from '../functions/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('verify somebody over 21, and say how old he is', async () => {
    const { status, body } = await (await shop.person()).verifyAge({ fullName: 'John Doe', dateOfBirth: '1990-01-01', state: 'TX' })
    expect([status, body]).toMatchObject([200, { success: true, verified: true, age: expect.any(Number), verificationId: expect.stringMatching(/^av_/) }])
    const year = new Intl.DateTimeFormat('en', { timeZone: 'America/Chicago', year: 'numeric' }).format(shop.cloud.now())
    expect(body['age']).toBe(Number(year) - 1990)
  })

  test('know him when he comes back', async () => {
    const customer = await shop.person()
    const identity = { fullName: 'Alice Johnson', dateOfBirth: '1985-05-15', state: 'NY', idNumberLast4: '9999' }
    const first = (await customer.verifyAge(identity)).body
    expect(first).toMatchObject({ verified: true, method: 'full_verification' })
    expect((await customer.verifyAge(identity)).body).toMatchObject({ verified: true, method: 'cache', verificationId: first['verificationId'] })
  })
})

describe('refuses', () => {
  test('somebody under 21, and says why', async () => {
    const { body } = await (await shop.person()).verifyAge({ fullName: 'Jane Smith', dateOfBirth: '2010-01-01', state: 'CA', idNumberLast4: '5678' })
    expect(body).toMatchObject({ verified: false, reason: expect.stringContaining('Must be at least 21 years old') })
  })
})
