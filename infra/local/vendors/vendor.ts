/**
 * What every vendor simulator is: an HTTP service by the vendor's contract, state on disk, and what local control may ask of it.
 * And two things that each of them needs: a table of routes, and a log of what it was asked.
 */
import type { Shelves } from '../disk.ts'
import type { HttpAnswer, HttpCall, HttpService } from '../http-ports.ts'
import type { Timeline } from '../timeline.ts'

export interface VendorContext {
  readonly timeline: Timeline
  readonly shelves: Shelves
  /** Base address of the shop as vendors know it, e.g. `http://127.0.0.1:8080`; webhooks go below it. */
  readonly shopUrl: () => string
  /** A random number source with a seed: what is random at a vendor can be repeated. */
  readonly random: () => number
}

export interface Vendor {
  /** `stripe`, `square`, ...: target in calls and faults, folder under `/_local/vendors`. */
  readonly name: string
  readonly service: HttpService
  /** Requests received, oldest first, newest 10,000: `{at, method, path, idempotencyKey?, body, status, instance}`. No secret in them. */
  requests(): readonly unknown[]
  /** Every object of a type as the vendor would answer it (`payment_intents`, `emails`), oldest first; undefined for an unknown type. */
  objects(type: string): readonly unknown[] | undefined
  /** What a person could do in the vendor's dashboard: `POST /_local/vendors/NAME/<action...>`. */
  control(action: readonly string[], body: unknown): Promise<HttpAnswer> | HttpAnswer
  /**
   * A page of the vendor's that a customer sees: `/_local/vendors/NAME/pages/<path...>`; undefined for no such page.
   * `form` is what he sent; undefined when he only looks.
   */
  page?(path: readonly string[], form: URLSearchParams | undefined): HttpAnswer | undefined
  /** Webhook deliveries that are due within a moment or under way. */
  pending(): number
  /** The part of them that is not due yet. */
  waiting(): number
}

export interface Route<Handle> {
  /** The operation's name in calls and faults: `GET /v2/payments/:id`. */
  readonly name: string
  readonly handle: Handle
  readonly params: Readonly<Record<string, string>>
}

/** Finds the handler of a call; patterns that come first in the table win. */
export class Routes<Handle> {
  readonly #patterns: Array<{ name: string; method: string; segments: string[]; handle: Handle }> = []

  /** @param table `{'GET /v2/payments/:id': handle}` */
  constructor(table: Readonly<Record<string, Handle>>) {
    for (const [name, handle] of Object.entries(table)) {
      const [method = '', pattern = ''] = name.split(' ')
      this.#patterns.push({ name, method, segments: pattern.split('/'), handle })
    }
  }

  find(method: string, path: string): Route<Handle> | undefined {
    const segments = path.split('/')
    for (const pattern of this.#patterns) {
      if (pattern.method !== method) continue
      const params = matched(pattern.segments, segments)
      if (params !== undefined) return { name: pattern.name, handle: pattern.handle, params }
    }
    return undefined
  }

  /** The path exists, whatever the method. */
  knows(path: string): boolean {
    const segments = path.split('/')
    return this.#patterns.some((pattern) => matched(pattern.segments, segments) !== undefined)
  }

  /** The operation's name, also of a call that nobody handles. */
  name(method: string, path: string): string {
    return this.find(method, path)?.name ?? `${method} ${path}`
  }
}

function matched(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (part.startsWith(':') && segment !== '') params[part.slice(1)] = decoded(segment)
    else if (part !== segment) return undefined
  }
  return params
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const REQUESTS_MAX = 10_000

/** What a vendor was asked, newest 10,000. The caller hands in a body without secrets; headers are not kept at all. */
export class RequestLog {
  #records: unknown[] = []
  readonly #timeline: Timeline

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  add(call: HttpCall, answer: HttpAnswer, body: unknown, idempotencyKey?: string): void {
    this.#records.push({
      at: new Date(this.#timeline.now()).toISOString(),
      method: call.method,
      path: call.path,
      ...(call.query.size === 0 ? {} : { query: Object.fromEntries(call.query) }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      body,
      status: answer.status,
      instance: call.instance,
    })
    if (this.#records.length >= 2 * REQUESTS_MAX) this.#records = this.#records.slice(-REQUESTS_MAX)
  }

  all(): readonly unknown[] {
    return this.#records.slice(-REQUESTS_MAX)
  }
}
