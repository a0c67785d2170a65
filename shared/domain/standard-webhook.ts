/**
 * Signatures of webhooks, ours and those of vendors who sign alike, by the Standard Webhooks specification: HMAC-SHA256
 * over id, time and body, so that neither can be changed, and an old message cannot be passed off as a new one.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

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

/** A message as it came: `signature` may list several, of which one must hold. */
export interface ReceivedMessage {
  readonly id: string
  /** Seconds, as the header says. */
  readonly seconds: string
  readonly raw: Uint8Array
  readonly signature: string
}

const TOLERANCE_SECONDS = 300

/** Whether one of the secrets has signed these very bytes, within five minutes of now. */
export function isSigned({ id, seconds, raw, signature }: ReceivedMessage, secrets: readonly string[], nowMs: number): boolean {
  if (!/^\d{1,12}$/.test(seconds) || Math.abs(nowMs / 1000 - Number(seconds)) > TOLERANCE_SECONDS) return false
  const given = signature.split(' ').flatMap((one) => (one.startsWith('v1,') ? [Buffer.from(one.slice('v1,'.length), 'base64')] : []))
  return secrets.some((secret) => {
    const right = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.`).update(raw).digest()
    return given.some((one) => one.length === right.length && timingSafeEqual(one, right))
  })
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64')
}
