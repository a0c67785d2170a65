/** A customer who asks to be forgotten is forgotten, for good, and a certificate says so that anybody can verify. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isGenuine } from '#domain/certificate.ts'
import { HOLDINGS } from '#domain/erasure.ts'
import { NOBODY } from '#domain/mail.ts'
import { daysAfter } from '#domain/civil-day.ts'
import { macOf, pseudonym, unwrapKey } from '#platform/envelope.ts'
import { configure, unconfigure } from '../../configured.ts'
import { Mails, PERMANENT } from '../mails.ts'
import { newMember } from '../members.ts'
import { checkOut, expectTrueBooks, openGround, PRODUCT, type Ground } from '../purchase.ts'
import { isKept, saved } from '../saved-cards.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'
import { BORN, erase, orderOf, recordsOf, SELTZER, standingIn, wholeStore, wholeWarehouse, withHistory, type History } from './forgetting.ts'

const ADDRESS = { name: 'Maria Sample', line1: '17 Secret Lane', city: 'Waco', state: 'TX', postalCode: '76701', country: 'US' }

const LETTER = 'Letter of 3 May'

let ground: Ground
let shop: Shop
let admin: Person
/** Somebody who was forgotten, what could be known of him before, and what was answered. */
let former: History
let before: { readonly hash: string; readonly wrapped: Json }
let erased: Answer

