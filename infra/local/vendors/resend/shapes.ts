/**
 * Resend's objects as they stand on its wire (snake_case), as far as the shop meets them. Types only.
 */
export type Json = Record<string, unknown>

export interface Tag {
  readonly name: string
  readonly value: string
}

/** A message that passed the checks. */
export interface Message {
  readonly from: string
  readonly to: readonly string[]
  readonly cc: readonly string[] | null
  readonly bcc: readonly string[] | null
  readonly reply_to: readonly string[] | null
  readonly subject: string
  readonly html: string | null
  readonly text: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly tags?: readonly Tag[]
  readonly attachments?: readonly Json[]
  readonly template?: Json
  readonly topic_id?: string
  readonly scheduled_at: string | null
}

export type LastEvent =
  | 'queued'
  | 'scheduled'
  | 'sent'
  | 'delivered'
  | 'delivery_delayed'
  | 'bounced'
  | 'complained'
  | 'opened'
  | 'clicked'
  | 'failed'
  | 'suppressed'
  | 'canceled'

export interface Step {
  readonly event: LastEvent
  readonly atMs: number
  /** What the event says beyond the common fields: `bounce`, `suppressed`, ... */
  readonly extra?: Json
}

/** A mail on its way, and what will still happen to it. */
export interface Email extends Message {
  readonly id: string
  readonly message_id: string
  readonly created_at: string
  last_event: LastEvent
  readonly idempotency_key?: string
  steps: Step[]
}

export interface Suppression {
  readonly id: string
  readonly email: string
  readonly origin: 'bounce' | 'complaint' | 'manual'
  readonly source_id: string | null
  readonly created_at: string
}

export interface WebhookEvent {
  readonly id: string
  readonly type: string
  readonly created_at: string
  readonly payload: Json
}
