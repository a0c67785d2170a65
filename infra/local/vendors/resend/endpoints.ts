/**
 * Where webhooks go: the shop's own endpoint, and whatever else is registered over the API.
 *
 * A rotated secret stays good for a day beside the new one, so that a receiver can change over without losing an event.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { invalidParameter, missingField, notFound } from './failure.ts'
import { list } from './lists.ts'
import { isRecord } from './message.ts'
import type { Json } from './shapes.ts'

const SHOP_PATH = '/api/webhooks/resend'
const SHOP_EVENTS = [
  'sent',
  'scheduled',
  'delivered',
  'delivery_delayed',
  'bounced',
  'complained',
  'failed',
  'suppressed',
  'opened',
  'clicked',
].map((event) => `email.${event}`)
const OLD_SECRET_MS = 24 * 3_600_000

export interface Endpoint {
  readonly id: string
  /** A whole URL; the shop's own endpoint is a path below the shop's address. */
  endpoint: string
  status: 'enabled' | 'disabled'
  events: string[] | null
  readonly created_at: string
  /** The newest first; the others until their time is over. */
  secrets: Array<{ readonly secret: string; readonly untilMs?: number }>
}

export class Endpoints {
  readonly #context: VendorContext
  readonly #held: Shelf<Endpoint>

  /** The shop's endpoint exists from the start; `enabled` only says what it begins as. */
  constructor(context: VendorContext, shop: { secret: string; enabled: boolean }) {
    this.#context = context
    this.#held = context.shelves.shelf('webhooks')
    if (this.#held.values().some(({ endpoint }) => endpoint === SHOP_PATH)) return
    const made = this.#made(SHOP_PATH, SHOP_EVENTS, shop.secret)
    this.#held.set(made.id, { ...made, status: shop.enabled ? 'enabled' : 'disabled' })
  }

  /** The shop's own endpoint. */
  get shop(): Endpoint {
    const shop = this.#held.values().find(({ endpoint }) => endpoint === SHOP_PATH)
    if (shop === undefined) throw notFound('Webhook')
    return shop
  }

  listening(type: string): Endpoint[] {
    return this.#held.values().filter(({ status, events }) => status === 'enabled' && events?.includes(type) !== false)
  }

  /** Secrets to sign with now. */
  secrets(id: string): string[] {
    const endpoint = this.known(id)
    if (endpoint.status === 'disabled') throw new RangeError('The endpoint is disabled.')
    const nowMs = this.#context.timeline.now()
    return endpoint.secrets.filter(({ untilMs }) => untilMs === undefined || untilMs > nowMs).map(({ secret }) => secret)
  }

  known(id: string): Endpoint {
    const endpoint = this.#held.get(id)
    if (endpoint === undefined) throw notFound('Webhook')
    return endpoint
  }

  create(input: unknown): Json {
    const endpoint = acceptedUrl(input)
    if (endpoint === undefined) throw missingField('endpoint')
    const events = acceptedEvents(input)
    if (events === undefined) throw missingField('events')
    const secret = newSecret()
    const made = this.#made(endpoint, events, secret)
    this.#held.set(made.id, made)
    return { object: 'webhook', id: made.id, signing_secret: secret }
  }

  get(id: string): Json {
    const endpoint = this.known(id)
    return { object: 'webhook', ...this.#view(endpoint), signing_secret: endpoint.secrets[0]?.secret }
  }

  list(query: URLSearchParams): Json {
    const page = list(this.#held.values(), query)
    return { ...page, data: page.data.map((endpoint) => this.#view(endpoint)) }
  }

  update(id: string, input: unknown): Json {
    const endpoint = this.known(id)
    const status = isRecord(input) ? input['status'] : undefined
    if (status !== undefined && status !== 'enabled' && status !== 'disabled') throw invalidParameter('Invalid `status` field.')
    const url = acceptedUrl(input)
    const events = acceptedEvents(input)
    this.#held.set(id, {
      ...endpoint,
      ...(status === undefined ? {} : { status }),
      ...(url === undefined ? {} : { endpoint: url }),
      ...(events === undefined ? {} : { events }),
    })
    return { object: 'webhook', id }
  }

  remove(id: string): Json {
    this.known(id)
    this.#held.delete(id)
    return { object: 'webhook', id, deleted: true }
  }

  rotate(id: string): Json {
    const endpoint = this.known(id)
    const untilMs = this.#context.timeline.now() + OLD_SECRET_MS
    const secret = newSecret()
    const before = endpoint.secrets.map((old) => ({ ...old, untilMs: old.untilMs ?? untilMs }))
    this.#held.set(id, { ...endpoint, secrets: [{ secret }, ...before] })
    return { object: 'webhook', id, signing_secret: secret }
  }

  #made(endpoint: string, events: string[], secret: string): Endpoint {
    const createdAt = new Date(this.#context.timeline.now()).toISOString()
    return { id: randomUUID(), endpoint, status: 'enabled', events, created_at: createdAt, secrets: [{ secret }] }
  }

  #view(endpoint: Endpoint): Json {
    const { id, created_at, status, events } = endpoint
    const url = endpoint.endpoint.startsWith('/') ? `${this.#context.shopUrl()}${endpoint.endpoint}` : endpoint.endpoint
    return { id, created_at, status, endpoint: url, events }
  }
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

function acceptedUrl(input: unknown): string | undefined {
  const endpoint = isRecord(input) ? input['endpoint'] : undefined
  if (endpoint === undefined) return undefined
  if (typeof endpoint !== 'string' || !/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw invalidParameter('Invalid `endpoint` field. It needs to be a URL.')
  }
  return endpoint
}

function acceptedEvents(input: unknown): string[] | undefined {
  const events = isRecord(input) ? input['events'] : undefined
  if (events === undefined) return undefined
  const names = Array.isArray(events) ? events.filter((event) => typeof event === 'string') : []
  if (names.length === 0 || !names.every((name) => /^[a-z]+(\.[a-z_]+)+$/.test(name))) {
    throw invalidParameter('Invalid `events` field. It needs to be a list of event types.')
  }
  return names
}
