/** A payout whose answer was lost is finished, also days later, and never paid a second time. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectTrueBooks, type Ground } from '../purchase.ts'
import type { Json, Shop } from '../shop.ts'
import { balanceOf, openTreasury, payOut, transfersFor } from './treasury.ts'

const HOUR_MS = 3_600_000
const AWAY = { target: 'stripe', operation: 'POST /v1/transfers', when: 'before', effect: 'error', status: 503, times: 1000 } as const

let ground: Ground
let shop: Shop
let payouts = 0

beforeAll(async () => {
  ground = await openTreasury()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

const nextId = (): string => `gig-${++payouts}`
const stored = (id: string): Json => shop.document('payouts', id) as Json

async function hoursPass(hours: number): Promise<Record<string, number>> {
  await shop.cloud.advance(hours * HOUR_MS)
  return shop.tally('sweep-payouts')
}

describe('does', () => {
  test('leave a fresh payout to whoever runs it, and finish it a minute later', async () => {
    const payoutId = nextId()
    shop.fault({ ...AWAY, effect: 'kill', times: 1 })
    await payOut(await shop.person('admin'), { payoutId })
    expect(await shop.tally('sweep-payouts')).toMatchObject({ read: 0 })
    expect(await hoursPass(0.1)).toMatchObject({ read: 1, settled: 1 })
    expect([stored(payoutId)['state'], transfersFor(shop, payoutId).length]).toEqual(['paid', 1])
  })
})

describe('survives', () => {
  test('Stripe being away for a day: what it never got is given up, and the money is ours again', async () => {
    const payoutId = nextId()
    const before = balanceOf(shop, 'gateway:stripe')
    shop.fault(AWAY)
    expect((await payOut(await shop.person('admin'), { payoutId })).status).toBe(504)
    expect(await hoursPass(12)).toMatchObject({ read: 1, unchanged: 1 })
    expect(await hoursPass(12)).toMatchObject({ read: 1, settled: 1 })
    expect([stored(payoutId)['state'], transfersFor(shop, payoutId).length, balanceOf(shop, 'gateway:stripe')]).toEqual(['failed', 0, before])
  })

  test('Stripe having forgotten the key of a payout that it has paid: it is found, not paid again', async () => {
    const payoutId = nextId()
    shop.fault({ ...AWAY, when: 'after', effect: 'drop' })
    expect((await payOut(await shop.person('admin'), { payoutId })).status).toBe(504)
    shop.calm()
    expect(await hoursPass(25)).toMatchObject({ read: 1, settled: 1 })
    expect([stored(payoutId)['state'], transfersFor(shop, payoutId).length]).toEqual(['paid', 1])
  })

  test('two runs at once, and the admin who asks again: paid once', async () => {
    const payoutId = nextId()
    const admin = await shop.person('admin')
    shop.fault({ ...AWAY, effect: 'kill', times: 1 })
    await payOut(admin, { payoutId })
    await shop.cloud.advance(0.1 * HOUR_MS)
    await Promise.all([shop.tally('sweep-payouts'), shop.tally('sweep-payouts'), payOut(admin, { payoutId })])
    expect([stored(payoutId)['state'], transfersFor(shop, payoutId).length]).toEqual(['paid', 1])
  })
})
