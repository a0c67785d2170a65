/**
 * Signatures of outgoing webhooks, by the Standard Webhooks specification: HMAC-SHA256 over id, time and body, so that
 * neither can be changed, and an old message cannot be passed off as a new one.
 */
import { createHmac } from 'node:crypto'

export interface SignedMessage {
  readonly id: string
  readonly atMs: number
  readonly body: string
}

const PREFIX = 'whsec_'

/** A secret as receivers know it. */
export function secretText(key: Buffer): string {
  return PREFIX + key.toString('base64')
}

/** @param secrets one, or while it is being exchanged two: a receiver takes the message when either is his */
export function signedHeaders({ id, atMs, body }: SignedMessage, secrets: readonly string[]): Record<string, string> {
  const seconds = String(Math.floor(atMs / 1000))
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${body}`).digest('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') }
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64')
}
