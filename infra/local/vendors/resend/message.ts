/**
 * Checks a message as the vendor does before it takes it: every field by its rule, with the vendor's name for each refusal.
 *
 * Nothing invalid may be accepted here: a mail that Resend would refuse must fail on a laptop already.
 */
import { invalidParameter, missingField, ResendFailure } from './failure.ts'
import type { Json, Message, Tag } from './shapes.ts'

const RECIPIENTS_MAX = 50
const TAG_LENGTH_MAX = 256
const ATTACHMENT_BYTES_MAX = 40 * 1024 * 1024
const SCHEDULE_MAX_MS = 30 * 24 * 3_600_000
const ADDRESS = /^[^\s@<>",;:]+@[^\s@<>",;:]+\.[^\s@<>",;:.]{2,}$/
const FORM = 'The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.'

export interface Rules {
  readonly nowMs: number
  /** Domains that mail may be sent from; any when undefined. */
  readonly verifiedDomains?: readonly string[] | undefined
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function acceptMessage(input: unknown, rules: Rules): Message {
  if (!isRecord(input)) throw new ResendFailure(400, 'validation_error', 'The message is not a JSON object.')
  const template = templateOf(input)
  const to = recipients(input, 'to')
  if (to === null) throw missingField('to')
  const from = sender(input, rules, template !== undefined)
  const subject = optionalText(input, 'subject') ?? ''
  if (subject === '' && template === undefined) throw missingField('subject')
  const html = optionalText(input, 'html')
  const plain = optionalText(input, 'text')
  if (html === null && plain === null && template === undefined) throw missingField('html` or `text')
  const headers = headersOf(input)
  const tags = tagsOf(input)
  const attachments = attachmentsOf(input)
  const topicId = optionalText(input, 'topic_id')
  return {
    from,
    to,
    cc: recipients(input, 'cc'),
    bcc: recipients(input, 'bcc'),
    reply_to: recipients(input, 'reply_to'),
    subject,
    html,
    text: plain,
    ...(headers === undefined ? {} : { headers }),
    ...(tags === undefined ? {} : { tags }),
    ...(attachments === undefined ? {} : { attachments }),
    ...(template === undefined ? {} : { template }),
    ...(topicId === null ? {} : { topic_id: topicId }),
    scheduled_at: input['scheduled_at'] == null ? null : acceptSchedule(input['scheduled_at'], rules.nowMs),
  }
}

/** The moment a mail is to go out: ISO 8601, ahead, within 30 days. */
export function acceptSchedule(value: unknown, nowMs: number): string {
  const ms = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}[T ]/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw invalidParameter('Invalid `scheduled_at` field. It needs to be an ISO 8601 date.')
  if (ms < nowMs) throw invalidParameter('Invalid `scheduled_at` field. It needs to be in the future.')
  if (ms > nowMs + SCHEDULE_MAX_MS) throw invalidParameter('Invalid `scheduled_at` field. It must be within 30 days.')
  return new Date(ms).toISOString()
}

/** `Name <a@b.c>` or `a@b.c` to the bare, lower-case address; undefined when it is neither. */
export function bareAddress(value: string): string | undefined {
  const inside = /^[^<>]*<([^<>]+)>$/.exec(value.trim())?.[1] ?? value
  const address = inside.trim()
  return ADDRESS.test(address) ? address.toLowerCase() : undefined
}

function recipients(input: Json, field: string): string[] | null {
  const value = input[field]
  if (value === undefined || value === null) return null
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.length > RECIPIENTS_MAX) throw invalidParameter(`Invalid \`${field}\` field. At most ${RECIPIENTS_MAX} addresses.`)
  const addresses = list.filter((entry) => typeof entry === 'string')
  if (addresses.length < list.length || addresses.some((entry) => bareAddress(entry) === undefined)) {
    throw invalidParameter(`Invalid \`${field}\` field. ${FORM}`)
  }
  return addresses.length === 0 ? null : addresses
}

function sender(input: Json, rules: Rules, fromTemplate: boolean): string {
  const from = optionalText(input, 'from')
  if (from === null && fromTemplate) return ''
  if (from === null) throw missingField('from')
  const address = bareAddress(from)
  if (address === undefined) throw new ResendFailure(422, 'invalid_from_address', `Invalid \`from\` field. ${FORM}`)
  const domain = address.slice(address.indexOf('@') + 1)
  if (rules.verifiedDomains?.includes(domain) === false) {
    const message = `The ${domain} domain is not verified. Please, add and verify your domain on https://resend.com/domains`
    throw new ResendFailure(403, 'validation_error', message)
  }
  return from
}

function optionalText(input: Json, field: string): string | null {
  const value = input[field]
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw invalidParameter(`Invalid \`${field}\` field. It needs to be a string.`)
  return value
}

function templateOf(input: Json): Json | undefined {
  const template = input['template']
  if (template === undefined || template === null) return undefined
  if (!isRecord(template) || typeof template['id'] !== 'string') throw missingField('template.id')
  if (input['html'] != null || input['text'] != null) {
    throw invalidParameter('The `template` field cannot be used together with `html` or `text`.')
  }
  return template
}

function headersOf(input: Json): Record<string, string> | undefined {
  const headers = input['headers']
  if (headers === undefined || headers === null) return undefined
  if (!isRecord(headers) || !Object.values(headers).every((value) => typeof value === 'string')) {
    throw invalidParameter('Invalid `headers` field. It needs to be an object of strings.')
  }
  return headers as Record<string, string>
}

function tagsOf(input: Json): Tag[] | undefined {
  const tags = input['tags']
  if (tags === undefined || tags === null) return undefined
  if (!Array.isArray(tags) || !tags.every(isTag)) {
    throw invalidParameter('Tags should only contain ASCII letters, numbers, underscores, or dashes.')
  }
  return tags
}

function isTag(tag: unknown): tag is Tag {
  if (!isRecord(tag)) return false
  return [tag['name'], tag['value']].every(
    (part) => typeof part === 'string' && part.length <= TAG_LENGTH_MAX && /^[A-Za-z0-9_-]+$/.test(part),
  )
}

function attachmentsOf(input: Json): Json[] | undefined {
  const attachments = input['attachments']
  if (attachments === undefined || attachments === null) return undefined
  const refused = (message: string) => new ResendFailure(422, 'invalid_attachment', message)
  if (!Array.isArray(attachments) || !attachments.every(isRecord)) throw refused('Attachments need to be a list of objects.')
  let bytes = 0
  for (const { content, path } of attachments) {
    if (typeof content === 'string') bytes += content.length
    else if (typeof path !== 'string') throw refused('Attachment must have either a `content` or `path`.')
  }
  if (bytes > ATTACHMENT_BYTES_MAX) throw refused('Attachments must be at most 40 MB in all.')
  return attachments
}
