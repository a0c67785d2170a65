/** Days as people at the store count them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayIn, dayNamed } from '#domain/civil-day.ts'

const HOUR_MS = 3_600_000

describe('does', () => {
  test.each([
    ['America/Chicago', '2026-11-20T05:59:59.999Z', '2026-11-19', '2026-11-19T06:00:00.000Z', 24],
    ['America/Chicago', '2026-11-20T06:00:00.000Z', '2026-11-20', '2026-11-20T06:00:00.000Z', 24],
    ['America/Chicago', '2026-11-01T12:00:00.000Z', '2026-11-01', '2026-11-01T05:00:00.000Z', 25],
    ['America/Chicago', '2027-03-14T12:00:00.000Z', '2027-03-14', '2027-03-14T06:00:00.000Z', 23],
    ['UTC', '2026-12-31T23:59:59.999Z', '2026-12-31', '2026-12-31T00:00:00.000Z', 24],
    ['Pacific/Kiritimati', '2026-11-20T10:00:00.000Z', '2026-11-21', '2026-11-20T10:00:00.000Z', 24],
    ['Asia/Kathmandu', '2026-11-20T18:15:00.000Z', '2026-11-21', '2026-11-20T18:15:00.000Z', 24],
  ])('%s at %s: %s, from %s, %i hours', (zone, at, day, from, hours) => {
    const found = dayIn(zone, Date.parse(at))
    expect([found.day, new Date(found.fromMs).toISOString(), (found.toMs - found.fromMs) / HOUR_MS]).toEqual([day, from, hours])
  })

  test('every moment belongs to one day, and days follow each other without a gap', () => {
    const zones = fc.constantFrom('America/Chicago', 'UTC', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Pago_Pago')
    const moments = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) })
    fc.assert(fc.property(zones, moments, (zone, atMs) => {
      const { fromMs, toMs } = dayIn(zone, atMs)
      expect(dayNamed(zone, dayIn(zone, atMs).day)).toEqual(dayIn(zone, atMs))
      expect(fromMs <= atMs && atMs < toMs).toBe(true)
      expect(dayIn(zone, toMs).fromMs).toBe(toMs)
    }), { numRuns: 40 })
  })
})
