/** What PagerDuty takes for an event, and the sentences with which it refuses the rest. */
export const ACTIONS = ['trigger', 'acknowledge', 'resolve'] as const
export type Action = (typeof ACTIONS)[number]

export type Json = Record<string, unknown>

export interface Event {
  readonly routing_key: string
  readonly event_action: Action
  readonly dedup_key: string | undefined
  readonly payload: Json | undefined
}

const BYTES_MAX = 512 * 1024
const SEVERITIES = ['critical', 'error', 'warning', 'info']
const SUMMARY_MAX = 1024
const DEDUP_KEY_MAX = 255
const ROUTING_KEY = /^[A-Za-z0-9]{32}$/

/** @returns the event, or what is wrong with it */
export function readEvent(body: Buffer): Event | { readonly errors: readonly string[] } {
  if (body.length > BYTES_MAX) return { errors: ['The event is larger than 512 KB'] }
  const event = parsed(body)
  if (!isRecord(event)) return { errors: ['The event is not a JSON object'] }
  const errors = faultsOf(event)
  return errors.length > 0 ? { errors } : (event as unknown as Event)
}

function faultsOf({ routing_key, event_action, dedup_key, payload }: Json): string[] {
  const action = ACTIONS.find((known) => known === event_action)
  return [
    ...(typeof routing_key === 'string' && ROUTING_KEY.test(routing_key) ? [] : ["'routing_key' is missing or invalid"]),
    ...(action === undefined ? [`'event_action' must be one of ${ACTIONS.join(', ')}`] : []),
    ...(dedup_key === undefined || (typeof dedup_key === 'string' && dedup_key.length <= DEDUP_KEY_MAX) ? [] : ["'dedup_key' must be a string of at most 255 characters"]),
    ...(action === 'trigger' ? faultsOfPayload(payload) : []),
    ...((action === 'acknowledge' || action === 'resolve') && dedup_key === undefined ? [`'dedup_key' is needed to ${action}`] : []),
  ]
}

function faultsOfPayload(payload: unknown): string[] {
  if (!isRecord(payload)) return ["'payload' is missing or blank"]
  const { summary, source, severity, timestamp, custom_details } = payload
  return [
    ...(isText(summary) && summary.length <= SUMMARY_MAX ? [] : ["'payload.summary' is missing, blank or longer than 1024 characters"]),
    ...(isText(source) ? [] : ["'payload.source' is missing or blank"]),
    ...(SEVERITIES.includes(severity as string) ? [] : [`'payload.severity' must be one of ${SEVERITIES.join(', ')}`]),
    ...(timestamp === undefined || !Number.isNaN(Date.parse(String(timestamp))) ? [] : ["'payload.timestamp' is not a time"]),
    ...(custom_details === undefined || isRecord(custom_details) ? [] : ["'payload.custom_details' must be an object"]),
  ]
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
