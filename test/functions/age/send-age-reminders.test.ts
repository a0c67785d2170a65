/** Whoever's verification ends is told 30 days before, once. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkOut } from '../purchase.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const JOB = 'send-age-reminders'
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())
afterEach(() => shop.calm())

/** Mails that reached this person about his verification. */
async function remindersTo(email: string): Promise<Json[]> {
  await shop.cloud.drain()
  return shop.at('resend', 'emails').filter(({ to, subject }) => String(to) === email && String(subject).startsWith('Your age verification'))
}

const daysPass = (days: number): Promise<unknown> => shop.cloud.advance(days * DAY_MS)
/** Their tokens end after a day. */
const again = (person: Person): Promise<Person> => shop.person('customer', person.id)

describe('does', () => {
  test('remind once, not a minute early, and then say that it is due', async () => {
    const customer = await shop.adult()
    await shop.cloud.advance(335 * DAY_MS - MINUTE_MS)
    expect(await shop.tally(JOB)).toEqual({ read: 0, sent: 0, unchanged: 0, failed: 0 })
    await shop.cloud.advance(MINUTE_MS)
    expect(await shop.tally(JOB)).toEqual({ read: 1, sent: 1, unchanged: 0, failed: 0 })
    const [mail, ...more] = await remindersTo(customer.email)
    expect([mail?.['subject'], more]).toEqual([expect.stringMatching(/^Your age verification at Countinghouse Shop ends on \d{4}-\d{2}-\d{2}$/), []])
    expect(shop.document('age_verifications', customer.id)?.['nextAtMs']).toBeNull()
    for (const days of [1, 20, 40]) {
      await daysPass(days)
      expect(await shop.tally(JOB)).toEqual({ read: 0, sent: 0, unchanged: 0, failed: 0 })
    }
    expect(await remindersTo(customer.email)).toHaveLength(1)
  })

  test('remind of each verification once: whoever renews early is reminded of the new one, whoever has lost it of none', async () => {
    const [renewed, lost] = [await shop.adult(), await shop.adult()]
    await (await shop.person('admin')).call('DELETE', `/api/age-verification/${lost.id}`)
    await daysPass(335)
    await shop.tally(JOB)
    const anew = await (await again(renewed)).verifyAge()
    expect(anew.body['method']).toBe('full_verification')
    await daysPass(335)
    await shop.tally(JOB)
    expect([(await remindersTo(renewed.email)).length, await remindersTo(lost.email)]).toEqual([2, []])
  })

  test('write to whoever was verified at the counter where he last bought from; without any address to nobody', async () => {
    const [admin, bought, silent] = [await shop.person('admin'), await shop.person(), await shop.person()]
    for (const { id } of [bought, silent]) await admin.verifyAge({ customerId: id })
    expect((await checkOut(bought, { email: 'elsewhere@mail.example', cart: [{ productId: 'VARTOTE1', quantity: 1 }] })).status).toBe(201)
    await daysPass(335)
    expect(await shop.tally(JOB)).toEqual({ read: 2, sent: 1, unchanged: 1, failed: 0 })
    expect([(await remindersTo('elsewhere@mail.example')).length, await remindersTo(silent.email)]).toEqual([1, []])
  })

  test('write nothing about a verification that has ended, should the job have been paused so long', async () => {
    const customer = await shop.adult()
    await daysPass(400)
    expect(await shop.tally(JOB)).toEqual({ read: 1, sent: 0, unchanged: 1, failed: 0 })
    expect(await remindersTo(customer.email)).toEqual([])
  })
})

describe('survives', () => {
  test('two runs at once, and one that dies after its commit: one mail', async () => {
    const customers = await Promise.all([shop.adult(), shop.adult(), shop.adult()])
    await daysPass(335)
    shop.fault({ target: 'firestore', operation: 'Commit', match: 'mails/age-reminder-', when: 'after', effect: 'kill' })
    await shop.cloud.runJob(JOB).catch(() => undefined)
    shop.calm()
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(2 * MINUTE_MS)
    await Promise.all([shop.tally(JOB), shop.tally(JOB)])
    for (const { email } of customers) expect(await remindersTo(email)).toHaveLength(1)
  })

  test('a customer whose reminder the store refuses: the others are reminded, he a run later', async () => {
    const customers = await Promise.all([shop.adult(), shop.adult()])
    const [first, second] = customers as [Person, Person]
    await daysPass(335)
    const mailId = `age-reminder-${shop.document('age_verifications', first.id)?.['verification'].id}`
    shop.fault({ target: 'firestore', operation: 'Commit', match: mailId, when: 'before', effect: 'error', status: 7 })
    expect(await shop.tally(JOB)).toEqual({ read: 2, sent: 1, unchanged: 0, failed: 1 })
    expect([(await remindersTo(second.email)).length, await remindersTo(first.email)]).toEqual([1, []])
    await shop.cloud.advance(2 * MINUTE_MS)
    expect(await shop.tally(JOB)).toEqual({ read: 1, sent: 1, unchanged: 0, failed: 0 })
    expect(await remindersTo(first.email)).toHaveLength(1)
  })
})
