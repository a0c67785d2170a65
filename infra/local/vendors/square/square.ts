/**
 * Square, as the shop meets it: catalogue, stock, payments, orders, customers, sign-in and webhooks, by the vendor's contract.
 *
 * Every answer must be one the vendor could give: a shop that only ever saw a friendlier Square would fail in
 * production. State changes are synchronous, so that two calls on one count can never interleave.
 */
import type { HttpAnswer, HttpCall } from '../../http-ports.ts'
import { RequestLog, Routes, type Vendor, type VendorContext } from '../vendor.ts'
import { Catalog } from './catalog.ts'
import { control, type Parts } from './control.ts'
import { getCustomer, getLocation, getMerchant, listCustomers, listLocations, searchCustomers } from './customers.ts'
import { SquareFailure } from './failure.ts'
import { isRecord } from './input.ts'
import { Inventory } from './inventory.ts'
import { Notifications } from './notifications.ts'
import { batchRetrieveOrders, getOrder, searchOrders } from './orders.ts'
import { Payments } from './payments.ts'
import { RateLimit } from './rate-limit.ts'
import { plantSeed, readSeed, type Seed } from './seed.ts'
import type { Json } from './shapes.ts'
import { SquareStore } from './store.ts'
import { Till } from './till.ts'
import { Tokens, type OAuthApplication } from './tokens.ts'

export interface SquareOptions {
  readonly accessToken: string
  readonly webhookSignatureKey: string
  /** Whether events are sent to the shop from the start; local control may change it. */
  readonly webhooks?: boolean
  /** What the shop's subscription names; without it everything. */
  readonly eventTypes?: readonly string[]
  /** How long after the fact an event comes. */
  readonly webhookDelayMs?: number
  readonly oauth?: OAuthApplication
  /** What empty shelves are filled with; without it the catalogue of `infra/local/seed`. */
  readonly seed?: Seed
  /** Objects on a page of the catalogue list. */
  readonly catalogPageSize?: number
}

export interface Square extends Vendor {
  /** The location whose counts the shop sells from. */
  readonly locationId: string
  readonly merchantId: string
}

interface Ask {
  readonly input: Json
  readonly params: Readonly<Record<string, string>>
  readonly authorization: string | undefined
}

interface Answering {
  /** The permission a token needs; none for sign-in, which proves itself otherwise. */
  readonly scope?: string
  readonly answer: (ask: Ask) => Json
}

/** The newest version known; a call that names none gets it. */
const VERSION = '2026-09-16'
const CATALOG_PAGE_SIZE = 100
const SECRET_FIELDS = ['client_secret', 'refresh_token', 'access_token', 'code']

export function createSquare(context: VendorContext, options: SquareOptions): Square {
  const store = new SquareStore(context)
  plantSeed(store, options.seed ?? readSeed())
  const parts = assemble(store, options)
  const routes = new Routes(table(parts))
  const log = new RequestLog(context.timeline)
  const main = store.mainLocation

  function handle(call: HttpCall): HttpAnswer {
    const input = read(call)
    const answer = answerTo(() => answered(parts, routes, call, input))
    const key = isRecord(input) ? input['idempotency_key'] : undefined
    log.add(call, answer, withoutSecrets(input), typeof key === 'string' ? key : undefined)
    return answer
  }

  return {
    name: 'square',
    locationId: main.id,
    merchantId: main.merchant_id,
    service: { target: 'square', operation: (method, path) => routes.name(method, path), handle },
    requests: () => log.all(),
    objects: (type) => objects(parts, type),
    control: (action, body) => answerTo(() => control(parts, action, isRecord(body) ? body : {})),
    pending: () => parts.notifications.pending(),
    waiting: () => parts.notifications.waiting(),
  }
}

function assemble(store: SquareStore, options: SquareOptions): Parts {
  const merchantId = () => store.mainLocation.merchant_id
  const notifications = new Notifications(store.context, {
    signatureKey: options.webhookSignatureKey,
    enabled: options.webhooks ?? false,
    merchantId,
    ...(options.eventTypes === undefined ? {} : { types: options.eventTypes }),
    firstMs: options.webhookDelayMs ?? 0,
  })
  const catalog = new Catalog(store, notifications, options.catalogPageSize ?? CATALOG_PAGE_SIZE)
  const inventory = new Inventory(store, catalog, notifications)
  const payments = new Payments(store, notifications)
  const oauth = options.oauth === undefined ? {} : { oauth: options.oauth }
  return {
    store,
    catalog,
    inventory,
    payments,
    notifications,
    till: new Till(store, { catalog, inventory, payments }),
    tokens: new Tokens(store.context, { accessToken: options.accessToken, ...oauth, merchantId }),
    rateLimit: new RateLimit(),
  }
}

