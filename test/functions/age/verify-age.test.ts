/** An age check over HTTP: who passes, what is kept of him, and what a checkout makes of it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkOut, expectTrueBooks, openGround, until, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const DAY_MS = 86_400_000
/** For adults, plenty of it. */
const GUMMIES = 'VARSELTZER1'
const LINES = { cart: [{ productId: GUMMIES, quantity: 1 }] }
const MINOR = { dateOfBirth: '2010-01-01' }

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
})
afterAll(() => shop.cloud.stop())
afterEach(() => shop.calm())

const stored = (person: Person): Json => shop.document('age_verifications', person.id) as Json
const isVerified = ({ status, body }: Answer): unknown[] => [status, body['verified'], body['method']]

async function rowsOf(person: Person): Promise<Json[]> {
  await shop.cloud.drain()
  return ((await shop.cloud.rows('commerce', 'age_verifications')) as Json[]).filter((row) => row['customer_id'] === person.id)
}

describe('does', () => {
  test('verify a customer of age, and answer the same verification when asked again', async () => {
    const customer = await shop.person()
    const first = await customer.verifyAge()
    expect([first.status, first.body]).toMatchObject([200, { success: true, verified: true, method: 'full_verification', state: 'TX', verificationId: expect.stringMatching(/^av_[0-9a-z]{26}$/) }])
    const { verifiedAt, expiresAt } = first.body
    expect(Date.parse(expiresAt) - Date.parse(verifiedAt)).toBe(365 * DAY_MS)
    const again = await customer.verifyAge({ fullName: ' maria  GOMEZ' })
    expect(again.body).toMatchObject({ verified: true, method: 'cache', verificationId: first.body['verificationId'], verifiedAt, expiresAt })
  })

  test('refuse whoever is under 21 with the reason, and let him try again', async () => {
    const customer = await shop.person()
    for (const wanted of [MINOR, MINOR]) {
      const { status, body } = await customer.verifyAge(wanted)
      expect([status, body]).toMatchObject([200, { success: true, verified: false, reason: 'Must be at least 21 years old' }])
    }
    expect(isVerified(await customer.verifyAge())).toEqual([200, true, 'full_verification'])
    await shop.cloud.drain()
    expect((await rowsOf(customer)).map(({ outcome }) => outcome).sort()).toEqual(['too_young', 'too_young', 'verified'])
  })

  test('let an admin verify whoever stands at the counter', async () => {
    const [admin, customer] = [await shop.person('admin'), await shop.person()]
    expect(isVerified(await admin.verifyAge({ customerId: customer.id }))).toEqual([200, true, 'full_verification'])
    expect(stored(customer)['verification'].email).toBeNull()
    expect((await checkOut(customer, LINES)).status).toBe(201)
  })

  test('leave a row for every attempt, with address and browser, and of what was typed nothing that can be read', async () => {
    const customer = await shop.person()
    const typed = { fullName: 'Wilhelmina Quatermass', idNumberLast4: '8642', dateOfBirth: '1971-07-13' }
    const call = (wanted: Json): Promise<Answer> => customer.call('POST', '/api/age-verification/verify', { customerId: customer.id, state: 'NM', ...typed, ...wanted }, { 'user-agent': 'Lynx/2.9' })
    await call({ dateOfBirth: '2011-07-13' })
    const { body } = await call({})
    await call({})
    await call({ dateOfBirth: '1972-07-13' })
    const rows = await rowsOf(customer)
    expect(rows.map(({ outcome, verification_method: method, verified }) => [outcome, method, verified]).sort()).toEqual([
      ['other_birth_date', 'full_verification', false], ['too_young', 'full_verification', false], ['verified', 'cache', true], ['verified', 'full_verification', true],
    ])
    for (const row of rows) expect(row).toMatchObject({ ip_address: customer.address, user_agent: 'Lynx/2.9', state: 'NM' })
    const full = rows.find(({ id }) => id === body['verificationId'])
    expect(full).toMatchObject({ verified_at: body['verifiedAt'], expires_at: body['expiresAt'], age: body['age'] })
    const hashes = rows.map(({ date_of_birth_hash: hash }) => hash)
    expect([new Set(hashes).size, new Set(rows.map(({ full_name_hash: hash }) => hash)).size]).toEqual([3, 1])
    const kept = JSON.stringify([rows, stored(customer), await shop.cloud.rows('audit', 'events'), shop.documents('operations'), shop.documents('alerts')])
    for (const secret of ['Quatermass', 'quatermass', '1971-07-13', customer.email]) expect(kept).not.toContain(secret)
    expect(kept).not.toMatch(/\b8642\b/)
  })

  test('tell staff of another birth date on a verified account, and leave a change of the verification on the audit trail', async () => {
    const customer = await shop.person()
    await customer.verifyAge()
    expect((await customer.verifyAge({ dateOfBirth: '1985-05-15' })).body).toMatchObject({ success: false, code: 'CONFLICT', error: expect.stringContaining('another birth date') })
    await shop.cloud.drain()
    expect(shop.documents('alerts').map(({ data }) => [data['key'], data['severity'], data['status']])).toContainEqual([`age/other-birth-date/${customer.id}`, 'p1', 'open'])
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject }) => subject === customer.id)
    expect(events.map(({ what, who, ip }) => [what, who, ip])).toEqual([['age.verified', `customer ${customer.id}`, customer.address]])
  })

  test('the same key once: the same bytes, one row; the same key for something else is refused', async () => {
    const customer = await shop.person()
    for (const [key, wanted, status] of [['pass', {}, 200], ['conflict', { dateOfBirth: '1980-01-01' }, 409]] as const) {
      const first = await customer.verifyAge(wanted, key)
      const again = await customer.verifyAge(wanted, key)
      expect([first.status, again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([status, status, first.text, 'true'])
    }
    expect((await customer.verifyAge({ state: 'CA' }, 'pass')).status).toBe(422)
    expect(await rowsOf(customer)).toHaveLength(2)
  })

  test('sell what is for adults to whoever is verified, on every way to pay, and note that it relied on it', async () => {
    const customer = await shop.adult()
    expect((await checkOut(customer, LINES)).status).toBe(201)
    const { id } = await customer.fill({ productId: GUMMIES, quantity: 2 })
    expect((await customer.post('/api/checkout/sessions', { customerId: customer.id, email: customer.email, cartId: id })).status).toBe(201)
    expect(stored(customer)['reliedOnAtMs']).toEqual(expect.any(Number))
    await shop.cloud.drain()
    expectTrueBooks(ground)
  })
})

