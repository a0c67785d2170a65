/**
 * The secrets of the local shop, made at its first start and kept in its Secret Manager, as an operator would put them there.
 * They are random: a token or a webhook of one shop is worth nothing at another.
 */
import { randomBytes } from 'node:crypto'

interface SecretStore {
  put(name: string, value: string): unknown
  value(name: string): string | undefined
}

/** By the name of the secret, which is also the variable it is mounted as. */
const MAKERS = {
  JWT_SECRET: () => randomBytes(48).toString('base64url'),
  ORDER_ID_SECRET: () => randomBytes(48).toString('base64url'),
  MASTER_KEY: () => randomBytes(32).toString('base64url'),
  PII_PEPPER: () => randomBytes(48).toString('base64url'),
  AUDIT_SEAL_KEY: () => randomBytes(32).toString('base64url'),
  CERTIFICATE_KEY: () => randomBytes(32).toString('base64url'),
  STRIPE_SECRET_KEY: () => `sk_test_${word(48)}`,
  STRIPE_WEBHOOK_SECRET: () => `whsec_${word(32)}`,
  SQUARE_ACCESS_TOKEN: () => `EAAA${randomBytes(45).toString('base64url')}`,
  SQUARE_WEBHOOK_SIGNATURE_KEY: () => randomBytes(16).toString('base64url'),
  RESEND_API_KEY: () => `re_${word(8)}_${word(24)}`,
  WEBHOOK_SIGNING_SECRET: () => randomBytes(48).toString('base64url'),
  PAGERDUTY_ROUTING_KEY: () => randomBytes(16).toString('hex'),
  RESEND_WEBHOOK_SECRET: () => `whsec_${randomBytes(24).toString('base64')}`,
  LIGHTSPEED_CLIENT_SECRET: () => randomBytes(32).toString('hex'),
  /** What the owner's consent gave; from the first refresh on the shop keeps its own. */
  LIGHTSPEED_REFRESH_TOKEN: () => `def50${randomBytes(40).toString('hex')}`,
  AUTHORIZE_NET_API_LOGIN_ID: () => word(10),
  AUTHORIZE_NET_TRANSACTION_KEY: () => word(16),
  AUTHORIZE_NET_SIGNATURE_KEY: () => randomBytes(64).toString('hex').toUpperCase(),
} as const

export type SecretName = keyof typeof MAKERS

export type Keys = Readonly<Record<SecretName, string>>

/** Those that exist, the missing ones as they are given, or made. */
export function keepKeys(store: SecretStore, given?: Keys): Keys {
  const keys = Object.entries(MAKERS).map(([name, make]) => {
    const value = store.value(name) ?? given?.[name as SecretName] ?? make()
    if (store.value(name) === undefined) store.put(name, value)
    return [name, value]
  })
  return Object.fromEntries(keys) as Keys
}

/** Letters and digits, as vendors' keys have them. */
function word(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join('')
}
