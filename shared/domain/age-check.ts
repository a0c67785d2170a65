/**
 * What becomes of an age check, and what is kept of it: a verification for 365 days, and a row for every attempt.
 *
 * Of name and birth date only keyed hashes come here, of the identity card only its last four digits, sealed. Whoever was
 * verified is that person from then on: another birth date on the same account is refused and staff are told. Whoever was
 * refused may try again, he may have mistyped; if it is another birth date that lets him pass, staff are told as well.
 */
import { FAILURES } from '#values/failure.ts'
import { DAY_MS, iso } from '#values/time.ts'
import { AGE_MIN, TOO_YOUNG, type Identity } from './age.ts'
import type { Alert } from './alert.ts'
import { letter, type MailIntent } from './mail.ts'
import type { Answer } from './order.ts'
import { auditEvent, SCHEMA_VERSION } from './rows.ts'
import type { AgeStatusShown } from './shown/customer.ts'
import { factRow, type WarehouseRow } from './warehouse-rows.ts'

const VALID_MS = 365 * DAY_MS
/** So long before its end a verification may be renewed, and its customer is reminded. */
const RENEWAL_MS = 30 * DAY_MS
const ALERT_QUIET_MS = 7 * DAY_MS

export interface Verification {
  readonly id: string
  readonly nameHash: string
  readonly dateOfBirthHash: string
  readonly state: Identity['state']
  /** When it was checked. */
  readonly age: number
  /** Last four digits of the identity card, sealed under the customer's key for this record. */
  readonly idNumber: string
  /** Where the reminder goes, sealed likewise; null when nobody has told. */
  readonly email: string | null
  readonly ip: string
  readonly userAgent: string
  readonly verifiedAtMs: number
  readonly expiresAtMs: number
}

/** Everything that is kept of one customer's age; also the record of the operation that changed it last. */
export interface AgeAccount {
  readonly customerId: string
  /** Null before the first one that passed, and after staff took it back. */
  readonly verification: Verification | null
  /** Of the last attempt that was too young; null when there was none since the last that passed. */
  readonly refusedDateOfBirthHash: string | null
  /** Name of the pepper that its hashes are made with; absent: of the first one that the shop had. */
  readonly pepper?: string
  /** What the last call was told: one whose own commit was lost finds it here. */
  readonly last: { readonly id: string; readonly answer: Answer }
  /** When the reminder is to be sent; null when it was, or there is nothing to be reminded of. */
  readonly nextAtMs: number | null
  /** When something was last sold on the strength of it. */
  readonly reliedOnAtMs?: number
  readonly updatedAtMs: number
}

/** One attempt, as far as it may be kept. */
export interface Attempt extends Pick<Verification, 'nameHash' | 'dateOfBirthHash' | 'state' | 'age' | 'idNumber' | 'email' | 'ip' | 'userAgent'> {
  /** Becomes the verification's id if it passes in full. */
  readonly id: string
  readonly customerId: string
  /** Name of the pepper that its hashes are made with. */
  readonly pepper?: string
  readonly nowMs: number
}

export interface Judgement {
  readonly account: AgeAccount
  readonly rows: readonly WarehouseRow[]
  readonly alerts: readonly Alert[]
}

/** Hashes of name and birth date, under one pepper. */
export type Hashes = Pick<Verification, 'nameHash' | 'dateOfBirthHash'>

/**
 * The account after its pepper was rotated: what the attempt shows to be the same is hashed anew; what is not stays another.
 * @param then hashes of the attempt under the account's pepper; undefined when nobody has that one any more, so that nothing can be compared
 */
export function repeppered(account: AgeAccount, then: Hashes | undefined, present: Hashes & { readonly pepper: string }): AgeAccount {
  const { pepper, nameHash, dateOfBirthHash } = present
  if (then === undefined) return { ...account, pepper, verification: null, refusedDateOfBirthHash: null }
  const { verification, refusedDateOfBirthHash: refused } = account
  if (verification !== null && verification.dateOfBirthHash !== then.dateOfBirthHash) return account
  return {
    ...account, pepper,
    verification: verification === null ? null : { ...verification, dateOfBirthHash, ...(verification.nameHash === then.nameHash ? { nameHash } : {}) },
    refusedDateOfBirthHash: refused === then.dateOfBirthHash ? dateOfBirthHash : refused,
  }
}

/** Decides an attempt. Every one leaves a row; only one that passes in full changes what holds. */
export function judge(known: AgeAccount | undefined, attempt: Attempt): Judgement {
  const before = known?.verification ?? null
  if (before !== null && before.dateOfBirthHash !== attempt.dateOfBirthHash) return contradicted(known as AgeAccount, attempt)
  if (attempt.age < AGE_MIN) return tooYoung(known, attempt)
  if (before !== null && !endsSoon(before, attempt.nowMs)) return stillValid(known as AgeAccount, before, attempt)
  return passed(known, attempt)
}

