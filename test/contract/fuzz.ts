/**
 * Asks every operation at random, as anybody, and holds each answer against the document: no 5xx, a documented status, a
 * body as described, the headers that every answer has.
 */
import type { OpenApi } from '../../infra/build/openapi.ts'
import type { Role } from '../../shared/entry/declaration.ts'
import { Answers } from './answers.ts'
import type { Furnished } from './ground.ts'
import { Requests, type Asked } from './requests.ts'
import { signedBy, type SigningVendor } from '../functions/signing.ts'

export interface Fuzzing {
  readonly document: OpenApi
  /** For each operation. */
  readonly requests: number
  readonly seed: number
  /** Without it all operations. */
  readonly only?: readonly string[]
}

export interface Fuzzed {
  readonly asked: number
  /** How often which status came. */
  readonly statuses: Readonly<Record<string, number>>
  /** Operations that were answered well at least once. */
  readonly good: readonly string[]
  /** What is wrong, with the request that shows it. */
  readonly faults: readonly string[]
}

const AT_ONCE = 6
/** A card that a bank or a gateway is slow about is not slow here. */
const EVERYWHERE = { 'x-content-type-options': 'nosniff', 'referrer-policy': /./, 'strict-transport-security': /max-age=\d{8}/, 'content-security-policy': /frame-ancestors 'none'/, 'x-request-id': /./ }

export async function fuzz({ shop, ids, customer, admin }: Furnished, { document, requests, seed, only }: Fuzzing): Promise<Fuzzed> {
  const answers = new Answers(document)
  const tokens = new Map<string, string>()
  for (const role of ['scanner', 'viewer', 'support', 'organisation', 'organiser'] satisfies Role[]) tokens.set(role, (await shop.person(role)).token ?? '')
  tokens.set('customer', customer.token ?? '').set('admin', admin.token ?? '')
  const statuses: Record<string, number> = {}
  const good = new Set<string>()
  const faults: string[] = []
  const queue = new Requests(document, ids).all(requests, seed, only)
  let done = 0

  async function ask(asked: Asked): Promise<void> {
    const token = asked.role === undefined ? undefined : tokens.get(asked.role)
    const number = ++done
    const response = await fetch(new URL(asked.url, shop.cloud.url), {
      method: asked.method,
      headers: {
        // Everybody is somebody else: limits are another test's business.
        'x-forwarded-for': `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...asked.headers,
        ...signatureOf(asked, number),
      },
      ...(asked.body === undefined ? {} : { body: typeof asked.body === 'string' ? asked.body : new Uint8Array(asked.body) }),
    })
    const text = await response.text()
    const { status } = response
    statuses[status] = (statuses[status] ?? 0) + 1
    if (status < 300) good.add(asked.id)
    const wrong = [...(status >= 500 ? [`${asked.id}: ${status}`] : []), ...answers.faultsOf(asked.id, status, valueOf(text)), ...faultsOfHeaders(asked.id, response)]
    if (wrong.length > 0) faults.push(`${wrong.join('; ')}\n  by ${asked.how}: ${described(asked)}\n  answered ${text.slice(0, 300)}`)
  }

  /** Most events are signed as their vendor would: what is in them is what is tried. */
  function signatureOf({ url, body }: Asked, number: number): Record<string, string> {
    const vendor = /^\/api\/webhooks\/(stripe|resend|authorize-net|square)$/.exec(url)?.[1] as SigningVendor | undefined
    return vendor === undefined || number % 5 === 0 ? {} : signedBy(shop, { vendor, body: String(body ?? ''), id: `msg_${number}` })
  }

  while (queue.length > 0) await Promise.all(queue.splice(0, AT_ONCE).map(ask))
  return { asked: done, statuses, good: [...good].sort(), faults }
}

function faultsOfHeaders(id: string, { headers, status }: Response): string[] {
  const missing = Object.entries(EVERYWHERE).filter(([name, wanted]) => !(typeof wanted === 'string' ? headers.get(name) === wanted : wanted.test(headers.get(name) ?? '')))
  return [
    ...missing.map(([name]) => `${id}: ${status} comes without ${name}`),
    ...((status === 429 || status === 503) && headers.get('retry-after') === null ? [`${id}: ${status} does not say when to come again`] : []),
  ]
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function described({ method, url, role, headers, body }: Asked): string {
  const sent = body === undefined ? '' : ` ${String(body).slice(0, 300)}`
  return `${role ?? 'nobody'} ${method} ${url.slice(0, 300)} ${JSON.stringify(headers)}${sent}`
}
