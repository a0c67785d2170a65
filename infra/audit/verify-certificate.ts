/**
 * `npm run verify-certificate -- FILE`: verifies a certificate of erasure, as `POST /api/admin/customers/ID/erase` answered
 * it, and shows what it says. It needs nothing but the file.
 *
 * `--key KEY` is the shop's public key, as it was noted when the shop was set up; without it only the signature is
 * verified, and whose it is must be seen from the key that is printed. The exit code is 1 when it is not genuine.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isGenuine } from '../../shared/domain/certificate.ts'
import type { ErasureCertificate } from '../../shared/domain/erasure.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { key: { type: 'string' } } })
const say = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`)

function read(path: string | undefined): ErasureCertificate {
  if (path === undefined) throw new Error('Name the file: npm run verify-certificate -- certificate.json')
  const found = JSON.parse(readFileSync(path === '-' ? 0 : path, 'utf8')) as ErasureCertificate
  if (typeof found.certificate !== 'object' || typeof found.signature !== 'string') throw new Error(`${path} holds no certificate.`)
  return found
}

function tell(signed: ErasureCertificate): number {
  const genuine = isGenuine(signed, values.key)
  const { id, version, shop, customerId, erasedAt, stores } = signed.certificate
  const whose = values.key === undefined ? ' (compare it with the shop\'s)' : ''
  const head = [`${genuine ? 'GENUINE' : 'NOT GENUINE'}: certificate ${id}, version ${version}, of ${shop}`, `signed with ${signed.publicKey}${whose}`]
  const done = stores.map(({ store, done: what, records, about }) => `  ${store}: ${what}${records === null ? '' : ` (${records})`}. ${about}`)
  say(genuine ? [...head, `Customer ${customerId} was erased at ${erasedAt}:`, ...done] : head)
  return genuine ? 0 : 1
}

try {
  process.exitCode = tell(read(positionals[0]))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}
