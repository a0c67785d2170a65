/**
 * `compile.cjs` of every bundle: keeps the code that a request needed in compiled form, so that the next start need not
 * compile it. Cloud Build runs it (`gcp-build`) with the very Node that will run the function: what V8 compiles fits one
 * version only. Its product is not the same bytes twice, so it is no part of what is hashed.
 *
 * Nothing but this machine is asked: stand-ins answer for Firestore and the vendors, and every setting is made up. When it fails the
 * function starts slower, never differently: so it stops no deployment.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import type { Http2Server } from 'node:http2'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Script } from 'node:vm'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import type { Declaration } from '../../../shared/entry/declaration.ts'
import { firstRequest } from './first-request.ts'
import { standIn } from './stand-in.ts'
import { LOCATION, vendorStandIn } from './vendor-stand-in.ts'

/** Of the bundle's own `index.cjs`. */
interface Bundle {
  readonly declaration: Declaration
  readonly loaded: ReadonlyMap<string, { readonly file: string; readonly script: Script }>
}

/** A busy place of building takes its time; whoever never answers must not stop a build. */
const REQUEST_MS_MAX = 15_000

async function main(): Promise<void> {
  const secret = randomBytes(32).toString('base64url')
  Object.assign(process.env, madeUp(secret, await listening(standIn()), await listening(vendorStandIn())))
  const { declaration, loaded } = require('./index.cjs') as Bundle
  await ask(declaration, secret)
  for (const { file, script } of loaded.values()) {
    await writeFile(`${file}.new`, script.createCachedData())
    await rename(`${file}.new`, `${file}.compiled`)
  }
}

async function ask(declaration: Declaration, secret: string): Promise<void> {
  const { method, path, headers, body, role } = firstRequest(declaration)
  const url = `http://127.0.0.1:${await listening(getTestServer(declaration.name))}${path}`
  const authorization = role === undefined ? {} : { authorization: `Bearer ${tokenOf(role, secret)}` }
  const request = { method, headers: { ...headers, ...authorization }, signal: AbortSignal.timeout(REQUEST_MS_MAX), ...(body === undefined ? {} : { body }) }
  await fetch(url, request).then((answer) => answer.text()).catch(() => undefined)
}

async function listening(server: Server | Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Settings of every kind, so that each function comes as far as it can. */
function madeUp(secret: string, googlePort: number, vendorPort: number): Record<string, string> {
  const secrets = [
    'JWT_SECRET', 'ORDER_ID_SECRET', 'MASTER_KEY', 'PII_PEPPER', 'CERTIFICATE_KEY', 'AUDIT_SEAL_KEY', 'WEBHOOK_SIGNING_SECRET', 'SQUARE_ACCESS_TOKEN',
    'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'RESEND_API_KEY', 'AUTHORIZE_NET_API_LOGIN_ID', 'AUTHORIZE_NET_TRANSACTION_KEY', 'LIGHTSPEED_CLIENT_ID',
    'LIGHTSPEED_CLIENT_SECRET', 'LIGHTSPEED_REFRESH_TOKEN',
  ]
  const vendors = [
    'SQUARE_API_BASE', 'STRIPE_API_BASE', 'RESEND_API_BASE', 'AUTHORIZE_NET_API_BASE', 'LIGHTSPEED_API_BASE', 'LIGHTSPEED_AUTH_BASE', 'BIGQUERY_EMULATOR_HOST',
  ]
  const google = `127.0.0.1:${googlePort}`
  return {
    ...Object.fromEntries(secrets.map((name) => [name, secret])),
    ...Object.fromEntries(vendors.map((name) => [name, `http://127.0.0.1:${vendorPort}`])),
    RESEND_WEBHOOK_SECRET: `whsec_${Buffer.from(secret).toString('base64')}`, SQUARE_LOCATION_ID: LOCATION, LIGHTSPEED_ACCOUNT_ID: '1', GCP_PROJECT_ID: 'compile',
    FIRESTORE_EMULATOR_HOST: google, PUBSUB_EMULATOR_HOST: google, METADATA_SERVER_DETECTION: 'none', NODE_ENV: 'production',
    STORE_DEADLINE_MS: '1000', RETRY_WAIT_MS: '1', CHARGE_RETRY_WAIT_MS: '1',
  }
}

/** A person's token under the made-up secret, so that verifying one is compiled too. */
function tokenOf(role: string, secret: string): string {
  const second = Math.floor(performance.timeOrigin / 1000)
  const claims = { sub: 'compile', role, email: 'compile@example.com', aud: 'livhana-services', iss: 'livhana-auth', iat: second, exp: second + 600 }
  const text = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

// The client throws where nobody catches when an answer makes no sense: what was compiled until then is kept all the same.
process.on('uncaughtException', () => undefined)
void main()
  .catch((error: unknown) => process.stdout.write(`The function was not compiled ahead: ${String(error)}\n`))
  .finally(() => process.exit(0))
