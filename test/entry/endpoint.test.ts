/** The seam of every address that people call: who may, what they may send, and what every answer carries. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { METHODS, ROLES, type EndpointDeclaration, type Method, type Role } from '#entry/declaration.ts'
import { readExamples } from '../../infra/build/examples.ts'
import { operationsOf } from '../../infra/build/operations.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../functions/shop.ts'

const ORIGIN = 'https://shop.example'
const EXPOSED = ['X-Request-Id', 'Idempotent-Replayed', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'Retry-After']

let shop: Shop
let guest: Person
beforeAll(async () => {
  shop = await openShop({ environment: { API_LIMIT_PER_MINUTE: '100', CORS_ORIGINS: `${ORIGIN}, https://admin.shop.example` } })
  guest = shop.guest()
})
afterAll(() => shop.cloud.stop())

/** Answers of every kind, by their status. */
async function answers(): Promise<Answer[]> {
  const [customer, greedy] = [await shop.person(), shop.guest()]
  const flood = await Promise.all(Array.from({ length: 115 }, () => greedy.get('/api/products/none')))
  return [
    await guest.get('/health'),
    await guest.post('/api/carts'),
    await guest.get('/api/products?limit=0'),
    await guest.get('/api/orders'),
    await customer.get('/api/admin/ledger/accounts'),
    await guest.get('/api/products/none'),
    await guest.get('/nowhere'),
    await guest.call('PATCH', '/api/carts', {}),
    await guest.call('POST', '/api/carts', '{"broken'),
    await guest.call('POST', '/api/webhooks/stripe', '{}'),
    ...flood.filter(({ status }) => status === 429).slice(0, 1),
  ]
}

