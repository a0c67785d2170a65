/**
 * What stands before the functions framework, which by itself reads whatever is sent before our code is asked: it would
 * unpack a small body to a gigabyte, parse JSON of any size, and answer what it cannot read with pages of its own.
 *
 * Node tells of each request before anybody handles it. Its body is handed to the framework as mere bytes, so that nothing
 * is unpacked or parsed before `bodyOf` does so within limits; one that is announced too large is not read at all; an
 * address that is no text is replaced by one that nothing lies at. Every answer has the security headers from the
 * beginning, so that also one of the framework's own has them, on whatever way the function was reached.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { config } from '#platform/config.ts'

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Strict-Transport-Security': 'max-age=63072000; includeSubDomains; preload',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
}

/** How a body came, which the framework is not shown. */
export interface Announced {
  readonly type: string
  /** `gzip` and its like; empty: none. */
  readonly encoding: string
  readonly isTooLarge: boolean
}

const BYTES = 'application/octet-stream'
const NOWHERE = '/-'
/** Events are pushed here, by Google and in a form that the framework reads. */
const EVENTS = '/'

const announcements = new WeakMap<object, Announced>()
let isOpen = false

/** From then on every request to this process passes here: called where an instance begins, not where declarations are only read. */
export function openFront(): void {
  if (isOpen) return
  isOpen = true
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
    if (request.url !== EVENTS) takeAsBytes(request)
  })
}

function takeAsBytes(request: IncomingMessage): void {
  const { headers } = request
  const announced = announcedIn(headers)
  announcements.set(request, announced)
  if (announced.isTooLarge) for (const name of ['content-length', 'transfer-encoding']) delete headers[name]
  delete headers['content-encoding']
  headers['content-type'] = BYTES
  if (!isText(request.url ?? '')) request.url = NOWHERE
}

/** @param request as the framework hands it on, or one that never came through here */
export function announcedOf(request: Pick<IncomingMessage, 'headers'>): Announced {
  return announcements.get(request) ?? announcedIn(request.headers)
}

function announcedIn({ 'content-type': type = '', 'content-encoding': encoding = '', 'content-length': length = '0' }: IncomingMessage['headers']): Announced {
  return { type, encoding, isTooLarge: Number(length) > bodyBytesMax() }
}

export function bodyBytesMax(): number {
  return config('limits').BODY_BYTES_MAX
}

function isText(url: string): boolean {
  try {
    return decodeURIComponent(url.split('?', 1)[0] ?? '') !== ''
  } catch {
    return false
  }
}
