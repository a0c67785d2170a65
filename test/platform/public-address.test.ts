/** Addresses that a person typed: only the public internet is called, whatever a name leads to a moment later. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { guardedLookup, mayCall, refusedAddress } from '#platform/public-address.ts'

const server = createServer((_, response) => response.end('inside'))
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close())

const localhost = () => `http://localhost:${(server.address() as AddressInfo).port}/`

/** The module of the sender as it is in production, or beside a local cloud. */
async function sender(toLoopback: boolean) {
  vi.stubEnv('WEBHOOK_SIGNING_SECRET', 's'.repeat(32))
  vi.stubEnv('WEBHOOK_TO_LOOPBACK', String(toLoopback))
  vi.resetModules()
  return (await import('#vendors/subscribers/post.ts')).post
}

describe('does', () => {
  test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '2001:4860:4860::8888'])('call %s', (address) => {
    expect(mayCall(address, false)).toBe(true)
  })

  test('call this machine where that is allowed, and nothing else inside', async () => {
    expect([mayCall('127.0.0.1', true), mayCall('::1', true), mayCall('10.0.0.1', true), mayCall('169.254.169.254', true)]).toEqual([true, true, false, false])
    expect([refusedAddress('http://127.0.0.1:3000/', true), refusedAddress('http://10.0.0.1/', true)]).toEqual([undefined, 'must begin with https://'])
    const post = await sender(true)
    expect(await post({ url: localhost(), headers: {}, body: '{}' })).toEqual({ taken: true, status: 200, response: 'inside' })
  })
})

describe('refuses', () => {
  test.each([
    '127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', '198.18.0.1', '::', '::1', 'fe80::1', 'fd12::1',
    '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', '2002:7f00:1::', '2001::1', '2001:db8::1', 'ff02::1', 'localhost', '',
  ])('%s', (address) => {
    expect(mayCall(address, false)).toBe(false)
  })

  test('a name that leads inside, at the moment of the call', async () => {
    const post = await sender(false)
    expect(await post({ url: localhost(), headers: {}, body: '{}' })).toMatchObject({ taken: false, status: null, reason: expect.stringContaining('may not be called') })
    expect(await post({ url: localhost().replace('localhost', '127.0.0.1'), headers: {}, body: '{}' })).toMatchObject({ taken: false, reason: 'the address may not be called' })
    const failed = await new Promise((resolve) => guardedLookup(false)('localhost', { all: true }, (error) => resolve(error?.message)))
    expect(failed).toContain('may not be called')
  })

  test('every private address, however it is written', () => {
    fc.assert(fc.property(fc.constantFrom(10, 127), fc.nat(255), fc.nat(255), fc.nat(255), (a, b, c, d) => {
      const number = ((a * 256 + b) * 256 + c) * 256 + d
      return [`${a}.${b}.${c}.${d}`, String(number), `0x${number.toString(16)}`].every((host) => refusedAddress(`https://${host}/`, false) !== undefined)
    }))
  })
})
