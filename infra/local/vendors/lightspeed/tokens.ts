/**
 * Sign-in: refresh tokens that rotate. A refresh gives a new pair; the token it was made with stays good until the new
 * access token is used for the first time, then it and every other pair that came from it are worth nothing.
 *
 * Tokens are kept as hashes. One that was not used for 30 days has expired.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { denied, notGranted } from './refusal.ts'

const ACCESS_SECONDS = 1_800
const UNUSED_MS = 30 * 86_400_000

export interface Application {
  readonly clientId: string
  readonly clientSecret: string
  /** The one that the owner's consent gave. */
  readonly refreshToken: string
  /** Of the old way to sign in. */
  readonly apiKey?: string
}

interface Refresh {
  readonly revoked: boolean
  readonly usedAtMs: number
}

interface Access {
  readonly revoked: boolean
  readonly expiresAtMs: number
  /** Hash of the refresh token that it was made with, and of the one that came with it. */
  readonly from: string
  readonly beside: string
  readonly used: boolean
}

export class Tokens {
  readonly #context: VendorContext
  readonly #application: Application
  readonly #refresh: Shelf<Refresh>
  readonly #access: Shelf<Access>
  readonly #counts: Shelf<{ refreshes: number }>

  constructor(context: VendorContext, application: Application) {
    this.#context = context
    this.#application = application
    this.#refresh = context.shelves.shelf('refresh_tokens')
    this.#access = context.shelves.shelf('access_tokens')
    this.#counts = context.shelves.shelf('counts')
    if (!this.#refresh.has(hash(application.refreshToken))) this.#admit(application.refreshToken)
  }

  /** Refreshes that were granted, ever. */
  get refreshes(): number {
    return this.#counts.get('tokens')?.refreshes ?? 0
  }

  /** Throws unless the header carries a good token, or the old key. */
  check(authorization: string | undefined): void {
    const [scheme, value = ''] = (authorization ?? '').split(' ')
    if (scheme === 'Basic') return this.#checkKey(value)
    const token = scheme === 'Bearer' ? this.#access.get(hash(value)) : undefined
    if (token === undefined) throw denied('Access token could not be verified')
    if (token.revoked) throw denied('Access token has been revoked')
    if (token.expiresAtMs <= this.#now()) throw denied('Access token could not be verified')
    if (!token.used) this.#firstUse(hash(value), token)
  }

  /** `POST /auth/oauth/token` */
  grant(input: Record<string, unknown>): Record<string, unknown> {
    const said = (name: string): string => {
      const value = input[name]
      if (typeof value !== 'string' || value === '') throw notGranted('invalid_request', `Check the \`${name}\` parameter`)
      return value
    }
    if (said('client_id') !== this.#application.clientId || said('client_secret') !== this.#application.clientSecret) {
      throw notGranted('invalid_client', 'Client authentication failed')
    }
    if (said('grant_type') !== 'refresh_token') throw notGranted('unsupported_grant_type', 'Check that all required parameters have been provided')
    const from = hash(said('refresh_token'))
    const held = this.#refresh.get(from)
    if (held === undefined || held.revoked) throw notGranted('invalid_grant', 'Token has been revoked')
    if (held.usedAtMs + UNUSED_MS <= this.#now()) throw notGranted('invalid_grant', 'Token has expired')
    this.#refresh.set(from, { ...held, usedAtMs: this.#now() })
    this.#counts.set('tokens', { refreshes: this.refreshes + 1 })
    return this.#pair(from)
  }

  /** The owner consents anew. @returns the refresh token that he is given */
  consent(): string {
    const token = `def50${randomBytes(40).toString('hex')}`
    this.#admit(token)
    return token
  }

  end(which: 'access' | 'refresh' | 'all'): void {
    if (which !== 'refresh') for (const [key, token] of this.#access.entries()) this.#access.set(key, { ...token, revoked: true })
    if (which !== 'access') for (const [key, token] of this.#refresh.entries()) this.#refresh.set(key, { ...token, revoked: true })
  }

  #pair(from: string): Record<string, unknown> {
    const access = `eyJ0e${randomBytes(60).toString('base64url')}`
    const refresh = `def50${randomBytes(40).toString('hex')}`
    this.#admit(refresh)
    const expiresAtMs = this.#now() + ACCESS_SECONDS * 1_000
    this.#access.set(hash(access), { revoked: false, expiresAtMs, from, beside: hash(refresh), used: false })
    return { token_type: 'Bearer', expires_in: ACCESS_SECONDS, access_token: access, refresh_token: refresh }
  }

  #firstUse(key: string, token: Access): void {
    this.#access.set(key, { ...token, used: true })
    this.#revoke(token.from)
    for (const [other, sibling] of this.#access.entries()) {
      if (other === key || sibling.from !== token.from) continue
      this.#access.set(other, { ...sibling, revoked: true })
      this.#revoke(sibling.beside)
    }
  }

  #revoke(key: string): void {
    const held = this.#refresh.get(key)
    if (held !== undefined) this.#refresh.set(key, { ...held, revoked: true })
  }

  #admit(token: string): void {
    this.#refresh.set(hash(token), { revoked: false, usedAtMs: this.#now() })
  }

  #checkKey(encoded: string): void {
    const [user, password] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
    const { apiKey } = this.#application
    if (apiKey === undefined || user !== apiKey || password !== 'apikey') throw denied('Access token could not be verified')
  }

  #now(): number {
    return this.#context.timeline.now()
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