export function isValid({ expiresAtMs }: Verification, nowMs: number): boolean {
  return nowMs < expiresAtMs
}

/** Or has ended. */
export function endsSoon({ expiresAtMs }: Verification, nowMs: number): boolean {
  return nowMs >= expiresAtMs - RENEWAL_MS
}

function isRenewalDue(verification: Verification, nowMs: number): boolean {
  return isValid(verification, nowMs) && endsSoon(verification, nowMs)
}

function passed(known: AgeAccount | undefined, attempt: Attempt): Judgement {
  const { id, customerId, nowMs, pepper: _, ...checked } = attempt
  const verification = { ...checked, id, verifiedAtMs: nowMs, expiresAtMs: nowMs + VALID_MS }
  const refusedBefore = known?.refusedDateOfBirthHash ?? attempt.dateOfBirthHash
  return {
    account: {
      ...emptyAccount(attempt), verification, nextAtMs: verification.expiresAtMs - RENEWAL_MS,
      last: { id, answer: verifiedAnswer(verification, 'full_verification', attempt) },
    },
    rows: [
      attemptRow(attempt, { outcome: 'verified', method: 'full_verification', verification }),
      ageAudit(attempt, { what: 'age.verified', before: known?.verification ?? null, after: verification, why: 'age check' }),
    ],
    alerts: refusedBefore === attempt.dateOfBirthHash ? [] : [olderNowAlert(customerId, id)],
  }
}

function stillValid(account: AgeAccount, verification: Verification, attempt: Attempt): Judgement {
  return {
    account: { ...account, last: { id: attempt.id, answer: verifiedAnswer(verification, 'cache', attempt) }, updatedAtMs: attempt.nowMs },
    rows: [attemptRow(attempt, { outcome: 'verified', method: 'cache', verification })],
    alerts: [],
  }
}

function tooYoung(known: AgeAccount | undefined, attempt: Attempt): Judgement {
  const answer = success({ verified: false, reason: TOO_YOUNG }, attempt.nowMs)
  return {
    account: {
      ...(known ?? emptyAccount(attempt)), refusedDateOfBirthHash: attempt.dateOfBirthHash, last: { id: attempt.id, answer }, updatedAtMs: attempt.nowMs,
    },
    rows: [attemptRow(attempt, { outcome: 'too_young', method: 'full_verification', verification: null })],
    alerts: [],
  }
}

function contradicted(account: AgeAccount, attempt: Attempt): Judgement {
  const answer = conflict(OTHER_BIRTH_DATE, attempt.nowMs)
  return {
    account: { ...account, last: { id: attempt.id, answer }, updatedAtMs: attempt.nowMs },
    rows: [attemptRow(attempt, { outcome: 'other_birth_date', method: 'full_verification', verification: null })],
    alerts: [contradictionAlert(attempt.customerId, attempt.id)],
  }
}

const OTHER_BIRTH_DATE = 'This account was verified with another birth date. Please contact us.'

function emptyAccount({ customerId, nowMs, pepper }: Pick<Attempt, 'customerId' | 'nowMs' | 'pepper'>): Omit<AgeAccount, 'last'> {
  return { customerId, verification: null, refusedDateOfBirthHash: null, ...(pepper === undefined ? {} : { pepper }), nextAtMs: null, updatedAtMs: nowMs }
}

function verifiedAnswer({ id, state, verifiedAtMs, expiresAtMs }: Verification, method: 'full_verification' | 'cache', { age, nowMs }: Attempt): Answer {
  return success({ verified: true, verificationId: id, method, age, state, verifiedAt: iso(verifiedAtMs), expiresAt: iso(expiresAtMs) }, nowMs)
}

function success(body: Record<string, unknown>, nowMs: number): Answer {
  return { status: 200, body: JSON.stringify({ success: true, ...body, timestamp: iso(nowMs) }) }
}

/** Kept with the attempt, which would be undone if it were thrown. */
function conflict(error: string, nowMs: number): Answer {
  const { status, retryable } = FAILURES.CONFLICT
  return { status, body: JSON.stringify({ success: false, error, code: 'CONFLICT', retryable, timestamp: iso(nowMs) }) }
}

