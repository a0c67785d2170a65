/**
 * Who calls: a JWT, HS256 only, with audience, issuer and expiry. Two secrets count during a rotation. There is no
 * switch that turns this off.
 */
import { Failure } from '#values/failure.ts'
import { config } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { ROLES, type Role } from './declaration.ts'

export interface Caller {
  readonly role: Role | 'guest'
  /** Subject of the token; for a guest nothing. */
  readonly id: string | null
  readonly email: string | null
}

export const GUEST: Caller = { role: 'guest', id: null, email: null }
const STAFF: readonly string[] = ['viewer', 'support', 'admin']

/**
 * @param header value of `Authorization`; undefined for a guest
 * @throws Failure UNAUTHORIZED for anything but a valid token
 */
export async function callerOf(header: string | undefined): Promise<Caller> {
  if (header === undefined) return GUEST
  const match = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(header)
  if (match?.[1] === undefined) throw new Failure('UNAUTHORIZED', { reason: 'not a bearer token' })
  const { JWT_SECRET, JWT_SECRET_PREVIOUS } = config('access')
  for (const secret of JWT_SECRET_PREVIOUS === undefined ? [JWT_SECRET] : [JWT_SECRET, JWT_SECRET_PREVIOUS]) {
    const caller = await verified(match[1], secret)
    if (caller !== undefined) return caller
  }
  throw new Failure('UNAUTHORIZED', { message: 'Your sign-in is not valid any more. Please sign in again.', reason: 'token refused' })
}

async function verified(token: string, secret: string): Promise<Caller | undefined> {
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
    return { role, id: payload.sub, email: typeof payload['email'] === 'string' ? payload['email'] : null }
  } catch {
    return undefined
  }
}

export function isStaff(caller: Caller): boolean {
  return STAFF.includes(caller.role)
}

/**
 * Another customer's record answers as if it did not exist.
 * @param customerId the record's owner; null for a guest's record, which its unguessable id protects
 * @throws Failure NOT_FOUND
 */
export function refuseStranger(caller: Caller, customerId: string | null): void {
  if (customerId === null || isStaff(caller)) return
  if (caller.role !== 'customer' || caller.id !== customerId) throw new Failure('NOT_FOUND')
}
