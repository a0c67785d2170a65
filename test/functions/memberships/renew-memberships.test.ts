/**
 * The calendar of the memberships on the local clock: months that are paid, a whole life of one that is not, by both
 * gateways; two runs at once, runs twice, deaths and silences. Each month is charged once, each mail sent once.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { kajaChargesFor, newNonce } from '../kaja.ts'
import { cardsOf } from '../saved-cards.ts'
import { change, chargedFor, later, mailsTo, memberOrders, membershipOf, newMember } from '../members.ts'
import { chargesFor, expectAllSettles, expectTrueBooks, openGround, timePasses, until, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'
import type { Fault } from '../../../infra/local/wire.ts'

const DAY_MS = 86_400_000
/** What many years of them come to is tried in the domain. */
const MONTHS = 6
const CHARGE = 'POST /v1/payment_intents'

let ground: Ground
let shop: Shop

beforeAll(async () => {
  // A silence lasts as long as a charge may take.
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: '2400' } })
  shop = ground.shop
}, 30_000)
afterAll(async () => {
  await expectAllSettles(ground)
  await shop.cloud.stop()
})
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

const CARDS = {
  stripe: { good: () => ({ token: 'pm_card_visa' }), declined: () => ({ token: 'pm_card_chargeCustomerFail' }) },
  kaja: { good: () => ({ gateway: 'kaja', token: newNonce() }), declined: () => ({ gateway: 'kaja', token: newNonce('tok_charge_declined') }) },
} as const
type GatewayName = keyof typeof CARDS

/** A member whose card is good for the first month only. */
async function doomed(gateway: GatewayName, tier = 'GOLD'): Promise<Person> {
  const member = await newMember(shop, { tier, paymentMethod: CARDS[gateway].good() })
  const { status, text } = await change(member, 'payment-method', { paymentMethod: CARDS[gateway].declined() })
  if (status !== 200) throw new Error(`The card was not changed: ${text}`)
  return member
}

function member({ id }: Person): Json {
  return shop.document('memberships', id)?.['membership'] as Json
}

/** Moves the clock to a moment, and does what is due then. */
async function at(moment: number): Promise<void> {
  if (moment > shop.cloud.now()) await shop.cloud.advance(moment - shop.cloud.now())
  await shop.tally('renew-memberships')
  await timePasses(ground, 0)
}

/** Everybody's month is over. */
async function due(...people: Person[]): Promise<void> {
  const last = Math.max(...people.map((person) => member(person)['periodEndsAtMs'] as number))
  if (last > shop.cloud.now()) await shop.cloud.advance(last - shop.cloud.now())
}

/** His calendar shows the day that was agreed; a month that is shorter ends before it. */
function expectBilledOn(day: number, nextBillingDate: string): void {
  const [year = 0, month = 0, shown] = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago' }).format(new Date(nextBillingDate)).split('-').map(Number)
  expect(shown).toBe(Math.min(day, new Date(Date.UTC(year, month, 0)).getUTCDate()))
}

/** Cents charged for each month, in order. */
function months(person: Person): number[][] {
  return memberOrders(shop, person).filter(({ state }) => state === 'paid').map(({ id }) => chargedFor(shop, id))
}

/** How often KAJA was charged for his months, whether or not we know. */
function kajaCharges(person: Person): number {
  return memberOrders(shop, person).flatMap(({ id }) => kajaChargesFor(shop, id)).length
}

const LIFE = [
  'Welcome: your GOLD membership at Countinghouse Shop', 'Payment failed, please update card', '2nd attempt failed: please update your card',
  'Your GOLD membership is suspended', 'Your GOLD membership is cancelled',
]

