/** API keys: as a bearer token or as the user of basic authentication. The whole key is never said back. */
import type { HttpCall } from '../../http-ports.ts'
import { Refusal } from './refusal.ts'

const NONE =
  'You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth ' +
  "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."

export class Credentials {
  readonly #keys: ReadonlySet<string>

  constructor(keys: readonly string[]) {
    this.#keys = new Set(keys)
  }

  check(call: HttpCall): void {
    const key = keyOf(call.headers.authorization)
    if (key === undefined || key === '') {
      throw refused(NONE)
    }
    if (!this.#keys.has(key)) throw refused(`Invalid API Key provided: ${key.slice(0, 8)}${'*'.repeat(8)}${key.slice(-4)}`)
  }
}

function refused(message: string): Refusal {
  return new Refusal(401, { type: 'invalid_request_error', message }, { headers: { 'www-authenticate': 'Basic realm="Stripe"' } })
}

function keyOf(authorization: string | undefined): string | undefined {
  const [scheme = '', value] = (authorization ?? '').split(' ')
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic' || value === undefined) return undefined
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0]
}