/** What a customer and staff are shown. */
export function statusView(account: AgeAccount | undefined, nowMs: number): AgeStatusShown {
  const verification = account?.verification ?? null
  const verified = verification !== null && isValid(verification, nowMs)
  return {
    verified,
    ageVerified: verified,
    verifiedAt: verification === null ? null : iso(verification.verifiedAtMs),
    expiresAt: verification === null ? null : iso(verification.expiresAtMs),
    renewalDue: verification !== null && isRenewalDue(verification, nowMs),
  }
}

/** Staff take a verification back: its customer buys nothing restricted until he is verified anew, with whatever birth date. */
export function revoked(account: AgeAccount, verification: Verification, { id, nowMs }: { readonly id: string; readonly nowMs: number }): Judgement {
  const attempt = { ...verification, id, customerId: account.customerId, nowMs }
  const row = attemptRow({ ...attempt, id: verification.id }, { outcome: 'revoked', method: 'full_verification', verification })
  return {
    account: { ...emptyAccount(attempt), last: { id, answer: success({ message: 'Age verification removed.' }, nowMs) } },
    rows: [
      { ...row, insertId: `${verification.id}-2`, json: { ...row.json, created_at: iso(verification.verifiedAtMs), row_version: 2 } },
      ageAudit(attempt, { what: 'age.revoked', before: verification, after: null, why: 'taken back by staff' }),
    ],
    alerts: [],
  }
}

interface Outcome {
  readonly outcome: 'verified' | 'too_young' | 'other_birth_date' | 'revoked'
  readonly method: 'full_verification' | 'cache'
  /** The one that the attempt made or met. */
  readonly verification: Verification | null
}

/** Proves that a check was made, and how it ended. When the customer's key is destroyed, its hashes can never be told again. */
function attemptRow(attempt: Attempt, { outcome, method, verification }: Outcome): WarehouseRow {
  return factRow('commerce.age_verifications_log', attempt.id, {
    id: attempt.id,
    customer_id: attempt.customerId,
    verification_id: verification?.id ?? null,
    full_name_hash: attempt.nameHash,
    date_of_birth_hash: attempt.dateOfBirthHash,
    state: attempt.state,
    age: attempt.age,
    verified: outcome === 'verified',
    outcome,
    verification_method: method,
    verified_at: verification === null ? null : iso(verification.verifiedAtMs),
    expires_at: verification === null ? null : iso(verification.expiresAtMs),
    encrypted_metadata: attempt.idNumber,
    ip_address: attempt.ip,
    user_agent: attempt.userAgent,
    created_at: iso(attempt.nowMs),
    updated_at: iso(attempt.nowMs),
    row_version: 1,
    schema_version: SCHEMA_VERSION,
  })
}

interface Change {
  readonly what: string
  readonly before: Verification | null
  readonly after: Verification | null
  readonly why: string
}

function ageAudit({ id, customerId, nowMs }: Pick<Attempt, 'id' | 'customerId' | 'nowMs'>, { what, before, after, why }: Change): WarehouseRow {
  const shown = (one: Verification | null) => (one === null ? null : { verificationId: one.id, expiresAt: iso(one.expiresAtMs) })
  return auditEvent({ id: `${id}-audit`, who: null, what, subject: customerId, before: shown(before), after: shown(after), why, requestId: null, ip: null, atMs: nowMs })
}

function contradictionAlert(customerId: string, attemptId: string): Alert {
  return {
    key: `age/other-birth-date/${customerId}`, severity: 'p1', quietMs: ALERT_QUIET_MS, details: { customerId, attemptId },
    summary: 'A customer whose age was verified has given another birth date: he was refused, and somebody must find out who he is.',
  }
}

function olderNowAlert(customerId: string, verificationId: string): Alert {
  return {
    key: `age/older-at-second-try/${customerId}`, severity: 'p1', quietMs: ALERT_QUIET_MS, details: { customerId, verificationId },
    summary: 'A customer who was refused as too young has passed with another birth date: look at his verification, and take it back if it is not true.',
  }
}

export interface Reminding {
  readonly to: string
  readonly customerId: string
  /** The last day on which it is valid, as people in the shop write it. */
  readonly day: string
  readonly shopName: string
}

/** Named after the verification that ends, so that there is one. */
export function reminderMail({ id }: Verification, { to, customerId, day, shopName }: Reminding): MailIntent {
  return {
    id: `age-reminder-${id}`,
    to,
    customerId,
    template: 'age_reminder',
    subject: `Your age verification at ${shopName} ends on ${day}`,
    ...letter({
      title: 'Your age verification ends soon',
      paragraphs: [
        `It is valid until ${day}. From then on you cannot buy products for adults until your age has been verified again.`,
        'You can renew it now: it takes a minute, and it is then valid for another year.',
      ],
      shopName,
    }),
  }
}