describe('does', () => {
  test('put a request id and the security headers on every answer, failures too', async () => {
    const all = await answers()
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200, 201, 400, 401, 403, 404, 429]))
    for (const { headers } of all) {
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
      expect(headers.get('x-powered-by')).toBeNull()
    }
    for (const { headers, body } of all.filter((one) => 'success' in one.body)) {
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(body['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    }
    for (const { headers } of [all[0], all[3], all.at(-1)].filter((one) => one !== undefined)) {
      expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBeTruthy()
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })

  test('answer under the id that the caller gave, when it is one', async () => {
    expect((await guest.call('GET', '/health', undefined, { 'x-request-id': 'from-my-phone' })).headers.get('x-request-id')).toBe('from-my-phone')
    const long = await guest.call('GET', '/health', undefined, { 'x-request-id': 'x'.repeat(200) })
    expect(long.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('say what failed in one shape: a sentence, a code, whether to try again', async () => {
    for (const { status, body } of (await answers()).filter((one) => one.status >= 400 && 'success' in one.body)) {
      expect(body).toMatchObject({ success: false, error: expect.any(String), code: expect.stringMatching(/^[A-Z_]+$/), retryable: status === 429 })
    }
  })

  test('let a browser on a listed origin read the answer', async () => {
    const { headers } = await guest.call('GET', '/api/products?limit=1', undefined, { origin: ORIGIN })
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(headers.get('vary')).toContain('Origin')
    for (const name of EXPOSED) expect(headers.get('access-control-expose-headers')).toContain(name)
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  })

  test('let it read failures, too, or nobody could tell the customer what went wrong', async () => {
    const { status, headers } = await guest.call('GET', '/api/orders', undefined, { origin: 'https://admin.shop.example' })
    expect([status, headers.get('access-control-allow-origin')]).toEqual([401, 'https://admin.shop.example'])
  })

  test('answer HEAD with what GET has, without its body', async () => {
    for (const path of ['/health', '/api/products?limit=1']) {
      const [get, head] = [await guest.get(path), await guest.call('HEAD', path)]
      expect([head.status, head.text, head.headers.get('content-type')]).toEqual([get.status, '', get.headers.get('content-type')])
    }
    expect((await guest.call('HEAD', '/api/orders')).status).toBe(401)
  })

  test('answer a preflight with what may be sent', async () => {
    const { status, headers } = await guest.call('OPTIONS', '/api/carts/cart_any', undefined, { origin: ORIGIN, 'access-control-request-method': 'DELETE' })
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(headers.get('access-control-allow-methods')).toBe('GET, DELETE')
    for (const name of ['Authorization', 'Content-Type', 'Idempotency-Key']) expect(headers.get('access-control-allow-headers')).toContain(name)
  })
})

describe('refuses', () => {
  test.each(['https://evil.example', 'http://shop.example', `${ORIGIN}.evil.example`, 'null', ''])('to let a browser on "%s" read anything', async (origin) => {
    const { headers } = await guest.call('GET', '/api/products?limit=1', undefined, { origin })
    expect(headers.get('access-control-allow-origin')).toBeNull()
    const preflight = await guest.call('OPTIONS', '/api/carts', undefined, { origin, 'access-control-request-method': 'POST' })
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })

  test.each([
    ['broken JSON', '{"customerId":', {}, 400],
    ['a text where an object belongs', '"text"', {}, 400],
    ['a list where an object belongs', '[{}]', {}, 400],
    ['no content type', '{}', { 'content-type': '' }, 400],
    ['a form', 'customerId=a', { 'content-type': 'application/x-www-form-urlencoded' }, 400],
    ['JSON by the name of text', '{}', { 'content-type': 'text/plain' }, 400],
    ['a charset nobody has', '{}', { 'content-type': 'application/json; charset=klingon' }, 400],
    ['what calls itself gzip and is not', '{}', { 'content-encoding': 'gzip' }, 400],
    ['what is gzip', gzipSync('{}'), { 'content-encoding': 'gzip' }, 400],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d]), {}, 400],
    ['more than a megabyte', JSON.stringify({ customerId: 'x'.repeat(1 << 20) }), {}, 413],
  ])('%s, without a word about the inside', async (_, body, headers, status) => {
    const before = shop.documents('carts').length
    const answer = await guest.call('POST', '/api/carts', body, headers)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ success: false, code: status === 413 ? 'PAYLOAD_TOO_LARGE' : 'INVALID_INPUT' })
    expect(answer.text).not.toMatch(/node_modules|at .*\.(js|ts):\d+|SyntaxError/)
    expect(shop.documents('carts').length).toBe(before)
  })

  test('a card number, wherever it stands, without repeating it', async () => {
    for (const body of [{ customerId: '4242424242424242' }, { note: 'my card is 4242 4242 4242 4242' }, { 4000056655665556: 1 }]) {
      const { status, text } = await guest.post('/api/carts', body)
      expect(status).toBe(400)
      expect(text).toContain('card number')
      expect(text.replaceAll(' ', '')).not.toMatch(/42424242|40000566/)
    }
    expect(shop.cloud.log().join('').replaceAll(' ', '')).not.toMatch(/4242424242424242|4000056655665556/)
  })

  test('fields and query fields that it does not know, naming them all', async () => {
    const { body } = await guest.post('/api/carts', { colour: 1, size: 2 })
    expect(body['details'].fields).toEqual([{ field: 'colour', rule: 'is not known here' }, { field: 'size', rule: 'is not known here' }])
    expect((await guest.post('/api/carts?debug=1')).body['details'].fields).toEqual([{ field: 'debug', rule: 'is not known here' }])
  })

  test('methods that an address does not have, and addresses that are not there', async () => {
    const wrong = ['PUT /api/products', 'DELETE /health', 'PATCH /api/carts', 'GET /api/checkout', 'GET /api', 'GET /api/products/a/b']
    for (const call of wrong) {
      const [method = '', path = ''] = call.split(' ')
      expect([call, (await guest.call(method, path)).status]).toEqual([call, 404])
    }
  })

  test('to run a scheduled function or a message for somebody from outside', async () => {
    for (const { kind, name } of shop.cloud.declarations) {
      if (kind === 'schedule' || kind === 'message') expect((await guest.post(`/${name}`)).status).toBe(404)
    }
  })
})

