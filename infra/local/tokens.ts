/**
 * Signs tokens as the shop's sign-in would (SPEC: HS256, `aud`, `iss`, `exp`), with the cloud's own secret and clock.
 * There is no switch that turns authentication off; this is how a person or a test becomes somebody.
 */
import { SignJWT } from 'jose'
import { z } from 'zod'
import { ROLES } from '../../shared/entry/declaration.ts'

export const tokenWish = z.strictObject({
  role: z.enum(ROLES),
  sub: z.string().min(1).max(256),
  email: z.string().max(320).optional(),
  org: z.string().max(256).optional(),
  events: z.array(z.string()).optional(),
  /** Seconds (a negative number makes a token that has expired), or `24h`, `15m`, `30s`, `7d`. */
  expiresIn: z.union([z.int(), z.string().regex(/^\d+[smhd]$/)]).optional(),
})
export type TokenWish = z.infer<typeof tokenWish>

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

export interface Signing {
  readonly secret: string
  readonly nowMs: number
  readonly audience: string
  readonly issuer: string
}

export function signToken(wish: TokenWish, signing: Signing): Promise<string> {
  const issuedAt = Math.floor(signing.nowMs / 1000)
  const { role, sub, email, org, events } = wish
  const expiresAt = issuedAt + secondsOf(wish.expiresIn ?? '24h')
  return new SignJWT({ role, ...(email && { email }), ...(org && { org }), ...(events && { events }) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(sub)
    .setAudience(signing.audience)
    .setIssuer(signing.issuer)
    .setIssuedAt(Math.min(issuedAt, expiresAt))
    .setExpirationTime(expiresAt)
    .sign(new TextEncoder().encode(signing.secret))
}

function secondsOf(time: number | string): number {
  if (typeof time === 'number') return time
  return Number(time.slice(0, -1)) * (SECONDS[time.slice(-1)] ?? 1)
}
