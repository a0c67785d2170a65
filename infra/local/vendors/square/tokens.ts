/**
 * Access to Square: which bearer tokens are good, for what, until when; and the OAuth calls that give new ones.
 *
 * Tokens are kept as hashes. The configured token never runs out unless local control says so; those from OAuth live
 * 30 days (a day if short-lived), and the refresh token of the code flow is given back unchanged.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'
import { missing, SquareFailure } from './failure.ts'
import { flag, oneOf, requiredText, texts } from './input.ts'
import type { Json } from './shapes.ts'

const DAY_MS = 24 * 3_600_000
const CODE_LIFE_MS = 5 * 60_000

export interface OAuthApplication {
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

interface Token {
  readonly expiresAtMs?: number
  readonly scopes?: readonly string[]
  revoked?: boolean
}

export class Tokens {
  readonly #context: VendorContext
  readonly #tokens: Shelf<Token>
  readonly #application: OAuthApplication | undefined
  readonly #merchantId: () => string
  readonly #codes = new Map<string, number>()

  constructor(context: VendorContext, options: { accessToken: string; oauth?: OAuthApplication; merchantId: () => string }) {
    this.#context = context
    this.#tokens = context.shelves.shelf('tokens')
    this.#application = options.oauth
    this.#merchantId = options.merchantId
    if (!this.#tokens.has(hash(options.accessToken))) this.#tokens.set(hash(options.accessToken), {})
  }

  /** Throws unless the header carries a good token that may do this. */
  check(authorization: string | undefined, scope: string): void {
    const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    const token = bearer === undefined ? undefined : this.#tokens.get(hash(bearer))
    if (token === undefined) throw new SquareFailure(401, 'UNAUTHORIZED', 'This request could not be authorized.')
    if (token.revoked === true) throw new SquareFailure(401, 'ACCESS_TOKEN_REVOKED', 'The access token was revoked.')
    if (token.expiresAtMs !== undefined && token.expiresAtMs <= this.#context.timeline.now()) {
      throw new SquareFailure(401, 'ACCESS_TOKEN_EXPIRED', 'The access token has expired.')
    }
    if (token.scopes?.includes(scope) === false) {
      throw new SquareFailure(403, 'INSUFFICIENT_SCOPES', `The merchant has not granted the permission ${scope}.`)
    }
  }

  /** `POST /oauth2/token`. */
  grant(input: Json): Json {
    const application = this.#known(requiredText(input, 'client_id'), requiredText(input, 'client_secret', 1024))
    const kind = oneOf(input, 'grant_type', ['authorization_code', 'refresh_token'] as const)
    if (kind === undefined) throw missing('grant_type')
    const proven =
      kind === 'refresh_token'
        ? requiredText(input, 'refresh_token', 1024) === application.refreshToken
        : this.#redeem(requiredText(input, 'code', 191))
    if (!proven) throw new SquareFailure(401, 'UNAUTHORIZED', `The ${kind === 'refresh_token' ? kind : 'code'} is not valid.`)
    const short = flag(input, 'short_lived')
    const expiresAtMs = this.#context.timeline.now() + (short ? 1 : 30) * DAY_MS
    const accessToken = `EAAAl${randomBytes(43).toString('base64url')}`
    const scopes = texts(input, 'scopes')
    this.#tokens.set(hash(accessToken), { expiresAtMs, ...(scopes === undefined ? {} : { scopes }) })
    return {
      access_token: accessToken,
      token_type: 'bearer',
      expires_at: new Date(expiresAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
      merchant_id: this.#merchantId(),
      refresh_token: application.refreshToken,
      short_lived: short,
    }
  }

  /** `POST /oauth2/revoke`: one token, or all of the merchant. */
  revoke(authorization: string | undefined, input: Json): Json {
    const secret = /^Client (.+)$/.exec(authorization ?? '')?.[1] ?? ''
    this.#known(requiredText(input, 'client_id'), secret)
    const one = input['access_token']
    if (typeof one === 'string') this.#end(hash(one), 'revoked')
    else this.endAll('revoked')
    return { success: true }
  }

  /** `POST /oauth2/token/status`. */
  status(authorization: string | undefined): Json {
    this.check(authorization, '')
    const token = this.#tokens.get(hash((authorization ?? '').slice('Bearer '.length)))
    return {
      ...(token?.scopes === undefined ? {} : { scopes: token.scopes }),
      ...(token?.expiresAtMs === undefined ? {} : { expires_at: new Date(token.expiresAtMs).toISOString() }),
      client_id: this.#application?.clientId ?? '',
      merchant_id: this.#merchantId(),
    }
  }

  /** What the seller's consent page would hand back. */
  consent(): string {
    const code = `sandbox-sq0cgb-${randomBytes(16).toString('base64url')}`
    this.#codes.set(code, this.#context.timeline.now() + CODE_LIFE_MS)
    return code
  }

  endAll(how: 'revoked' | 'expired'): void {
    for (const [key] of this.#tokens.entries()) this.#end(key, how)
  }

  #end(key: string, how: 'revoked' | 'expired'): void {
    const token = this.#tokens.get(key)
    if (token === undefined) return
    const end = how === 'revoked' ? { revoked: true } : { expiresAtMs: this.#context.timeline.now() }
    this.#tokens.set(key, { ...token, ...end })
  }

  #redeem(code: string): boolean {
    const until = this.#codes.get(code)
    this.#codes.delete(code)
    return until !== undefined && until > this.#context.timeline.now()
  }

  #known(clientId: string, clientSecret: string): OAuthApplication {
    const application = this.#application
    if (application === undefined || application.clientId !== clientId || application.clientSecret !== clientSecret) {
      throw new SquareFailure(401, 'UNAUTHORIZED', 'The application could not be authenticated.')
    }
    return application
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