/** A request that each route accepts, so that only the caller decides. Of a route that is not here its recorded example is sent. */
const BODIES: Record<string, (records: Records) => unknown> = {
  'POST /api/carts': () => ({}),
  'PUT /api/carts/:cartId/items': () => ({ productId: 'VARTOTE1', quantity: 1 }),
  'POST /api/checkout': ({ cart }) => ({ email: 'walk@example.com', cartId: cart, paymentMethod: { token: 'pm_card_visa' } }),
  'POST /api/checkout/sessions': ({ cart }) => ({ email: 'walk@example.com', cartId: cart }),
  'POST /api/orders/:orderId/cancel': () => ({ reason: 'Walk' }),
  'POST /api/orders/:orderId/confirm': () => ({}),
  'POST /api/orders/:orderId/fulfil': () => ({ how: 'picked_up' }),
  'POST /api/orders/:orderId/refunds': () => ({ amount: 1, reason: 'Walk' }),
  'POST /api/orders/:orderId/review': () => ({ decision: 'refuse', reason: 'Walk' }),
  'POST /api/emails': () => ({ template: 'notice', to: 'walk@example.com', variables: { subject: 'Walk', title: 'Walk', paragraphs: ['Walk'] } }),
  'POST /api/unsubscribe/:token': () => undefined,
  'POST /api/admin/suppressions': () => ({ address: 'walked@example.com' }),
  'POST /api/admin/suppressions/:suppressionId/lift': () => ({ reason: 'Walk' }),
  'POST /api/admin/dead-letters/replay': () => ({ filter: {}, reason: 'Walk', dryRun: true }),
  'POST /api/admin/reconciliation/:differenceId/resolve': () => ({ reason: 'Walk' }),
  'POST /api/admin/webhook-deliveries/replay': () => ({ filter: {}, reason: 'Walk', dryRun: true }),
  'POST /api/admin/webhook-endpoints': () => ({ url: 'https://hooks.example.com/shop' }),
  'PUT /api/admin/webhook-endpoints/:endpointId': () => ({ active: false }),
  'DELETE /api/admin/webhook-endpoints/:endpointId': () => undefined,
  'POST /api/admin/webhook-endpoints/:endpointId/rotate': () => undefined,
  'PUT /api/payees/:payeeId': () => ({ name: 'A partner', destination: 'acct_walk' }),
  'POST /api/payouts': () => ({ recipientId: 'partner', amount: 1, currency: 'USD', reason: 'Walk' }),
  'PUT /api/carts/:cartId/promo-code': () => ({ promoCode: null }),
  'DELETE /api/carts/:cartId': () => undefined,
  'POST /api/orders/:orderId/notes': () => ({ text: 'Walk' }),
  'POST /api/admin/promo-codes': () => ({ code: 'WALK', percent: 10, reason: 'Walk' }),
  'POST /api/admin/promo-codes/:code/end': () => ({ reason: 'Walk' }),
  'PUT /api/admin/customers/:customerId/tax-exemption': () => ({ certificate: 'W-1', validThrough: '2099-01-01', reason: 'Walk' }),
  'POST /api/admin/customers/:customerId/tax-exemption/revoke': () => ({ reason: 'Walk' }),
  'POST /api/admin/customers/:customerId/erase': () => ({ reason: 'Walk' }),
  'POST /api/age-verification/verify': ({ customer }) => ({ customerId: customer, ...ADULT }),
  'DELETE /api/age-verification/:customerId': () => undefined,
  'POST /api/customers/:customerId/cards': () => ({ token: 'pm_card_mastercard' }),
  'DELETE /api/customers/:customerId/cards/:cardId': () => undefined,
  'POST /api/memberships/subscribe': ({ customer }) => ({ customerId: customer, email: 'walk@example.com', tier: 'GOLD', paymentMethod: VISA }),
  'PUT /api/memberships/:customerId/upgrade': () => ({ tier: 'GOLD' }),
  'PUT /api/memberships/:customerId/downgrade': () => ({ tier: 'BRONZE' }),
  'PUT /api/memberships/:customerId/payment-method': () => ({ paymentMethod: VISA }),
  'PUT /api/memberships/:customerId/newsletter': () => ({ agreed: true }),
  'PUT /api/memberships/:customerId/cancel': () => ({ reason: 'Walk' }),
  'POST /api/admin/member-benefits/:benefitId/hand-over': () => ({}),
}

const VISA = { token: 'pm_card_visa' }
const ADULT = { fullName: 'Maria Gomez', dateOfBirth: '1990-01-01', state: 'TX', idNumberLast4: '1234' }
/** What must be asked with the question. */
const QUERIES: Record<string, string> = { 'GET /api/memberships/discount/:customerId': '?subtotal=100.00' }
/** What takes its record away comes last. */
const LAST = /^DELETE |\/cancel$/

interface Records {
  readonly customer: string
  readonly cart: string
  readonly order: string
  readonly card: string
}

interface Step {
  readonly name: string
  readonly method: Method
  readonly path: string
  readonly who: 'public' | readonly Role[]
}

const steps = (): Step[] =>
  shop.cloud.declarations
    .filter((one): one is EndpointDeclaration => one.kind === 'endpoint')
    .flatMap((one) => METHODS.flatMap((method) => {
      const route = one.routes[method]
      return route === undefined ? [] : [{ name: `${method} ${one.path}`, method, path: one.path, who: route.who }]
    }))
    .toSorted((one, other) => Number(LAST.test(one.name)) - Number(LAST.test(other.name)))

function walk(step: Step, who: Person, records: Records): Promise<Answer> {
  const given: Record<string, string> = {
    ':cartId': records.cart, ':orderId': records.order, ':customerId': records.customer, ':cardId': records.card, ':productId': 'VARTOTE1',
  }
  const path = step.path.replace(/:\w+/g, (parameter) => given[parameter] ?? parameter)
  if (step.method === 'GET') return who.get(`${path}${QUERIES[step.name] ?? ''}`)
  const body = BODIES[step.name]
  return who.call(step.method, path, body === undefined ? recordedBody(step) : body(records))
}

function recordedBody({ name }: Step): unknown {
  const operation = operationsOf(shop.cloud.declarations).find(({ method, declaration: { path } }) => `${method} ${path}` === name)
  const example = readExamples()[operation?.id ?? '']
  if (example === undefined) throw new Error(`${name} has neither a body in this test nor a recorded example: npm run examples.`)
  return example.body
}

