/** What becomes of a mail until the provider has taken it, and what is told of it then. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { heldBack, type HoldReason, type MailAddress, type Scope } from '#domain/mail-address.ts'
import { afterEvent, isAbout, toHold, type MailEvent } from '#domain/mail-delivery.ts'
import {
  claim, deferred, forgottenMail, givenUp, putBackMail, refused, RETRY_MS, taken, triedInVain, type Attempt, type Claim, type Recipient,
} from '#domain/mail-queue.ts'
import { mailView, newMail, TOLD_STATES, wholeMailView, type Mail, type MailStatus, type ToldState } from '#domain/mail-record.ts'
import { NOBODY, type MailIntent } from '#domain/mail.ts'
import { NOW_MS } from './given.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const nameOf = (address: string): string => `adr_${address.toLowerCase()}`
const INTENT: MailIntent = { id: 'eml_1', to: 'a@x.org', template: 'notice', subject: 'Hello', html: '<p>Hello</p>', text: 'Hello' }

function mail(wanted: Partial<Mail> = {}): Mail {
  const made = newMail({ ...INTENT, ...wanted }, [], NOW_MS)
  const { to, cc = [], bcc = [] } = made
  return { ...made, recipients: [...new Set([to, cc, bcc].flat().map(nameOf))], ...wanted }
}

function held(address: string, reason: HoldReason = 'bounce', scope: Scope = 'all'): MailAddress {
  return heldBack(undefined, { id: nameOf(address), scope, hold: { reason, sinceMs: NOW_MS, mailId: null }, spelling: address }, NOW_MS)?.address as MailAddress
}

function claimed(one: Mail, recipients: Array<Partial<Recipient> & { id: string }> = [], more: Partial<Attempt> & { attempt?: number } = {}): Claim | undefined {
  const known = recipients.map((recipient) => ({ address: undefined, sends: [], ...recipient }))
  return claim(one, more.attempt, { recipients: known, nameOf, from: 'Shop <s@x.org>', replyTo: 'help@x.org', mailboxLimit: 3, nowMs: NOW_MS, ...more })
}

const full = (id: string) => ({ id, sends: [1, 2, 3].map((n) => ({ mailId: `eml_full${n}`, atMs: NOW_MS - n * SECOND_MS })) })

describe('does', () => {
  test('send a mail to all that it names, and count it for each mailbox once', () => {
    const one = mail({ to: ['a@x.org', 'A@x.org'], cc: ['b@x.org'], bcc: ['c@x.org'], replyTo: 'ann@x.org' })
    const envelope = { from: 'Shop <s@x.org>', replyTo: 'ann@x.org', to: ['a@x.org', 'A@x.org'], cc: ['b@x.org'], bcc: ['c@x.org'] }
    expect(claimed(one)).toEqual({
      kind: 'send', envelope, counted: ['adr_a@x.org', 'adr_b@x.org', 'adr_c@x.org'], stale: false, change: { envelope, triedAtMs: NOW_MS, deferral: null },
    })
  })

  test('keep content and moment of the first try, so that its key stands for the same', () => {
    const envelope = { from: 'Old <o@x.org>', replyTo: 'o@x.org', to: ['a@x.org'], cc: ['b@x.org'], bcc: [] }
    const one = mail({ cc: ['b@x.org'], envelope, triedAtMs: NOW_MS - HOUR_MS })
    expect(claimed(one, [{ id: 'adr_b@x.org', address: held('b@x.org') }])).toMatchObject({ envelope, change: { triedAtMs: NOW_MS - HOUR_MS } })
  })

  test.each([[22, false], [24, true]])('know after %i hours whether the provider may have forgotten a try: %s', (hours, stale) => {
    expect(claimed(mail({ triedAtMs: NOW_MS - hours * HOUR_MS }))).toMatchObject({ stale })
  })

  test.each<[string, Partial<Mail>, MailAddress, string]>([
    ['a bounced address', {}, held('a@x.org'), 'held: bounce'],
    ['who complained, also his receipt', { category: 'transactional' }, held('a@x.org', 'complaint'), 'held: complaint'],
    ['a campaign to who unsubscribed', { category: 'campaign' }, held('a@x.org', 'link', 'campaigns'), 'held: link'],
  ])('suppress a mail to %s', (_, wanted, address, lastError) => {
    const result = claimed(mail(wanted), [{ id: nameOf('a@x.org'), address }])
    expect(result).toMatchObject({ kind: 'suppress', change: { status: 'suppressed', nextAtMs: null, dueSinceMs: null, lastError } })
  })

  test('leave out of a mail who is held, and send it to the others', () => {
    const one = mail({ to: ['a@x.org', 'b@x.org'], cc: ['c@x.org'] })
    const result = claimed(one, ['a@x.org', 'c@x.org'].map((address) => ({ id: nameOf(address), address: held(address) })))
    expect(result).toMatchObject({ kind: 'send', envelope: { to: ['b@x.org'], cc: [] }, counted: ['adr_b@x.org'] })
  })

  test('send a receipt to who only unsubscribed', () => {
    expect(claimed(mail(), [{ id: nameOf('a@x.org'), address: held('a@x.org', 'link', 'campaigns') }])?.kind).toBe('send')
  })

  test('let a mail wait for the fullest of its mailboxes, copies too, and say until when', () => {
    const result = claimed(mail({ bcc: ['b@x.org'] }), [{ id: nameOf('a@x.org') }, full(nameOf('b@x.org'))])
    expect(result).toEqual({ kind: 'wait', change: deferred('recipient_limit', NOW_MS + 57 * SECOND_MS) })
  })

  test('try again after 1 s, 5 s, 30 s, 5 min and 30 min, then give up', () => {
    const waits: Array<number | null | undefined> = []
    const one = { ...mail() }
    while (one.status === 'queued') {
      Object.assign(one, triedInVain(one, 'resend 503', { nowMs: NOW_MS }))
      waits.push(one.nextAtMs === null ? null : one.nextAtMs - NOW_MS)
    }
    expect(waits).toEqual([...RETRY_MS, null])
    expect(one).toMatchObject({ status: 'dead_letter', attempts: 6, dueSinceMs: null, lastError: 'resend 503' })
  })

  test('wait longer when the provider says so', () => {
    expect(triedInVain(mail(), 'x', { nowMs: NOW_MS, atLeastMs: 7_000 }).nextAtMs).toBe(NOW_MS + 7_000)
  })

  test('begin the schedule anew when a person replays it, and name each try by its own number', () => {
    const dead = { ...mail(), ...givenUp(mail({ attempts: 5 }), 'resend 503') }
    const again = { ...dead, ...putBackMail(dead, 'rpl_1', NOW_MS) }
    expect(again).toMatchObject({ status: 'queued', attempts: 6, replay: { id: 'rpl_1', count: 1, attemptsBefore: 6 } })
    expect(triedInVain(again, 'x', { nowMs: NOW_MS })).toMatchObject({ attempts: 7, nextAtMs: NOW_MS + SECOND_MS })
  })

  test('note whether it was out in time; of campaigns that is not asked', () => {
    const sent = (one: Mail) => taken(one, 're_1', { state: 'sent', told: { atMs: NOW_MS, reason: null }, nowMs: NOW_MS }).inTime
    expect([sent(mail()), sent(mail({ dueSinceMs: NOW_MS - 31 * SECOND_MS })), sent(mail({ category: 'campaign' }))]).toEqual([true, false, null])
  })

  test('keep what a mail says for two weeks after it is done', () => {
    expect(refused(mail(), 'resend 422', NOW_MS)).toMatchObject({ status: 'failed', bodyUntilMs: NOW_MS + 14 * 24 * HOUR_MS })
    expect(refused(mail({ html: '' }), 'resend 422', NOW_MS).bodyUntilMs).toBeNull()
  })

  test('leave a mail for later, and a campaign, to the clock', () => {
    expect(newMail({ ...INTENT, sendAtMs: NOW_MS + HOUR_MS }, [], NOW_MS)).toMatchObject({ nextAtMs: NOW_MS + HOUR_MS, dueSinceMs: NOW_MS + HOUR_MS })
    expect(newMail({ ...INTENT, category: 'campaign' }, [], NOW_MS)).toMatchObject({ nextAtMs: NOW_MS, dueSinceMs: NOW_MS })
    expect(newMail(INTENT, [], NOW_MS)).toMatchObject({ nextAtMs: NOW_MS + 60_000, dueSinceMs: NOW_MS, category: 'transactional' })
  })

  test('show staff until when it is deferred and why, and what it says as long as that is kept', () => {
    const waits = mail(deferred('overall_limit', NOW_MS + SECOND_MS))
    expect(mailView(waits)).toMatchObject({ status: 'deferred', deferredUntil: '2026-11-02T12:00:01.000Z', deferredBecause: 'overall_limit', to: ['a@x.org'] })
    expect(wholeMailView(waits)).toMatchObject({ html: '<p>Hello</p>', text: 'Hello', events: [] })
    expect(wholeMailView({ ...waits, ...forgottenMail(waits) })).toMatchObject({ status: 'suppressed', to: [NOBODY], subject: '', html: null, text: null, lastError: 'forgotten' })
    expect(forgottenMail(mail({ status: 'delivered' })).status).toBeUndefined()
  })
})

describe('refuses', () => {
  test.each<[string, Partial<Mail>, number | undefined]>([
    ['what is sent', { status: 'sent' }, undefined],
    ['what was given up', { status: 'dead_letter' }, undefined],
    ['a try that another copy of the nudge has made', { attempts: 1 }, 0],
    ['a mail before its moment', { sendAtMs: NOW_MS + 1 }, undefined],
  ])('to send %s', (_, wanted, attempt) => {
    expect(claimed(mail(wanted), [], attempt === undefined ? {} : { attempt })).toBeUndefined()
  })
})

const event = (state: MailEvent['state'], wanted: Partial<MailEvent> = {}): MailEvent => ({
  state, atMs: NOW_MS, providerId: 're_1', recipients: ['adr_a@x.org'], holds: state === 'bounced' ? 'bounce' : null, reason: null, ...wanted,
})
const after = (one: Mail, told: MailEvent): Mail => ({ ...one, ...afterEvent(one, told, nameOf, NOW_MS) })
const SENT: Mail = { ...mail(), ...taken(mail(), 're_1', { state: 'sent', told: { atMs: NOW_MS, reason: null }, nowMs: NOW_MS }) }

describe('does, as events tell,', () => {
  test.each<[ToldState[], MailStatus]>([
    [['delivered'], 'delivered'],
    [['delayed', 'delivered'], 'delivered'],
    [['delivered', 'delayed'], 'delivered'],
    [['delivered', 'complained'], 'complained'],
    [['delayed', 'bounced'], 'bounced'],
    [['bounced', 'delivered'], 'bounced'],
    [['failed'], 'failed'],
  ])('make of %j: %s', (states, status) => {
    expect(states.reduce((one, state) => after(one, event(state)), SENT).status).toBe(status)
  })

  test.each<MailStatus>(['queued', 'deferred', 'dead_letter', 'failed', 'suppressed'])('know by an event that a mail went out whose answer was lost, while it is %s', (status) => {
    expect(after(mail({ status, nextAtMs: NOW_MS, lastError: 'no answer' }), event('delivered'))).toMatchObject({ status: 'delivered', providerId: 're_1', nextAtMs: null, lastError: null })
  })

  test('count a click as an open, and either as an arrival, at the first moment that is told', () => {
    const campaign = { ...SENT, category: 'campaign' as const }
    const clicked = after(after(campaign, event('clicked', { atMs: NOW_MS + 9 })), event('clicked', { atMs: NOW_MS + 5 }))
    expect(clicked).toMatchObject({ status: 'delivered', openedAtMs: NOW_MS + 5, clicksMs: [NOW_MS + 5, NOW_MS + 9], told: { delivered: { atMs: NOW_MS + 5 } } })
    expect(after(clicked, event('opened', { atMs: NOW_MS + 2 }))).toMatchObject({ openedAtMs: NOW_MS + 2, clicksMs: [NOW_MS + 5, NOW_MS + 9] })
    expect(after(clicked, event('bounced')).status).toBe('bounced')
  })

  test('say why a mail bounced', () => {
    expect(after(SENT, event('bounced', { reason: 'Permanent, NoEmail' }))).toMatchObject({ status: 'bounced', lastError: 'Permanent, NoEmail' })
  })

  test('hold the one whom a bounce names, as he was written to', () => {
    expect(toHold(mail({ to: 'A@x.org', cc: ['b@x.org'] }), event('bounced'), nameOf)).toEqual(['A@x.org'])
    expect(toHold(mail({ to: ['a@x.org', 'b@x.org'] }), event('bounced', { recipients: ['adr_b@x.org'] }), nameOf)).toEqual(['b@x.org'])
  })
})

describe('refuses, as events tell,', () => {
  test('to hold somebody who may have got his mail: a bounce that names several', () => {
    expect(toHold(mail({ to: ['a@x.org', 'b@x.org'] }), event('bounced', { recipients: ['adr_a@x.org', 'adr_b@x.org'] }), nameOf)).toEqual([])
  })

  test('to hold who is not among its recipients, or for a bounce that is not hard', () => {
    expect(toHold(mail(), event('bounced', { recipients: ['adr_else@x.org'] }), nameOf)).toEqual([])
    expect(toHold(mail(), event('bounced', { holds: null }), nameOf)).toEqual([])
  })

  test('to call a mail suppressed that some of its recipients got', () => {
    const several = { ...SENT, to: ['a@x.org', 'b@x.org'] }
    expect(afterEvent(several, event('suppressed'), nameOf, NOW_MS)).toBeUndefined()
    expect(after(several, event('suppressed', { recipients: ['adr_a@x.org', 'adr_b@x.org'] })).status).toBe('suppressed')
  })

  test('to keep who reads what he waited for, and what somebody does who was forgotten', () => {
    const forgotten = { ...SENT, category: 'campaign' as const, to: NOBODY }
    expect([afterEvent(SENT, event('opened'), nameOf, NOW_MS), afterEvent(forgotten, event('clicked'), nameOf, NOW_MS)]).toEqual([undefined, undefined])
  })

  test('to write what is nothing new, and an event about another mail', () => {
    expect(afterEvent(SENT, event('sent'), nameOf, NOW_MS)).toBeUndefined()
    const read = after({ ...SENT, category: 'campaign' }, event('clicked'))
    expect([afterEvent(read, event('clicked'), nameOf, NOW_MS), afterEvent(read, event('opened', { atMs: NOW_MS + 1 }), nameOf, NOW_MS)]).toEqual([undefined, undefined])
    expect([isAbout(SENT, event('sent')), isAbout(SENT, event('sent', { providerId: 're_2' })), isAbout(mail(), event('sent'))]).toEqual([true, false, true])
  })
})

describe('survives, as events tell,', () => {
  test('any order, and everything twice: the same mail in the end', () => {
    const told = fc.record({ state: fc.constantFrom(...TOLD_STATES, 'opened' as const, 'clicked' as const), atMs: fc.integer({ min: NOW_MS, max: NOW_MS + 3 }), reason: fc.constantFrom(null, 'a', 'b') })
    const some = fc.array(told, { minLength: 1, maxLength: 8 })
    const orders = some.chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: 2 * events.length })))
    const end = (events: ReadonlyArray<Pick<MailEvent, 'state' | 'atMs' | 'reason'>>) => {
      const { status, told: all, sentAtMs, providerId, lastError, nextAtMs, openedAtMs, clicksMs } =
        events.reduce((one, { state, ...more }) => after(one, event(state, more)), mail({ category: 'campaign' }))
      return { status, all, sentAtMs, providerId, lastError, nextAtMs, openedAtMs, clicksMs }
    }
    fc.assert(fc.property(orders, ([events, shuffled]) => {
      expect(end(shuffled)).toEqual(end(events))
    }))
  })
})
