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
  test('look once more, find what was written meanwhile, and certify that too; leave a certificate as it is when there was nothing; then it is over', async () => {
    const [{ customer }, { customer: silent }] = [await withHistory(shop, await shop.person()), await withHistory(shop, await shop.person())]
    await erase(admin, customer)
    const { body: certified } = await erase(admin, silent)
    const late = (await checkOut(customer, { cart: [{ productId: PRODUCT, quantity: 2 }] })).body['orderId']
    await shop.cloud.drain()
    expect(await shop.tally(JOB)).toEqual({ read: 0, settled: 0, deferred: 0, failed: 0 })
    await pass(15)
    expect(await shop.tally(JOB)).toEqual({ read: 2, settled: 2, deferred: 0, failed: 0 })
    const body = await shown(customer)
    expect([orderOf(shop, late)['email'], body['certificate'].version, recordsOf(body)['orders'], isGenuine(body as never)]).toEqual([NOBODY, 2, 4, true])
    expect((await shown(silent))['signature']).toBe(certified['signature'])
    await pass(60)
    expect(await shop.tally(JOB)).toMatchObject({ read: 0 })
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
    expect([(await shown(customer))['erasure'].state, standingIn(shop, [customer.email])]).toEqual(['done', []])
    await pass(15)
    expect(await shop.tally(JOB)).toMatchObject({ read: 1, settled: 1 })
  })
})

describe('survives', () => {
  test('a store that refuses one erasure: the others go on, it is tried again', async () => {
    const [one, other] = [await shop.adult(), await shop.adult()]
    for (const customer of [one, other]) await erase(admin, customer)
    await pass(15)
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/erasures/${one.id}`, when: 'before', effect: 'error', status: 7, skip: 1 })
    expect(await shop.tally(JOB)).toEqual({ read: 2, settled: 1, deferred: 0, failed: 1 })
    await pass(2)
    expect(await shop.tally(JOB)).toEqual({ read: 1, settled: 1, deferred: 0, failed: 0 })
  })

  // Every call of an erasure is struck by the scenario `erase` of the faults.
  test('an instance that dies half-way: the sweep finishes, each record counted once', async () => {
    const { customer } = await withHistory(shop, await shop.person())
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/erasures/${customer.id}`, when: 'after', effect: 'kill', skip: 3 })
    await erase(admin, customer).catch(() => undefined)
    expect(shop.cloud.wire.faults().map(({ struck }) => struck)).toEqual([1])
    shop.calm()
    await shop.cloud.instances.allReady()
    await pass(3)
    expect(await shop.tally(JOB)).toMatchObject({ read: 1, settled: 1 })
    const body = await shown(customer)
    expect([isGenuine(body as never), recordsOf(body)]).toMatchObject([true, { customer_keys: 1, age_verifications: 1, orders: 3, mails: 3, carts: 4 }])
  })
})
