/** Sending one mail through Resend, in our words. The key makes a repeated call safe for 24 hours. */
import { config } from '#platform/config.ts'
import { callHttp, isPassing, restMs } from '#platform/http.ts'

export interface OutgoingMail {
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly html: string
  readonly text: string
  readonly template: string
}

export type SendOutcome =
  | { readonly status: 'sent'; readonly providerId: string }
  /** It will never be taken as it is. */
  | { readonly status: 'refused'; readonly reason: string }
  /** Not now, or no answer: try again with the same key, not before `waitMs`. `down`: nobody's mail is taken just now. */
  | { readonly status: 'again'; readonly reason: string; readonly waitMs: number | undefined; readonly down: boolean }

export async function sendThroughResend(mail: OutgoingMail): Promise<SendOutcome> {
  const { RESEND_API_KEY, RESEND_API_BASE } = config('resend')
  const { MAIL_FROM, MAIL_REPLY_TO } = config('shop')
  const result = await callHttp({
    method: 'POST',
    url: `${RESEND_API_BASE}/emails`,
    headers: { authorization: `Bearer ${RESEND_API_KEY}`, 'idempotency-key': mail.id, 'user-agent': 'countinghouse' },
    body: {
      from: MAIL_FROM, to: [mail.to], reply_to: MAIL_REPLY_TO, subject: mail.subject, html: mail.html, text: mail.text,
      tags: [{ name: 'template', value: mail.template }],
    },
    deadlineMs: config('deadlines').VENDOR_DEADLINE_MS,
  })
  if (result.lost) return { status: 'again', reason: result.reason, waitMs: undefined, down: true }
  const body = result.body as { id?: string; name?: string } | undefined
  if (result.status === 200 && typeof body?.id === 'string') return { status: 'sent', providerId: body.id }
  const reason = `resend ${result.status} ${body?.name ?? ''}`
  const down = isPassing(result)
  const passing = down || result.status === 401 || body?.name === 'concurrent_idempotent_requests' || body?.name === 'resource_locked'
  return passing ? { status: 'again', reason, waitMs: restMs(result), down } : { status: 'refused', reason }
}
