/** How much mail goes out, and which first. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { campaignLimit, campaignRoom, campaignTurn, mailboxWait, nextMinute, withSend, type Send } from '#domain/mail-limits.ts'
import { NOW_MS } from './given.ts'

const MINUTE_MS = 60_000
const ago = (...seconds: number[]): Send[] => seconds.map((second, n) => ({ mailId: `eml_${n}`, atMs: NOW_MS - second * 1000 }))

describe('does', () => {
  test.each<[string, Send[], number | undefined]>([
    ['nothing went', [], undefined],
    ['one less than the limit', ago(50, 40), undefined],
    ['the limit: until the oldest is a minute old', ago(50, 40, 10), NOW_MS + 10_000],
    ['more than the limit, after it was lowered', ago(50, 40, 30, 10), NOW_MS + 20_000],
    ['the limit, of which one is a minute old just now', ago(60, 40, 10), undefined],
  ])('let a mailbox wait when %s', (_, sends, untilMs) => {
    expect(mailboxWait(sends, 'eml_new', 3, NOW_MS)).toBe(untilMs)
  })

  test('count a mail that is tried again once', () => {
    const sends = ago(50, 40, 10)
    expect(mailboxWait(sends, 'eml_1', 3, NOW_MS)).toBeUndefined()
    expect(withSend(sends, 'eml_1', NOW_MS)).toEqual([sends[0], sends[2], { mailId: 'eml_1', atMs: NOW_MS }])
  })

  test.each([[100, 0, 75], [100, 30, 45], [100, 75, 0], [100, 500, 0], [10, 0, 8], [1, 0, 1], [1, 1, 0]])(
    'of %i a minute, with %i due before them, give campaigns %i', (limit, due, room) => {
      expect(campaignRoom(limit, due)).toBe(room)
    },
  )

  test('fill the minutes ahead one by one', () => {
    const next = nextMinute(NOW_MS + 1)
    expect([0, 74, 75, 149, 150].map((before) => campaignTurn(before, 100, NOW_MS + 1) - next)).toEqual([0, 0, 1, 1, 2].map((minutes) => minutes * MINUTE_MS))
  })
})

describe('refuses', () => {
  test('more than the limit in any minute, whatever is tried when, and to let anybody wait longer than a minute', () => {
    const tries = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 40_000 }), mailId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g') }), { maxLength: 60 })
    fc.assert(fc.property(tries, fc.integer({ min: 1, max: 4 }), (attempts, limit) => {
      let [sends, nowMs]: [Send[], number] = [[], NOW_MS]
      const went: Send[] = []
      for (const { afterMs, mailId } of attempts) {
        nowMs += afterMs
        const untilMs = mailboxWait(sends, mailId, limit, nowMs)
        if (untilMs !== undefined) expect(untilMs > nowMs && untilMs <= nowMs + MINUTE_MS && mailboxWait(sends, mailId, limit, untilMs) === undefined).toBe(true)
        if (untilMs !== undefined) continue
        sends = withSend(sends, mailId, nowMs)
        went.push({ mailId, atMs: nowMs })
        expect(new Set(went.filter(({ atMs }) => atMs > nowMs - MINUTE_MS).map((send) => send.mailId)).size).toBeLessThanOrEqual(limit)
      }
    }))
  })

  test('campaigns any mail of the quarter that is kept from them, or of what is due', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 0, max: 2_000 }), (limit, due) => {
      expect(campaignLimit(limit)).toBeGreaterThan(0)
      expect(campaignRoom(limit, due)).toBeLessThanOrEqual(Math.max(0, limit - due))
      expect(limit - campaignRoom(limit, due)).toBeGreaterThanOrEqual(Math.floor(limit / 4))
    }))
  })
})
