/**
 * What becomes of a mail: taken, sent, delivered shortly after; or bounced, complained about, suppressed, cancelled.
 *
 * What will still happen to a mail is written on it and happens on the timeline, so that a restart or a jump of the
 * clock loses none of it. The first `to` address decides: the vendor's test addresses bounce and complain.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { invalidParameter, notFound } from './failure.ts'
import { list } from './lists.ts'
import { acceptSchedule, bareAddress } from './message.ts'
import { extraOf } from './outcomes.ts'
import type { Email, Json, LastEvent, Message, Step, Suppression } from './shapes.ts'
import type { Suppressions } from './suppressions.ts'
import type { WebhookEvents } from './webhook-events.ts'

/** Steps this near count as work under way. */
const SOON_MS = 1000
const KEPT_MAX = 20_000

export interface MailroomOptions {
  readonly events: WebhookEvents
  readonly suppressions: Suppressions
  /** From sent to delivered. */
  readonly deliveryMs: number
}

export class Mailroom {
  readonly #context: VendorContext
  readonly #options: MailroomOptions
  readonly #emails: Shelf<Email>
  readonly #waits = new Map<string, () => void>()
  #soon = 0

  constructor(context: VendorContext, options: MailroomOptions) {
    this.#context = context
    this.#options = options
    this.#emails = context.shelves.shelf('emails')
    for (const email of this.#emails.values()) this.#wait(email)
  }

  take(message: Message, idempotencyKey: string | undefined): Email {
    const nowMs = this.#context.timeline.now()
    const scheduledMs = message.scheduled_at === null ? undefined : Date.parse(message.scheduled_at)
    const email: Email = {
      ...message,
      id: randomUUID(),
      message_id: `<${randomBytes(16).toString('hex')}@email.amazonses.com>`,
      created_at: new Date(nowMs).toISOString(),
      last_event: 'queued',
      ...(idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey }),
      steps: [{ event: 'sent', atMs: scheduledMs ?? nowMs }],
    }
    if (scheduledMs === undefined) this.#emails.set(email.id, email)
    else this.happen(email, 'scheduled')
    this.#wait(email)
    this.#prune()
    return email
  }

