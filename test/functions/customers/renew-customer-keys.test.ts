/** When the master key was rotated, every customer's key is wrapped anew, and what is sealed stays as it is. */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { unwrapKey, wrapKey, type WrappedKey } from '#platform/envelope.ts'
import { configure, unconfigure } from '../../configured.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { erase } from './forgetting.ts'

const JOB = 'renew-customer-keys'
const OLD = randomBytes(32).toString('base64url')

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ environment: { MASTER_KEY_PREVIOUS: OLD } })
  // Here the old one is still the present one.
  const { MASTER_KEY, ...keys } = shop.cloud.servers.keys
  configure({ ...keys, MASTER_KEY: OLD, MASTER_KEY_PREVIOUS: MASTER_KEY })
})
afterAll(() => {
  unconfigure()
  return shop.cloud.stop()
})
afterEach(() => shop.calm())

const keyOf = ({ id }: Person): Json => shop.document('customer_keys', id) as Json

/** A verified customer whose key was wrapped before the rotation. */
async function fromBefore(): Promise<{ customer: Person; key: Buffer; wrapped: WrappedKey }> {
  const customer = await shop.adult()
  const context = ['customer key', customer.id]
  const key = unwrapKey(keyOf(customer) as never, context)
  const wrapped = wrapKey(key, context)
  await shop.cloud.servers.firestore.write([{ path: `customer_keys/${customer.id}`, data: { ...keyOf(customer), ...wrapped } }])
  return { customer, key, wrapped }
}

describe('does', () => {
  test('wrap what lies under the old key anew, once, and leave the customer\'s own key the same', async () => {
    const [one, other, young] = [await fromBefore(), await fromBefore(), await shop.adult()]
    const before = keyOf(young)
    expect((await one.customer.verifyAge()).body['method']).toBe('cache')
    expect(await shop.tally(JOB)).toEqual({ saved: 2, unchanged: 0, failed: 0, refused: 0 })
    for (const { customer, key, wrapped } of [one, other]) {
      expect(keyOf(customer)['masterKey']).not.toBe(wrapped.masterKey)
      expect(unwrapKey(keyOf(customer) as never, ['customer key', customer.id]).equals(key)).toBe(true)
      expect((await customer.verifyAge()).body['method']).toBe('cache')
    }
    expect(keyOf(young)).toEqual(before)
    expect(await shop.tally(JOB)).toEqual({ saved: 0, unchanged: 0, failed: 0, refused: 0 })
  })

  test('wrap more than a page', async () => {
    const { customer, wrapped } = await fromBefore()
    const many = Array.from({ length: 130 }, (_, index) => `${customer.id}-${index}`)
    const records = many.map((id) => ({ path: `customer_keys/${id}`, data: { ...wrapKey(randomBytes(32), ['customer key', id]), createdAtMs: 0, destroyedAtMs: null } }))
    await shop.cloud.servers.firestore.write(records)
    expect(await shop.tally(JOB)).toMatchObject({ saved: 131, failed: 0 })
    expect(shop.documents('customer_keys').filter(({ data }) => data['masterKey'] === wrapped.masterKey)).toEqual([])
  })
})

describe('refuses', () => {
  test('to bring back a key that was destroyed', async () => {
    const { customer } = await fromBefore()
    await erase(await shop.person('admin'), customer)
    await shop.tally(JOB)
    expect(keyOf(customer)).toEqual({ createdAtMs: expect.any(Number), destroyedAtMs: expect.any(Number) })
  })

  test('to be silent about keys under a master key that is not there', async () => {
    await shop.cloud.servers.firestore.write([{ path: 'customer_keys/lost', data: { sealed: 'x', masterKey: 'ffffffffffffffff', createdAtMs: 0, destroyedAtMs: null } }])
    expect(await shop.tally(JOB)).toMatchObject({ refused: 1 })
    await shop.cloud.drain()
    expect(shop.documents('alerts').map(({ data }) => [data['key'], data['details']])).toContainEqual(['vault/unreadable-keys', { keys: 1 }])
    await shop.cloud.servers.firestore.write([{ path: 'customer_keys/lost', delete: true }])
  })
})

describe('survives', () => {
  test('one key that cannot be opened: the others are wrapped anew', async () => {
    const [broken, good] = [await fromBefore(), await fromBefore()]
    await shop.cloud.servers.firestore.write([{ path: `customer_keys/${broken.customer.id}`, data: { ...keyOf(broken.customer), sealed: good.wrapped.sealed } }])
    expect(await shop.tally(JOB)).toMatchObject({ saved: 1, failed: 1 })
    await shop.cloud.servers.firestore.write([{ path: `customer_keys/${broken.customer.id}`, delete: true }])
  })

  test('two runs at once, and one that dies', async () => {
    const customers = [await fromBefore(), await fromBefore(), await fromBefore()]
    shop.fault({ target: 'firestore', operation: 'Commit', match: '/documents/customer_keys/', when: 'after', effect: 'kill', skip: 1 })
    await shop.cloud.runJob(JOB).catch(() => undefined)
    shop.calm()
    await shop.cloud.instances.allReady()
    await Promise.all([shop.tally(JOB), shop.tally(JOB)])
    for (const { customer, key } of customers) expect(unwrapKey(keyOf(customer) as never, ['customer key', customer.id]).equals(key)).toBe(true)
    expect(await shop.tally(JOB)).toMatchObject({ saved: 0, failed: 0 })
  })
})