beforeAll(async () => {
  ground = await openGround({ environment: { SHIPPING_RATES: '[{"fee":"5.95"}]' } })
  shop = ground.shop
  admin = await shop.person('admin')
  // Whoever has everything: the store, the warehouse and the secrets.
  configure(shop.cloud.servers.keys)
  former = await withHistory(shop, await shop.person())
  const { customer, verificationId } = former
  const [row] = ((await shop.cloud.rows('commerce', 'age_verifications')) as Json[]).filter((one) => one['verification_id'] === verificationId)
  before = { hash: row?.['date_of_birth_hash'], wrapped: shop.document('customer_keys', customer.id) as Json }
  erased = await erase(admin, customer, { key: 'once', reason: LETTER })
})
afterAll(() => {
  unconfigure()
  return shop.cloud.stop()
})
afterEach(async () => {
  shop.calm()
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

describe('does', () => {
  test('destroy the key, delete what is his, leave orders that name nobody, and answer a certificate of it', async () => {
    const { customer, orderIds, verificationId } = former
    const { status, body } = erased
    expect([status, body['erasure']]).toMatchObject([200, { customerId: customer.id, state: 'done', requestedBy: `admin ${admin.id}`, reason: LETTER, waitsFor: [] }])
    expect(recordsOf(body)).toMatchObject({ customer_keys: 1, age_verifications: 1, orders: 3, mails: 3, carts: 4, inbox: null, 'warehouse audit.events': null })
    expect(body['certificate'].stores.map(({ store }: Json) => store)).toEqual(Object.keys(HOLDINGS))
    expect([isGenuine(body as never), JSON.stringify(body['certificate'])]).toEqual([true, expect.not.stringContaining(customer.email)])
    expect(shop.document('customer_keys', customer.id)).toEqual({ createdAtMs: expect.any(Number), destroyedAtMs: expect.any(Number) })
    expect(shop.document('age_verifications', customer.id)).toBeUndefined()
    for (const orderId of orderIds) {
      expect(orderOf(shop, orderId)).toMatchObject({ state: 'paid', customerId: customer.id, email: NOBODY, ip: '', userAgent: '', deviceId: null, total: expect.any(Number) })
      expect(shop.document('mails', `receipt-${orderId}`)).toMatchObject({ status: 'sent', to: NOBODY, subject: '', html: '', text: '' })
    }
    await shop.cloud.drain()
    // Copies of rows are let go when they were found in the warehouse.
    await shop.cloud.advance(10 * 60_000)
    await shop.tally('reconcile-warehouse')
    expect(standingIn(shop, [customer.email, customer.address, BORN, 'Gomez', `phone of ${customer.id}`])).toEqual([])
    const warehouse = JSON.stringify(await wholeWarehouse(shop))
    expect(warehouse).toContain(verificationId)
    for (const trace of [customer.email, BORN, 'Gomez']) expect(warehouse).not.toContain(trace)
  })

  test('forget whatever was written to his address, by staff and as a copy too, however much; that he bounced stays known', async () => {
    const { customer } = await withHistory(shop, await shop.person())
    const mails = new Mails(shop, `to-${customer.id}-`)
    const support = await shop.person('support')
    const ids = [await mails.ask(support, { to: customer.email }), await mails.ask(support, { to: 'books@shop.example', bcc: [customer.email] })]
    await shop.cloud.drain()
    await mails.tell(mails.event(ids[0] as string, 'bounced', PERMANENT))
    for (let n = 0; n < 110; n += 1) ids.push(await mails.lay({ to: customer.email, status: 'sent', nextAtMs: null, dueSinceMs: null, providerId: null }))
    await shop.cloud.drain()
    const { body } = await erase(admin, customer)
    expect(recordsOf(body)['mails']).toBeGreaterThanOrEqual(ids.length)
    await shop.cloud.drain()
    expect(JSON.stringify(wholeStore(shop))).not.toContain(customer.email)
    expect(mails.address(customer.email)).toMatchObject({ address: null, held: ['all'] })
    await shop.cloud.servers.firestore.write(ids.slice(2).map((id) => ({ path: `mails/${id}`, delete: true })))
  })

  test('leave rows that brute force over every birth date of a century cannot tell, with store, warehouse and all secrets in hand', async () => {
    const { hash, wrapped } = before
    const { id } = former.customer
    const dates = Array.from({ length: 36_500 }, (_, day) => daysAfter('1920-01-01', day))
    const isHis = (key: Buffer, hashed = pseudonym) => (date: string): boolean => hashed(key, ['date of birth', date]) === hash
    // With the key it is a matter of a second: that is what must be gone.
    expect(dates.find(isHis(unwrapKey(wrapped as never, ['customer key', id])))).toBe(BORN)
    await shop.cloud.drain()
    expect(JSON.stringify([wholeStore(shop), await wholeWarehouse(shop)])).not.toContain(wrapped['sealed'])
    expect(() => unwrapKey(shop.document('customer_keys', id) as never, ['customer key', id])).toThrow(/./)
    const { PII_PEPPER, MASTER_KEY } = shop.cloud.servers.keys
    for (const guess of [Buffer.alloc(32), Buffer.from(MASTER_KEY, 'base64url')]) expect(dates.filter(isHis(guess))).toEqual([])
    expect(dates.filter(isHis(Buffer.from(PII_PEPPER), macOf))).toEqual([])
  })

  test('end a membership without a word, have the cards forgotten at the payment services, and let go of exemption, notes and address', async () => {
    const customer = await newMember(shop)
    const cards = [await saved(customer), await saved(customer, { gateway: 'kaja' }), ...shop.documents('cards').filter(({ data }) => data['customerId'] === customer.id).map(({ id }) => id)]
    await admin.call('PUT', `/api/admin/customers/${customer.id}/tax-exemption`, { certificate: 'TX-99-17', states: ['TX'], validThrough: '2030-12-31', reason: 'Reseller' })
    const { orderId } = (await checkOut(customer, { cart: [{ productId: PRODUCT, quantity: 1 }], fulfilment: { how: 'ship', address: ADDRESS } })).body
    await admin.post(`/api/orders/${orderId}/notes`, { text: 'Maria Sample rings at the back door' })
    await shop.cloud.drain()
    const told = shop.at('resend', 'emails').length
    const { status, body } = await erase(admin, customer)
    expect([status, recordsOf(body)]).toMatchObject([200, { memberships: 1, cards: new Set(cards).size, customer_keys: 1, tax_exemptions: 1, orders: 2, order_notes: 1 }])
    expect(shop.document('memberships', customer.id)).toMatchObject({ email: NOBODY, membership: { tier: 'GOLD', status: 'cancelled', cancelReason: null } })
    for (const cardId of cards) expect([shop.document('cards', cardId)?.['state'], isKept(shop, cardId)]).toEqual(['removed', false])
    expect([orderOf(shop, orderId)['delivery'].address.state, shop.document('tax_exemptions', customer.id)]).toEqual(['TX', undefined])
    await shop.cloud.drain()
    // What payment services have told of a card goes by itself.
    expect(standingIn(shop, [customer.email, 'Maria Sample', 'Secret Lane', '76701'])).toEqual([])
    expect(shop.at('resend', 'emails').length).toBe(told)
  })

  test('show staff how it stands, and put who did it and why on the audit trail', async () => {
    const { customer } = former
    expect((await admin.get(`/api/admin/customers/${(await shop.person()).id}/erase`)).status).toBe(404)
    for (const role of ['viewer', 'support', 'admin'] as const) {
      expect((await (await shop.person(role)).get(`/api/admin/customers/${customer.id}/erase`)).body['signature']).toBe(erased.body['signature'])
    }
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject, what }) => subject === customer.id && String(what).startsWith('customer.'))
    expect(events.map(({ what, who, why }) => [what, who, why]).sort()).toEqual(['customer.erased', 'customer.erasure_requested'].map((what) => [what, `admin ${admin.id}`, LETTER]))
  })

  test('the same key once, byte for byte; asked anew, everything is looked through again under a new version', async () => {
    const { customer } = former
    const again = await erase(admin, customer, { key: 'once', reason: LETTER })
    expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([erased.text, 'true'])
    expect((await erase(admin, customer, { key: 'once', reason: 'Another' })).status).toBe(422)
    const anew = await erase(admin, customer)
    expect([anew.body['certificate'].version, recordsOf(anew.body)]).toEqual([2, recordsOf(erased.body)])
  })

  test('forget whoever has left nothing but his id, so that nothing can be sealed for him later', async () => {
    const customer = await shop.person()
    expect(recordsOf((await erase(admin, customer)).body)).toMatchObject({ customer_keys: 0, age_verifications: 0, orders: 0, mails: 0, carts: 0 })
    expect((await customer.verifyAge()).status).toBe(409)
  })

  test('refund an order of somebody forgotten: the books are right, and nobody is written to', async () => {
    const { orderIds } = former
    const sent = shop.at('resend', 'emails').length
    expect((await admin.post(`/api/orders/${orderIds[1]}/refunds`, { reason: 'Broken' })).status).toBe(201)
    await shop.cloud.drain()
    expect([orderOf(shop, orderIds[1])['state'], shop.at('resend', 'emails').length]).toEqual(['refunded', sent])
  })
})

