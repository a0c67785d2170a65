/**
 * The `Stripe-Signature` header: the moment of sending, and one HMAC-SHA256 for each secret that is in force.
 *
 * The key is the whole secret, `whsec_` included; what is signed is `t.body` with the body's very bytes.
 */
import { createHmac } from 'node:crypto'

export function signatureHeader(body: string, secrets: readonly string[], atSeconds: number): string {
  const signatures = secrets.map((secret) => createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex'))
  return [`t=${atSeconds}`, ...signatures.map((signature) => `v1=${signature}`)].join(',')
}
