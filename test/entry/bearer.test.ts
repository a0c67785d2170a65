/** Who is let in: a token of ours, whole, in time, and nothing else. There is no way around it. */
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, ROTATED, type Answer, type Person, type Shop } from '../functions/shop.ts'

const PREVIOUS = ROTATED.JWT_SECRET_PREVIOUS
const CLAIMS = { sub: 'customer-x', role: 'customer', aud: 'livhana-services', iss: 'livhana-auth' }

let shop: Shop
let guest: Person
let secret: string
beforeAll(async () => {
  shop = await openShop({ furnish: async () => undefined })
  guest = shop.guest()
  secret = shop.cloud.servers.secrets.value('JWT_SECRET') ?? ''
})
afterAll(() => shop.cloud.stop())

const seconds = (): number => Math.floor(shop.cloud.now() / 1000)
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A token that is right but for what is changed; an undefined claim is left out. */
function token(changed: Record<string, unknown> = {}, key: string = secret, alg = 'HS256'): Promise<string> {
  const claims = Object.fromEntries(Object.entries({ ...CLAIMS, exp: seconds() + 3600, ...changed }).filter(([, value]) => value !== undefined))
  return new SignJWT(claims as JWTPayload).setProtectedHeader({ alg }).sign(bytes(key))
}

function knock(authorization: string): Promise<Answer> {
  return guest.call('GET', '/api/orders', undefined, { authorization })
}

describe('does', () => {
  test('let in who brings a token of ours', async () => {
    expect((await knock(`Bearer ${await token()}`)).status).toBe(200)
  })

  test('let in who brings a token signed before the last rotation', async () => {
    expect((await knock(`Bearer ${await token({}, PREVIOUS)}`)).status).toBe(200)
  })

  test('accept a token for several audiences, of which we are one', async () => {
    expect((await knock(`Bearer ${await token({ aud: ['other', 'livhana-services'] })}`)).status).toBe(200)
  })

  test('let a token expire on the shop\'s clock', async () => {
    const brief = await token({ exp: seconds() + 600 })
    expect((await knock(`Bearer ${brief}`)).status).toBe(200)
    await shop.cloud.advance(601_000)
    expect((await knock(`Bearer ${brief}`)).status).toBe(401)
  })
})

describe('refuses', () => {
  test.each<[string, () => Promise<string> | string]>([
    ['no algorithm at all', () => new UnsecuredJWT({ ...CLAIMS, exp: seconds() + 3600 }).encode()],
    ['"none" in any case', () => `${part({ alg: 'nOnE' })}.${part({ ...CLAIMS, exp: seconds() + 3600 })}.`],
    ['a signature that is empty', async () => (await token()).replace(/[^.]*$/, '')],
    ['RS256, with a key of the caller\'s own', () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      return new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256' }).setExpirationTime('1h').sign(privateKey)
    }],
    ['HS512, with the right secret', () => token({}, secret.padEnd(64, '-').slice(0, 64), 'HS512')],
    ['HS256 by name, HMAC-SHA1 in truth', () => {
      const text = `${part({ alg: 'HS256' })}.${part({ ...CLAIMS, exp: seconds() + 3600 })}`
      return `${text}.${createHmac('sha1', secret).update(text).digest('base64url')}`
    }],
    ['another secret', () => token({}, 'x'.repeat(48))],
    ['an empty secret', () => `${part({ alg: 'HS256' })}.${part(CLAIMS)}.${createHmac('sha256', '').update('').digest('base64url')}`],
    ['another audience', () => token({ aud: 'somebody-else' })],
    ['no audience', () => token({ aud: undefined })],
    ['another issuer', () => token({ iss: 'somebody-else' })],
    ['no issuer', () => token({ iss: undefined })],
    ['a time that is over', () => token({ exp: seconds() - 1 })],
    ['no end of its time', () => token({ exp: undefined })],
    ['an end of its time that is text', () => token({ exp: 'never' })],
    ['a time that has not begun', () => token({ nbf: seconds() + 3600 })],
    ['no role', () => token({ role: undefined })],
    ['a role that nobody knows', () => token({ role: 'owner' })],
    ['a role in another case', () => token({ role: 'ADMIN' })],
    ['several roles', () => token({ role: ['customer', 'admin'] })],
    ['no subject', () => token({ sub: undefined })],
    ['an empty subject', () => token({ sub: '' })],
    ['a subject that is a number', () => token({ sub: 7 })],
    ['one letter of the payload changed', async () => tampered(await token())],
  ])('%s', async (_, make) => {
    const { status, body } = await knock(`Bearer ${await make()}`)
    expect({ status, code: body['code'] }).toEqual({ status: 401, code: 'UNAUTHORIZED' })
  })

  test.each(['', 'Bearer', 'Bearer ', 'Basic Zm9vOmJhcg==', 'Bearer a.b', 'Bearer a.b.c d', 'Token a.b.c', 'Bearer a.b.c, Bearer d.e.f'])(
    'a header that reads "%s"',
    async (header) => {
      expect((await knock(header)).status).toBe(401)
    },
  )

  test('a broken token where none is needed, too: nobody is a guest by mistake', async () => {
    const { status } = await guest.call('POST', '/api/carts', {}, { authorization: `Bearer ${await token({ exp: seconds() - 1 })}` })
    expect(status).toBe(401)
  })

  test('to say why', async () => {
    const answers = await Promise.all([knock(`Bearer ${await token({ aud: 'x' })}`), knock(`Bearer ${await token({}, 'x'.repeat(48))}`)])
    const [one, two] = answers.map(({ body }) => ({ ...body, timestamp: '' }))
    expect(one).toEqual(two)
  })

  test('to start with a JWT secret under 32 bytes: a sentence names it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countinghouse-secret-'))
    const functionsModule = new URL('../infra/local/fixtures/functions.ts', import.meta.url)
    const first = await openShop({ directory, functionsModule, furnish: async () => undefined, instances: 1 })
    first.cloud.servers.secrets.put('JWT_SECRET', 'short')
    await first.cloud.stop()
    const second = openShop({ directory, instances: 1 })
    await expect(second.finally(() => rm(directory, { recursive: true, force: true }))).rejects.toThrow(/JWT_SECRET: must have at least 32 bytes/)
  })
})

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** The same token, for an admin. */
function tampered(text: string): string {
  const [head, payload = '', signature] = text.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as object
  return `${head}.${part({ ...claims, role: 'admin' })}.${signature}`
}