describe('does', () => {
  test('a whole life day by day, by both gateways: tried on day 1, 3 and 7, suspended, ended on day 14; each mail once', async () => {
    const people = [await doomed('stripe'), await doomed('kaja')]
    await due(...people)
    const days = new Map<string, string[]>(people.map(({ id }) => [id, []]))
    for (let day = 1; day <= 15; day += 1) {
      if (day > 1) await shop.cloud.advance(DAY_MS)
      const { read } = await shop.tally('renew-memberships')
      // The calendar's job may fire again on the same day: nothing is due.
      if (read !== 0) {
        await timePasses(ground, 0)
        expect((await shop.tally('renew-memberships'))['read']).toBe(0)
      }
      for (const person of people) days.get(person.id)?.push(`${read} due: ${member(person)['status']} ${mailsTo(shop, person).length}`)
    }
    const expected = [
      '2 due: payment_failed 2', '0 due: payment_failed 2', '2 due: payment_failed 3', '0 due: payment_failed 3', '0 due: payment_failed 3',
      '0 due: payment_failed 3', '2 due: suspended 4', '0 due: suspended 4', '0 due: suspended 4', '0 due: suspended 4', '0 due: suspended 4',
      '0 due: suspended 4', '0 due: suspended 4', '2 due: cancelled 5', '0 due: cancelled 5',
    ]
    for (const person of people) {
      expect(days.get(person.id)).toEqual(expected)
      expect(mailsTo(shop, person)).toEqual(LIFE)
      expect(months(person)).toEqual([[19_700]])
      expect(memberOrders(shop, person).map(({ state }) => state)).toEqual(['paid', 'payment_failed', 'payment_failed', 'payment_failed'])
      expect(member(person)).toMatchObject({ status: 'cancelled', cancelReason: 'payment_failed', period: 0 })
    }
    const rows = (await shop.cloud.rows('commerce', 'memberships')) as Json[]
    expect(rows.filter(({ customer_id }) => people.some(({ id }) => id === customer_id)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
  })

  test('paid with another card, by Stripe on day 2 and by KAJA on day 8: active at once, with the original billing day', async () => {
    const people = { stripe: await doomed('stripe'), kaja: await doomed('kaja') }
    await due(people.stripe, people.kaja)
    const dueMs = Math.max(...Object.values(people).map((person) => member(person)['periodEndsAtMs'] as number))
    const pays = async (gateway: GatewayName, expected: [status: string, discount: number]): Promise<void> => {
      const person = people[gateway]
      const { anchor, periodEndsAtMs } = member(person)
      const back = await later(shop, person)
      const discount = (await back.get(`/api/memberships/discount/${back.id}?subtotal=10`)).body['discountAmount']
      expect([member(person)['status'], discount]).toEqual(expected)
      const answer = await change(back, 'payment-method', { paymentMethod: CARDS[gateway].good() })
      expect([answer.status, answer.body['membership']?.status]).toEqual([200, 'active'])
      expectBilledOn(anchor.day, answer.body['membership'].nextBillingDate)
      expect(member(person)).toMatchObject({ anchor, period: 1, periodStartsAtMs: periodEndsAtMs })
      expect(months(person)).toEqual([[19_700], [19_700]])
      // The old card is free to be removed, the new one is not.
      expect((await cardsOf(back)).map(({ id }) => shop.document('cards', id)?.['usedBy'].length).sort()).toEqual([0, 0, 1])
    }
    await at(dueMs + 60_000)
    await at(dueMs + DAY_MS)
    await pays('stripe', ['payment_failed', 3])
    for (const tried of [3, 7]) await at(dueMs + (tried - 1) * DAY_MS + 60_000)
    await at(dueMs + 7 * DAY_MS)
    await pays('kaja', ['suspended', 0])
    await shop.cloud.drain()
    for (const person of Object.values(people)) expect(mailsTo(shop, person).filter((subject) => subject === 'Your GOLD membership is renewed')).toHaveLength(1)
  })

  test('charge month after month, each once, on the same civil day, and write each down', async () => {
    const people = [await newMember(shop, { tier: 'BRONZE' }), await newMember(shop, { tier: 'SILVER', paymentMethod: CARDS.kaja.good() })]
    const { anchor } = member(people[0] as Person)
    for (let month = 1; month <= MONTHS; month += 1) {
      await due(...people)
      await shop.tally('renew-memberships')
      for (const person of people) expect(member(person)).toMatchObject({ period: month, status: 'active' })
    }
    await timePasses(ground, 0)
    expect(people.map(months)).toEqual([Array.from({ length: MONTHS + 1 }, () => [4_700]), Array.from({ length: MONTHS + 1 }, () => [9_700])])
    const [row] = ((await shop.cloud.rows('commerce', 'memberships')) as Json[]).filter(({ customer_id }) => customer_id === people[0]?.id)
    expect(row).toMatchObject({ months_paid: MONTHS + 1, status: 'active' })
    const view = await membershipOf(await later(shop, people[0] as Person))
    expectBilledOn(anchor.day, view['nextBillingDate'])
    const lines = memberOrders(shop, people[0] as Person).map(({ lines }) => lines[0].name as string)
    expect(new Set(lines).size).toBe(MONTHS + 1)
  })

  test('take an agreed lower tier with the next month, and charge nothing for what was cancelled', async () => {
    const [thrifty, gone] = [await newMember(shop), await newMember(shop, { tier: 'BRONZE' })]
    await change(thrifty, 'downgrade', { tier: 'BRONZE' })
    await change(gone, 'cancel', { reason: 'enough' })
    await due(thrifty, gone)
    await at(shop.cloud.now() + DAY_MS)
    expect([member(thrifty)['tier'], member(thrifty)['nextTier'], months(thrifty)]).toEqual(['BRONZE', null, [[19_700], [4_700]]])
    expect([months(gone), member(gone)['status']]).toEqual([[[4_700]], 'cancelled'])
    expect((await (await later(shop, gone)).get(`/api/memberships/discount/${gone.id}?subtotal=10`)).body['hasDiscount']).toBe(false)
  })
})

describe('survives', () => {
  test('eight runs at once on two instances: each member is charged once, and the tallies add up', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, (_, index) => newMember(shop, { tier: 'BRONZE', paymentMethod: CARDS[index % 2 === 0 ? 'stripe' : 'kaja'].good() })))
    await due(...people)
    const tallies = await Promise.all(Array.from({ length: 8 }, () => shop.tally('renew-memberships')))
    expect(tallies.reduce((sum, tally) => sum + (tally['settled'] ?? 0), 0)).toBeGreaterThanOrEqual(5)
    await timePasses(ground, 2)
    for (const person of people) expect([person.id, months(person), memberOrders(shop, person).length]).toEqual([person.id, [[4_700], [4_700]], 2])
  })

  test('a member who cancels while his month is being charged: what was charged goes back', async () => {
    const person = await newMember(shop, { tier: 'SILVER' })
    await due(person)
    shop.fault({ target: 'stripe', operation: CHARGE, match: 'amount=9700&', when: 'after', effect: 'delay', delayMs: 1_500, times: 1 })
    const run = shop.tally('renew-memberships')
    await until(() => memberOrders(shop, person).length === 2)
    expect((await change(await later(shop, person), 'cancel', { reason: 'just in time' })).body['membership'].status).toBe('cancelled')
    await run
    for (const minutes of [2, 2]) await timePasses(ground, minutes)
    const [, second] = memberOrders(shop, person)
    expect([second?.['state'], chargesFor(shop, second?.['id']).length, member(person)['status'], member(person)['period']]).toEqual(['refunded', 1, 'cancelled', 0])
  })

  test('a gateway that does not answer, answers that are lost, deaths before a charge and before its commit: each month is paid once', async () => {
    // Their months end on days of their own: what strikes one is over when the next one is due.
    const joined = async (tier: string, gateway: GatewayName = 'stripe'): Promise<Person> => {
      await shop.cloud.advance(DAY_MS)
      return newMember(shop, { tier, paymentMethod: CARDS[gateway].good() })
    }
    const people = { unanswered: await joined('GOLD'), unheard: await joined('SILVER'), unasked: await joined('BRONZE'), unwritten: await joined('SILVER', 'kaja') }
    const struck = async (person: Person, fault: Fault): Promise<void> => {
      await due(person)
      shop.fault(fault)
      await shop.cloud.runJob('renew-memberships').catch(() => undefined)
      expect([person.id, shop.cloud.wire.faults().at(-1)?.struck]).not.toEqual([person.id, 0])
    }
    await struck(people.unanswered, { target: 'stripe', when: 'before', effect: 'error', status: 429, times: 200 })
    await timePasses(ground, 2)
    shop.calm()
    expect(member(people.unanswered)).toMatchObject({ status: 'active', period: 0 })
    await struck(people.unheard, { target: 'stripe', operation: CHARGE, match: 'amount=9700&', when: 'after', effect: 'drop', times: 20 })
    shop.calm()
    await struck(people.unasked, { target: 'stripe', operation: CHARGE, match: 'amount=4700&', function: 'renew-memberships', when: 'before', effect: 'kill' })
    shop.calm()
    // Else KAJA's own word may grant it before anybody looks.
    shop.fault({ target: 'firestore', operation: 'Commit', function: 'receive-authorize-net', when: 'before', effect: 'error', status: 7, times: 1_000 })
    await struck(people.unwritten, { target: 'firestore', operation: 'Commit', match: 'membership-renewal', function: 'renew-memberships', when: 'before', effect: 'kill' })
    shop.calm()
    expect([kajaCharges(people.unwritten), member(people.unwritten)]).toMatchObject([2, { period: 0, status: 'active' }])
    for (const minutes of [2, 61]) {
      await timePasses(ground, minutes)
      await shop.tally('renew-memberships')
    }
    await timePasses(ground, 1)
    for (const [name, person] of Object.entries(people)) {
      const { price, status, period } = member(person)
      expect([name, months(person), status, period]).toEqual([name, [[price], [price]], 'active', 1])
      const told = mailsTo(shop, person)
      expect([name, told.filter((subject) => subject.startsWith('Payment failed')), told.filter((subject) => subject.endsWith('is renewed')).length]).toEqual([name, [], 1])
    }
  })
})
