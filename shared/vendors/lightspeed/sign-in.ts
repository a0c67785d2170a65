/**
 * How the shop signs in to Lightspeed: by OAuth2, else by the key of the old way, else not at all: then what it would
 * bring in is made up, and says so.
 */
import { createHash } from 'node:crypto'
import { VendorDown } from '#domain/breaker.ts'
import type { SyncMode } from '#domain/sync-run.ts'
import { accessOf, usable, type Access, type Claim, type KeptTokens, type TokenKeeper } from '#domain/vendor-tokens.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { pause } from '#platform/deadline.ts'
import { callPatiently, isPassing, restMs } from '#platform/http.ts'

/** Looked at again while another instance refreshes. */
const LOOK_EVERY_MS = 250
const LOOKS_MAX = 20

/** Whose data come in: null when there is neither a till nor the wish to have one made up. */
export function lightspeedMode(): SyncMode | null {
  const { LIGHTSPEED_USE_MOCK } = config('lightspeed')
  if (oauth() !== undefined || key() !== undefined) return 'live'
  return LIGHTSPEED_USE_MOCK ? 'mock' : null
}

interface Application {
  readonly clientId: string
  readonly clientSecret: string
  /** Of the owner's consent. */
  readonly refresh: string
}

function oauth(): Application | undefined {
  const { LIGHTSPEED_ACCOUNT_ID, LIGHTSPEED_CLIENT_ID: clientId, LIGHTSPEED_CLIENT_SECRET: clientSecret, LIGHTSPEED_REFRESH_TOKEN: refresh } = config('lightspeed')
  if (LIGHTSPEED_ACCOUNT_ID === undefined || clientId === undefined || clientSecret === undefined || refresh === undefined) return undefined
  return { clientId, clientSecret, refresh }
}

function key(): string | undefined {
  const { LIGHTSPEED_ACCOUNT_ID, LIGHTSPEED_API_KEY } = config('lightspeed')
  return LIGHTSPEED_ACCOUNT_ID === undefined ? undefined : LIGHTSPEED_API_KEY
}

/** What a call says of whoever makes it, and until when it is good. */
export interface Signed {
  readonly header: string
  readonly goodUntilMs: number
}

/** @param refused what was refused just now: it is not tried again */
export async function signIn(keeper: TokenKeeper, refused?: string): Promise<Signed> {
  const application = oauth()
  if (application !== undefined) {
    const { token, goodUntilMs } = await accessToken(application, keeper, refused?.replace('Bearer ', ''))
    return { header: `Bearer ${token}`, goodUntilMs }
  }
  if (refused !== undefined) throw new Failure('SERVICE_UNAVAILABLE', { reason: 'lightspeed: the key is not good' })
  return { header: `Basic ${Buffer.from(`${key() ?? ''}:apikey`).toString('base64')}`, goodUntilMs: Infinity }
}

async function accessToken(application: Application, keeper: TokenKeeper, refused: string | undefined): Promise<Access> {
  const origin = createHash('sha256').update(application.refresh).digest('base64url')
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const known = usable(await keeper.read(), origin, { nowMs: now(), refused })
    if (known !== undefined) return known
    const claim = await keeper.claim()
    const access = claim === undefined ? undefined : await refreshed({ application, keeper, claim, origin, refused })
    if (access !== undefined) return access
    await pause(LOOK_EVERY_MS)
  }
  throw new Failure('SERVICE_UNAVAILABLE', { reason: 'lightspeed: another instance refreshes its token and does not come to an end' })
}

interface Refreshing {
  readonly application: Application
  readonly keeper: TokenKeeper
  readonly claim: Claim
  readonly origin: string
  readonly refused: string | undefined
}

/** The new pair is kept before anybody uses it. @returns undefined when the right to it has passed to another: what he keeps counts */
async function refreshed({ application, keeper, claim, origin, refused }: Refreshing): Promise<Access | undefined> {
  const { kept } = claim
  try {
    const known = usable(kept, origin, { nowMs: now(), refused })
    if (known !== undefined) return known
    const tokens = await asked(application, kept?.origin === origin ? kept.refresh : application.refresh, origin)
    return (await keeper.keep(claim, tokens)) ? accessOf(tokens) : undefined
  } finally {
    await keeper.release(claim).catch(() => undefined)
  }
}

async function asked({ clientId, clientSecret }: Application, refresh: string, origin: string): Promise<KeptTokens> {
  const result = await callPatiently({
    method: 'POST',
    url: `${config('lightspeed').LIGHTSPEED_AUTH_BASE}/auth/oauth/token`,
    body: { client_id: clientId, client_secret: clientSecret, grant_type: 'refresh_token', refresh_token: refresh },
    deadlineMs: config('deadlines').VENDOR_DEADLINE_MS,
  })
  if (result.lost) throw new VendorDown({ reason: `lightspeed sign-in: ${result.reason}` })
  const { access_token: access, refresh_token: next, expires_in: seconds, error } = (result.body ?? {}) as Record<string, unknown>
  if (isPassing(result)) throw new VendorDown({ reason: `lightspeed sign-in ${result.status}`, restMs: restMs(result) })
  if (result.status !== 200 || typeof access !== 'string' || typeof next !== 'string') {
    throw new Failure('SERVICE_UNAVAILABLE', { reason: `lightspeed sign-in ${result.status}: ${String(error)}; its owner must consent anew` })
  }
  return { access, refresh: next, expiresAtMs: now() + (typeof seconds === 'number' ? seconds : 0) * 1_000, origin }
}
