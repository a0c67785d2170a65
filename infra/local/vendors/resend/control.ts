/**
 * What a person could do in Resend's dashboard, or a recipient in a mail program: bounce, complain, open, click; send
 * an old event again; and how the vendor may misbehave: quotas, rates, webhooks twice or late.
 */
import type { HttpAnswer } from '../../http-ports.ts'
import type { Endpoints } from './endpoints.ts'
import { invalidParameter, notFound } from './failure.ts'
import type { Limits } from './limits.ts'
import type { Mailroom } from './mailroom.ts'
import type { Json, LastEvent } from './shapes.ts'
import type { Suppressions } from './suppressions.ts'
import type { WebhookEvents } from './webhook-events.ts'

export interface Parts {
  readonly mailroom: Mailroom
  readonly events: WebhookEvents
  readonly endpoints: Endpoints
  readonly suppressions: Suppressions
  readonly limits: Limits
}

const BY_HAND = ['delivered', 'delivery_delayed', 'bounced', 'complained', 'opened', 'clicked', 'failed', 'suppressed'] as const
/** Words people use for the vendor's event names. */
const ALSO: Readonly<Record<string, LastEvent>> = {
  bounce: 'bounced',
  complaint: 'complained',
  complain: 'complained',
  open: 'opened',
  click: 'clicked',
  delay: 'delivery_delayed',
  deliver: 'delivered',
}
const EXTRAS = ['bounce', 'click', 'failed', 'suppressed']

export function control(parts: Parts, action: readonly string[], input: Json): HttpAnswer {
  const [subject, id = '', verb] = action
  if (subject === 'emails' && verb === 'event') return { status: 200, body: happen(parts, id, input) }
  if (subject === 'events' && verb === 'replay') return { status: 200, body: parts.events.replay(parts.endpoints.shop.id, id) }
  if (action.length !== 1) throw notFound(`The action ${action.join('/')}`)
  switch (subject) {
    case 'quota':
      parts.limits.setQuota(input)
      return { status: 200, body: {} }
    case 'rate_limit':
      parts.limits.setRate(input)
      return { status: 200, body: {} }
    case 'webhooks':
      return { status: 200, body: setWebhooks(parts, input) }
    default:
      throw notFound(`The action ${action.join('/')}`)
  }
}

/** `{type: bounced | complained | opened | clicked | ..., bounce?, click?, ...}` */
function happen(parts: Parts, id: string, input: Json): Json {
  const given = String(input['type'] ?? '').replace(/^email\./, '')
  const event = BY_HAND.find((known) => known === (ALSO[given] ?? given))
  if (event === undefined) throw invalidParameter(`The type is one of ${BY_HAND.join(', ')}.`)
  const extra = Object.fromEntries(EXTRAS.filter((field) => input[field] !== undefined).map((field) => [field, input[field]]))
  parts.mailroom.happen(parts.mailroom.known(id), event, Object.keys(extra).length === 0 ? undefined : extra)
  return parts.mailroom.get(id)
}

/** `{enabled?, duplicates?, late?}`: the shop's endpoint, and the shares sent twice or held back. */
function setWebhooks(parts: Parts, input: Json): Json {
  const { enabled } = input
  for (const name of ['duplicates', 'late'] as const) {
    const share = input[name]
    if (share === undefined) continue
    if (typeof share !== 'number' || share < 0 || share > 1) throw invalidParameter(`${name} is a share between 0 and 1.`)
    parts.events.disorder = { [name]: share }
  }
  if (enabled !== undefined) {
    if (typeof enabled !== 'boolean') throw invalidParameter('enabled is true or false.')
    parts.endpoints.update(parts.endpoints.shop.id, { status: enabled ? 'enabled' : 'disabled' })
  }
  return { enabled: parts.endpoints.shop.status === 'enabled', ...parts.events.disorder }
}
