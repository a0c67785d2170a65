/**
 * The identity token a job carries: the claims Google puts in one. By default it is unsigned, for nothing on one
 * machine checks it against Google's keys; who wants it checked gives a signer.
 */
export interface Claims {
  readonly iss: string
  readonly aud: string
  readonly azp: string
  readonly sub: string
  readonly email: string
  readonly email_verified: boolean
  readonly iat: number
  readonly exp: number
}

export type Sign = (claims: Claims) => string | Promise<string>

const LIFE_SECONDS = 3600

export function claimsFor(identity: { readonly email: string; readonly audience: string }, nowMs: number): Claims {
  const iat = Math.floor(nowMs / 1000)
  const { email, audience } = identity
  return {
    iss: 'https://accounts.google.com',
    aud: audience,
    azp: email,
    sub: email,
    email,
    email_verified: true,
    iat,
    exp: iat + LIFE_SECONDS,
  }
}

/** A well-formed token without a signature. */
export function unsigned(claims: Claims): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`
}
