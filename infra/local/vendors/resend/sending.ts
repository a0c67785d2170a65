/**
 * Taking mails in, one or up to a hundred at once. Everything is checked, then paid from the quota, and only then
 * taken: a call that is refused has sent nothing.
 */
import type { HttpCall } from '../../http-ports.ts'
import type { VendorContext } from '../vendor.ts'
import { invalidParameter, ResendFailure } from './failure.ts'
import type { IdempotencyKeys } from './idempotency.ts'
import type { Limits } from './limits.ts'
import type { Mailroom } from './mailroom.ts'
import { acceptMessage, isRecord, type Rules } from './message.ts'
import type { Json, Message } from './shapes.ts'

const BATCH_MAX = 100

export interface Desk {
  readonly context: VendorContext
  readonly mailroom: Mailroom
  readonly limits: Limits
  readonly keys: IdempotencyKeys
  readonly latencyMs: number
  readonly verifiedDomains: readonly string[] | undefined
}

/** `POST /emails` */
export function sendOne(desk: Desk, call: HttpCall, input: unknown): Promise<unknown> {
  const message = acceptMessage(input, rules(desk))
  return once(desk, call, (key) => {
    desk.limits.spend(recipientsOf(message))
    return { id: desk.mailroom.take(message, key).id }
  })
}

/** `POST /emails/batch`: all or nothing, or in the permissive mode all that are valid. */
export function sendBatch(desk: Desk, call: HttpCall, input: unknown): Promise<unknown> {
  const permissive = permissiveMode(call)
  if (!Array.isArray(input)) throw new ResendFailure(400, 'validation_error', 'The batch is not a JSON array.')
  if (input.length < 1 || input.length > BATCH_MAX) throw invalidParameter(`A batch holds 1 to ${BATCH_MAX} emails.`)
  const messages: Message[] = []
  const errors: Array<{ index: number; message: string }> = []
  for (const [index, entry] of input.entries()) {
    try {
      messages.push(acceptBatched(entry, rules(desk)))
    } catch (error) {
      if (!permissive || !(error instanceof ResendFailure)) throw error
      errors.push({ index, message: error.message })
    }
  }
  return once(desk, call, (key) => {
    desk.limits.spend(messages.reduce((sum, message) => sum + recipientsOf(message), 0))
    const data = messages.map((message) => ({ id: desk.mailroom.take(message, key).id }))
    return permissive ? { data, errors } : { data }
  })
}

async function once(desk: Desk, call: HttpCall, take: (key: string | undefined) => Json): Promise<unknown> {
  const header = call.headers['idempotency-key']
  const key = Array.isArray(header) ? header[0] : header
  return desk.keys.once(key, call.body, async () => {
    if (desk.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, desk.latencyMs))
    return take(key)
  })
}

function acceptBatched(entry: unknown, rules: Rules): Message {
  for (const field of ['attachments', 'scheduled_at']) {
    if (isRecord(entry) && entry[field] != null) throw invalidParameter(`The \`${field}\` field is not supported in batches.`)
  }
  return acceptMessage(entry, rules)
}

function permissiveMode(call: HttpCall): boolean {
  const mode = call.headers['x-batch-validation'] ?? 'strict'
  if (mode !== 'strict' && mode !== 'permissive') throw invalidParameter('x-batch-validation is `strict` or `permissive`.')
  return mode === 'permissive'
}

function recipientsOf(message: Message): number {
  return message.to.length + (message.cc?.length ?? 0) + (message.bcc?.length ?? 0)
}

function rules(desk: Desk): Rules {
  return { nowMs: desk.context.timeline.now(), verifiedDomains: desk.verifiedDomains }
}
