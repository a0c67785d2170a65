/**
 * The calendar of the memberships on the local clock: months that are paid, a whole life of one that is not, by both
 * gateways; two runs at once, runs twice, deaths and silences. Each month is charged once, each mail sent once.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newNonce } from '../kaja.ts'
import { cardsOf } from '../saved-cards.ts'
import { change, chargedFor, later, mailsTo, memberOrders, membershipOf, newMember } from '../members.ts'
import { chargesFor, expectAllSettles, expectTrueBooks, openGround, timePasses, until, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

const DAY_MS = 86_400_000

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

/** Cents charged for each month, in order. */
function months(person: Person): number[][] {
  return memberOrders(shop, person).filter(({ state }) => state === 'paid').map(({ id }) => chargedFor(shop, id))
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
      await at(shop.cloud.now() + (day === 1 ? 0 : DAY_MS))
      // The calendar's job may fire again on the same day: nothing is due.
      expect((await shop.tally('renew-memberships'))['read']).toBe(0)
      for (const person of people) days.get(person.id)?.push(`${member(person)['status']} ${mailsTo(shop, person).length}`)
    }
    const expected = [
      'payment_failed 2', 'payment_failed 2', 'payment_failed 3', 'payment_failed 3', 'payment_failed 3', 'payment_failed 3',
      'suspended 4', 'suspended 4', 'suspended 4', 'suspended 4', 'suspended 4', 'suspended 4', 'suspended 4', 'cancelled 5', 'cancelled 5',
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

  test.each<[GatewayName, number]>([['stripe', 2], ['kaja', 8]])('paid with another card by %s on day %i: active at once, with the original billing day', async (gateway, day) => {
    const person = await doomed(gateway)
    await due(person)
    const dueMs = member(person)['periodEndsAtMs'] as number
    for (const tried of [1, 3, 7].filter((one) => one < day)) await at(dueMs + (tried - 1) * DAY_MS + 60_000)
    await at(dueMs + (day - 1) * DAY_MS)
    const back = await later(shop, person)
    const discount = (await back.get(`/api/memberships/discount/${back.id}?subtotal=10`)).body['discountAmount']
    expect([member(person)['status'], discount]).toEqual(day < 7 ? ['payment_failed', 3] : ['suspended', 0])
    const answer = await change(back, 'payment-method', { paymentMethod: CARDS[gateway].good() })
    expect([answer.status, answer.body['membership']?.status]).toEqual([200, 'active'])
    expect(new Date(answer.body['membership'].nextBillingDate).getUTCDate()).toBe(new Date(dueMs).getUTCDate())
    expect(member(person)).toMatchObject({ period: 1, periodStartsAtMs: dueMs })
    expect(months(person)).toEqual([[19_700], [19_700]])
    await shop.cloud.drain()
    expect(mailsTo(shop, person).filter((subject) => subject === 'Your GOLD membership is renewed')).toHaveLength(1)
    // The old card is free to be removed, the new one is not.
    expect((await cardsOf(back)).map(({ id }) => shop.document('cards', id)?.['usedBy'].length).sort()).toEqual([0, 0, 1])
  })

  test('charge month after month for a year, each once, on the same civil day, and write each down', async () => {
    const people = [await newMember(shop, { tier: 'BRONZE' }), await newMember(shop, { tier: 'SILVER', paymentMethod: CARDS.kaja.good() })]
    const { anchor } = member(people[0] as Person)
    for (let month = 1; month <= 12; month += 1) {
      await due(...people)
      await at(shop.cloud.now())
      for (const person of people) expect(member(person)).toMatchObject({ period: month, status: 'active' })
    }
    expect(people.map(months)).toEqual([Array.from({ length: 13 }, () => [4_700]), Array.from({ length: 13 }, () => [9_700])])
    const [row] = ((await shop.cloud.rows('commerce', 'memberships')) as Json[]).filter(({ customer_id }) => customer_id === people[0]?.id)
    expect(row).toMatchObject({ months_paid: 13, status: 'active' })
    const view = await membershipOf(await later(shop, people[0] as Person))
    const shown = new Intl.DateTimeFormat('en-US', { timeZone: 'America/Chicago', day: 'numeric' }).format(new Date(view['nextBillingDate']))
    expect(Number(shown)).toBe(anchor.day)
    const lines = memberOrders(shop, people[0] as Person).map(({ lines }) => lines[0].name as string)
    expect(new Set(lines).size).toBe(13)
  })

  test('take an agreed lower tier with the next month', async () => {
    const person = await newMember(shop)
    await change(person, 'downgrade', { tier: 'BRONZE' })
    await due(person)
    await at(shop.cloud.now())
    expect([member(person)['tier'], member(person)['nextTier'], months(person)]).toEqual(['BRONZE', null, [[19_700], [4_700]]])
  })

  test('charge nothing for what was cancelled', async () => {
    const person = await newMember(shop, { tier: 'BRONZE' })
    await change(person, 'cancel', { reason: 'enough' })
    await due(person)
    await at(shop.cloud.now() + DAY_MS)
    expect([months(person), member(person)['status']]).toEqual([[[4_700]], 'cancelled'])
    expect((await (await later(shop, person)).get(`/api/memberships/discount/${person.id}?subtotal=10`)).body['hasDiscount']).toBe(false)
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

  test.each([['before', 'kill'], ['after', 'drop']] as const)('a charge struck %s it takes effect (%s): the month is paid once', async (when, effect) => {
    const person = await newMember(shop, { tier: 'SILVER' })
    await due(person)
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match: 'amount=9700&', when, effect, times: effect === 'kill' ? 1 : 20 })
    await shop.cloud.runJob('renew-memberships').catch(() => undefined)
    shop.calm()
    for (const minutes of [2, 61]) {
      await timePasses(ground, minutes)
      await shop.tally('renew-memberships')
    }
    await timePasses(ground, 1)
    expect([months(person), member(person)['status'], member(person)['period']]).toEqual([[[9_700], [9_700]], 'active', 1])
    expect(mailsTo(shop, person).filter((subject) => subject.startsWith('Payment failed'))).toEqual([])
  })

  test.each(['stripe', 'kaja'] as const)('a death between the charge and its commit (%s): the sweep grants the month', async (gateway) => {
    const person = await newMember(shop, { tier: 'SILVER', paymentMethod: CARDS[gateway].good() })
    await due(person)
    shop.fault({ target: 'firestore', operation: 'Commit', match: 'membership-renewal', when: 'before', effect: 'kill', times: 1 })
    await shop.cloud.runJob('renew-memberships').catch(() => undefined)
    shop.calm()
    expect(member(person)).toMatchObject({ period: 0, status: 'active' })
    for (const minutes of [2, 61]) {
      await timePasses(ground, minutes)
      await shop.tally('renew-memberships')
    }
    expect([months(person), member(person)['period']]).toEqual([[[9_700], [9_700]], 1])
    expect(mailsTo(shop, person).filter((subject) => subject.endsWith('is renewed'))).toHaveLength(1)
  })

  test('a gateway that does not answer: benefits stay, nobody is told that his card failed, and it is tried again', async () => {
    const person = await newMember(shop, { tier: 'SILVER' })
    await due(person)
    shop.fault({ target: 'stripe', when: 'before', effect: 'error', status: 429, times: 200 })
    await shop.tally('renew-memberships')
    await timePasses(ground, 2)
    shop.calm()
    expect(member(person)).toMatchObject({ status: 'active', period: 0 })
    await timePasses(ground, 61)
    await shop.tally('renew-memberships')
    await timePasses(ground, 1)
    expect([months(person), mailsTo(shop, person).some((subject) => subject.startsWith('Payment failed'))]).toEqual([[[9_700], [9_700]], false])
  })

  test('a member who cancels while his month is being charged: what was charged goes back', async () => {
    const person = await newMember(shop, { tier: 'SILVER' })
    await due(person)
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match: 'amount=9700&', when: 'after', effect: 'delay', delayMs: 1_500, times: 1 })
    const run = shop.tally('renew-memberships')
    await until(() => memberOrders(shop, person).length === 2)
    expect((await change(await later(shop, person), 'cancel', { reason: 'just in time' })).body['membership'].status).toBe('cancelled')
    await run
    for (const minutes of [2, 2]) await timePasses(ground, minutes)
    const [, second] = memberOrders(shop, person)
    expect([second?.['state'], chargesFor(shop, second?.['id']).length, member(person)['status'], member(person)['period']]).toEqual(['refunded', 1, 'cancelled', 0])
  })
})
