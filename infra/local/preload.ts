/**
 * Loaded in every instance process before the product; the only place where the local cloud
 * reaches into the process that runs product code. Production has none of this.
 *
 * It does two things:
 * 1. `Date` follows the cloud's clock, so that SDK signature checks, token times and our own clock agree after a jump.
 *    Timers and `performance.now()` stay real: deadlines inside one request are real.
 * 2. Outgoing calls say on whose behalf they are made (`x-local-function`, `x-local-request`, `x-local-tenant`), so that the
 *    cost of one request can be counted, and what comes too late for its own cloud reaches no other. For gRPC the caller is noted when the call is made, not when a stream is opened:
 *    calls queue while a channel connects and then all leave in the context of the first.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { Channel, type Metadata } from '@grpc/grpc-js'

export interface Caller {
  readonly function: string
  readonly requestId: string
  /** The cloud that the request came in from. */
  readonly tenant: string
}

/** Set per incoming request by the instance. */
export const caller = new AsyncLocalStorage<Caller>()

/** Sent by the supervisor after a jump of the clock; answered with the same message once it holds. */
export interface ClockMessage {
  readonly clockOffsetMs: number
}

/** Sent when the instance goes over to another cloud: variables that are other there, null for those that it does not have. */
export interface SettingsMessage {
  readonly settings: Readonly<Record<string, string | null>>
}

const RealDate = Date
const realNow = Date.now
let offsetMs = Number(process.env['LOCAL_CLOCK_OFFSET_MS'] ?? 0)

function followClock(): void {
  const now = (): number => realNow() + offsetMs
  const CloudDate = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, values: unknown[], newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as Date,
  })
  RealDate.now = now
  RealDate.prototype.constructor = CloudDate
  globalThis.Date = CloudDate
  process.on('message', (message: ClockMessage) => {
    if (message.clockOffsetMs === undefined) return
    offsetMs = message.clockOffsetMs
    process.send?.({ clockOffsetMs: offsetMs } satisfies ClockMessage)
  })
}

function nameCallerInGrpc(): void {
  const createCall = Channel.prototype.createCall
  Channel.prototype.createCall = function (...parameters) {
    const call = createCall.apply(this, parameters)
    const from = caller.getStore()
    if (from === undefined) return call
    const start = call.start.bind(call)
    call.start = (metadata: Metadata, listener) => {
      const named = metadata.clone()
      named.set('x-local-function', from.function)
      named.set('x-local-request', from.requestId)
      named.set('x-local-tenant', from.tenant)
      start(named, listener)
    }
    return call
  }
}

function nameCallerInFetch(): void {
  subscribe('undici:request:create', (message) => {
    const from = caller.getStore()
    if (from === undefined) return
    const { request } = message as { request: { addHeader(name: string, value: string): void } }
    request.addHeader('x-local-function', from.function)
    request.addHeader('x-local-request', from.requestId)
    request.addHeader('x-local-tenant', from.tenant)
  })
}

function nameCallerInHttp(): void {
  subscribe('http.client.request.created', (message) => {
    const from = caller.getStore()
    const { request } = message as { request: ClientRequest }
    if (from === undefined || request.headersSent) return
    request.setHeader('x-local-function', from.function)
    request.setHeader('x-local-request', from.requestId)
    request.setHeader('x-local-tenant', from.tenant)
  })
}

followClock()
nameCallerInGrpc()
nameCallerInFetch()
nameCallerInHttp()
