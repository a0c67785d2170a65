/**
 * Encryption of what must not be readable in the store: AES-256-GCM with a fresh nonce and the full 16-byte tag, bound to
 * what it belongs to, so that a value moved to another customer or record does not open.
 *
 * Envelope: data is sealed under a key of its customer's, that key under the shop's master key. Destroying the one
 * customer's key makes everything sealed under it unreadable for ever, also in backups.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { config } from './config.ts'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** A data key as it lies in the store: sealed, with the name of the master key that opens it. */
export interface WrappedKey {
  readonly sealed: string
  readonly masterKey: string
}

/** @param context what the value belongs to: customer, record, field */
export function seal(key: Buffer, context: readonly string[], plain: string): string {
  return sealBytes(key, context, Buffer.from(plain, 'utf8'))
}

/** @throws Error when the key or the context is another, or a bit was changed */
export function unseal(key: Buffer, context: readonly string[], sealed: string): string {
  return unsealBytes(key, context, sealed).toString('utf8')
}

export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES)
}

/** Always under the present master key. */
export function wrapKey(key: Buffer, context: readonly string[]): WrappedKey {
  const master = presentMasterKey()
  return { sealed: sealBytes(master, context, key), masterKey: nameOf(master) }
}

/** @throws Error when its master key is not mounted any more */
export function unwrapKey(wrapped: WrappedKey, context: readonly string[]): Buffer {
  const master = masterKeys().find((key) => nameOf(key) === wrapped.masterKey)
  if (master === undefined) throw new Error(`master key ${wrapped.masterKey} is not mounted`)
  return unsealBytes(master, context, wrapped.sealed)
}

/** Whether a key is to be wrapped anew, because the master key has been rotated since. */
export function isOutdated(wrapped: WrappedKey): boolean {
  return wrapped.masterKey !== nameOf(presentMasterKey())
}

/** Names of the master keys that are mounted, the present one first. */
export function masterKeyNames(): string[] {
  return masterKeys().map(nameOf)
}

/**
 * A hash of what is personal, by which it can be told again but not guessed: it takes the customer's own key and the
 * shop's pepper together, so neither the store nor the secrets alone lead back, and without the key nothing does.
 * @param pepper by its name; the present one without it
 * @throws Error when that pepper is not mounted any more
 */
export function pseudonym(key: Buffer, parts: readonly string[], pepper?: string): string {
  const secret = pepper === undefined ? config('pseudonyms').PII_PEPPER : peppers().find((one) => pepperName(one) === pepper)
  if (secret === undefined) throw new Error(`pepper ${pepper} is not mounted`)
  return macOf(createHmac('sha256', secret).update('pseudonym').update(key).digest(), parts)
}

/** Names of the peppers that are mounted, the present one first. */
export function pepperNames(): string[] {
  return peppers().map(pepperName)
}

function peppers(): string[] {
  const { PII_PEPPER, PII_PEPPER_PREVIOUS } = config('pseudonyms')
  return [PII_PEPPER, ...(PII_PEPPER_PREVIOUS === undefined ? [] : [PII_PEPPER_PREVIOUS])]
}

/** Tells peppers apart without telling anything of them. */
function pepperName(pepper: string): string {
  return createHash('sha256').update('pepper').update(pepper).digest('hex').slice(0, 16)
}

/** A keyed hash of parts, kept apart by their length: equal only for equal parts under the same key. */
export function macOf(key: Buffer | string, parts: readonly string[]): string {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(`${Buffer.byteLength(part)}:${part}`)
  return mac.digest('base64url')
}

function presentMasterKey(): Buffer {
  return masterKeys()[0] as Buffer
}

function masterKeys(): Buffer[] {
  const { MASTER_KEY, MASTER_KEY_PREVIOUS } = config('vault')
  return [MASTER_KEY, MASTER_KEY_PREVIOUS].flatMap((key) => (key === undefined ? [] : [Buffer.from(key, 'base64url')]))
}

/** Tells master keys apart without telling anything of them. */
function nameOf(master: Buffer): string {
  return createHash('sha256').update('master key').update(master).digest('hex').slice(0, 16)
}

function sealBytes(key: Buffer, context: readonly string[], plain: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(boundTo(context))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

function unsealBytes(key: Buffer, context: readonly string[], sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error('sealed value is too short')
  const tag = bytes.subarray(bytes.length - TAG_BYTES)
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES }).setAAD(boundTo(context))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()])
}

function boundTo(context: readonly string[]): Buffer {
  return Buffer.from(context.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''), 'utf8')
}