function table(parts: Parts): Record<string, Answering> {
  const { store, catalog, inventory, payments, tokens } = parts
  const may = (scope: string, answer: Answering['answer']): Answering => ({ scope, answer })
  return {
    'GET /v2/catalog/list': may('ITEMS_READ', ({ input }) => catalog.list(input)),
    'POST /v2/catalog/search': may('ITEMS_READ', ({ input }) => catalog.search(input)),
    'POST /v2/catalog/batch-retrieve': may('ITEMS_READ', ({ input }) => catalog.batchRetrieve(input)),
    'POST /v2/catalog/object': may('ITEMS_WRITE', ({ input }) => catalog.upsert(input)),
    'GET /v2/catalog/object/:id': may('ITEMS_READ', ({ params, input }) => catalog.get(params['id'] ?? '', input)),
    'POST /v2/inventory/counts/batch-retrieve': may('INVENTORY_READ', ({ input }) => inventory.batchRetrieveCounts(input)),
    'POST /v2/inventory/changes/batch-create': may('INVENTORY_WRITE', ({ input }) => inventory.batchCreateChanges(input)),
    'POST /v2/inventory/changes/batch-retrieve': may('INVENTORY_READ', ({ input }) => inventory.batchRetrieveChanges(input)),
    'GET /v2/inventory/:id': may('INVENTORY_READ', ({ params, input }) => inventory.countsOf(params['id'] ?? '', input)),
    'GET /v2/payments': may('PAYMENTS_READ', ({ input }) => payments.list(input)),
    'GET /v2/payments/:id': may('PAYMENTS_READ', ({ params }) => payments.get(params['id'] ?? '')),
    'GET /v2/refunds': may('PAYMENTS_READ', ({ input }) => payments.listRefunds(input)),
    'GET /v2/refunds/:id': may('PAYMENTS_READ', ({ params }) => payments.getRefund(params['id'] ?? '')),
    'POST /v2/orders/search': may('ORDERS_READ', ({ input }) => searchOrders(store, input)),
    'POST /v2/orders/batch-retrieve': may('ORDERS_READ', ({ input }) => batchRetrieveOrders(store, input)),
    'GET /v2/orders/:id': may('ORDERS_READ', ({ params }) => getOrder(store, params['id'] ?? '')),
    'GET /v2/customers': may('CUSTOMERS_READ', ({ input }) => listCustomers(store, input)),
    'POST /v2/customers/search': may('CUSTOMERS_READ', ({ input }) => searchCustomers(store, input)),
    'GET /v2/customers/:id': may('CUSTOMERS_READ', ({ params }) => getCustomer(store, params['id'] ?? '')),
    'GET /v2/locations': may('MERCHANT_PROFILE_READ', () => listLocations(store)),
    'GET /v2/locations/:id': may('MERCHANT_PROFILE_READ', ({ params }) => getLocation(store, params['id'] ?? '')),
    'GET /v2/merchants/:id': may('MERCHANT_PROFILE_READ', ({ params }) => getMerchant(store, params['id'] ?? '')),
    'POST /oauth2/token': { answer: ({ input }) => tokens.grant(input) },
    'POST /oauth2/revoke': { answer: ({ authorization, input }) => revoked(parts, tokens.revoke(authorization, input)) },
    'POST /oauth2/token/status': { answer: ({ authorization }) => tokens.status(authorization) },
  }
}

function revoked({ notifications }: Parts, answer: Json): Json {
  notifications.tellRevoked('APPLICATION')
  return answer
}

/** In the vendor's order: who, how often, what, and only then whether the body makes sense. */
function answered(parts: Parts, routes: Routes<Answering>, call: HttpCall, input: unknown): HttpAnswer {
  const authorization = call.headers.authorization
  const route = routes.find(call.method, call.path)
  if (route?.handle.scope !== undefined) parts.tokens.check(authorization, route.handle.scope)
  parts.rateLimit.check(parts.store.now())
  const version = versionOf(call)
  if (route === undefined) {
    if (routes.knows(call.path)) throw new SquareFailure(405, 'METHOD_NOT_ALLOWED', 'The method is not supported.')
    throw new SquareFailure(404, 'NOT_FOUND', 'Resource not found.')
  }
  if (!isRecord(input)) throw new SquareFailure(400, 'BAD_REQUEST', 'The request body is not a JSON object.')
  const body = route.handle.answer({ input, params: route.params, authorization })
  return { status: 200, headers: { 'square-version': version }, body }
}

function versionOf(call: HttpCall): string {
  const version = call.headers['square-version']
  if (version === undefined) return VERSION
  const day = typeof version === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(version) ? Date.parse(`${version}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== version) {
    throw new SquareFailure(400, 'INVALID_SQUARE_VERSION_FORMAT', 'The Square-Version header must have the form YYYY-MM-DD.')
  }
  if (version > VERSION) throw new SquareFailure(400, 'API_VERSION_INCOMPATIBLE', `The API version ${version} is not known.`)
  return version
}

/** The query of a GET and the body of a POST, both as fields; undefined when the body is not JSON. */
function read(call: HttpCall): unknown {
  if (call.method === 'GET') return Object.fromEntries(call.query)
  if (call.body.length === 0) return {}
  try {
    return JSON.parse(call.body.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

function answerTo(work: () => HttpAnswer): HttpAnswer {
  try {
    return work()
  } catch (error) {
    if (error instanceof SquareFailure) return error.answer()
    throw error
  }
}

function withoutSecrets(input: unknown): unknown {
  if (!isRecord(input) || !SECRET_FIELDS.some((field) => field in input)) return input
  const open = Object.entries(input).map(([field, value]) => [field, SECRET_FIELDS.includes(field) ? '[secret]' : value])
  return Object.fromEntries(open)
}

function objects(parts: Parts, type: string): readonly unknown[] | undefined {
  const { store, catalog } = parts
  switch (type) {
    case 'catalog_objects':
      return catalog.all()
    case 'inventory_counts':
      return store.counts.values().map((held) => held.count)
    case 'inventory_changes':
      return store.changes.values()
    case 'payments':
      return store.payments.values()
    case 'refunds':
      return store.refunds.values()
    case 'orders':
      return store.orders.values()
    case 'customers':
      return store.customers.values()
    case 'locations':
      return store.locations.values()
    case 'events':
      return parts.notifications.events()
    default:
      return undefined
  }
}
