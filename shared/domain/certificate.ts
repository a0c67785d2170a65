/**
 * A certificate that anybody can verify: facts, and a signature over their one text. The key that it was signed with goes
 * along; whoever wants to know whose it is compares it with the one that the shop has published.
 */
import { canonical } from '#values/canonical.ts'
import { isSigned } from './signature.ts'

export interface Signed<Facts> {
  readonly certificate: Facts
  readonly algorithm: 'Ed25519'
  /** The raw key, in base64url. */
  readonly publicKey: string
  readonly signature: string
}

/** What is signed: only a certificate, and no other text of the shop's, can look like that. */
export function certificateText(certificate: unknown): string {
  return `countinghouse certificate\n${canonical(certificate)}`
}

/** @param trusted the shop's own key, where it is known: a certificate signed with another one is none of the shop's */
export function isGenuine({ certificate, algorithm, publicKey, signature }: Signed<unknown>, trusted = publicKey): boolean {
  return algorithm === 'Ed25519' && publicKey === trusted && isSigned(certificateText(certificate), signature, publicKey)
}
