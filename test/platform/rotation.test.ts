/**
 * Keys are rotated while the shop is open: the new one counts at once, the one before still does, and none other ever did.
 * How it is done step by step stands in `.github/ROTATION.md`; what is wrapped anew in `renew-customer-keys`.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pseudonym, unwrapKey, type WrappedKey } from '#platform/envelope.ts'
import { webhookKeys } from '#platform/webhook-secret.ts'
import { configure, unconfigure } from '../configured.ts'
import { openShop, type Json, type Person, type Shop } from '../functions/shop.ts'
import { signedBy, type SigningVendor } from '../functions/signing.ts'

const secret = (): string => randomBytes(48).toString('base64url')
const svix = (): string => `whsec_${randomBytes(24).toString('base64')}`
/** The keys before the last rotation. */
const OLD = {
  JWT_SECRET: secret(), STRIPE_WEBHOOK_SECRET: secret(), RESEND_WEBHOOK_SECRET: svix(), AUTHORIZE_NET_SIGNATURE_KEY: randomBytes(64).toString('hex').toUpperCase(),
  SQUARE_WEBHOOK_SIGNATURE_KEY: secret(), PII_PEPPER: secret(), MASTER_KEY: randomBytes(32).toString('base64url'), WEBHOOK_SIGNING_SECRET: secret(),
}
type Name = keyof typeof OLD

let shop: Shop
let keys: Record<Name, string>
beforeAll(async () => {
  shop = await openShop({ furnish: async () => undefined, environment: Object.fromEntries(Object.entries(OLD).map(([name, value]) => [`${name}_PREVIOUS`, value])) })
  keys = shop.cloud.servers.keys
  const previous = Object.fromEntries(Object.entries(OLD).map(([name, value]) => [`${name}_PREVIOUS`, value]))
  configure({ ...keys, ...previous })
})
afterAll(() => {
  unconfigure()
  return shop.cloud.stop()
})

let told = 0
const seconds = (): number => Math.floor(shop.cloud.now() / 1000)

/** Signs in, or sends an event, with a key; answers the status. */
const KNOCKS: Record<Exclude<Name, 'PII_PEPPER' | 'MASTER_KEY' | 'WEBHOOK_SIGNING_SECRET'>, { readonly none: string; readonly knock: (key: string) => Promise<number> }> = {
  JWT_SECRET: {
    none: secret(),
    knock: async (key) => {
      const token = await new SignJWT({ role: 'customer' }).setProtectedHeader({ alg: 'HS256' }).setSubject('customer-x').setAudience('livhana-services')
        .setIssuer('livhana-auth').setExpirationTime(seconds() + 600).sign(new TextEncoder().encode(key))
      return (await shop.guest().call('GET', '/api/orders', undefined, { authorization: `Bearer ${token}` })).status
    },
  },
  STRIPE_WEBHOOK_SECRET: {
    none: secret(), knock: (key) => tell('stripe', key, (id) => ({ id, object: 'event', type: 'customer.created', data: { object: {} } })),
  },
  RESEND_WEBHOOK_SECRET: { none: svix(), knock: (key) => tell('resend', key, () => ({ type: 'domain.created', created_at: instant(), data: {} })) },
  AUTHORIZE_NET_SIGNATURE_KEY: {
    none: randomBytes(64).toString('hex').toUpperCase(),
    knock: (key) => tell('authorize-net', key, (id) => ({ notificationId: id, eventType: 'net.authorize.customer.created', eventDate: instant(), webhookId: 'w', payload: { id: '1' } })),
  },
  SQUARE_WEBHOOK_SIGNATURE_KEY: {
    none: secret(), knock: (key) => tell('square', key, (id) => ({ merchant_id: 'M', type: 'location.updated', event_id: id, created_at: instant(), data: {} })),
  },
}

function instant(): string {
  return new Date(shop.cloud.now()).toISOString()
}

async function tell(vendor: SigningVendor, key: string, event: (id: string) => Json): Promise<number> {
  const id = `evt_${++told}`
  const body = JSON.stringify(event(id))
  return (await shop.guest().call('POST', `/api/webhooks/${vendor}`, body, signedBy(shop, { vendor, body, key, id }))).status
}

const account = ({ id }: Person): Json => shop.document('age_verifications', id) as Json

/** A customer who was verified with the pepper before, or one that is gone. */
async function verifiedBefore(pepper: string | null): Promise<Person> {
  const customer = await shop.adult()
  const key = unwrapKey(shop.document('customer_keys', customer.id) as unknown as WrappedKey, ['customer key', customer.id])
  const { verification, ...rest } = account(customer)
  const present = String(rest['pepper'])
  const hash = (parts: string[]): string => (pepper === null ? randomBytes(32).toString('base64url') : pseudonym(key, parts, pepper))
  const hashes = { nameHash: hash(['full name', 'maria gomez']), dateOfBirthHash: hash(['date of birth', '1990-01-01']) }
  await shop.cloud.servers.firestore.write([{ path: `age_verifications/${customer.id}`, data: { ...rest, pepper: pepper ?? 'gone', verification: { ...verification, ...hashes } } }])
  expect(present).not.toBe(pepper)
  return customer
}

async function previousPepper(): Promise<string> {
  const { pepperNames } = await import('#platform/envelope.ts')
  return pepperNames()[1] ?? ''
}

describe('does', () => {
  test.each(Object.keys(KNOCKS) as Array<keyof typeof KNOCKS>)('let %s be rotated: the new one counts, and the one before', async (name) => {
    const { none, knock } = KNOCKS[name]
    expect([name, await knock(keys[name]), await knock(OLD[name]), await knock(none)]).toEqual([name, 200, 200, 401])
  })

  test('know a birth date again that was hashed with the pepper before, and hash it with the present one', async () => {
    const customer = await verifiedBefore(await previousPepper())
    const before = account(customer)
    expect(await shop.tally('renew-customer-keys')).toMatchObject({ deferred: 1 })
    expect((await customer.verifyAge()).body).toMatchObject({ verified: true, method: 'cache', verificationId: before['verification'].id })
    expect(account(customer)['pepper']).not.toBe(before['pepper'])
    expect(await shop.tally('renew-customer-keys')).toMatchObject({ deferred: 0 })
    expect((await customer.verifyAge()).body['method']).toBe('cache')
  })

  test('sign what other systems are told with both secrets, until each has its new one', async () => {
    const [present, old] = webhookKeys('whe_1', 1)
    expect(present?.equals(createHmac('sha256', keys.WEBHOOK_SIGNING_SECRET).update('whe_1:1').digest())).toBe(true)
    expect(old?.equals(createHmac('sha256', OLD.WEBHOOK_SIGNING_SECRET).update('whe_1:1').digest())).toBe(true)
  })
})

describe('refuses', () => {
  test('another birth date under the pepper before, as under the present one', async () => {
    const customer = await verifiedBefore(await previousPepper())
    const { status, body } = await customer.verifyAge({ dateOfBirth: '1985-05-05' })
    expect([status, body['code']]).toEqual([409, 'CONFLICT'])
    expect((await customer.verifyAge()).body['method']).toBe('cache')
  })
})

describe('survives', () => {
  test('a pepper that is gone: its customer is checked in full, and not accused of another birth date', async () => {
    const customer = await verifiedBefore(null)
    expect((await customer.verifyAge()).body).toMatchObject({ verified: true, method: 'full_verification' })
    expect((await customer.verifyAge()).body['method']).toBe('cache')
    expect((await customer.verifyAge({ dateOfBirth: '1985-05-05' })).status).toBe(409)
  })
})
