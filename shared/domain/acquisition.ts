/** What a month's advertising has cost, as staff say it: said again, it is another sum, and both stay on record. */
import { toMajor, toText } from '#values/money.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { SpendShown } from './shown/dashboard.ts'

export interface Spend {
  /** `2026-11` */
  readonly month: string
  /** Minor units. */
  readonly amount: number
  readonly currency: string
  /** Grows with each sum that was said. */
  readonly version: number
}

export interface SpendWish {
  readonly month: string
  readonly amount: number
  readonly currency: string
  readonly reason: string
  readonly nowMs: number
}

export function saidSpend(before: Spend | undefined, { month, amount, currency, reason, nowMs }: SpendWish): { readonly spend: Spend; readonly row: WarehouseRow } {
  const spend = { month, amount, currency, version: (before?.version ?? 0) + 1 }
  const told = (one: Spend) => ({ spend: toText(one.amount, one.currency), currency: one.currency })
  const row = auditEvent({
    id: `spend-${month}-${spend.version}-audit`, who: null, what: 'acquisition.spend_said', subject: `spend ${month}`, before: before === undefined ? null : told(before),
    after: told(spend), why: reason, requestId: null, ip: null, atMs: nowMs,
  })
  return { spend, row }
}

export function spendView({ month, amount, currency }: Spend): SpendShown {
  return { month, spend: toMajor(amount, currency), currency }
}
