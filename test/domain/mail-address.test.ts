/** Which spellings mean one mailbox, and whose mail is held back. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalAddress, forgotten, heldBack, holdFor, lifted, suppressionView, type Hold, type MailAddress, type Scope,
} from '#domain/mail-address.ts'
import { NOW_MS } from './given.ts'

const hold = (wanted: Partial<Hold> = {}): Hold => ({ reason: 'bounce', sinceMs: NOW_MS, mailId: 'eml_1', ...wanted })
const held = (before: MailAddress | undefined, wanted: Partial<Hold> = {}, scope: Scope = 'all', spelling: string | undefined = 'Maria@example.com') =>
  heldBack(before, { id: 'adr_1', scope, hold: hold(wanted), spelling }, NOW_MS)
const BOUNCED = held(undefined)?.address as MailAddress

describe('does', () => {
  test.each([
    ['maria@example.com', 'maria@example.com'],
    ['  Maria@Example.COM ', 'maria@example.com'],
    ['maria+shop@example.com', 'maria@example.com'],
    ['maria+a+b@example.com', 'maria@example.com'],
    ['maria.lopez@example.com', 'maria.lopez@example.com'],
    ['maria.lopez@gmail.com', 'marialopez@gmail.com'],
    ['M.a.r.i.a+x@GoogleMail.com', 'maria@gmail.com'],
    ['maria@example.com.', 'maria@example.com'],
    ['+shop@example.com', '+shop@example.com'],
    ['"a+b"@example.com', '"a+b"@example.com'],
    ['"a@b"@example.com', '"a@b"@example.com'],
    ['nobody', 'nobody'],
    ['@example.com', '@example.com'],
  ])('take %j for the mailbox %j', (address, mailbox) => {
    expect(canonicalAddress(address)).toBe(mailbox)
  })

  test('take a mailbox for itself, however often', () => {
    fc.assert(fc.property(fc.emailAddress(), (address) => {
      expect(canonicalAddress(canonicalAddress(address))).toBe(canonicalAddress(address))
    }))
  })

  test('hold a mailbox that bounced, with an audit event that does not say whose it is', () => {
    const change = held(undefined)
    expect(change?.address).toMatchObject({ address: 'maria@example.com', spellings: ['Maria@example.com'], held: ['all'], holds: { all: hold(), campaigns: null }, version: 1 })
    expect(change?.row.json).toMatchObject({ what: 'mail_address.suppressed', subject: 'adr_1', why: 'bounce' })
    expect(JSON.stringify(change?.row)).not.toContain('aria')
  })

  test('hold all mail of who bounced, and only campaigns of who unsubscribed', () => {
    const left = held(undefined, { reason: 'link' }, 'campaigns')?.address
    expect([holdFor(BOUNCED, false), holdFor(BOUNCED, true)]).toEqual([hold(), hold()])
    expect([holdFor(left, false)?.reason, holdFor(left, true)?.reason]).toEqual([undefined, 'link'])
    expect(holdFor(undefined, true)).toBeUndefined()
  })

  test('let mail through again when a person lifts it, and hold anew after a new bounce', () => {
    const free = lifted(BOUNCED, 'all', 'They called', NOW_MS + 5)?.address as MailAddress
    expect(holdFor(free, true)).toBeUndefined()
    expect(suppressionView(free, 'all')).toMatchObject({ reason: null, since: null, liftedAt: new Date(NOW_MS + 5).toISOString() })
    expect(held(free, { sinceMs: NOW_MS + 6 })?.address.held).toEqual(['all'])
  })

  test('forget whose mailbox it is, and hold it all the same', () => {
    expect(forgotten(BOUNCED, NOW_MS)).toMatchObject({ address: null, spellings: [], held: ['all'] })
    expect(forgotten(lifted(BOUNCED, 'all', 'x', NOW_MS)?.address as MailAddress, NOW_MS)).toBeUndefined()
  })
})

describe('refuses', () => {
  test('to write what is nothing new', () => {
    expect(held(BOUNCED)).toBeUndefined()
    expect(held(BOUNCED, { sinceMs: NOW_MS + 1 })).toBeUndefined()
    expect(lifted(BOUNCED, 'campaigns', 'x', NOW_MS)).toBeUndefined()
  })

  test('a bounce from before it was lifted, however late its event comes; what a person adds counts', () => {
    const free = lifted(BOUNCED, 'all', 'They called', NOW_MS + 5)?.address
    expect(held(free, { sinceMs: NOW_MS + 5 })).toBeUndefined()
    expect(held(free, { reason: 'manual', sinceMs: NOW_MS + 5 })?.address.held).toEqual(['all'])
    const campaigns = lifted(held(BOUNCED, { reason: 'link' }, 'campaigns')?.address as MailAddress, 'campaigns', 'x', NOW_MS + 9)?.address
    expect(held(campaigns, { reason: 'complaint', sinceMs: NOW_MS - 1 })?.address.holds.all?.reason).toBe('complaint')
  })
})

describe('survives', () => {
  test('clicks at once, by clocks that differ: the one that is written first counts, and the others are nothing new', () => {
    const clicked = held(undefined, { reason: 'link', mailId: null }, 'campaigns')?.address
    for (const sinceMs of [NOW_MS - 1, NOW_MS, NOW_MS + 1]) expect(held(clicked, { reason: 'link', sinceMs, mailId: null }, 'campaigns')).toBeUndefined()
  })

  test('bounces and complaints in any order, and twice: the same is held, for the same reason, since the same moment', () => {
    const facts = fc.record({ reason: fc.constantFrom('manual', 'bounce', 'complaint'), sinceMs: fc.integer({ min: NOW_MS - 3, max: NOW_MS }), mailId: fc.constantFrom('eml_1', 'eml_2') })
    const all = (holds: readonly Hold[]) => holds.reduce<MailAddress | undefined>((before, one) => held(before, one)?.address ?? before, undefined)?.holds
    fc.assert(fc.property(fc.array(facts as fc.Arbitrary<Hold>, { minLength: 1, maxLength: 6 }).chain((some) => fc.tuple(fc.constant(some), fc.shuffledSubarray([...some, ...some], { minLength: 2 * some.length }))), ([some, shuffled]) => {
      expect(all(shuffled)).toEqual(all(some))
    }))
  })
})