/** Routes to one record of a customer. */
function toRecords(mayCall: (who: Step['who']) => boolean): Step[] {
  return steps().filter(({ path, who }) => path.includes('/:') && !/:productId|:token/.test(path) && mayCall(who))
}

/** A customer with a cart, a paid order, a saved card, a verified age and a membership. */
async function owner(): Promise<{ person: Person; records: Records }> {
  const person = await shop.person()
  const order = await person.buy({ productId: 'test-product-1', quantity: 1 })
  const cart: Json = await person.fill({ productId: 'VARTOTE1', quantity: 1 })
  const { card } = (await person.post(`/api/customers/${person.id}/cards`, VISA)).body
  await person.post('/api/age-verification/verify', { customerId: person.id, ...ADULT })
  await person.post('/api/memberships/subscribe', { customerId: person.id, email: person.email, tier: 'SILVER', paymentMethod: VISA })
  return { person, records: { customer: person.id, cart: cart['id'], order: order['id'], card: card.id } }
}

function isRefused({ status, body }: Answer): boolean {
  return (status === 401 && body['code'] === 'UNAUTHORIZED') || (status === 403 && body['code'] === 'FORBIDDEN')
}

describe('keeps to its table of permissions,', () => {
  test('every route for every role: whoever is not named is refused, 401 without a token and 403 with one', async () => {
    const { records } = await owner()
    const people = [...(await Promise.all(ROLES.map((role) => shop.person(role)))), shop.guest()]
    for (const step of steps().filter(({ who }) => who !== 'public')) {
      for (const [index, person] of people.entries()) {
        const role = ROLES[index]
        if (role !== undefined && step.who.includes(role)) continue
        const answer = await walk(step, person, records)
        const expected = [step.name, person.id, role === undefined ? 401 : 403, true]
        expect([step.name, person.id, answer.status, isRefused(answer)]).toEqual(expected)
      }
    }
    expect(shop.document('orders', records.order)).toMatchObject({ state: 'paid', refunds: [], fulfilment: null })
  })

  test('every route for every role: whoever is named gets past the door', async () => {
    for (const role of ROLES) {
      const { records } = await owner()
      const person = await shop.person(role)
      for (const step of steps().filter(({ who }) => who !== 'public' && who.includes(role))) {
        const answer = await walk(step, person, records)
        expect([step.name, role, isRefused(answer), answer.status < 500]).toEqual([step.name, role, false, true])
      }
    }
  })

  test('every record of a customer: he sees and changes his own', async () => {
    const { person, records } = await owner()
    const own = toRecords((who) => who === 'public' || who.includes('customer'))
    expect(own.length).toBeGreaterThanOrEqual(5)
    for (const step of own) expect([step.name, Math.floor((await walk(step, person, records)).status / 100)]).toEqual([step.name, 2])
  })

  test('every record of a customer: for others, of whatever role without staff rights, it does not exist', async () => {
    const { records } = await owner()
    const before = [shop.document('carts', records.cart), shop.document('orders', records.order)]
    const other = await shop.person()
    const roles = ['scanner', 'organiser', 'organisation'] as const
    const strangers = [other, ...(await Promise.all(roles.map((role) => shop.person(role)))), shop.guest()]
    for (const step of toRecords((who) => who === 'public' || who.includes('customer'))) {
      // Whom a route names at all may ask it for records of his own.
      for (const stranger of step.who === 'public' ? strangers : [other]) {
        const { status } = await walk(step, stranger, records)
        expect([step.name, stranger.id, status]).toEqual([step.name, stranger.id, 404])
      }
    }
    expect([shop.document('carts', records.cart), shop.document('orders', records.order)]).toEqual(before)
  })

  test('roles that only read change nothing that belongs to a customer', async () => {
    const { records } = await owner()
    const before = [shop.document('carts', records.cart), shop.document('orders', records.order)]
    const viewer = await shop.person('viewer')
    for (const step of steps().filter(({ method }) => method !== 'GET')) {
      expect([step.name, (await walk(step, viewer, records)).status]).toEqual([step.name, 403])
    }
    expect([shop.document('carts', records.cart), shop.document('orders', records.order)]).toEqual(before)
  })
})

describe('survives', () => {
  test('the death of its instance: 503 in our shape, with a request id, to be tried again', async () => {
    const customer = await shop.person()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `"${customer.id}"`, when: 'before', effect: 'kill' })
    const { status, body, headers } = await customer.post('/api/carts')
    expect({ status, code: body['code'], retryable: body['retryable'] }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE', retryable: true })
    expect(headers.get('x-request-id')).toBeTruthy()
    await shop.cloud.instances.allReady()
  })
})
