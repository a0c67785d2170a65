/** What every HTTP seam reads off a request before anything else. */
import { randomUUID } from 'node:crypto'
import type { Request } from '@google-cloud/functions-framework'
import { cardNumbersIn } from '#values/card-number.ts'
import { Failure, invalid } from '#values/failure.ts'
import { announcedOf, bodyBytesMax } from './front.ts'

const PRINTABLE = /^[\x21-\x7e]{1,255}$/
/** What JSON may write for a character: `\u0034`, or `\n` and its like. */
const ESCAPE = /\\(?:u([0-9a-f]{4})|(.))/gi
/** In another charset the bytes would not show what the parsed text holds. */
const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/i

export function requestIdOf(request: Request): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && given.length <= 128 && PRINTABLE.test(given) ? given : randomUUID()
}

/** The address that Firebase Hosting saw: the last hop of `X-Forwarded-For`, counted from the right. */
export function ipOf(request: Request): string {
  const hops = String(request.headers['x-forwarded-for'] ?? '').split(',')
  return (hops.at(-1) ?? '').trim() || (request.socket.remoteAddress ?? 'unknown')
}

/** Country of the caller's address, where the platform writes it into a header; null when it does not, or does not know (`ZZ`, `XX`). */
export function countryOf(request: Request, header: string): string | null {
  const country = header === '' ? '' : String(request.headers[header] ?? '').toUpperCase()
  return /^[A-Z]{2}$/.test(country) && country !== 'ZZ' && country !== 'XX' ? country : null
}

/** `Idempotency-Key`: 1 to 255 visible ASCII characters. */
export function idempotencyKeyOf(request: Request): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !PRINTABLE.test(key)) throw invalid('Idempotency-Key', 'must be 1 to 255 visible ASCII characters')
  return key
}

/** Path parameters by name: `/api/orders/:orderId` against the path. Undefined when the path is another one. */
export function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const given = path.replace(/\/$/, '').split('/')
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (!part.startsWith(':')) {
      if (part !== value) return undefined
      continue
    }
    const text = decoded(value)
    if (text === undefined) return undefined
    params[part.slice(1)] = text
  }
  return params
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

/**
 * The parsed body of a JSON request; an empty one is `{}`.
 * @throws Failure INVALID_INPUT when it is not JSON in UTF-8 or holds a card number, PAYLOAD_TOO_LARGE
 */
export function bodyOf(request: Request): unknown {
  const { rawBody: raw } = request
  const { type, encoding, isTooLarge } = announcedOf(request)
  const bytesMax = bodyBytesMax()
  if (isTooLarge || (raw?.length ?? 0) > bytesMax) throw new Failure('PAYLOAD_TOO_LARGE', { details: { bytesMax } })
  if (raw === undefined || raw.length === 0) {
    if (Number(request.headers['content-length'] ?? 0) > 0) throw invalid('Content-Type', 'must be application/json')
    return {}
  }
  if (encoding !== '' && encoding !== 'identity') throw invalid('Content-Encoding', 'must not be sent: a body is taken as it is')
  refuseCardNumbers(raw.toString('utf8'))
  if (!JSON_TYPE.test(type)) throw invalid('Content-Type', 'must be application/json, in UTF-8')
  return parsed(raw)
}

function parsed(raw: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
  } catch {
    throw invalid('body', 'must be JSON, in UTF-8')
  }
}

/** Only tokens may reach us, escaped or not. The number itself is neither repeated nor logged. */
export function refuseCardNumbers(text: string): void {
  const plain = text.replace(ESCAPE, (_, hex?: string, other?: string) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : /[nrtbf]/.test(other ?? '') ? ' ' : (other ?? ''),
  )
  if (cardNumbersIn(plain).length > 0) {
    throw new Failure('INVALID_INPUT', {
      message: 'The request contains what looks like a card number. Send a payment token instead.',
      details: { fields: [{ field: 'body', rule: 'must not contain a card number' }] },
    })
  }
}
