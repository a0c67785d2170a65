/**
 * The clients in a bundle, which are leaner than those that are tested everywhere else: a whole sale from the till to the
 * warehouse, how the platform's own credentials are asked for, and what an error of the store says.
 */
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleEnvironment, RunningBundle } from '../../infra/local/bundle.ts'
import { openBuilt, type Built } from './calls.ts'

const SALE = ['sync-square-catalogue', 'open-cart', 'set-cart-item', 'check-out', 'send-warehouse-rows']
const JSON_TYPE = { 'content-type': 'application/json' }

let built: Built

beforeAll(async () => {
  built = await openBuilt([...SALE, 'get-product'])
}, 60_000)
afterAll(() => built[Symbol.asyncDispose]())

/** Calls a bundle once, as the first request of an instance. */
async function call(name: string, request: { path?: string; method?: string; body?: unknown; token?: string }): Promise<{ status: number; body: Record<string, any> }> {
  const running = await RunningBundle.start(built.at(name), name, bundleEnvironment(built.cloud))
  try {
    const { path = '/', method = 'POST', body = {}, token } = request
    const answer = await running.ask({ method, path, headers: JSON_TYPE, body: JSON.stringify(body) }, token)
    return { status: answer.status, body: JSON.parse(answer.body) as Record<string, any> }
  } finally {
    await running.stop()
  }
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Runs a line of code beside a bundle, with its Google clients as `google`, and answers what it returns. */
async function beside(directory: string, code: string, env: Record<string, string>): Promise<unknown> {
  const text = `const google = require('./google.cjs'); (async () => { ${code} })().then((told) => { process.stdout.write(JSON.stringify(told)); process.exit(0) })`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', text], { cwd: directory, env })
  return JSON.parse(stdout)
}

/** Written as protocol buffers write it: a number and a length before each field. */
function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}

describe('does', () => {
  test('a sale, from the till to the warehouse, by bundles alone', { timeout: 120_000 }, async () => {
    const token = await built.cloud.token({ role: 'customer', sub: 'customer-1', email: 'customer-1@example.com' })
    expect((await call('sync-square-catalogue', {})).body['tally'].saved).toBeGreaterThan(20)
    const opened = await call('open-cart', { path: '/api/carts', token })
    const cartId = String(opened.body['cart'].id)
    const line = { productId: 'test-product-1', quantity: 2 }
    expect((await call('set-cart-item', { path: `/api/carts/${cartId}/items`, method: 'PUT', body: line, token })).status).toBe(200)
    const before = built.cloud.servers.pubsub.counts().published
    const purchase = { customerId: 'customer-1', email: 'customer-1@example.com', cartId, paymentMethod: { token: 'pm_card_visa' } }
    const sold = await call('check-out', { path: '/api/checkout', body: purchase, token })
    expect([sold.status, sold.body['total']]).toEqual([201, 100])
    expect(built.cloud.vendors.get('stripe')?.objects('payment_intents')).toHaveLength(1)
    expect(built.cloud.servers.pubsub.counts().published).toBeGreaterThan(before)
    expect((await call('send-warehouse-rows', {})).body['tally'].saved).toBeGreaterThan(0)
  })

  test('on the platform its own credentials are asked for', { timeout: 60_000 }, async () => {
    const asked: string[] = []
    const metadata = createServer((request, response) => {
      asked.push(String(request.url))
      response.setHeader('Metadata-Flavor', 'Google').end(request.url?.includes('/token') === true ? '{"access_token":"ya29","expires_in":3600,"token_type":"Bearer"}' : 'shop')
    })
    const host = `127.0.0.1:${await listening(metadata)}`
    const code = "const { GoogleAuth } = google['google-auth-library'](); return new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/datastore'] }).getAccessToken()"
    expect(await beside(built.at('send-warehouse-rows'), code, { GCE_METADATA_HOST: host, METADATA_SERVER_DETECTION: 'assume-present', NO_PROXY: '127.0.0.1' })).toBe('ya29')
    metadata.close()
    expect(asked.some((url) => url.includes('/service-accounts/default/token'))).toBe(true)
  })

  test('the warehouse is told by those credentials who calls, and Node\'s own fetch is not loaded for it', { timeout: 60_000 }, async () => {
    const callers: unknown[] = []
    const platform = createServer((request, response) => {
      response.setHeader('Metadata-Flavor', 'Google').setHeader('content-type', 'application/json')
      if (request.url?.includes('/insertAll') === true) callers.push(request.headers.authorization)
      request.resume().on('end', () => response.end(request.url?.includes('/token') === true ? '{"access_token":"ya29","expires_in":3600,"token_type":"Bearer"}' : '{}'))
    })
    const host = `127.0.0.1:${await listening(platform)}`
    const client = `new (google['@google-cloud/bigquery']().BigQuery)({ projectId: 'p', apiEndpoint: 'http://${host}' })`
    const code = `await ${client}.dataset('d').table('t').insert([{ insertId: '1', json: {} }], { raw: true }); return process.moduleLoadList.filter((one) => one.includes('undici'))`
    const loaded = await beside(built.at('send-warehouse-rows'), code, { GCE_METADATA_HOST: host, METADATA_SERVER_DETECTION: 'assume-present', NO_PROXY: '127.0.0.1' })
    expect([callers, loaded]).toEqual([['Bearer ya29'], []])
    platform.close()
  })

  test('an error of the store says why, as the whole client reads it', { timeout: 60_000 }, async () => {
    const info = Buffer.concat([field(1, 'DATABASE_IS_GONE'), field(2, 'firestore.googleapis.com')])
    const details = Buffer.concat([Buffer.from([0x08, 9]), field(2, 'gone'), field(3, Buffer.concat([field(1, 'type.googleapis.com/google.rpc.ErrorInfo'), field(2, info)]))])
    const store = createHttp2Server().on('stream', (stream) => {
      stream.on('error', () => undefined)
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '9', 'grpc-message': 'gone', 'grpc-status-details-bin': details.toString('base64') }, { endStream: true })
    })
    const host = `127.0.0.1:${await listening(store)}`
    const code = "const { Firestore } = google['@google-cloud/firestore'](); const batch = new Firestore({ projectId: 'p' }).batch(); batch.create(batch._firestore.doc('a/b'), {}); return batch.commit().catch(({ code, reason, domain }) => ({ code, reason, domain }))"
    const told = await beside(built.at('get-product'), code, { FIRESTORE_EMULATOR_HOST: host, METADATA_SERVER_DETECTION: 'none', NO_PROXY: '127.0.0.1' })
    expect(told).toEqual({ code: 9, reason: 'DATABASE_IS_GONE', domain: 'firestore.googleapis.com' })
    store.close()
  })
})