describe('refuses', () => {
  test('everybody but an admin, and an admin who does not say why', async () => {
    const customer = await shop.adult()
    for (const person of [customer, await shop.person('support'), await shop.person('viewer')]) expect((await erase(person, customer)).status).toBe(403)
    expect((await erase(admin, customer, { reason: ' ' })).body['details'].fields[0].field).toBe('reason')
    expect(shop.document('age_verifications', customer.id)).toBeDefined()
  })

  test('to verify or to sell for adults to whoever was forgotten', async () => {
    const { customer } = former
    const { status, body } = await customer.verifyAge({ dateOfBirth: BORN })
    expect([status, body['error']]).toEqual([409, 'The data of this customer were erased.'])
    expect((await customer.get(`/api/age-verification/status/${customer.id}`)).body).toMatchObject({ verified: false, verifiedAt: null })
    expect((await checkOut(customer, { cart: [{ productId: SELTZER, quantity: 1 }] })).status).toBe(403)
  })
})

describe('survives', () => {
  test('an order that is still open: the rest is erased at once, and it is waited for', async () => {
    const { customer, orderIds } = await withHistory(shop, await shop.person())
    const open = (await checkOut(customer, { cart: [{ productId: PRODUCT, quantity: 3 }], paymentMethod: { token: 'pm_card_authenticationRequired' } })).body['orderId']
    const { status, body } = await erase(admin, customer)
    expect([status, body['erasure'], body['certificate']]).toMatchObject([202, { state: 'running', waitsFor: [{ store: 'orders', records: 1 }, { store: 'carts', records: 1 }] }, null])
    expect([orderOf(shop, orderIds[0])['email'], orderOf(shop, open)['email']]).toEqual([NOBODY, customer.email])
    expect((await admin.post(`/api/orders/${open}/cancel`, { reason: 'Is to be forgotten' })).status).toBe(200)
    await shop.cloud.drain()
    const done = await erase(admin, customer)
    expect([done.status, recordsOf(done.body)]).toMatchObject([200, { orders: 4, carts: 5 }])
    expect(standingIn(shop, [customer.email])).toEqual([])
  })

  test('a payment service that does not answer: its card, and the key that names it there, are waited for', async () => {
    const customer = await shop.adult()
    const cardId = await saved(customer)
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_methods/:id/detach', when: 'before', effect: 'error', status: 503, times: 3 })
    const { status, body } = await erase(admin, customer)
    expect([status, body['erasure'].waitsFor]).toEqual([202, [{ store: 'cards', records: 1 }]])
    expect(shop.document('customer_keys', customer.id)?.['destroyedAtMs']).toBeNull()
    shop.calm()
    await shop.cloud.drain()
    expect((await erase(admin, customer)).status).toBe(200)
    expect([isKept(shop, cardId), shop.document('customer_keys', customer.id)?.['sealed']]).toEqual([false, undefined])
  })

  test('many orders, two admins at once and a lost commit: each record is counted once', async () => {
    const customer = await shop.person()
    await customer.verifyAge()
    for (let bought = 0; bought < 7; bought += 1) await customer.buy({ productId: PRODUCT, quantity: 1 })
    await shop.cloud.drain()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/erasures/${customer.id}`, when: 'after', effect: 'drop', skip: 3 })
    const answers = await Promise.all([erase(admin, customer), erase(await shop.person('admin'), customer)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    for (const { body } of answers) expect(recordsOf(body)).toMatchObject({ customer_keys: 1, age_verifications: 1, orders: 7, mails: 7, carts: 7 })
  })
})
