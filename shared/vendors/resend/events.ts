/**
 * Resend's webhook: the signature over the raw bytes, and what an event says about a mail. Of the event only that is kept:
 * its addresses become the names of their records, what the recipient's host said is masked, and of whoever opened a mail or
 * clicked in it neither address nor browser is kept.
 */
import type { HoldReason } from '#domain/mail-address.ts'
import type { MailEvent } from '#domain/mail-delivery.ts'
import type { Engagement, ToldState } from '#domain/mail-record.ts'
import { isSigned } from '#domain/standard-webhook.ts'
import type { VendorMessage } from '#domain/vendor-message.ts'
import { ID } from '#values/ids.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { redactText } from '#platform/redact.ts'
import { MAIL_TAG } from './mailer.ts'

/** What the events of a mail are called; others (domains, contacts) are about none. */
const STATES: Readonly<Record<string, MailEvent['state']>> = {
  'email.sent': 'sent', 'email.delivered': 'delivered', 'email.delivery_delayed': 'delayed', 'email.bounced': 'bounced', 'email.complained': 'complained',
  'email.failed': 'failed', 'email.suppressed': 'suppressed', 'email.opened': 'opened', 'email.clicked': 'clicked',
}
/** Whoever leaves by this link has opened the mail, and followed nothing that it offers. */
const UNSUBSCRIBING = /\/api\/unsubscribe\//
const REASON_LENGTH_MAX = 200

interface ResendEvent {
  readonly type?: unknown
  readonly created_at?: string
  readonly data?: null | {
    readonly email_id?: string
    readonly to?: readonly string[] | string
    readonly tags?: Readonly<Record<string, string>> | null
    readonly bounce?: { readonly type?: string; readonly subType?: string; readonly message?: string }
    readonly failed?: { readonly reason?: string }
    readonly suppressed?: { readonly reason?: string }
    readonly click?: { readonly link?: string }
  }
}

/**
 * The event if the signature holds and is neither older nor further in the future than five minutes.
 * @param nameOf names the record of whoever an address belongs to
 */
export function verifiedEvent(raw: Buffer, header: (name: string) => string | undefined, nameOf: (address: string) => string): VendorMessage | undefined {
  const { RESEND_WEBHOOK_SECRET, RESEND_WEBHOOK_SECRET_PREVIOUS } = config('resend')
  const [id, seconds, signature] = ['svix-id', 'svix-timestamp', 'svix-signature'].map(header)
  if (id === undefined || seconds === undefined || signature === undefined) return undefined
  const secrets = [RESEND_WEBHOOK_SECRET, RESEND_WEBHOOK_SECRET_PREVIOUS].filter((secret) => secret !== undefined)
  if (!isSigned({ id, seconds, raw, signature }, secrets, now())) return undefined
  const event = eventIn(raw)
  const type = typeof event?.type === 'string' ? event.type : ''
  const fact = event === undefined ? undefined : factIn(event, type, nameOf)
  return { id, type, payload: JSON.stringify(fact ?? null), subject: fact === undefined ? null : subjectOf(event) }
}

/** What is stored of an event, read again. */
export function factOf(payload: string): MailEvent | undefined {
  return (JSON.parse(payload) as MailEvent | null) ?? undefined
}

function eventIn(raw: Buffer): ResendEvent | undefined {
  try {
    const event: unknown = JSON.parse(raw.toString('utf8'))
    return event !== null && typeof event === 'object' ? event : undefined
  } catch {
    return undefined
  }
}

/** The mail's id, which travelled with it. Null for what is not ours: others may send through this account. */
function subjectOf(event: ResendEvent | undefined): string | null {
  const mailId = event?.data?.tags?.[MAIL_TAG]
  return typeof mailId === 'string' && ID.test(mailId) ? mailId : null
}

function factIn({ created_at: createdAt, data: told }: ResendEvent, type: string, nameOf: (address: string) => string): MailEvent | undefined {
  const data = told ?? {}
  const state = stateIn(type, data)
  const { email_id: providerId, to = [] } = data
  if (state === undefined || typeof providerId !== 'string' || providerId === '') return undefined
  const atMs = Date.parse(createdAt ?? '')
  const recipients = (Array.isArray(to) ? to : [to]).filter((address) => typeof address === 'string').map((address) => nameOf(bare(address)))
  return { state, atMs: Number.isNaN(atMs) ? now() : atMs, providerId, recipients: [...new Set(recipients)], holds: holdsOf(state, data), reason: reasonOf(state, data) }
}

function stateIn(type: string, { click }: NonNullable<ResendEvent['data']>): MailEvent['state'] | undefined {
  const { [type]: state } = STATES
  return state === 'clicked' && UNSUBSCRIBING.test(String(click?.link)) ? 'opened' : state
}

/** `Maria <m@shop.example>` and `m@shop.example` are one address. */
function bare(address: string): string {
  return /<([^<>]+)>\s*$/.exec(address)?.[1] ?? address
}

/** A mailbox that is full today may take tomorrow's mail; one that does not exist never will. */
function holdsOf(state: MailEvent['state'], { bounce, suppressed }: NonNullable<ResendEvent['data']>): HoldReason | null {
  if (state === 'complained') return 'complaint'
  if (state === 'bounced') return bounce?.type === 'Permanent' ? 'bounce' : null
  if (state === 'suppressed') return suppressed?.reason === 'previous_complaint' ? 'complaint' : 'bounce'
  return null
}

function reasonOf(state: MailEvent['state'], { bounce, failed, suppressed }: NonNullable<ResendEvent['data']>): string | null {
  const said = {
    bounced: [bounce?.type, bounce?.subType, bounce?.message], failed: [failed?.reason], suppressed: [suppressed?.reason],
  } as Partial<Record<ToldState | Engagement, Array<string | undefined>>>
  const text = (said[state] ?? []).filter((part) => typeof part === 'string').join(', ')
  return text === '' ? null : redactText(text).slice(0, REASON_LENGTH_MAX)
}
