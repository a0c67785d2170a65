/**
 * Customers who owe no sales tax: a certificate, the states that it counts in, and until when. Set by an admin, each change on
 * record; it counts for what is bought while it is valid.
 */
import { iso } from '#values/time.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { ExemptionShown } from './shown/customer.ts'
import type { Taxed } from './totals.ts'

export interface TaxExemption {
  readonly customerId: string
  /** Number of the certificate, sealed under the customer's key. */
  readonly certificate: string
  /** Empty: all. */
  readonly states: readonly string[]
  /** Its last day, and the moment at which that is over. */
  readonly validThrough: string
  readonly expiresAtMs: number
  readonly revokedAtMs: number | null
  /** Grows with every change. */
  readonly version: number
  readonly updatedAtMs: number
}

export type ExemptionWish = Pick<TaxExemption, 'customerId' | 'certificate' | 'states' | 'validThrough' | 'expiresAtMs'>

export interface ExemptionChange {
  readonly exemption: TaxExemption
  readonly row: WarehouseRow
}

export function granted(before: TaxExemption | undefined, wish: ExemptionWish, { reason, nowMs }: { reason: string; nowMs: number }): ExemptionChange {
  const exemption: TaxExemption = { ...wish, revokedAtMs: null, version: (before?.version ?? 0) + 1, updatedAtMs: nowMs }
  return { exemption, row: audited(before, exemption, { what: 'tax_exemption.granted', reason }) }
}

/** Undefined when it is revoked already. */
export function revoked(before: TaxExemption, { reason, nowMs }: { reason: string; nowMs: number }): ExemptionChange | undefined {
  if (before.revokedAtMs !== null) return undefined
  const exemption = { ...before, revokedAtMs: nowMs, version: before.version + 1, updatedAtMs: nowMs }
  return { exemption, row: audited(before, exemption, { what: 'tax_exemption.revoked', reason }) }
}

/** The certificate's number is not told: it may be a person's. */
function audited(before: TaxExemption | undefined, after: TaxExemption, { what, reason }: { what: string; reason: string }): WarehouseRow {
  const facts = ({ states, validThrough, revokedAtMs }: TaxExemption) => ({ states, validThrough, revoked: revokedAtMs !== null })
  return auditEvent({
    id: `tax-exemption-${after.customerId}-${after.version}-audit`, who: null, what, subject: after.customerId,
    before: before === undefined ? null : facts(before), after: facts(after), why: reason, requestId: null, ip: null, atMs: after.updatedAtMs,
  })
}

/** Whether what changes hands in a state now is sold without tax. */
export function isExempt(exemption: TaxExemption | undefined, state: Taxed['state'], nowMs: number): boolean {
  if (exemption === undefined || exemption.revokedAtMs !== null || exemption.expiresAtMs <= nowMs) return false
  return exemption.states.length === 0 || exemption.states.includes(state)
}

/** @param certificate its number in clear, for who may see it */
export function exemptionView(exemption: TaxExemption, certificate: string | undefined): ExemptionShown {
  const { customerId, states, validThrough, revokedAtMs, updatedAtMs } = exemption
  return {
    customerId, states, validThrough, revokedAt: revokedAtMs === null ? null : iso(revokedAtMs), updatedAt: iso(updatedAtMs),
    ...(certificate === undefined ? {} : { certificate }),
  }
}
