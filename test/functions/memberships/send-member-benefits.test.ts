/** What each month brings, once: gifts for staff to hand over, entries for the raffle, a newsletter for whoever agreed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { change, later, mailsTo, newMember, subscribe } from '../members.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const DAY_MS = 86_400_000

let shop: Shop

beforeAll(async () => {
  shop = await openShop()
}, 30_000)
afterAll(() => shop.cloud.stop())

/** Months and kinds of what a person got, in order. */
function benefits({ id }: Person): string[] {
  return shop.documents('member_benefits').map(({ data }) => data).filter(({ customerId }) => customerId === id).map(({ month, kind }) => `${month} ${kind}`).sort()
}

function monthNow(): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago' }).format(shop.cloud.now()).slice(0, 7)
}

/** The next month begins at the store. */
async function nextMonth(): Promise<string> {
  const before = monthNow()
  while (monthNow() === before) await shop.cloud.advance(DAY_MS / 2)
  return monthNow()
}

function news(person: Person): string[] {
  return mailsTo(shop, person).filter((subject) => subject.includes('for GOLD members') || subject.includes('for BRONZE members'))
}

describe('does', () => {
  test('bring each tier what is its, once a month, the newsletter only to whoever agreed', async () => {
    const [bronze, silver, gold, quiet] = [
      await newMember(shop, { tier: 'BRONZE', newsletter: true }), await newMember(shop, { tier: 'SILVER' }), await newMember(shop, { tier: 'GOLD', newsletter: true }), await newMember(shop),
    ]
    const month = monthNow()
    const tallies = await Promise.all(Array.from({ length: 4 }, () => shop.tally('send-member-benefits')))
    expect(tallies.reduce((sum, tally) => sum + (tally['saved'] ?? 0), 0)).toBe(4)
    expect((await shop.tally('send-member-benefits'))['read']).toBe(0)
    expect([bronze, silver, gold, quiet].map(benefits)).toEqual([[], [`${month} gift`], [`${month} gift_box`, `${month} raffle_entry`], [`${month} gift_box`, `${month} raffle_entry`]])
    await shop.cloud.drain()
    expect([bronze, silver, gold, quiet].map((person) => news(person).length)).toEqual([1, 0, 1, 0])
    const letters = shop.at('resend', 'emails').filter(({ subject }) => String(subject).includes('for BRONZE members'))
    expect(letters.map(({ headers }) => headers['List-Unsubscribe-Post'])).toEqual(['List-Unsubscribe=One-Click'])
    await change(gold, 'newsletter', { agreed: false })
    const next = await nextMonth()
    await shop.tally('renew-memberships')
    expect((await shop.tally('send-member-benefits'))['saved']).toBe(4)
    await shop.cloud.drain()
    expect([benefits(silver), news(bronze).length, news(gold).length]).toEqual([[`${month} gift`, `${next} gift`], 2, 1])
  })

  test('bring nothing to whoever is suspended or over, and one month once to whoever begins anew in it', async () => {
    const member = await newMember(shop, { tier: 'SILVER' })
    await shop.tally('send-member-benefits')
    await change(member, 'cancel', { reason: 'x' })
    expect((await subscribe(member, { tier: 'GOLD' })).status).toBe(201)
    await shop.tally('send-member-benefits')
    expect(benefits(member)).toEqual([`${monthNow()} gift`])
    await change(await later(shop, member), 'cancel', { reason: 'y' })
    await shop.cloud.advance(40 * DAY_MS)
    await shop.tally('send-member-benefits')
    expect([benefits(member).length, (shop.document('memberships', member.id) as Json)['benefitsAtMs']]).toEqual([1, null])
  })
})

describe('survives', () => {
  test.each(['before', 'after'] as const)('a death %s its commit: the next run brings it, once', async (when) => {
    const member = await newMember(shop, { tier: 'GOLD', newsletter: true })
    shop.fault({ target: 'firestore', operation: 'Commit', match: 'raffle_entry', when, effect: 'kill', times: 1 })
    await shop.cloud.runJob('send-member-benefits').catch(() => undefined)
    shop.calm()
    await shop.tally('send-member-benefits')
    await shop.cloud.advance(60_000)
    await shop.cloud.drain()
    expect([benefits(member).length, news(member).length]).toEqual([2, 1])
  })
})
