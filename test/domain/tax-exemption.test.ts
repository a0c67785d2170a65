/** Tax exemptions: they count where and while they are valid; every change says what and why, never the certificate. */
import { describe, expect, test } from 'vitest'
import { exemptionView, granted, isExempt, revoked, type TaxExemption } from '#domain/tax-exemption.ts'
import { NOW_MS } from './given.ts'

const WISH = { customerId: 'cust-1', certificate: 'sealed', states: ['TX'], validThrough: '2026-12-31', expiresAtMs: NOW_MS + 1000 }
const { exemption, row } = granted(undefined, WISH, { reason: 'reseller', nowMs: NOW_MS })

describe('does', () => {
  test.each<[boolean, string, Partial<TaxExemption>]>([
    [true, 'TX', {}], [false, 'CA', {}], [true, 'CA', { states: [] }], [false, 'TX', { expiresAtMs: NOW_MS }], [true, 'TX', { expiresAtMs: NOW_MS + 1 }],
    [false, 'TX', { revokedAtMs: NOW_MS - 1 }],
  ])('answer %s in %s with %j', (exempt, state, wanted) => {
    expect(isExempt({ ...exemption, ...wanted }, state, NOW_MS)).toBe(exempt)
  })

  test('nobody is exempt without one', () => expect(isExempt(undefined, 'TX', NOW_MS)).toBe(false))

  test('grow by one with each change, each with an event of its own', () => {
    const again = granted(exemption, { ...WISH, states: [] }, { reason: 'all states', nowMs: NOW_MS })
    const ended = revoked(again.exemption, { reason: 'lapsed', nowMs: NOW_MS })
    expect([again.exemption.version, ended?.exemption.version, ended?.exemption.revokedAtMs]).toEqual([2, 3, NOW_MS])
    const events = [row, again.row, ended?.row]
    expect(new Set(events.map((one) => one?.insertId)).size).toBe(3)
    expect(events.map((one) => [one?.json['what'], one?.json['why']])).toEqual([
      ['tax_exemption.granted', 'reseller'], ['tax_exemption.granted', 'all states'], ['tax_exemption.revoked', 'lapsed'],
    ])
    expect(revoked(ended?.exemption as TaxExemption, { reason: 'again', nowMs: NOW_MS })).toBeUndefined()
    expect(JSON.stringify(events)).not.toContain('sealed')
  })

  test('show the certificate only to who may see it', () => {
    expect(exemptionView(exemption, undefined)).not.toHaveProperty('certificate')
    expect(exemptionView(exemption, 'TX-123')).toMatchObject({ certificate: 'TX-123', validThrough: '2026-12-31', revokedAt: null })
  })
})
