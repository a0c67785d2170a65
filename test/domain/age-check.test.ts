/** What becomes of an age check: one verification for a year, the same for whoever asks again, and a row for every attempt. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judge, reminderMail, revoked, statusView, type AgeAccount, type Attempt, type Judgement, type Verification } from '#domain/age-check.ts'
import { DAY_MS, iso } from '#values/time.ts'
import { NOW_MS, SHOP } from './given.ts'

let attempts = 0

function attempt(wanted: Partial<Attempt> = {}): Attempt {
  return {
    id: `av_${++attempts}`, customerId: 'cust-1', nameHash: 'name', dateOfBirthHash: 'born-1990', state: 'TX', age: 36, idNumber: 'sealed', email: 'sealed mail',
    ip: '10.1.2.3', userAgent: 'test', nowMs: NOW_MS, ...wanted,
  }
}

const answerOf = ({ account }: Judgement): { status: number; body: Record<string, unknown> } => ({ status: account.last.answer.status, body: JSON.parse(account.last.answer.body) })
const rowOf = ({ rows }: Judgement): Record<string, unknown> => rows.find(({ table }) => table === 'age_verifications_log')?.json ?? {}
const audited = ({ rows }: Judgement): unknown[] => rows.filter(({ dataset }) => dataset === 'audit').map(({ json }) => json['what'])
const verified = (wanted: Partial<Attempt> = {}): AgeAccount => judge(undefined, attempt(wanted)).account
const verificationOf = (account: AgeAccount): Verification => account.verification as Verification
const END = NOW_MS + 365 * DAY_MS

describe('does', () => {
  test('verify for 365 days, answer what was found, and leave a row and an audit event', () => {
    const first = judge(undefined, attempt({ id: 'av_first' }))
    expect(answerOf(first)).toEqual({
      status: 200,
      body: {
        success: true, verified: true, verificationId: 'av_first', method: 'full_verification', age: 36, state: 'TX', verifiedAt: iso(NOW_MS), expiresAt: iso(END),
        timestamp: iso(NOW_MS),
      },
    })
    expect(rowOf(first)).toEqual({
      id: 'av_first', customer_id: 'cust-1', verification_id: 'av_first', full_name_hash: 'name', date_of_birth_hash: 'born-1990', state: 'TX', age: 36,
      verified: true, outcome: 'verified', verification_method: 'full_verification', verified_at: iso(NOW_MS), expires_at: iso(END), encrypted_metadata: 'sealed',
      ip_address: '10.1.2.3', user_agent: 'test', created_at: iso(NOW_MS), updated_at: iso(NOW_MS), row_version: 1, schema_version: 1,
    })
    expect([audited(first), first.alerts, first.account.nextAtMs]).toEqual([['age.verified'], [], END - 30 * DAY_MS])
  })

  test('answer the same verification while it is valid, with the age of today', () => {
    const again = judge(verified({ id: 'av_kept' }), attempt({ age: 37, nowMs: NOW_MS + 334 * DAY_MS, state: 'CA' }))
    expect(answerOf(again).body).toMatchObject({ verificationId: 'av_kept', method: 'cache', age: 37, state: 'TX', expiresAt: iso(END) })
    expect(rowOf(again)).toMatchObject({ verification_id: 'av_kept', verification_method: 'cache', verified: true, state: 'CA' })
    expect([audited(again), verificationOf(again.account).id]).toEqual([[], 'av_kept'])
  })

  test.each([[335, 'full_verification'], [364, 'full_verification'], [365, 'full_verification'], [1000, 'full_verification'], [335 - 1 / DAY_MS, 'cache']])(
    'verify in full in the last 30 days and after: day %d, %s', (days, method) => {
      const nowMs = NOW_MS + days * DAY_MS
      const { body } = answerOf(judge(verified({ id: 'av_old' }), attempt({ nowMs })))
      expect(body).toMatchObject({ verified: true, method })
      if (method === 'full_verification') expect([body['verificationId'] !== 'av_old', body['expiresAt']]).toEqual([true, iso(nowMs + 365 * DAY_MS)])
    },
  )

  test.each([
    [0, true, false], [335 - 1 / DAY_MS, true, false], [335, true, true], [365 - 1 / DAY_MS, true, true], [365, false, false], [900, false, false],
  ])('say how it stands: day %d', (days, valid, renewalDue) => {
    expect(statusView(verified(), NOW_MS + days * DAY_MS)).toEqual({ verified: valid, ageVerified: valid, verifiedAt: iso(NOW_MS), expiresAt: iso(END), renewalDue })
  })

  test('say of somebody unknown, or only refused, that he is not verified', () => {
    const never = { verified: false, ageVerified: false, verifiedAt: null, expiresAt: null, renewalDue: false }
    expect(statusView(undefined, NOW_MS)).toEqual(never)
    expect(statusView(judge(undefined, attempt({ age: 20 })).account, NOW_MS)).toEqual(never)
  })

  test('let whoever was too young try again: with the same birth date when he is old enough, with another one while staff look', () => {
    const young = judge(undefined, attempt({ age: 20, dateOfBirthHash: 'born-2006' }))
    expect(answerOf(young)).toMatchObject({ status: 200, body: { success: true, verified: false, reason: 'Must be at least 21 years old' } })
    const grown = judge(young.account, attempt({ age: 21, dateOfBirthHash: 'born-2006' }))
    expect([answerOf(grown).body['verified'], grown.alerts]).toEqual([true, []])
    const older = judge(young.account, attempt({ dateOfBirthHash: 'born-1990' }))
    expect([answerOf(older).body['verified'], older.alerts.map(({ key }) => key)]).toEqual([true, ['age/older-at-second-try/cust-1']])
    expect(judge(older.account, attempt()).alerts).toEqual([])
  })

  test('take a verification back, after which another birth date is a new beginning', () => {
    const account = verified({ id: 'av_false' })
    const gone = revoked(account, verificationOf(account), { id: 'rvk_1', nowMs: NOW_MS + 5 })
    expect(answerOf(gone)).toMatchObject({ status: 200, body: { success: true, message: 'Age verification removed.' } })
    expect(rowOf(gone)).toMatchObject({ id: 'av_false', row_version: 2, verified: false, outcome: 'revoked', created_at: iso(NOW_MS), updated_at: iso(NOW_MS + 5) })
    expect([audited(gone), gone.account.verification, gone.account.nextAtMs]).toEqual([['age.revoked'], null, null])
    expect(answerOf(judge(gone.account, attempt({ dateOfBirthHash: 'born-1980' }))).body).toMatchObject({ verified: true, method: 'full_verification' })
  })

  test('write a reminder that names the verification, the day and the shop, and nothing of the person', () => {
    const mail = reminderMail(verificationOf(verified({ id: 'av_7' })), { to: 'jo@mail.example', customerId: 'cust-1', day: '2027-11-02', shopName: SHOP })
    expect(mail).toMatchObject({ id: 'age-reminder-av_7', to: 'jo@mail.example', customerId: 'cust-1', subject: 'Your age verification at Corner Shop ends on 2027-11-02' })
    for (const text of [mail.html, mail.text]) expect(text).toContain('2027-11-02')
  })

  test('whatever is tried in whatever order: only one birth date is ever verified, every attempt has a row of its own', () => {
    const tries = fc.array(fc.record({ born: fc.constantFrom('1980', '1990', '2010'), days: fc.integer({ min: 0, max: 200 }) }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(tries, (all) => {
        let account: AgeAccount | undefined
        let nowMs = NOW_MS
        const rows = new Set<string>()
        const passed = new Set<string>()
        for (const { born, days } of all) {
          nowMs += days * DAY_MS
          const made = judge(account, attempt({ dateOfBirthHash: born, age: born === '2010' ? 16 : 40, nowMs }))
          account = made.account
          rows.add(String(rowOf(made)['id']))
          if (answerOf(made).body['verified'] === true) passed.add(born)
          expect(account.verification?.dateOfBirthHash).not.toBe('2010')
        }
        expect([rows.size, passed.size <= 1]).toEqual([all.length, true])
      }),
    )
  })
})

describe('refuses', () => {
  test('whoever is under 21, and changes nothing that holds', () => {
    const young = judge(undefined, attempt({ age: 20 }))
    expect([young.account.verification, young.account.nextAtMs, audited(young)]).toEqual([null, null, []])
    expect(rowOf(young)).toMatchObject({ verified: false, outcome: 'too_young', verification_id: null, verified_at: null, age: 20 })
  })

  test.each([[10, 'while it is valid'], [400, 'long after it has ended']])('another birth date on a verified account: day %i, %s; staff are told', (days) => {
    const account = verified({ id: 'av_mine' })
    for (const age of [36, 16]) {
      const other = judge(account, attempt({ dateOfBirthHash: 'born-other', age, nowMs: NOW_MS + days * DAY_MS }))
      expect(answerOf(other)).toMatchObject({ status: 409, body: { success: false, code: 'CONFLICT', retryable: false } })
      expect([verificationOf(other.account).id, other.alerts.map(({ key }) => key)]).toEqual(['av_mine', ['age/other-birth-date/cust-1']])
      expect(rowOf(other)).toMatchObject({ verified: false, outcome: 'other_birth_date' })
      expect(JSON.stringify([other.alerts, answerOf(other)])).not.toContain('born')
    }
  })
})
