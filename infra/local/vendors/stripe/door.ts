/**
 * The door of the API: who calls, which endpoint, is this key known, then the work in one piece.
 *
 * The order matters: what is refused before the work begins (a bad key, a limit, a wrong parameter) leaves the
 * idempotency key free; what is answered afterwards is kept for it, in the same write as the work itself.
 */
import type { Shelves } from '../../disk.ts'
import type { HttpAnswer, HttpCall } from '../../http-ports.ts'
import { type RequestLog, type Route, Routes } from '../vendor.ts'
import type { Account } from './account.ts'
import type { Credentials } from './credentials.ts'
import { type Endpoint, ENDPOINTS } from './endpoints.ts'
import { API_VERSION } from './event-log.ts'
import { checkExpansion, expanded } from './expanding.ts'
import { Fields } from './fields.ts'
import { type Form, parseForm } from './form.ts'
import { IdempotencyKeys, type Outcome } from './idempotency.ts'
import { invalid, Refusal } from './refusal.ts'
import type { Trouble } from './trouble.ts'
import { withoutSecrets } from './redaction.ts'

interface Work {
  readonly call: HttpCall
  readonly route: Route<Endpoint>
  readonly form: Form
  readonly requestId: string
  readonly key: string | undefined
}

interface DoorParts {
  readonly account: Account
  readonly shelves: Shelves
  readonly credentials: Credentials
  readonly keys: IdempotencyKeys
  readonly trouble: Trouble
  readonly log: RequestLog
}

export const ROUTES = new Routes(ENDPOINTS)

export class Door {
  readonly #parts: DoorParts

  constructor(parts: DoorParts) {
    this.#parts = parts
  }

  async answer(call: HttpCall): Promise<HttpAnswer> {
    const requestId = this.#parts.account.ids.next('req')
    const form = call.method === 'POST' ? parseForm(call.body.toString('utf8')) : parseForm(call.query.toString())
    const key = call.method === 'POST' ? header(call, 'idempotency-key') : undefined
    const headers = {
      'request-id': requestId,
      'stripe-version': header(call, 'stripe-version') ?? API_VERSION,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    }
    const answer = await this.#safely(requestId, () => this.#admit({ call, form, key, requestId }))
    this.#parts.log.add(call, answer, call.method === 'POST' ? withoutSecrets(form) : {}, key)
    return { ...answer, headers: { ...headers, ...answer.headers } }
  }

  /** A refusal before the work has begun: said, and kept nowhere. */
  async #safely(requestId: string, work: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { status: error.status, body: errorBody(error, requestId), headers: { ...error.headers } }
    }
  }

  async #admit(asked: Omit<Work, 'route'>): Promise<HttpAnswer> {
    const { call, key } = asked
    this.#parts.credentials.check(call)
    this.#parts.trouble.limit()
    const route = ROUTES.find(call.method, call.path)
    if (route === undefined) {
      const message = `Unrecognized request URL (${call.method}: ${call.path}). Please see https://stripe.com/docs.`
      throw new Refusal(404, { type: 'invalid_request_error', message })
    }
    if (call.method === 'POST' && header(call, 'content-type')?.includes('json') === true) {
      throw invalid('Invalid request (check that your POST content type is application/x-www-form-urlencoded).')
    }
    const work = { ...asked, route }
    return key === undefined ? this.#worked(work) : this.#workedOnce(work, key)
  }

  async #worked(work: Work): Promise<HttpAnswer> {
    await this.#parts.trouble.pause()
    return this.#parts.shelves.together(() => this.#run(work))
  }

  async #workedOnce(work: Work, key: string): Promise<HttpAnswer> {
    const { keys, shelves, trouble } = this.#parts
    const request = IdempotencyKeys.fingerprint(work.call.method, work.call.path, work.call.body)
    const before = keys.begin(key, request)
    if (before !== undefined) return replayed(before)
    try {
      await trouble.pause()
      return shelves.together(() => {
        const outcome = this.#run(work)
        keys.keep(key, request, outcome)
        return { status: outcome.status, body: outcome.body }
      })
    } finally {
      keys.end(key)
    }
  }

  /** @throws Refusal when the work never began */
  #run(work: Work): Outcome {
    const { requestId, key } = work
    try {
      this.#parts.trouble.beforeWork(work.call.method)
      const cause = { id: requestId, idempotency_key: key ?? null }
      const body = this.#parts.account.eventLog.causedBy(cause, () => this.#perform(work))
      this.#parts.trouble.afterWork(work.call.method)
      return { status: 200, body, requestId }
    } catch (error) {
      if (error instanceof Refusal && !error.begun) throw error
      const refusal = error instanceof Refusal ? error : brokenBy(error)
      return { status: refusal.status, body: errorBody(refusal, requestId), requestId }
    }
  }

  #perform({ call, route, form }: Work): object {
    const { account } = this.#parts
    const fields = new Fields(form)
    fields.only(route.handle.allowed)
    const expand = fields.list('expand') ?? []
    checkExpansion(route.handle.answers, expand)
    const answer = route.handle.work(account, { id: route.params['id'] ?? '', fields, path: call.path })
    return expanded(account, answer, expand)
  }
}

function replayed(outcome: Outcome): HttpAnswer {
  const headers = { 'idempotent-replayed': 'true', 'original-request': outcome.requestId }
  return { status: outcome.status, body: outcome.body, headers }
}

function errorBody(refusal: Refusal, requestId: string): object {
  return { error: { ...refusal.body, request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}` } }
}

/** The simulator itself failed. To the caller that is the vendor failing, and its outcome is unknown like there. */
function brokenBy(error: unknown): Refusal {
  process.stderr.write(`local cloud: stripe: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return new Refusal(500, { type: 'api_error', message: 'An unknown error occurred' }, { begun: true })
}

function header(call: HttpCall, name: string): string | undefined {
  const value = call.headers[name]
  return typeof value === 'string' ? value : undefined
}
