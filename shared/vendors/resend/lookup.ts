/**
 * Looks for a mail at Resend: whether a try whose answer we never got was taken after all. Asked only when Resend has
 * forgotten the mail's key, after a day, so that a late replay does not send a second mail.
 *
 * Resend lists what was sent, the newest first, a hundred at a time; a list that is longer than we may read says nothing,
 * and then nothing is sent.
 */
import type { Mail } from '#domain/mail-record.ts'
import { MINUTE_MS } from '#values/time.ts'
import type { HttpResult } from '#platform/http.ts'
import { askResend, MAIL_TAG, tagText } from './mailer.ts'

export type Lookup =
  /** Mails that may be this one: by its tag it is, without one it reads alike. */
  | { readonly status: 'found'; readonly providerIds: readonly string[] }
  | { readonly status: 'absent' }
  | { readonly status: 'unknown'; readonly reason: string }

const PAGE = 100
const PAGES_MAX = 100
/** Real time, well within what a run may take. */
const LOOK_MS_MAX = 30_000
/** Its clock and ours. */
const SKEW_MS = 5 * MINUTE_MS

interface Listed {
  readonly id: string
  readonly to?: readonly string[]
  readonly subject?: string
  readonly created_at?: string
  readonly text?: string | null
  readonly tags?: ReadonlyArray<{ readonly name: string; readonly value: string }>
}

export async function findAtResend(mail: Mail): Promise<Lookup> {
  const candidates: string[] = []
  const giveUpAt = performance.now() + LOOK_MS_MAX
  let after = ''
  for (let page = 0; page < PAGES_MAX && performance.now() < giveUpAt; page += 1) {
    const answer = await askResend({ method: 'GET', path: `/emails?limit=${PAGE}${after}`, patient: true })
    const listed = listIn(answer)
    if (listed === undefined) return unknown(answer)
    const recent = listed.data.filter(({ created_at: at }) => momentOf(at) >= (mail.triedAtMs ?? 0) - SKEW_MS)
    candidates.push(...recent.filter((one) => looksLike(one, mail)).map(({ id }) => id))
    if (!listed.hasMore || recent.length < listed.data.length) return confirmed(mail, candidates)
    after = `&after=${listed.data.at(-1)?.id ?? ''}`
  }
  return { status: 'unknown', reason: 'too much was sent since to look it up' }
}

function looksLike({ to = [], subject }: Listed, { envelope, subject: ours }: Mail): boolean {
  return subject === ours && to.length === envelope?.to.length && to.every((address) => envelope.to.includes(address))
}

/** What the list leaves out decides: the tag, where it is told, else the text. */
async function confirmed(mail: Mail, candidates: readonly string[]): Promise<Lookup> {
  const providerIds: string[] = []
  for (const id of candidates) {
    const answer = await askResend({ method: 'GET', path: `/emails/${id}`, patient: true })
    if (answer.lost || answer.status !== 200) return unknown(answer)
    const { tags, text } = answer.body as Listed
    const tag = tags?.find(({ name }) => name === MAIL_TAG)?.value
    if (tag === tagText(mail.id) || (tag === undefined && text === mail.text)) providerIds.push(id)
  }
  return providerIds.length === 0 ? { status: 'absent' } : { status: 'found', providerIds }
}

function unknown(answer: HttpResult): Lookup {
  return { status: 'unknown', reason: answer.lost ? answer.reason : `resend ${answer.status}` }
}

function listIn(answer: HttpResult): { data: readonly Listed[]; hasMore: boolean } | undefined {
  if (answer.lost || answer.status !== 200) return undefined
  const { data, has_more: hasMore } = (answer.body ?? {}) as { data?: Listed[]; has_more?: boolean }
  return Array.isArray(data) ? { data, hasMore: hasMore === true } : undefined
}

/** `2023-04-03 22:13:42.674981+00`; what cannot be read may be recent. */
function momentOf(text: string | undefined): number {
  const ms = Date.parse((text ?? '').replace(' ', 'T').replace(/(\.\d{3})\d*/, '$1').replace(/\+00$/, 'Z'))
  return Number.isNaN(ms) ? Infinity : ms
}
