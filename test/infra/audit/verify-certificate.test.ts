/** `npm run verify-certificate`: a certificate is verified with nothing but its file, and shown in words. */
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { certificateText } from '#domain/certificate.ts'

const SCRIPT = fileURLToPath(new URL('../../../infra/audit/verify-certificate.ts', import.meta.url))
const FACTS = {
  id: 'ers_1', version: 1, shop: 'Corner Shop', customerId: 'cust-1', requestedAt: '2026-11-02T12:00:00.000Z', erasedAt: '2026-11-02T12:00:01.000Z',
  stores: [{ store: 'orders', done: 'anonymised', about: 'E-mail address.', records: 3 }, { store: 'inbox', done: 'expires', about: 'Messages.', records: null }],
}

const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
afterAll(() => rmSync(folder, { recursive: true }))

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const key = publicKey.export({ format: 'jwk' }).x as string
const certificate = { success: true, certificate: FACTS, algorithm: 'Ed25519', publicKey: key, signature: sign(null, Buffer.from(certificateText(FACTS)), privateKey).toString('base64url') }

function verify(content: unknown, ...options: string[]): { code: number | null; text: string } {
  const file = join(folder, 'certificate.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, file, ...options], { encoding: 'utf8' })
  return { code: status, text: stdout + stderr }
}

describe('does', () => {
  test('verify the answer as it came, and say what was done in each store', () => {
    const { code, text } = verify(certificate, '--key', key)
    expect(code).toBe(0)
    expect(text.split('\n')).toEqual([
      'GENUINE: certificate ers_1, version 1, of Corner Shop', `signed with ${key}`, 'Customer cust-1 was erased at 2026-11-02T12:00:01.000Z:',
      '  orders: anonymised (3). E-mail address.', '  inbox: expires. Messages.', '',
    ])
  })
})

describe('refuses', () => {
  test('what was altered, what another key has signed, and what is no certificate', () => {
    expect(verify({ ...certificate, certificate: { ...FACTS, customerId: 'cust-2' } })).toMatchObject({ code: 1, text: expect.stringContaining('NOT GENUINE') })
    expect(verify(certificate, '--key', 'another')).toMatchObject({ code: 1, text: expect.stringContaining('NOT GENUINE') })
    expect(verify({ success: true })).toMatchObject({ code: 1, text: expect.stringContaining('holds no certificate') })
    expect(verify('not json').code).toBe(1)
  })
})
