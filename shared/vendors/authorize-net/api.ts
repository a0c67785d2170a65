/**
 * Calls to Authorize.Net: one address, the one root element of the body names what is asked, the body says who asks.
 *
 * Its elements have a fixed order; an object is sent in the order in which it is written. The vendor answers 200 to
 * whatever it has understood: what is no such answer says nothing about whether the call took effect.
 */
import { VendorDown, type Down } from '#domain/breaker.ts'
import { config } from '#platform/config.ts'
import { callHttp, restMs } from '#platform/http.ts'
import { Failure } from '#values/failure.ts'

const HOSTS = { sandbox: 'https://apitest.authorize.net', live: 'https://api.authorize.net' }
const PATH = '/xml/v1/request.api'
/** It is there, and could not do what it was asked just now. */
const NOT_NOW: readonly string[] = ['E00001', 'E00049', 'E00053', 'E00062', 'E00063', 'E00104', 'E00133']
const UNREADABLE = 'no answer of the API'

export type Fields = Readonly<Record<string, unknown>>

/** How long an operation of several calls may take, and each of them, on the clock of `performance.now()`. */
export interface Patience {
  readonly endsAt: number
  readonly callMs: number
}

export interface Answer {
  readonly fields: Fields
  /** The outer message: `I00001`, `E00027`, ... */
  readonly code: string
  readonly text: string
}

/** `lost`: there was no answer, or none that says what became of the call. */
export type Asked = ({ readonly lost: false } & Answer) | ({ readonly lost: true } & Down)

export function patience(callMs: number, calls: number): Patience {
  return { endsAt: performance.now() + callMs * calls, callMs }
}

export function isSetUp(): boolean {
  const { AUTHORIZE_NET_API_LOGIN_ID, AUTHORIZE_NET_TRANSACTION_KEY } = config('authorizeNet')
  return AUTHORIZE_NET_API_LOGIN_ID !== undefined && AUTHORIZE_NET_TRANSACTION_KEY !== undefined
}

export async function ask(operation: string, fields: Fields, { endsAt, callMs }: Patience): Promise<Asked> {
  const { AUTHORIZE_NET_SANDBOX, AUTHORIZE_NET_API_BASE } = config('authorizeNet')
  const deadlineMs = Math.floor(Math.min(callMs, endsAt - performance.now()))
  if (deadlineMs <= 0) return { lost: true, reason: 'authorize.net: no time left' }
  const base = AUTHORIZE_NET_API_BASE ?? (AUTHORIZE_NET_SANDBOX ? HOSTS.sandbox : HOSTS.live)
  const body = { [operation]: { merchantAuthentication: credentials(), ...fields } }
  const result = await callHttp({ method: 'POST', url: `${base}${PATH}`, body, deadlineMs })
  if (result.lost) return { lost: true, reason: `authorize.net: ${result.reason}` }
  const message = result.status === 200 ? messageOf(result.body) : undefined
  if (message === undefined) {
    return { lost: true, reason: `authorize.net ${result.status}: ${UNREADABLE}`, restMs: restMs(result) }
  }
  if (NOT_NOW.includes(message.code)) return { lost: true, reason: said(message) }
  return { lost: false, fields: result.body as Fields, ...message }
}

function credentials(): { readonly name: string; readonly transactionKey: string } {
  const { AUTHORIZE_NET_API_LOGIN_ID: name, AUTHORIZE_NET_TRANSACTION_KEY: transactionKey } = config('authorizeNet')
  if (name !== undefined && transactionKey !== undefined) return { name, transactionKey }
  throw new Failure('SERVICE_UNAVAILABLE', { reason: 'Authorize.Net has no credentials' })
}

interface Messages {
  readonly messages?: { readonly message?: ReadonlyArray<{ readonly code?: unknown; readonly text?: unknown }> }
}

function messageOf(body: unknown): { code: string; text: string } | undefined {
  const message = (body as Messages | undefined)?.messages?.message?.[0]
  return typeof message?.code === 'string' ? { code: message.code, text: String(message.text ?? '') } : undefined
}

/** For whoever needs an answer to go on. */
export function untold(asked: Asked): Failure {
  return asked.lost ? new VendorDown(asked) : new Failure('SERVICE_UNAVAILABLE', { reason: said(asked) })
}

/** For our log and for staff; it quotes nothing that the caller sent. */
export function said({ code, text }: { readonly code: string; readonly text: string }): string {
  return `authorize.net ${code}: ${code === 'E00003' ? 'the request does not follow the schema' : text}`
}
