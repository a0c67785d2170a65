/** What the shop signs holds against its public key, and not when a single thing in it was changed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificateText, isGenuine, type Signed } from '#domain/certificate.ts'
import { certificateKey } from '#platform/signing-keys.ts'
import { configure, unconfigure } from '../configured.ts'

// A seed with its public key and signatures from RFC 8032, section 7.1.
const CERTIFICATE_KEY = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex').toString('base64url')
const PUBLIC = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex').toString('base64url')
const OF_NOTHING = 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'

beforeAll(() => configure({ CERTIFICATE_KEY }))
afterAll(unconfigure)

const FACTS = { customerId: 'cust-1', stores: [{ store: 'orders', records: 3 }] }
const certificate = (): Signed<typeof FACTS> => ({ certificate: FACTS, algorithm: 'Ed25519', publicKey: certificateKey().publicKey, signature: certificateKey().sign(certificateText(FACTS)) })

describe('does', () => {
  test('sign as the standard says', () => {
    expect([certificateKey().publicKey, certificateKey().sign('')]).toEqual([PUBLIC, Buffer.from(OF_NOTHING, 'hex').toString('base64url')])
  })

  test('hold however its fields are ordered, against the shop\'s own key', () => {
    const { certificate: facts, ...rest } = certificate()
    const turned = { ...rest, certificate: { stores: [{ records: 3, store: 'orders' }], customerId: facts.customerId } }
    expect([isGenuine(certificate()), isGenuine(turned), isGenuine(turned, PUBLIC)]).toEqual([true, true, true])
  })
})

describe('refuses', () => {
  test.each<[string, Partial<Signed<unknown>>]>([
    ['another fact', { certificate: { ...FACTS, customerId: 'cust-2' } }], ['a fact more', { certificate: { ...FACTS, more: 1 } }], ['no signature', { signature: '' }],
    ['another key', { publicKey: Buffer.alloc(32, 1).toString('base64url') }], ['no key', { publicKey: '' }], ['another way to sign', { algorithm: 'none' as never }],
  ])('%s', (_what, change) => {
    expect(isGenuine({ ...certificate(), ...change })).toBe(false)
  })

  test('one that somebody else has signed', () => {
    expect(isGenuine(certificate(), 'the shop\'s')).toBe(false)
  })
})
