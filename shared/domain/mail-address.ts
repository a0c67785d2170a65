/**
 * Addresses that mail goes to: which spellings mean one mailbox, and who is to get no mail, or no campaigns, any more.
 *
 * A mailbox that bounced hard or complained gets nothing at all, no receipt either: the provider would hold it back as
 * well, and every further try costs the shop its standing with the mailbox's host. Whoever only unsubscribed gets no
 * campaigns, and still his receipts. Bounces and complaints come twice and in any order: what is held, why and since
 * when is the same in the end, and one that is older than a person's decision to lift it says nothing new.
 */
import { iso } from '#values/time.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { SuppressionShown } from './shown/mail.ts'

/** Hosts that are one and the same. */
const SAME_HOST: Readonly<Record<string, string>> = { 'googlemail.com': 'gmail.com' }
/** Hosts that do not see dots before the `@`. */
const DOTLESS = new Set(['gmail.com'])
const SPELLINGS_MAX = 20

/** Which mailbox an address means: case, plus-tags and Gmail's dots tell none apart. */
export function canonicalAddress(address: string): string {
  const plain = address.trim().normalize('NFC').toLowerCase()
  const at = plain.lastIndexOf('@')
  if (at < 1) return plain
  const named = plain.slice(at + 1).replace(/\.$/, '')
  const host = SAME_HOST[named] ?? named
  const [local, untagged] = [plain.slice(0, at), plain.slice(0, at).split('+')[0] ?? '']
  // In quotes every character counts.
  const mailbox = local.startsWith('"') || untagged === '' ? local : untagged
  return `${DOTLESS.has(host) ? mailbox.replaceAll('.', '') : mailbox}@${host}`
}

export const SCOPES = ['all', 'campaigns'] as const
/** What is held back: every mail, or campaigns only. */
export type Scope = (typeof SCOPES)[number]

/** Why, the weightiest last: of two reasons the weightier is kept. */
const REASONS = ['manual', 'link', 'bounce', 'complaint'] as const
export type HoldReason = (typeof REASONS)[number]

export interface Hold {
  readonly reason: HoldReason
  readonly sinceMs: number
  /** The mail that it became known by. */
  readonly mailId: string | null
}

export interface MailAddress {
  /** Follows from the mailbox, and tells nothing of it. */
  readonly id: string
  /** Null: not known, or forgotten. */
  readonly address: string | null
  /** As the provider knows it: each way in which it was written to. */
  readonly spellings: readonly string[]
  readonly holds: Readonly<Record<Scope, Hold | null>>
  /** The scopes that are held now: what lists find it by. */
  readonly held: readonly Scope[]
  /** What happened before that moment says nothing against it any more. */
  readonly liftedAtMs: Readonly<Record<Scope, number | null>>
  readonly version: number
  readonly updatedAtMs: number
}

export interface HoldWish {
  readonly id: string
  readonly scope: Scope
  readonly hold: Hold
  /** As it was written to; undefined when that is not known. */
  readonly spelling: string | undefined
}

export interface AddressChange {
  readonly address: MailAddress
  readonly row: WarehouseRow
}

const NONE: Pick<MailAddress, 'address' | 'spellings' | 'holds' | 'held' | 'liftedAtMs' | 'version'> = {
  address: null, spellings: [], holds: { all: null, campaigns: null }, held: [], liftedAtMs: { all: null, campaigns: null }, version: 0,
}

/** Holds mail back; undefined when that is nothing new. */
export function heldBack(before: MailAddress | undefined, { id, scope, hold, spelling }: HoldWish, nowMs: number): AddressChange | undefined {
  const known = before ?? { ...NONE, id, updatedAtMs: nowMs }
  const liftedAtMs = known.liftedAtMs[scope]
  if (hold.reason !== 'manual' && liftedAtMs !== null && hold.sinceMs <= liftedAtMs) return undefined
  const merged = weightier(known.holds[scope], hold)
  const spellings = spelling === undefined || known.spellings.includes(spelling) ? known.spellings : [...known.spellings, spelling].slice(0, SPELLINGS_MAX)
  if (merged === known.holds[scope] && spellings === known.spellings) return undefined
  const address = known.address ?? (spelling === undefined ? null : canonicalAddress(spelling))
  return next(known, { address, spellings, holds: { ...known.holds, [scope]: merged } }, { what: 'suppressed', why: merged.reason, scope, nowMs })
}

/**
 * Of two reasons the weightier, of one reason the earlier: whichever comes first, the same is kept. A person's own second
 * click is nothing new, by whichever clock it was the earlier.
 */
function weightier(known: Hold | null, hold: Hold): Hold {
  if (known === null) return hold
  if (known.reason === hold.reason && hold.mailId === null) return known
  const byMail = (known.mailId ?? '') > (hold.mailId ?? '') ? 1 : -1
  const weighs = REASONS.indexOf(hold.reason) - REASONS.indexOf(known.reason) || known.sinceMs - hold.sinceMs || byMail
  return weighs > 0 ? hold : known
}

/** A person lifts what is held; undefined when it is not. */
export function lifted(before: MailAddress, scope: Scope, why: string, nowMs: number): AddressChange | undefined {
  if (before.holds[scope] === null) return undefined
  return next(before, { holds: { ...before.holds, [scope]: null }, liftedAtMs: { ...before.liftedAtMs, [scope]: nowMs } }, { what: 'suppression_lifted', why, scope, nowMs })
}

/** What is held stays held, without saying whom it is about; undefined when nothing is worth keeping. */
export function forgotten(before: MailAddress, nowMs: number): MailAddress | undefined {
  return before.held.length === 0 ? undefined : { ...before, address: null, spellings: [], version: before.version + 1, updatedAtMs: nowMs }
}

function next(before: MailAddress, change: Partial<MailAddress>, { what, why, scope, nowMs }: { what: string; why: string; scope: Scope; nowMs: number }): AddressChange {
  const changed = { ...before, ...change, version: before.version + 1, updatedAtMs: nowMs }
  const address = { ...changed, held: SCOPES.filter((one) => changed.holds[one] !== null) }
  const facts = ({ held, holds }: MailAddress) => ({ held, reason: holds[scope]?.reason ?? null })
  const row = auditEvent({
    id: `${address.id}-${address.version}-audit`, who: null, what: `mail_address.${what}`, subject: address.id, before: facts(before), after: facts(address), why,
    requestId: null, ip: null, atMs: nowMs,
  })
  return { address, row }
}

/** Why a mail may not go to an address; undefined when it may. */
export function holdFor(address: MailAddress | undefined, isCampaign: boolean): Hold | undefined {
  return address?.holds.all ?? (isCampaign ? address?.holds.campaigns : undefined) ?? undefined
}

/** As staff see it. */
export function suppressionView({ id, address, holds, liftedAtMs }: MailAddress, scope: Scope): SuppressionShown {
  const { [scope]: hold } = holds
  const { [scope]: lifted } = liftedAtMs
  const at = (ms: number | null): string | null => (ms === null ? null : iso(ms))
  return { id, address, scope, reason: hold?.reason ?? null, emailId: hold?.mailId ?? null, since: at(hold?.sinceMs ?? null), liftedAt: at(lifted) }
}
