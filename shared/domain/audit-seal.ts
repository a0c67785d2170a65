/**
 * Sealing the audit trail: what an event is hashed as, which day it belongs to, and the seal that stands for a day.
 *
 * Days are civil days in UTC: they are the partitions of the warehouse, and which events a seal covers must not depend
 * on a setting that can be changed later. Each seal holds the hash of the one before it, so no day can be replaced,
 * left out or slipped in without every later seal being another one; and each is signed, so that nobody but the shop
 * can make all later ones anew. A signature vouches for its seal and for all that it hangs on.
 */
import { createHash } from 'node:crypto'
import { DAY_MS, HOUR_MS, iso } from '#values/time.ts'
import type { Alert } from './alert.ts'
import { leafHash, rootOf } from './merkle.ts'
import { isSigned } from './signature.ts'

/** One event as it is kept for its seal: enough to say which one was changed, and nothing of what it says. */
export interface Leaf {
  readonly id: string
  readonly hash: string
  /** The day the event is dated, when that day was sealed before it arrived: it is sealed with a later one. */
  readonly lateFor: string | null
}

export interface Seal {
  /** `2026-11-20`. */
  readonly day: string
  readonly events: number
  /** How many of them are dated earlier. */
  readonly late: number
  readonly root: string
  /** Hash of the seal of the day before; null for the first one. */
  readonly previous: string | null
  readonly hash: string
}

export function dayOf(ms: number): string {
  return iso(ms).slice(0, 10)
}

export function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`)
}

export function dayAfter(day: string, days = 1): string {
  return dayOf(startOf(day) + days * DAY_MS)
}

/**
 * The one text of an event, wherever it was read: JSON with its fields in order (as RFC 8785 writes flat objects of
 * strings and whole numbers). Fields that are null are left out, so that a column added later changes no event of today.
 */
export function canonicalEvent(row: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(row).filter(([, value]) => value !== null && value !== undefined)
  return JSON.stringify(Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))))
}

export function eventHash(row: Readonly<Record<string, unknown>>): string {
  return leafHash(canonicalEvent(row))
}

/** @param openDay the first day that takes events: those before it are sealed */
export function leafOf(row: Readonly<Record<string, unknown>>, openDay: string): Leaf {
  const dated = String(row['created_at']).slice(0, 10)
  return { id: String(row['id']), hash: eventHash(row), lateFor: dated < openDay ? dated : null }
}

/** The order of the tree: by id. An event that was counted twice stands in it once. */
export function ordered(leaves: readonly Leaf[]): Leaf[] {
  const sorted = leaves.toSorted((a, b) => compared(a.id, b.id) || compared(a.hash, b.hash))
  return sorted.filter(({ id, hash }, index) => id !== sorted[index - 1]?.id || hash !== sorted[index - 1]?.hash)
}

function compared(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** @param leaves as `ordered` gives them */
export function sealOf(day: string, leaves: readonly Leaf[], previous: string | null): Seal {
  const root = rootOf(leaves.map(({ hash }) => hash))
  const late = leaves.reduce((count, { lateFor }) => (lateFor === null ? count : count + 1), 0)
  const facts = { day, events: leaves.length, late, root, previous }
  return { ...facts, hash: sealHash(facts) }
}

/** Hash of what a seal says, without the hash that it gives itself. */
export function sealHash({ day, events, late, root, previous }: Omit<Seal, 'hash'>): string {
  return createHash('sha256').update(`countinghouse audit seal\n${JSON.stringify([day, events, late, root, previous])}`).digest('hex')
}

export interface Signature {
  /** Which key it was made with. */
  readonly keyId: string
  readonly signature: string
}

/** As seals are kept. Those of before they were signed have none; a later one vouches for them. */
export type KeptSeal = Seal & Partial<Signature> & { readonly sealedAtMs: number }

/** What is signed of a seal: its hash says all the rest. */
export function signedText({ hash }: Pick<Seal, 'hash'>): string {
  return `countinghouse audit seal signature\n${hash}`
}

/** @param publicKey of an Ed25519 key: 32 bytes in base64url */
export function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 16)
}

export function isSignedBy(seal: Pick<Seal, 'hash'>, signature: string, publicKey: string): boolean {
  return isSigned(signedText(seal), signature, publicKey)
}

const NAMED_MAX = 10

/** Something held these events back for longer than a call may last: that is a defect. */
export function lateAlert(late: readonly Leaf[]): Alert {
  const named = late.slice(0, NAMED_MAX).map(({ id, lateFor }) => `${id} of ${lateFor}`).join(', ')
  return {
    key: 'audit/late', severity: 'p1', quietMs: DAY_MS, details: { events: late.length, named },
    summary: 'Audit events came after their day was sealed; the next seal holds them and names the day they are of.',
  }
}

export function unsealedAlert(day: string): Alert {
  return {
    key: 'audit/unsealed', severity: 'p1', quietMs: 2 * HOUR_MS, details: { day },
    summary: `The audit trail of ${day} cannot be sealed: facts of that day still wait for the warehouse.`,
  }
}