  /** One event on a mail, with what follows from it for its addresses. */
  happen(email: Email, event: LastEvent, extra: Json = extraOf(event, this.#now())): void {
    email.last_event = event
    this.#emails.set(email.id, email)
    if (event !== 'queued' && event !== 'canceled') this.#tell(email, event, email.to, extra)
    const bounce = extra['bounce'] as Json | undefined
    if (event === 'bounced' && bounce?.['type'] === 'Permanent') this.#suppress(email, 'bounce')
    if (event === 'complained') this.#suppress(email, 'complaint')
  }

  get(id: string): Json {
    return { object: 'email', ...view(this.known(id)) }
  }

  list(query: URLSearchParams): Json {
    const page = list(this.#emails.values(), query)
    const data = page.data.map((email) => {
      const { html: _html, text: _text, tags: _tags, ...rest } = view(email)
      return rest
    })
    return { ...page, data }
  }

  cancel(id: string): Json {
    const email = this.#stillScheduled(id)
    this.#unwait(id)
    email.steps = []
    this.happen(email, 'canceled')
    return { object: 'email', id }
  }

  reschedule(id: string, value: unknown): Json {
    const moment = acceptSchedule(value, this.#context.timeline.now())
    const steps: Step[] = [{ event: 'sent', atMs: Date.parse(moment) }]
    const email: Email = { ...this.#stillScheduled(id), scheduled_at: moment, steps }
    this.#unwait(id)
    this.#emails.set(id, email)
    this.#wait(email)
    return { object: 'email', id }
  }

  known(id: string): Email {
    const email = this.#emails.get(id)
    if (email === undefined) throw notFound('Email')
    return email
  }

  /** Every mail with all that was sent to us: also headers, attachments and the caller's key. */
  all(): Json[] {
    return this.#emails.values().map((email) => {
      const { headers, attachments, template, idempotency_key } = email
      return { object: 'email', ...view(email), headers, attachments, template, idempotency_key }
    })
  }

  /** Steps due within a second; a step takes no time. */
  pending(): number {
    return this.#soon
  }

  #now(): string {
    return new Date(this.#context.timeline.now()).toISOString()
  }

  #wait(email: Email): void {
    const [step] = email.steps
    if (step === undefined) return
    const soon = step.atMs <= this.#context.timeline.now() + SOON_MS ? 1 : 0
    this.#soon += soon
    const takeBack = this.#context.timeline.at(step.atMs, () => {
      this.#soon -= soon
      this.#waits.delete(email.id)
      this.#advance(email.id)
    })
    this.#waits.set(email.id, () => {
      this.#soon -= soon
      takeBack()
    })
  }

  #unwait(id: string): void {
    this.#waits.get(id)?.()
    this.#waits.delete(id)
  }

  #advance(id: string): void {
    const email = this.#emails.get(id)
    const step = email?.steps.shift()
    if (email === undefined || step === undefined) return
    if (step.event === 'sent') this.#send(email)
    else this.happen(email, step.event, step.extra)
    this.#wait(email)
  }

  /** Goes out to those who may get mail; when nobody is left it is suppressed. */
  #send(email: Email): void {
    const held = email.to.flatMap((to) => this.#options.suppressions.of(bareAddress(to) ?? '') ?? [])
    if (held.length === email.to.length) return this.happen(email, 'suppressed', suppressedBy(held))
    email.steps = this.#outcome(bareAddress(email.to[0] ?? '') ?? '')
    this.happen(email, 'sent')
    if (held.length > 0) this.#tell(email, 'suppressed', held.map((suppression) => suppression.email), suppressedBy(held))
  }

  #outcome(address: string): Step[] {
    const atMs = this.#context.timeline.now() + this.#options.deliveryMs
    const test = /^(delivered|bounced|complained)(?:\+[^@]*)?@resend\.dev$/.exec(address)?.[1]
    if (test === 'bounced') return [{ event: 'bounced', atMs }]
    const delivered: Step = { event: 'delivered', atMs }
    return test === 'complained' ? [delivered, { event: 'complained', atMs: atMs + this.#options.deliveryMs }] : [delivered]
  }

  #tell(email: Email, event: LastEvent, to: readonly string[], extra: Json): void {
    const { id, created_at, from, subject, message_id, tags, headers } = email
    this.#options.events.happen(`email.${event}`, {
      email_id: id,
      created_at,
      from,
      to,
      subject,
      message_id,
      ...(tags === undefined ? {} : { tags: Object.fromEntries(tags.map(({ name, value }) => [name, value])) }),
      ...(headers === undefined ? {} : { headers: Object.entries(headers).map(([name, value]) => ({ name, value })) }),
      ...extra,
    })
  }

  #suppress(email: Email, origin: Suppression['origin']): void {
    for (const to of email.to) this.#options.suppressions.hold(bareAddress(to) ?? to, origin, email.id)
  }

  #stillScheduled(id: string): Email {
    const email = this.known(id)
    if (email.last_event !== 'scheduled') throw invalidParameter('Only scheduled emails can be changed or canceled.')
    return email
  }

  #prune(): void {
    if (this.#emails.size <= KEPT_MAX) return
    for (const email of this.#emails.values().slice(0, KEPT_MAX / 10)) {
      if (email.steps.length === 0) this.#emails.delete(email.id)
    }
  }
}

/** A mail as the API answers it; its moment of creation has the vendor's own, not quite ISO form here. */
function view(email: Email): Json {
  const { id, message_id, to, from, subject, html, text, bcc, cc, reply_to, last_event, scheduled_at, tags, topic_id } = email
  const createdAt = email.created_at.replace('T', ' ').replace('Z', '000+00')
  return {
    id,
    message_id,
    to,
    from,
    created_at: createdAt,
    subject,
    html,
    text,
    bcc,
    cc,
    reply_to,
    last_event,
    scheduled_at,
    ...(tags === undefined ? {} : { tags }),
    ...(topic_id === undefined ? {} : { topic_id }),
  }
}

function suppressedBy(held: readonly Suppression[]): Json {
  const reason = held[0]?.origin === 'complaint' ? 'previous_complaint' : 'previous_bounce'
  const message = 'The address is on the suppression list.'
  return { suppressed: { type: 'OnAccountSuppressionList', message, reason, diagnosticCode: [] } }
}
