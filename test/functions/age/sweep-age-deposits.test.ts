/** A shop that asks a deposit with the age check: set aside with it, back at once for whoever passes, after a day for anybody. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectTrueBooks, openGround, type Ground } from '../purchase.ts'
import { newNonce } from '../kaja.ts'
import type { Json, Person, Shop } from '../shop.ts'

const JOB = 'sweep-age-deposits'
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const MINOR = { dateOfBirth: '2010-01-01' }
const CHARGE = 'POST /v1/payment_intents'

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { AGE_DEPOSIT: '5.00' } })
  shop = ground.shop
})
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

const depositsOf = ({ id }: Person): Json[] => shop.documents('age_deposits').map(({ data }) => data).filter(({ customerId }) => customerId === id)
const intentsOf = (person: Person): string[] => {
  const ids = depositsOf(person).map(({ id }) => id)
  return shop.at('stripe', 'payment_intents').filter(({ metadata }) => ids.includes(metadata.order_id)).map(({ status, amount, capture_method: how }) => `${status} ${amount} ${how}`)
}
const owed = (): number => shop.documents('ledger').flatMap(({ data }) => data['postings'] as Json[]).filter(({ account }) => account === 'deposits:payable').reduce((sum, { amount }) => sum - amount, 0)
const stateOf = (person: Person): unknown[] => depositsOf(person).map(({ state, check }) => [state, check])

describe('does', () => {
  test('set the deposit aside with the check, and let it go when it is passed', async () => {
    const customer = await shop.person()
    expect((await customer.verifyAge()).body).toMatchObject({ verified: true, method: 'full_verification' })
    expect([intentsOf(customer), stateOf(customer)]).toEqual([['canceled 500 manual'], [['released', 'passed']]])
    expect((await customer.verifyAge({ paymentMethod: undefined })).body).toMatchObject({ method: 'cache' })
    expect([intentsOf(customer).length, owed()]).toEqual([1, 0])
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject }) => subject === customer.id)
    expect(events.map(({ what }) => what).sort()).toEqual(['age.verified', 'deposit.held', 'deposit.released'])
  })

  test('keep it for a day when the check is refused, owe it meanwhile, and ask no second one of whoever tries again', async () => {
    const [refused, corrected] = [await shop.person(), await shop.person()]
    expect((await refused.verifyAge(MINOR)).body['verified']).toBe(false)
    expect((await corrected.verifyAge(MINOR)).body['verified']).toBe(false)
    expect([stateOf(refused), owed()]).toEqual([[['held', 'refused']], 1000])
    expect((await corrected.verifyAge({ paymentMethod: undefined })).body['verified']).toBe(true)
    expect([stateOf(corrected), intentsOf(corrected), owed()]).toEqual([[['released', 'passed']], ['canceled 500 manual'], 500])
    await shop.cloud.advance(24 * HOUR_MS - 5 * MINUTE_MS)
    expect(await shop.tally(JOB)).toMatchObject({ released: 0 })
    await shop.cloud.advance(6 * MINUTE_MS)
    expect(await shop.tally(JOB)).toEqual({ read: 1, released: 1, settled: 0, unchanged: 0, failed: 0 })
    expect([stateOf(refused), intentsOf(refused), owed()]).toEqual([[['released', 'refused']], ['canceled 500 manual'], 0])
  })

  test('take it by KAJA too', async () => {
    const customer = await shop.person()
    expect((await customer.verifyAge({ paymentMethod: { gateway: 'kaja', token: newNonce() } })).body['verified']).toBe(true)
    const [deposit] = depositsOf(customer)
    const transaction = shop.at('authorize-net', 'transactions').find(({ transId }) => transId === deposit?.['transactionId'])
    expect([deposit?.['state'], transaction?.['transactionStatus'], transaction?.['transactionType']]).toEqual(['released', 'voided', 'authOnlyTransaction'])
  })

  test('the same key once: one deposit, the same bytes', async () => {
    const customer = await shop.person()
    const first = await customer.verifyAge(MINOR, 'the-click')
    const again = await customer.verifyAge(MINOR, 'the-click')
    expect([again.text, depositsOf(customer).length, intentsOf(customer).length]).toEqual([first.text, 1, 1])
    expect((await customer.verifyAge({}, 'the-click')).status).toBe(422)
  })
})

describe('refuses', () => {
  test('a check without a way to pay, and one by a gateway that is not there', async () => {
    const customer = await shop.person()
    const { status, body } = await customer.verifyAge({ paymentMethod: undefined })
    expect([status, body['details'].fields[0]]).toMatchObject([400, { field: 'paymentMethod', rule: expect.stringContaining('5.00 USD') }])
    expect((await customer.verifyAge({ paymentMethod: { gateway: 'cash', token: 'x' } })).status).toBe(400)
    expect(depositsOf(customer)).toEqual([])
  })

  test.each([['pm_card_visa_chargeDeclined', 'generic_decline'], ['pm_card_authenticationRequired', 'authentication_required']])('a card that is declined or wants its owner: %s; another one may be tried at once', async (token, declineCode) => {
    const customer = await shop.person()
    const { status, body } = await customer.verifyAge({ paymentMethod: { token } })
    expect([status, body['code'], body['details']]).toEqual([402, 'PAYMENT_DECLINED', { declineCode }])
    expect(shop.document('age_verifications', customer.id)).toBeUndefined()
    expect((await customer.verifyAge()).body['verified']).toBe(true)
    expect(stateOf(customer)).toEqual(expect.arrayContaining([['failed', 'open'], ['released', 'passed']]))
  })
})

describe('survives', () => {
  test('a lost answer of the gateway: the same key goes on with what was set aside', async () => {
    const customer = await shop.person()
    shop.fault({ target: 'stripe', operation: CHARGE, when: 'after', effect: 'drop', times: 10 })
    expect((await customer.verifyAge({}, 'the-click')).status).toBeGreaterThanOrEqual(500)
    shop.calm()
    expect((await customer.verifyAge({}, 'the-click')).body).toMatchObject({ verified: true, method: 'full_verification' })
    expect([intentsOf(customer), stateOf(customer)]).toEqual([['canceled 500 manual'], [['released', 'passed']]])
  })

  test('a gateway that is away: 503 when it says so, 504 when nobody knows; nothing is checked', async () => {
    const customer = await shop.person()
    shop.fault({ target: 'stripe', operation: CHARGE, when: 'before', effect: 'error', status: 503, times: 3 })
    const { status } = await customer.verifyAge()
    expect([503, 504]).toContain(status)
    expect(shop.document('age_verifications', customer.id)).toBeUndefined()
    shop.calm()
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.tally(JOB)
  })

  test('its release being lost, and two runs at once: let go, once', async () => {
    const customer = await shop.person()
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents/:id/cancel', when: 'before', effect: 'error', status: 503, times: 3 })
    expect((await customer.verifyAge()).body['verified']).toBe(true)
    shop.calm()
    expect(stateOf(customer)).toEqual([['held', 'passed']])
    await shop.cloud.advance(2 * MINUTE_MS)
    await Promise.all([shop.tally(JOB), shop.tally(JOB)])
    expect([stateOf(customer), shop.documents('ledger').filter(({ id }) => id === `deposit-release-${depositsOf(customer)[0]?.['id']}`).length]).toEqual([[['released', 'passed']], 1])
  })

  // Every other call is struck by the scenario `age-deposit` of the faults.
  test('a lost answer that nobody asks for again: found a minute later, let go a day later; one that the gateway never got: given up, and the same click is a new try', async () => {
    const [silent, unheard] = [await shop.person(), await shop.person()]
    shop.fault({ target: 'stripe', operation: CHARGE, when: 'before', effect: 'drop', times: 10 })
    expect((await unheard.verifyAge({}, 'the-click')).status).toBeGreaterThanOrEqual(500)
    shop.calm()
    shop.fault({ target: 'stripe', operation: CHARGE, when: 'after', effect: 'kill' })
    await silent.verifyAge()
    shop.calm()
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(2 * MINUTE_MS)
    expect(await shop.tally(JOB)).toMatchObject({ read: 2, settled: 2 })
    expect([stateOf(silent), owed() >= 500, stateOf(unheard)]).toEqual([[['held', 'open']], true, [['failed', 'open']]])
    expect((await unheard.verifyAge({}, 'the-click')).body['verified']).toBe(true)
    expect(stateOf(unheard).sort()).toEqual([['failed', 'open'], ['released', 'passed']])
    await shop.cloud.advance(24 * HOUR_MS)
    await shop.tally(JOB)
    expect([stateOf(silent), intentsOf(silent)]).toEqual([[['released', 'open']], ['canceled 500 manual']])
  })
})
