/**
 * `npm run examples`: asks a furnished shop one question for each operation and keeps what was sent and answered, for the
 * document (`infra/build/examples.json`).
 *
 * What is there and still true to its schema stays as it is; `-- --all` asks everything anew. Where a question is told here it is asked; for any other operation one is made up from its schema, as often as it takes
 * to be answered well. What cannot be answered well keeps the refusal, which is true as well.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { EXAMPLES_FILE, readExamples, type Example } from '../../infra/build/examples.ts'
import type { OpenApi, OperationObject } from '../../infra/build/openapi.ts'
import { ROLES, type Role } from '../../shared/entry/declaration.ts'
import type { Json, Person } from '../functions/shop.ts'
import { Answers } from './answers.ts'
import { NOTICE, openFurnished, type Furnished, type Ids } from './ground.ts'
import { Requests } from './requests.ts'

interface Question {
  readonly path?: Record<string, string>
  readonly query?: Record<string, string>
  readonly body?: unknown
}

const CARD = { token: 'pm_card_visa' }
const LINE = { productId: 'test-product-1', quantity: 1 }
const at = (ids: Ids, name: string, place = 0): string => ids[name]?.[place] ?? ''
const order = (ids: Ids, place: number): Record<string, string> => ({ orderId: at(ids, 'orderId', place) })

/** In this order: what takes something away comes after what shows it. */
const QUESTIONS: Record<string, (ids: Ids) => Question> = {
  listProducts: () => ({ query: { category: 'Flower', limit: '2' } }),
  openCart: () => ({ body: { customerId: 'customer-1' } }),
  setCartItem: (ids) => ({ path: { cartId: at(ids, 'cartId', 0) }, body: { ...LINE, quantity: 2 } }),
  setCartPromoCode: (ids) => ({ path: { cartId: at(ids, 'cartId', 0) }, body: { promoCode: 'SPRING' } }),
  showCart: (ids) => ({ path: { cartId: at(ids, 'cartId', 0) }, query: { shipTo: 'TX' } }),
  checkOut: (ids) => ({ body: { customerId: 'customer-1', email: 'customer-1@example.com', cartId: at(ids, 'cartId', 1), paymentMethod: CARD } }),
  openCheckoutSession: (ids) => ({ body: { customerId: 'customer-1', email: 'customer-1@example.com', cartId: at(ids, 'cartId', 2) } }),
  dropCart: (ids) => ({ path: { cartId: at(ids, 'cartId', 3) } }),
  storeCard: () => ({ path: { customerId: 'customer-1' }, body: { token: 'pm_card_amex' } }),
  listOrders: () => ({ query: { customerId: 'customer-1', limit: '1' } }),
  searchOrders: () => ({ query: { email: 'customer-1@example.com', limit: '1' } }),
  confirmOrder: (ids) => ({ path: order(ids, 1) }),
  addOrderNote: (ids) => ({ path: order(ids, 0), body: { text: 'Wants to pick it up on Saturday.' } }),
  listOrderNotes: (ids) => ({ path: order(ids, 0) }),
  fulfilOrder: (ids) => ({ path: order(ids, 2), body: { how: 'shipped', tracking: '1Z999AA10123456784', toAdult: true } }),
  refundOrder: (ids) => ({ path: order(ids, 0), body: { lines: [LINE], restock: true, reason: 'Came back unopened' } }),
  cancelOrder: (ids) => ({ path: order(ids, 3), body: { reason: 'Ordered twice' } }),
  reviewOrder: (ids) => ({ path: { orderId: at(ids, 'reviewedId', 0) }, body: { decision: 'approve', reason: 'A regular' } }),
  resolveDifference: (ids) => ({ path: { differenceId: at(ids, 'differenceId') }, body: { reason: 'Sold by phone' } }),
  verifyAge: () => ({ body: { customerId: 'customer-1', fullName: 'Maria Gomez', dateOfBirth: '1990-01-01', state: 'TX', idNumberLast4: '1234' } }),
  subscribeCustomer: () => ({ body: { customerId: 'customer-1', email: 'customer-1@example.com', tier: 'BRONZE', paymentMethod: CARD } }),
  getMembership: () => ({ path: { customerId: 'customer-1' } }),
  getMemberDiscount: () => ({ path: { customerId: 'customer-1' }, query: { subtotal: '100.00' } }),
  upgradeMembership: () => ({ path: { customerId: 'customer-1' }, body: { tier: 'SILVER' } }),
  downgradeMembership: () => ({ path: { customerId: 'customer-1' }, body: { tier: 'BRONZE' } }),
  changePaymentMethod: () => ({ path: { customerId: 'customer-1' }, body: { paymentMethod: { token: 'pm_card_mastercard' } } }),
  chooseNewsletter: () => ({ path: { customerId: 'customer-1' }, body: { agreed: true } }),
  cancelMembership: () => ({ path: { customerId: 'customer-1' }, body: { reason: 'Moving away' } }),
  queueEmail: () => ({ body: NOTICE }),
  listEmails: () => ({ query: { limit: '1' } }),
  addSuppression: () => ({ body: { address: 'stop@example.com', scope: 'campaigns' } }),
  liftSuppression: (ids) => ({ path: { suppressionId: at(ids, 'suppressionId') }, body: { reason: 'He asked for mail again' } }),
  createPromoCode: () => ({ body: { code: 'SUMMER', percent: 15, usesMax: 100, reason: 'Summer sale' } }),
  endPromoCode: () => ({ path: { code: 'SUMMER' }, body: { reason: 'It was a mistake' } }),
  grantTaxExemption: () => ({ path: { customerId: 'customer-1' }, body: { certificate: 'TX-5678', states: ['TX'], validThrough: '2030-12-31', reason: 'Resells' } }),
  showTaxExemption: () => ({ path: { customerId: 'customer-1' } }),
  revokeTaxExemption: () => ({ path: { customerId: 'customer-1' }, body: { reason: 'Certificate was withdrawn' } }),
  registerPayee: () => ({ path: { payeeId: 'venue' }, body: { name: 'The Venue', destination: 'acct_venue' } }),
  makePayout: () => ({ body: { payoutId: 'gig-2', recipientId: 'band', amount: 25, currency: 'USD', reason: 'The second gig' } }),
  registerWebhookEndpoint: () => ({ body: { url: 'http://127.0.0.1:9/hooks', eventTypes: ['order.paid', 'order.refunded'] } }),
  changeWebhookEndpoint: (ids) => ({ path: { endpointId: at(ids, 'endpointId') }, body: { eventTypes: ['order.paid'] } }),
  listWebhookDeliveries: () => ({ query: { limit: '1' } }),
  replayWebhookDeliveries: () => ({ body: { filter: { status: 'delivered' }, reason: 'The receiver lost its data' } }),
  replayDeadLetters: (ids) => ({ body: { ids: [at(ids, 'deadLetterId', 0)], reason: 'Outage is over' } }),
  listLedgerEntries: (ids) => ({ query: { orderId: at(ids, 'orderId', 1) } }),
  listAuditEvents: () => ({ query: { limit: '2' } }),
  listAuditSeals: () => ({ query: { limit: '1' } }),
  showHistory: () => ({}),
  showReport: () => ({ path: { report: 'channels' } }),
  listProductSales: () => ({ query: { limit: '1' } }),
  listForecasts: () => ({ query: { limit: '1' } }),
  sayAcquisition: () => ({ body: { month: '2026-11', spend: 250, reason: 'Posters' } }),
  approvePurchaseOrder: () => ({ body: { productId: 'test-product-1', quantity: 24, orderNumber: 1, supplierEmail: 'supplier@example.com', reason: 'Runs out in a week' } }),
  getPayout: () => ({ path: { payoutId: 'gig-1' } }),
  removeWebhookEndpoint: (ids) => ({ path: { endpointId: at(ids, 'endpointId') } }),
  removeCard: (ids) => ({ path: { customerId: 'customer-1', cardId: at(ids, 'cardId', 1) } }),
  revokeAgeVerification: () => ({ path: { customerId: 'customer-1' } }),
  eraseCustomer: () => ({ path: { customerId: 'customer-3' }, body: { reason: 'Asked by letter' } }),
  showEraseCustomer: () => ({ path: { customerId: 'customer-3' } }),
}
const TRIES = 40
/** Vendors' calls are signed; pages are no JSON. */
const NOT_ASKED = /^receive|nsubscribe$/

