/**
 * Tokens of a vendor whose refresh tokens rotate. One instance refreshes at a time; a new pair is kept before it is used:
 * until its access token is used for the first time the old refresh token is good, so that a lost answer, a death or a
 * pair that could not be kept costs a refresh and nothing else.
 */
import { MINUTE_MS } from '#values/time.ts'

export interface TokenPair {
  readonly access: string
  readonly refresh: string
  readonly expiresAtMs: number
}

export interface KeptTokens extends TokenPair {
  /** Tells which consent of the owner's it goes back to: a new one begins anew. */
  readonly origin: string
}

/** The right to refresh, and what was kept when it was taken. */
export interface Claim {
  readonly owner: string
  readonly kept: KeptTokens | undefined
}

/** Where tokens lie; handed to whoever speaks with the vendor. */
export interface TokenKeeper {
  read(): Promise<KeptTokens | undefined>
  /** Undefined when another has it just now. */
  claim(): Promise<Claim | undefined>
  /** False when the right has passed to another meanwhile: then the pair must never be used. */
  keep(claim: Claim, tokens: KeptTokens): Promise<boolean>
  release(claim: Claim): Promise<void>
}

/** Longer than a refresh takes with all its tries. */
export const CLAIM_MS = MINUTE_MS
/** A token that ends so soon is not begun with any more. */
const ENDS_SOON_MS = MINUTE_MS

/** An access token, and until when it is begun with. */
export interface Access {
  readonly token: string
  readonly goodUntilMs: number
}

/** The kept access token if it may be used: of the present consent, not about to end, and not the one that was refused. */
export function usable(kept: KeptTokens | undefined, origin: string, { nowMs, refused }: { nowMs: number; refused?: string | undefined }): Access | undefined {
  if (kept === undefined || kept.origin !== origin || kept.access === refused) return undefined
  const access = accessOf(kept)
  return access.goodUntilMs > nowMs ? access : undefined
}

export function accessOf({ access, expiresAtMs }: TokenPair): Access {
  return { token: access, goodUntilMs: expiresAtMs - ENDS_SOON_MS }
}
