/**
 * Sending one mail through Resend, in our words. The key makes a repeated call safe for 24 hours, for the same content
 * only: it is made of what the mail's record holds and nothing else. The mail's id travels as a tag, and comes back with
 * every event.
 */
import type { Envelope } from '#domain/mail-record.ts'
import { config } from '#platform/config.ts'
import { callHttp, callPatiently, isPassing, restMs, type HttpResult } from '#platform/http.ts'

export interface OutgoingMail {
  readonly id: string
  readonly template: string
  readonly subject: string
  readonly html: string
  readonly text: string
  readonly envelope: Envelope
  /** Of a campaign: the link by which the recipient ends them. */
  readonly unsubscribeUrl: string | undefined
}

export type SendOutcome =
  | { readonly status: 'sent'; readonly providerId: string }
  /** It will never be taken as it is. */
  | { readonly status: 'refused'; readonly reason: string }
  /** We are not let in, or may not send as whom we say: nothing is wrong with this mail. */
  | { readonly status: 'forbidden'; readonly reason: string }
  /** We have sent all that we may for today or this month. */
  | { readonly status: 'quota'; readonly reason: string }
  /** Not now, or no answer: try again with the same key, not before `waitMs`. `down`: nobody's mail is taken just now. */
  | { readonly status: 'again'; readonly reason: string; readonly waitMs: number | undefined; readonly down: boolean }

export const MAIL_TAG = 'mail'
const OURS = new Set(['invalid_from_address', 'invalid_api_key', 'missing_api_key', 'restricted_api_key'])
const QUOTA = new Set(['daily_quota_exceeded', 'monthly_quota_exceeded'])
/** Another call with this key is under way. */
const BUSY = new Set(['concurrent_idempotent_requests', 'resource_locked'])

export async function sendThroughResend(mail: OutgoingMail): Promise<SendOutcome> {
  return outcomeOf(await askResend({ method: 'POST', path: '/emails', key: mail.id, body: bodyOf(mail) }))
}

function bodyOf({ id, template, subject, html, text, envelope, unsubscribeUrl }: OutgoingMail): Record<string, unknown> {
  const { from, replyTo, to, cc, bcc } = envelope
  return {
    from, to, ...(cc.length === 0 ? {} : { cc }), ...(bcc.length === 0 ? {} : { bcc }), reply_to: replyTo, subject, html, text,
    tags: [{ name: 'template', value: tagText(template) }, { name: MAIL_TAG, value: tagText(id) }],
    ...(unsubscribeUrl === undefined ? {} : { headers: { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } }),
  }
}

/** What Resend takes as a tag. */
export function tagText(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 256)
}

function outcomeOf(result: HttpResult): SendOutcome {
  if (result.lost) return { status: 'again', reason: result.reason, waitMs: undefined, down: true }
  const { id, name = '' } = (result.body ?? {}) as { id?: string; name?: string }
  if (result.status === 200 && typeof id === 'string') return { status: 'sent', providerId: id }
  const reason = `resend ${result.status} ${name}`.trim()
  if (QUOTA.has(name)) return { status: 'quota', reason }
  const down = isPassing(result)
  if (down || BUSY.has(name)) return { status: 'again', reason, waitMs: restMs(result), down }
  return result.status === 401 || result.status === 403 || OURS.has(name) ? { status: 'forbidden', reason } : { status: 'refused', reason }
}

export interface Asking {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly key?: string
  readonly body?: unknown
  /** Nobody waits: what did not work is asked again, and a rate limit is waited for. */
  readonly patient?: boolean
}

export function askResend({ method, path, key, body, patient = false }: Asking): Promise<HttpResult> {
  const { RESEND_API_KEY, RESEND_API_BASE } = config('resend')
  const call = patient ? callPatiently : callHttp
  return call({
    method,
    url: `${RESEND_API_BASE}${path}`,
    headers: { authorization: `Bearer ${RESEND_API_KEY}`, 'user-agent': 'countinghouse', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    ...(body === undefined ? {} : { body }),
    deadlineMs: config('deadlines').VENDOR_DEADLINE_MS,
  })
}