const document = JSON.parse(readFileSync(new URL('../../infra/hosting/openapi.json', import.meta.url), 'utf8')) as OpenApi
const answers = new Answers(document)
const examples: Record<string, Example> = process.argv.includes('--all') ? {} : Object.fromEntries(Object.entries(readExamples()).filter(([id, example]) => isTrue(id, example)))
const missing = inOrder().filter(({ operation }) => examples[operation.operationId] === undefined)
const furnished = await openFurnished()
const people = new Map<string, Person>()
for (const { path, method, operation } of missing) {
  const example = await recorded(path, method, operation)
  examples[operation.operationId] = example
  if (example.status >= 300) process.stdout.write(`${operation.operationId} is refused in its example: ${example.status}\n`)
}
await furnished.shop.cloud.stop()
const sorted = Object.fromEntries(Object.entries(examples).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(EXAMPLES_FILE, `${JSON.stringify(sorted, null, 1).replaceAll(furnished.shop.cloud.url, 'https://shop.example')}\n`)
process.stdout.write(`${missing.length} examples were recorded, there are ${Object.keys(examples).length}. Now: npm run generate\n`)
process.exit(0)

function isTrue(id: string, { path, query = {}, body, status, answer }: Example): boolean {
  return answers.faultsOfRequest(id, { path, query, body }).length === 0 && answers.faultsOf(id, status, answer).length === 0
}

interface Asking {
  readonly path: string
  readonly method: string
  readonly operation: OperationObject
}

/** Questions as they are told, those that are made up before the first that takes something away. */
function inOrder(): Asking[] {
  const told = Object.keys(QUESTIONS)
  const last = told.indexOf('getPayout')
  const place = ({ operation: { operationId } }: Asking): number => (told.includes(operationId) ? told.indexOf(operationId) : last)
  const all = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
  return all.filter(({ operation }) => !NOT_ASKED.test(operation.operationId)).sort((one, other) => place(one) - place(other))
}

async function recorded(path: string, method: string, operation: OperationObject): Promise<Example> {
  const { ids } = furnished
  const told = QUESTIONS[operation.operationId]?.(ids)
  if (told !== undefined) return asked(path, method, operation, { path: {}, ...told })
  let refused: Example | undefined
  for (let seed = 1; seed <= TRIES; seed += 1) {
    const made = new Requests(document, ids).good(operation.operationId, seed)
    const question = { path: made?.path ?? {}, ...(Object.keys(made?.query ?? {}).length === 0 || seed === 1 ? {} : { query: made?.query ?? {} }), ...(made?.body === undefined ? {} : { body: made.body }) }
    const example = await asked(path, method, operation, question)
    if (example.status < 300) return example
    refused ??= example
  }
  return refused as Example
}

async function asked(path: string, method: string, operation: OperationObject, { path: parameters = {}, query, body }: Question): Promise<Example> {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''))
  const person = await whoMay(operation, furnished)
  const answer = await person.call(method.toUpperCase(), query === undefined ? filled : `${filled}?${new URLSearchParams(query).toString()}`, body)
  return { path: parameters, ...(query === undefined ? {} : { query }), ...(body === undefined ? {} : { body }), status: answer.status, answer: answer.body as Json }
}

/** The customer where he may, else whoever may least. */
async function whoMay({ 'x-roles': roles }: OperationObject, { shop, customer, admin }: Furnished): Promise<Person> {
  if (roles === undefined || roles.includes('customer')) return customer
  const role = ROLES.find((one): one is Role => roles.includes(one)) ?? 'admin'
  if (role === 'admin') return admin
  const person = people.get(role) ?? (await shop.person(role, role))
  people.set(role, person)
  return person
}
