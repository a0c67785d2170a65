/** Payees: partners and organisers who may be paid out, each with his account at the gateway. Only a registered one is ever paid. */
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { PayeeShown } from './shown/books.ts'
import { iso } from '#values/time.ts'

export interface Payee {
  readonly id: string
  readonly name: string
  /** The account, connected to ours, that his money goes to. */
  readonly destination: string
  readonly active: boolean
  /** Grows with every change. */
  readonly version: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export type PayeeWish = Pick<Payee, 'id' | 'name' | 'destination' | 'active'>

/** @returns the payee as it is to be, and its audit event; undefined when it is so already */
export function registered(before: Payee | undefined, wish: PayeeWish, nowMs: number): { payee: Payee; row: WarehouseRow } | undefined {
  const isSame = before !== undefined && before.name === wish.name && before.destination === wish.destination && before.active === wish.active
  if (isSame) return undefined
  const payee: Payee = { ...wish, version: (before?.version ?? 0) + 1, createdAtMs: before?.createdAtMs ?? nowMs, updatedAtMs: nowMs }
  // A payee may be a person: no name.
  const facts = ({ destination, active }: Payee) => ({ destination, active })
  const row = auditEvent({
    id: `payee-${payee.id}-${payee.version}-audit`, who: null, what: before === undefined ? 'payee.registered' : 'payee.changed', subject: payee.id,
    before: before === undefined ? null : facts(before), after: facts(payee), why: 'settings', requestId: null, ip: null, atMs: nowMs,
  })
  return { payee, row }
}

export function payeeView({ id, name, destination, active, createdAtMs, updatedAtMs }: Payee): PayeeShown {
  return { id, name, destination, active, createdAt: iso(createdAtMs), updatedAt: iso(updatedAtMs) }
}
