/** An erasure that a dead instance left is finished, and what was being written while it ran is found. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isGenuine } from '#domain/certificate.ts'
import { NOBODY } from '#domain/mail.ts'
import { checkOut, expectTrueBooks, openGround, PRODUCT, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'
import { erase, orderOf, recordsOf, standingIn, withHistory } from './forgetting.ts'

const JOB = 'sweep-erasures'
const MINUTE_MS = 60_000

let ground: Ground
let shop: Shop
let admin: Person

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
  admin = await shop.person('admin')
})
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

const shown = async (customer: Person): Promise<Json> => (await admin.get(`/api/admin/customers/${customer.id}/erase`)).body
const pass = (minutes: number): Promise<unknown> => shop.cloud.advance(minutes * MINUTE_MS)

describe('does', () => {
  test('look once more, find what was written meanwhile, and certify that too; then nothing is left', async () => {
    const { customer } = await withHistory(shop, await shop.person())
    await erase(admin, customer)
    const late = (await checkOut(customer, { cart: [{ productId: PRODUCT, quantity: 2 }] })).body['orderId']
    await shop.cloud.drain()
    expect(await shop.tally(JOB)).toEqual({ read: 0, settled: 0, deferred: 0, failed: 0 })
    await pass(15)
    expect(await shop.tally(JOB)).toEqual({ read: 1, settled: 1, deferred: 0, failed: 0 })
    const body = await shown(customer)
    expect([orderOf(shop, late)['email'], body['certificate'].version, recordsOf(body)['orders'], isGenuine(body as never)]).toEqual([NOBODY, 2, 4, true])
    await pass(60)
    expect(await shop.tally(JOB)).toMatchObject({ read: 0 })
  })

  test('leave a certificate as it is when nothing more was found', async () => {
    const { customer } = await withHistory(shop, await shop.person())
    const { body } = await erase(admin, customer)
    await pass(15)
    expect(await shop.tally(JOB)).toMatchObject({ read: 1, settled: 1 })
    expect((await shown(customer))['signature']).toBe(body['signature'])
  })

  test('wait for an open order hour by hour, and finish when it is over', async () => {
    const { customer } = await withHistory(shop, await shop.person())
    await checkOut(customer, { cart: [{ productId: PRODUCT, quantity: 1 }], paymentMethod: { token: 'pm_card_authenticationRequired' } })
    expect((await erase(admin, customer)).status).toBe(202)
    await pass(60)
    expect(await shop.tally(JOB)).toMatchObject({ deferred: 1 })
    // Nobody authenticates: the order expires.
    await shop.tally('sweep-reservations')
    await shop.cloud.drain()
    await pass(60)
    expect(await shop.tally(JOB)).toMatchObject({ settled: 1 })
    expect([(await shown(customer))['erasure'].state, await standingIn(shop, [customer.email])]).toEqual(['done', []])
  })
})

describe('survives', () => {
  test.each([0, 3])('an instance that dies at commit %i: the sweep finishes, each record counted once', async (skip) => {
    const { customer } = await withHistory(shop, await shop.person())
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/erasures/${customer.id}`, when: 'after', effect: 'kill', skip })
    await erase(admin, customer).catch(() => undefined)
    shop.calm()
    await shop.cloud.instances.allReady()
    await pass(3)
    expect(await shop.tally(JOB)).toMatchObject({ read: 1, settled: 1 })
    const body = await shown(customer)
    expect([isGenuine(body as never), recordsOf(body)]).toMatchObject([true, { customer_keys: 1, age_verifications: 1, orders: 3, mails: 3, carts: 4 }])
    await pass(20)
    await shop.tally(JOB)
  })

  test('a store that refuses one erasure: the others go on, it is tried again', async () => {
    const [one, other] = [await withHistory(shop, await shop.person()), await withHistory(shop, await shop.person())]
    for (const { customer } of [one, other]) await erase(admin, customer)
    await pass(15)
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/erasures/${one.customer.id}`, when: 'before', effect: 'error', status: 7, skip: 1 })
    expect(await shop.tally(JOB)).toEqual({ read: 2, settled: 1, deferred: 0, failed: 1 })
    await pass(2)
    expect(await shop.tally(JOB)).toEqual({ read: 1, settled: 1, deferred: 0, failed: 0 })
  })
})
