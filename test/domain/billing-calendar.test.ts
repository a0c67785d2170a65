/** Due days: the same civil day each month, whatever the month, the clocks or the zone do. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anchorAt, daysAfter, dueAt } from '#domain/billing-calendar.ts'
import { momentOf, wallTime } from '#domain/civil-day.ts'

const CHICAGO = 'America/Chicago'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const zones = fc.constantFrom(
  CHICAGO, 'UTC', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Pago_Pago', 'Pacific/Kiritimati', 'Europe/Berlin', 'America/Havana', 'Asia/Beirut',
)
const moments = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2040, 0, 1) })
const months = fc.integer({ min: 0, max: 240 })

function shown(zone: string, atMs: number): string {
  return new Date(wallTime(zone, atMs)).toISOString().replace('Z', '')
}

function dueDates(zone: string, from: string, count: number): string[] {
  const anchor = anchorAt(zone, Date.parse(from))
  return Array.from({ length: count }, (_, index) => shown(zone, dueAt(zone, anchor, index + 1)).slice(0, 10))
}

describe('does', () => {
  test('the 31st is due on the last day of a shorter month, and on the 31st again', () => {
    expect(dueDates(CHICAGO, '2026-12-31T18:00:00Z', 6)).toEqual(['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31', '2027-06-30'])
    expect(dueDates(CHICAGO, '2028-01-31T18:00:00Z', 2)).toEqual(['2028-02-29', '2028-03-31'])
    expect(dueDates(CHICAGO, '2028-02-29T18:00:00Z', 13).filter((day) => day.includes('-02-') || day.includes('-03-'))).toEqual(['2028-03-29', '2029-02-28', '2029-03-29'])
  })

  test('the civil day counts, not that of UTC', () => {
    expect(dueDates(CHICAGO, '2026-12-01T05:30:00Z', 2)).toEqual(['2026-12-30', '2027-01-30'])
  })

  test.each([
    ['the hour that clocks leave out is an hour later', '2027-02-14T08:30:00.000Z', 1, '2027-03-14T03:30:00.000'],
    ['and comes back the month after', '2027-02-14T08:30:00.000Z', 2, '2027-04-14T02:30:00.000'],
    ['the time of day stays across a change of clocks', '2026-10-15T17:00:00.123Z', 1, '2026-11-15T12:00:00.123'],
  ])('%s', (_what, from, count, expected) => {
    expect(shown(CHICAGO, dueAt(CHICAGO, anchorAt(CHICAGO, Date.parse(from)), count))).toBe(expected)
  })

  test('an hour that clocks show twice counts the first time', () => {
    expect(new Date(momentOf(CHICAGO, Date.UTC(2026, 10, 1, 1, 30))).toISOString()).toBe('2026-11-01T06:30:00.000Z')
  })

  test('every due moment shows the agreed day, or the last of its month, and months follow each other', () => {
    fc.assert(fc.property(zones, moments, months, (zone, atMs, count) => {
      const anchor = anchorAt(zone, atMs)
      expect(dueAt(zone, anchor, 0) <= atMs).toBe(true)
      const [due, next] = [dueAt(zone, anchor, count), dueAt(zone, anchor, count + 1)]
      const wall = new Date(wallTime(zone, due))
      const last = new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1, 0)).getUTCDate()
      expect(wall.getUTCDate()).toBe(Math.min(anchor.day, last))
      expect(wall.getUTCFullYear() * 12 + wall.getUTCMonth()).toBe(anchor.year * 12 + anchor.month - 1 + count)
      expect(next - due).toBeGreaterThan(27 * DAY_MS)
      expect(next - due).toBeLessThan(32 * DAY_MS)
    }))
  })

  test('a store that moves to another zone keeps every member\'s day', () => {
    fc.assert(fc.property(zones, zones, moments, months, (zone, other, atMs, count) => {
      const anchor = anchorAt(zone, atMs)
      const day = (where: string): string => shown(where, dueAt(where, anchor, count)).slice(0, 10)
      expect(day(other)).toBe(day(zone))
    }))
  })

  test('days later are civil days at the same time of day', () => {
    fc.assert(fc.property(zones, moments, fc.integer({ min: 0, max: 40 }), (zone, atMs, days) => {
      const later = daysAfter(zone, atMs, days)
      const off = wallTime(zone, later) - (wallTime(zone, atMs) + days * DAY_MS)
      expect(off === 0 || (off > 0 && off <= HOUR_MS)).toBe(true)
    }))
  })

  test('the wall and the moment are each other\'s, but for the hour that is shown twice', () => {
    fc.assert(fc.property(zones, moments, (zone, atMs) => {
      const back = momentOf(zone, wallTime(zone, atMs))
      expect(wallTime(zone, back)).toBe(wallTime(zone, atMs))
      expect(atMs - back === 0 || (atMs > back && atMs - back <= HOUR_MS)).toBe(true)
    }))
  })
})
