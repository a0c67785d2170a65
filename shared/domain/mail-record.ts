/**
 * A mail in the queue: the intent, and how far it has come. Its id is the ledger of intents: a second mail of the same id
 * cannot be written, and the provider is called under it, however often it is tried or replayed.
 */
import { iso } from '#values/time.ts'
import type { MailCategory, MailIntent } from './mail.ts'
import type { MailShown, WholeMailShown } from './shown/mail.ts'

export const MAIL_STATUSES = ['queued', 'deferred', 'sent', 'delivered', 'delayed', 'bounced', 'complained', 'failed', 'suppressed', 'dead_letter'] as const
export type MailStatus = (typeof MAIL_STATUSES)[number]

/** What the provider tells of a mail, each outweighing those before it, in whatever order they come. */
export const TOLD_STATES = ['sent', 'delayed', 'delivered', 'failed', 'suppressed', 'bounced', 'complained'] as const
export type ToldState = (typeof TOLD_STATES)[number]

/** What a recipient did with a mail, as the provider tells it. */
export type Engagement = 'opened' | 'clicked'

export interface Told {
  readonly atMs: number
  /** Why, where something went wrong. */
  readonly reason: string | null
}

/** Why a mail waits although it is due: it is over a limit, or the provider takes none just now. */
export const DEFERRALS = ['overall_limit', 'recipient_limit', 'provider_away', 'provider_quota'] as const
export type Deferral = (typeof DEFERRALS)[number]

/** To whom and from whom a mail goes. From the first try on it does not change: the provider takes a key for one content. */
export interface Envelope {
  readonly from: string
  readonly replyTo: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
}

export interface Mail extends MailIntent {
  readonly category: MailCategory
  /** Names of its recipients' records, each once. */
  readonly recipients: readonly string[]
  readonly status: MailStatus
  /** Failed tries in all; it never falls, so it names a try. */
  readonly attempts: number
  readonly createdAtMs: number
  /** When the sweep looks at it; null when nothing is left to do. */
  readonly nextAtMs: number | null
  /** Since when it is to be out; null when it is, or will not be. */
  readonly dueSinceMs: number | null
  readonly deferral: { readonly reason: Deferral; readonly untilMs: number } | null
  /** When the provider was first asked under its key; null when it never was. */
  readonly triedAtMs: number | null
  readonly envelope: Envelope | null
  readonly sentAtMs: number | null
  /** Whether it was out within the time that the shop promises itself; null for campaigns, and before. */
  readonly inTime: boolean | null
  /** The provider's id. */
  readonly providerId: string | null
  /** What the provider has told. */
  readonly told: Readonly<Partial<Record<ToldState, Told>>>
  /** Of a campaign: when it was first opened, and when its links were clicked, the earliest first. */
  readonly openedAtMs?: number
  readonly clicksMs?: readonly number[]
  /** Of a campaign: how many rows the warehouse was sent of it, and when the last one was written. */
  readonly report?: { readonly version: number; readonly atMs: number }
  readonly lastError: string | null
  /** The last replay: which it was, how many there were, and how many tries had failed before it. Absent: never replayed. */
  readonly replay?: { readonly id: string; readonly count: number; readonly attemptsBefore: number }
  /** When its text is taken out; null when it is still needed, or gone. */
  readonly bodyUntilMs: number | null
}

export type MailChange = Partial<Omit<Mail, keyof MailIntent>>

/** The sweep leaves a fresh mail to its nudge for so long. */
export const NUDGED_MS = 60_000

/** @param recipients names of its recipients' records, each once */
export function newMail(intent: MailIntent, recipients: readonly string[], nowMs: number): Mail {
  const { category = 'transactional', sendAtMs } = intent
  const dueSinceMs = Math.max(sendAtMs ?? nowMs, nowMs)
  return {
    ...intent, category, recipients, status: 'queued', attempts: 0, createdAtMs: nowMs, dueSinceMs, nextAtMs: isNudged(intent, nowMs) ? nowMs + NUDGED_MS : dueSinceMs,
    deferral: null, triedAtMs: null, envelope: null, sentAtMs: null, inTime: null, providerId: null, told: {}, lastError: null, bodyUntilMs: null,
  }
}

/** Campaigns and mails for later wait for the clock. */
export function isNudged({ category, sendAtMs }: Pick<MailIntent, 'category' | 'sendAtMs'>, nowMs: number): boolean {
  return category !== 'campaign' && (sendAtMs ?? 0) <= nowMs
}

export function isWaiting({ status }: Pick<Mail, 'status'>): boolean {
  return status === 'queued' || status === 'deferred'
}

export function addressesOf(to: MailIntent['to']): readonly string[] {
  return typeof to === 'string' ? [to] : to
}

/** What it is counted under: its template, where nobody has said more. */
export function campaignOf({ template, campaign = template, creative = campaign }: Pick<Mail, 'template' | 'campaign' | 'creative'>): {
  readonly campaign: string
  readonly creative: string
} {
  return { campaign, creative }
}

/** As staff see it in a list. */
export function mailView(mail: Mail): MailShown {
  const { id, status, template, category, subject, to, cc = [], bcc = [], replyTo = null, orderId = null, attempts, deferral, sendAtMs, nextAtMs, lastError } = mail
  const deferred = status === 'deferred' ? deferral : null
  return {
    id, status, template, category, subject, to: addressesOf(to), cc, bcc, replyTo, orderId, attempts, lastError,
    deferredUntil: momentOf(deferred?.untilMs), deferredBecause: deferred?.reason ?? null, sendAt: momentOf(sendAtMs),
    nextTryAt: isWaiting(mail) ? momentOf(nextAtMs) : null, createdAt: iso(mail.createdAtMs), sentAt: momentOf(mail.sentAtMs),
  }
}

/** Null for what has not happened. */
export function momentOf(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : iso(ms)
}

/** With all that is known of it, and what it says as long as that is kept. */
export function wholeMailView(mail: Mail): WholeMailShown {
  const { html, text, providerId, told, replay, requestedBy = null, openedAtMs, clicksMs = [] } = mail
  const { campaign, creative } = mail.category === 'campaign' ? campaignOf(mail) : { campaign: null, creative: null }
  const events = TOLD_STATES.flatMap((type) => (told[type] === undefined ? [] : [{ type, at: iso(told[type].atMs), reason: told[type].reason }]))
  return {
    ...mailView(mail), requestedBy, campaign, creative, openedAt: momentOf(openedAtMs), clickedAt: momentOf(clicksMs[0]), providerId, events, replays: replay?.count ?? 0, html: html === '' ? null : html, text: text === '' ? null : text,
  }
}
