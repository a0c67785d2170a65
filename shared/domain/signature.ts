/** Verifies what the shop has signed (Ed25519), with nothing but the public key. */
import { createPublicKey, verify } from 'node:crypto'

/** @param publicKey 32 bytes in base64url, as the signature */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}
