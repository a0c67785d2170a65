/**
 * What becomes of a mail until the provider has taken it: sent, tried again, deferred, given up, never sent.
 *
 * Tried again after 1 s, 5 s, 30 s, 5 min and 30 min when the provider did not answer or could not (5xx, 429), then it is a
 * dead letter that a person may replay. What the provider refuses because of the mail itself has failed for good; what it
 * refuses because of us (a key, an unverified domain) is a dead letter at once: it is right again when we are.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '#values/time.ts'
import { holdFor, type Hold, type MailAddress } from './mail-address.ts'
import { NOBODY } from './mail.ts'
import { mailboxWait, type Send } from './mail-limits.ts'
import { addressesOf, isWaiting, NUDGED_MS, TOLD_STATES, type Deferral, type Envelope, type Mail, type MailChange, type MailStatus, type Told, type ToldState } from './mail-record.ts'
import { nextTry } from './retry.ts'

/** Waits after each failed try; after the last one the mail is a dead letter. */
export const RETRY_MS: readonly number[] = [SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS]
/** The provider keeps a key for a day; so long it is trusted. */
const KEY_TRUSTED_MS = 23 * HOUR_MS
/** What the shop promises itself: from due to the provider. */
export const PROMPT_MS = 30 * SECOND_MS
/** So long what a mail says is kept after it is done: as long as somebody may ask what we wrote. */
export const BODY_KEPT_MS = 14 * DAY_MS
/** A used-up quota is asked about again so often. */
export const QUOTA_AGAIN_MS = HOUR_MS
const ERROR_LENGTH_MAX = 300

/** A recipient as the store knows him. */
export interface Recipient {
  readonly id: string
  /** Undefined: nothing was ever held. */
  readonly address: MailAddress | undefined
  /** What went to this mailbox in the last minute. */
  readonly sends: readonly Send[]
}

export interface Attempt {
  readonly recipients: readonly Recipient[]
  /** Names the record of whoever an address belongs to. */
  readonly nameOf: (address: string) => string
  readonly from: string
  readonly replyTo: string
  readonly mailboxLimit: number
  readonly nowMs: number
}

export type Claim =
  /** To be sent now, to this envelope's recipients. `stale`: the provider may have forgotten that it was asked before. */
  | { readonly kind: 'send'; readonly change: MailChange; readonly envelope: Envelope; readonly counted: readonly string[]; readonly stale: boolean }
  | { readonly kind: 'wait'; readonly change: MailChange }
  | { readonly kind: 'suppress'; readonly change: MailChange }

/**
 * What a sender who has a mail in his hand may do with it; undefined: nothing, there is nothing left to send, or not yet.
 * @param attempt which try the nudge asked for; undefined when it did not say
 */
export function claim(mail: Mail, attempt: number | undefined, { recipients, nameOf, from, replyTo, mailboxLimit, nowMs }: Attempt): Claim | undefined {
  if (!isWaiting(mail) || (attempt !== undefined && attempt !== mail.attempts) || (mail.sendAtMs ?? 0) > nowMs) return undefined
  const byId = new Map(recipients.map((recipient) => [recipient.id, recipient]))
  const holdOn = (address: string): Hold | undefined => holdFor(byId.get(nameOf(address))?.address, mail.category === 'campaign')
  const held = addressesOf(mail.to).map(holdOn)
  const hold = held[0]
  if (hold !== undefined && held.every((one) => one !== undefined)) return { kind: 'suppress', change: suppressed(mail, `held: ${hold.reason}`, nowMs) }
  const open = (addresses: readonly string[]): string[] => addresses.filter((address) => holdOn(address) === undefined)
  const fresh = { from, replyTo: mail.replyTo ?? replyTo, to: open(addressesOf(mail.to)), cc: open(mail.cc ?? []), bcc: open(mail.bcc ?? []) }
  const envelope = mail.envelope ?? fresh
  const counted = [...new Set([...envelope.to, ...envelope.cc, ...envelope.bcc].map(nameOf))]
  const waits = counted.flatMap((id) => mailboxWait(byId.get(id)?.sends ?? [], mail.id, mailboxLimit, nowMs) ?? [])
  if (waits.length > 0) return { kind: 'wait', change: deferred('recipient_limit', Math.max(...waits)) }
  const triedAtMs = mail.triedAtMs ?? nowMs
  return { kind: 'send', change: { envelope, triedAtMs, deferral: null }, envelope, counted, stale: nowMs - triedAtMs > KEY_TRUSTED_MS }
}

