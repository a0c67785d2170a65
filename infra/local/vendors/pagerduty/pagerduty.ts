/**
 * PagerDuty's Events API v2, as the shop meets it: an event opens an alert, joins the open one with its key, or ends it.
 *
 * Ending what is not open is dropped without a word, as the vendor does; a trigger after the end opens a new alert. More
 * than 120 events in any 60 seconds of one key are refused and not kept.
 */
import { randomUUID } from 'node:crypto'
import type { HttpAnswer, HttpCall } from '../../http-ports.ts'
import { RequestLog, Routes, type Vendor, type VendorContext } from '../vendor.ts'
import { isRecord, readEvent, type Event, type Json } from './event.ts'

interface Alert extends Json {
  readonly id: string
  readonly routing_key: string
  readonly dedup_key: string
  status: 'open' | 'acknowledged' | 'resolved'
  /** Triggers that joined it, the first one included. */
  triggers: number
  payload: Json
}

const WINDOW_MS = 60_000
const EVENTS_PER_WINDOW = 120
const EVENTS_KEPT = 10_000
const SECRET = '[secret]'
const TOO_MANY = 'Requests for this service are arriving too quickly. Please retry later.'

export function createPagerDuty(context: VendorContext): Vendor {
  const pager = new Pager(context)
  const routes = new Routes<(call: HttpCall) => HttpAnswer>({ 'POST /v2/enqueue': (call) => pager.take(call.body) })
  const log = new RequestLog(context.timeline)

  function handle(call: HttpCall): HttpAnswer {
    const route = routes.find(call.method, call.path)
    const answer = route === undefined ? { status: 404, body: { status: 'not found', message: 'Not Found' } } : route.handle(call)
    log.add(call, answer, withoutKey(call.body))
    return answer
  }

  return {
    name: 'pagerduty',
    service: { target: 'pagerduty', operation: (method, path) => routes.name(method, path), handle },
    requests: () => log.all(),
    objects: (type) => pager.objects(type),
    control: (action, body) => pager.control(action, isRecord(body) ? body : {}),
    pending: () => 0,
    waiting: () => 0,
  }
}

class Pager {
  readonly #context: VendorContext
  readonly #alerts
  readonly #events
  /** When events were taken of late, by routing key. */
  readonly #lately = new Map<string, number[]>()
  #perWindow = EVENTS_PER_WINDOW
  #trouble = { status: 500, times: 0 }

  constructor(context: VendorContext) {
    this.#context = context
    this.#alerts = context.shelves.shelf<Alert>('alerts')
    this.#events = context.shelves.shelf<Json>('events')
  }

  take(body: Buffer): HttpAnswer {
    if (this.#trouble.times > 0) {
      this.#trouble.times -= 1
      return { status: this.#trouble.status, body: { status: 'error', message: 'Internal Server Error' } }
    }
    const event = readEvent(body)
    if ('errors' in event) return { status: 400, body: { status: 'invalid event', message: 'Event object is invalid', errors: event.errors } }
    if (!this.#mayCome(event.routing_key)) return { status: 429, body: { status: 'throttle exceeded', message: TOO_MANY } }
    const dedup_key = event.dedup_key ?? randomUUID().replaceAll('-', '')
    this.#happen(event, dedup_key)
    return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key } }
  }

  /** Counts one event in the sliding window of its key; false when the window is full. */
  #mayCome(routingKey: string): boolean {
    const nowMs = this.#context.timeline.now()
    const lately = (this.#lately.get(routingKey) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS)
    const fits = lately.length < this.#perWindow
    this.#lately.set(routingKey, fits ? [...lately, nowMs] : lately)
    return fits
  }

  #happen({ routing_key, event_action, payload = {} }: Event, dedup_key: string): void {
    const at = new Date(this.#context.timeline.now()).toISOString()
    const happened = { at, event_action, dedup_key, ...(event_action === 'trigger' ? { payload } : {}) }
    if (this.#events.size < EVENTS_KEPT) this.#events.set(number(this.#events.size), happened)
    const alert = this.#alerts.values().find((one) => one.routing_key === routing_key && one.dedup_key === dedup_key && one.status !== 'resolved')
    if (event_action === 'trigger') {
      if (alert !== undefined) return void this.#alerts.set(alert.id, { ...alert, triggers: alert.triggers + 1 })
      const id = number(this.#alerts.size)
      this.#alerts.set(id, { id, routing_key, dedup_key, status: 'open', triggers: 1, created_at: at, payload })
    } else if (alert !== undefined) {
      this.#alerts.set(alert.id, { ...alert, status: event_action === 'resolve' ? 'resolved' : 'acknowledged', updated_at: at })
    }
  }

  objects(type: string): readonly unknown[] | undefined {
    if (type === 'events') return this.#events.values()
    return type === 'alerts' ? this.#alerts.values().map((alert) => ({ ...alert, routing_key: SECRET })) : undefined
  }

  /** `alerts/ID/acknowledge`, `alerts/ID/resolve`; `rate_limit` `{perMinute}`; `trouble` `{status?, times}`. */
  control([subject, id = '', verb]: readonly string[], input: Json): HttpAnswer {
    const { perMinute, times, status } = input
    const alert = this.#alerts.get(id)
    if (subject === 'alerts' && alert !== undefined && (verb === 'acknowledge' || verb === 'resolve')) {
      this.#alerts.set(id, { ...alert, status: verb === 'resolve' ? 'resolved' : 'acknowledged' })
    } else if (subject === 'rate_limit' && isCount(perMinute)) this.#perWindow = perMinute
    else if (subject === 'trouble' && isCount(times)) this.#trouble = { status: isCount(status) ? status : 500, times }
    else return { status: 404, body: { message: 'There is no such action, or no such alert.' } }
    return { status: 200, body: {} }
  }
}

/** Numbers in the order of the things, also as texts. */
function number(before: number): string {
  return `Q${String(before + 1).padStart(9, '0')}`
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0
}

/** The key is the secret. */
function withoutKey(body: Buffer): unknown {
  const event = readEvent(body)
  return 'errors' in event ? { unreadable: true } : { ...event, routing_key: SECRET }
}
