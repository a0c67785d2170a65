/**
 * Who calls: a JWT, HS256 only, with audience, issuer and expiry. Two secrets count during a rotation. There is no
 * switch that turns this off.
 */
import { Failure } from '#values/failure.ts'
import { config } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { inMemory } from '#platform/in-memory.ts'
import { ROLES, type Role } from './declaration.ts'

export interface Caller {
  readonly role: Role | 'guest'
  /** Subject of the token; for a guest nothing. */
  readonly id: string | null
  readonly email: string | null
}

export const GUEST: Caller = { role: 'guest', id: null, email: null }
const STAFF: readonly string[] = ['viewer', 'support', 'admin']

/** Tokens found valid a moment ago: a page makes several calls with one token. */
const seen = inMemory<string, { readonly caller: Caller; readonly untilMs: number }>()
const SEEN_MS = 60_000
const SEEN_MAX = 1_000

/**
 * @param header value of `Authorization`; undefined for a guest
 * @throws Failure UNAUTHORIZED for anything but a valid token
 */
export async function callerOf(header: string | undefined): Promise<Caller> {
  if (header === undefined) return GUEST
  const match = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(header)
  if (match?.[1] === undefined) throw new Failure('UNAUTHORIZED', { reason: 'not a bearer token' })
  const token = match[1]
  const known = seen.get(token)
  if (known !== undefined && known.untilMs > now()) return known.caller
  const { JWT_SECRET, JWT_SECRET_PREVIOUS } = config('access')
  for (const secret of JWT_SECRET_PREVIOUS === undefined ? [JWT_SECRET] : [JWT_SECRET, JWT_SECRET_PREVIOUS]) {
    const verdict = await verified(token, secret)
    if (verdict === undefined) continue
    if (seen.size >= SEEN_MAX) seen.clear()
    seen.set(token, { caller: verdict.caller, untilMs: Math.min(verdict.expiresAtMs, now() + SEEN_MS) })
    return verdict.caller
  }
  throw new Failure('UNAUTHORIZED', { message: 'Your sign-in is not valid any more. Please sign in again.', reason: 'token refused' })
}

async function verified(token: string, secret: string): Promise<{ caller: Caller; expiresAtMs: number } | undefined> {
  const { jwtVerify } = await import('jose')
  const { JWT_AUDIENCE, JWT_ISSUER } = config('access')
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      audience: JWT_AUDIENCE,
      issuer: JWT_ISSUER,
      requiredClaims: ['exp', 'sub', 'role'],
      currentDate: new Date(now()),
    })
    const role = ROLES.find((known) => known === payload['role'])
    if (role === undefined || typeof payload.sub !== 'string' || payload.sub === '') return undefined
    const email = typeof payload['email'] === 'string' ? payload['email'] : null
    return { caller: { role, id: payload.sub, email }, expiresAtMs: (payload.exp ?? 0) * 1000 }
  } catch {
    return undefined
  }
}

/** As records name him: `admin ann`. */
export function whoIs({ role, id }: Caller): string {
  return id === null ? role : `${role} ${id}`
}

export function isStaff(caller: Caller): boolean {
  return STAFF.includes(caller.role)
}

/**
 * Another customer's record answers as if it did not exist.
 * @param customerId the record's owner; null for a guest's record, which its unguessable id protects
 * @param missing the sentence that a record which does not exist is answered with: both must read alike
 * @throws Failure NOT_FOUND
 */
export function refuseStranger(caller: Caller, customerId: string | null, missing?: string): void {
  if (customerId === null || isStaff(caller)) return
  if (caller.role === 'customer' && caller.id === customerId) return
  throw new Failure('NOT_FOUND', missing === undefined ? {} : { message: missing })
}