/** Over a limit, or the provider takes nothing: it says until when. Not a failed try. */
export function deferred(reason: Deferral, untilMs: number): MailChange {
  return { status: 'deferred', nextAtMs: untilMs, deferral: { reason, untilMs } }
}

/** The provider has it, as it told: by its answer, or by an event. Of all that it told, what weighs most is the mail's status. */
export function taken(mail: Mail, providerId: string, { state, told, nowMs }: { state: ToldState; told: Told; nowMs: number }): MailChange {
  const all = { ...mail.told, [state]: earlier(mail.told[state], told) }
  const status = TOLD_STATES.findLast((one) => all[one] !== undefined) ?? state
  const sentAtMs = Math.min(...Object.values(all).map(({ atMs }) => atMs))
  const inTime = mail.category === 'campaign' ? null : (mail.inTime ?? sentAtMs - (mail.dueSinceMs ?? sentAtMs) <= PROMPT_MS)
  return { ...done(mail, status, nowMs), told: all, providerId: mail.providerId ?? providerId, sentAtMs, inTime, lastError: all[status as ToldState]?.reason ?? null }
}

/** The same thing may be told twice, of two moments or in other words: whichever comes first, the same is kept. */
function earlier(known: Told | undefined, told: Told): Told {
  if (known === undefined) return told
  const order = known.atMs - told.atMs || ((known.reason ?? '') > (told.reason ?? '') ? 1 : -1)
  return order > 0 ? told : known
}

/** The provider refuses this mail for good. */
export function refused(mail: Mail, reason: string, nowMs: number): MailChange {
  return { ...done(mail, 'failed', nowMs), lastError: short(reason) }
}

/** It is not to be sent at all. */
export function suppressed(mail: Mail, reason: string, nowMs: number): MailChange {
  return { ...done(mail, 'suppressed', nowMs), lastError: short(reason) }
}

function done(mail: Mail, status: MailStatus, nowMs: number): MailChange {
  const bodyUntilMs = mail.html === '' ? null : (mail.bodyUntilMs ?? nowMs + BODY_KEPT_MS)
  return { status, nextAtMs: null, dueSinceMs: null, deferral: null, bodyUntilMs }
}

/** After a failed try: back on the schedule, or a dead letter. */
export function triedInVain(mail: Mail, reason: string, { nowMs, atLeastMs = 0 }: { nowMs: number; atLeastMs?: number | undefined }): MailChange {
  const attempts = mail.attempts + 1
  const nextAtMs = nextTry(RETRY_MS, attempts - (mail.replay?.attemptsBefore ?? 0), nowMs)
  if (nextAtMs === null) return givenUp(mail, reason)
  return { status: 'queued', attempts, nextAtMs: Math.max(nextAtMs, nowMs + atLeastMs), deferral: null, lastError: short(reason) }
}

/** A person decides. */
export function givenUp(mail: Mail, reason: string): MailChange {
  return { status: 'dead_letter', attempts: mail.attempts + 1, nextAtMs: null, dueSinceMs: null, deferral: null, lastError: short(reason) }
}

/** A dead letter goes back to the start of the schedule. */
export function putBackMail(mail: Mail, replayId: string, nowMs: number): MailChange {
  const replay = { id: replayId, count: (mail.replay?.count ?? 0) + 1, attemptsBefore: mail.attempts }
  return { status: 'queued', nextAtMs: nowMs + NUDGED_MS, dueSinceMs: nowMs, deferral: null, replay }
}

/** Nothing is left of whom it went to and what it said; what still waited is not sent. That there was one stays: it is never sent a second time. */
export function forgottenMail(mail: Mail): Partial<Mail> {
  const erased = { to: NOBODY, cc: [], bcc: [], recipients: [], envelope: null, subject: '', html: '', text: '', bodyUntilMs: null }
  const isOpen = isWaiting(mail) || mail.status === 'dead_letter'
  return isOpen ? { ...erased, status: 'suppressed', nextAtMs: null, dueSinceMs: null, deferral: null, lastError: 'forgotten' } : erased
}

function short(reason: string): string {
  return reason.slice(0, ERROR_LENGTH_MAX)
}