describe('refuses', () => {
  test.each([
    [{ fullName: 'Cher' }, 'fullName'], [{ fullName: 'R2 D2' }, 'fullName'], [{ dateOfBirth: '1990-02-30' }, 'dateOfBirth'], [{ dateOfBirth: '2190-01-01' }, 'dateOfBirth'],
    [{ dateOfBirth: '1890-01-01' }, 'dateOfBirth'], [{ state: 'PR' }, 'state'], [{ idNumberLast4: '12345' }, 'idNumberLast4'], [{ customerId: 'no spaces' }, 'customerId'],
    [{ fullName: undefined }, 'fullName'], [{ idNumber: '12345678' }, 'idNumber'],
  ])('%j: 400 that names the field, and leaves nothing', async (wanted, field) => {
    const customer = await shop.person()
    const { status, body } = await customer.verifyAge(wanted)
    expect([status, body['code'], body['details'].fields[0].field]).toEqual([400, 'INVALID_INPUT', field])
    expect([stored(customer), shop.document('customer_keys', customer.id)]).toEqual([undefined, undefined])
  })

  test('a stranger as if there were no such customer, and whoever is neither customer nor admin', async () => {
    const [customer, stranger] = [await shop.person(), await shop.person()]
    expect((await stranger.verifyAge({ customerId: customer.id })).status).toBe(404)
    expect((await shop.guest().verifyAge({ customerId: customer.id })).status).toBe(401)
    for (const role of ['viewer', 'support', 'scanner'] as const) expect((await (await shop.person(role)).verifyAge({ customerId: customer.id })).status).toBe(403)
    expect(stored(customer)).toBeUndefined()
  })

  test('what is for adults to a guest, to whoever is not verified, and to whoever was refused: nothing is reserved', async () => {
    const customer = await shop.person()
    await customer.verifyAge(MINOR)
    const held = shop.document('products', GUMMIES)?.['held']
    for (const person of [shop.guest(), await shop.person(), customer]) {
      const { status, body } = await checkOut(person, person.token === undefined ? { ...LINES, customerId: undefined } : LINES)
      expect([status, body['code'], body['details']]).toEqual([403, 'AGE_VERIFICATION_REQUIRED', { productId: GUMMIES }])
      const { id } = await person.fill({ productId: GUMMIES, quantity: 1 }, { productId: 'VARTOTE1', quantity: 1 })
      expect((await person.pay(id)).status).toBe(403)
    }
    expect(shop.document('products', GUMMIES)?.['held']).toBe(held)
  })
})

describe('survives', () => {
  test('a verification that ends between cart and payment: the payment decides, and another check opens the shop again', async () => {
    const customer = await shop.adult()
    await shop.cloud.advance(365 * DAY_MS - 60_000)
    const buyer = await shop.person('customer', customer.id)
    const { id } = await buyer.fill({ productId: GUMMIES, quantity: 1 })
    await shop.cloud.advance(60_000)
    expect((await buyer.pay(id)).body['code']).toBe('AGE_VERIFICATION_REQUIRED')
    expect(isVerified(await buyer.verifyAge())).toEqual([200, true, 'full_verification'])
    expect((await buyer.pay(id)).status).toBe(201)
  })

  test('a verification that is taken back while a checkout is being placed: the checkout loses, and nothing is charged', async () => {
    const [customer, admin] = [await shop.adult(), await shop.person('admin')]
    shop.fault({ target: 'firestore', operation: 'Commit', match: customer.email, when: 'before', effect: 'delay', delayMs: 60_000 })
    const paying = checkOut(customer, LINES)
    await until(() => shop.cloud.wire.faults()[0]?.struck === 1)
    expect((await admin.call('DELETE', `/api/age-verification/${customer.id}`)).status).toBe(200)
    shop.calm()
    expect((await paying).body['code']).toBe('AGE_VERIFICATION_REQUIRED')
    expect(shop.documents('orders').filter(({ data }) => data['customerId'] === customer.id)).toEqual([])
  })

  test('an answer of the store that is lost after it took effect: one verification, one row', async () => {
    const customer = await shop.person()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `customer_keys/${customer.id}`, when: 'after', effect: 'drop' })
    const answer = await customer.verifyAge()
    expect(isVerified(answer)).toEqual([200, true, 'full_verification'])
    expect((await rowsOf(customer)).map(({ id }) => id)).toEqual([answer.body['verificationId']])
  })

  test('many at once: one verification, one key, a row for each', async () => {
    const customer = await shop.person()
    const answers = await Promise.all(Array.from({ length: 6 }, () => customer.verifyAge()))
    expect(new Set(answers.map(({ body }) => body['verificationId'])).size).toBe(1)
    expect(answers.filter(({ body }) => body['method'] === 'full_verification')).toHaveLength(1)
    expect(await rowsOf(customer)).toHaveLength(6)
  })
})
