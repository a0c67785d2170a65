/**
 * The keys under which the shop signs what others must be able to verify (Ed25519): the seals of its audit trail, and
 * certificates. They come from Secret Manager and lie in no store: whoever can rewrite the stores cannot sign what he wrote.
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { config } from './config.ts'

/** What PKCS #8 writes before the 32 bytes of such a key. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

export interface SigningKey {
  /** 32 bytes in base64url, for whoever verifies. */
  readonly publicKey: string
  /** The signature of a text, in base64url. */
  readonly sign: (text: string) => string
}

export function sealKey(): SigningKey {
  return keyFrom(config('seals').AUDIT_SEAL_KEY)
}

export function certificateKey(): SigningKey {
  return keyFrom(config('certificates').CERTIFICATE_KEY)
}

function keyFrom(secret: string): SigningKey {
  const seed = Buffer.from(secret, 'base64url')
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  const { x: publicKey = '' } = createPublicKey(key).export({ format: 'jwk' })
  return { publicKey, sign: (text) => sign(null, Buffer.from(text), key).toString('base64url') }
}
