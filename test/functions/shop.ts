/**
 * A furnished shop for one test file, and people who call it over HTTP, each from an address of his own.
 *
 * The scheduled functions are paused: a test runs the one it is about, so that no minute that happens to begin changes
 * what is counted. `drain` and `runJob` work all the same; `resumeJobs` lets the clock fire them again.
 */
import { REGION } from '../../infra/build/firebase.ts'
import { createLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../infra/local/cloud.ts'
import type { HttpAnswer, HttpCall } from '../../infra/local/http-ports.ts'
import { Premises } from '../../infra/local/premises.ts'
import { furnishShop, shopWork } from '../../infra/local/shop.ts'
import type { Role } from '../../shared/entry/declaration.ts'
import type { Fault } from '../../infra/local/wire.ts'

/** JSON as it came: its shape is what a test is about. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = Record<string, any>

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Json
}

export interface Line {
  readonly productId: string
  readonly quantity: number
}

/** A test asks and buys more within an hour than any customer; the platform tells a country where a test names one. */
const TRUSTING = {
  API_LIMIT_PER_MINUTE: '100000', ADMIN_LIMIT_PER_MINUTE: '100000', CHECKOUTS_PER_IP_HOUR: '1000',
  FRAUD_ORDERS_PER_CUSTOMER_HOUR: '100000', FRAUD_ORDERS_PER_IP_HOUR: '100000', FRAUD_CARDS_PER_CUSTOMER_HOUR: '49', FRAUD_CARDS_PER_IP_HOUR: '49',
  FRAUD_AMOUNT_PER_CUSTOMER_HOUR: '100000000', FRAUD_AMOUNT_PER_IP_HOUR: '100000000', IP_COUNTRY_HEADER: 'x-country-code',
}

/** What signed webhooks and tokens until it was replaced, lately: it is good for a while yet. */
export const ROTATED = {
  JWT_SECRET_PREVIOUS: 'the-secret-before-the-last-rotation-of-this-shop', STRIPE_WEBHOOK_SECRET_PREVIOUS: 'whsec_of_before_the_last_rotation',
  RESEND_WEBHOOK_SECRET_PREVIOUS: `whsec_${Buffer.alloc(24, 5).toString('base64')}`, AUTHORIZE_NET_SIGNATURE_KEY_PREVIOUS: 'B2'.repeat(64),
  SQUARE_WEBHOOK_SIGNATURE_KEY_PREVIOUS: 'the-signature-key-before-the-last-rotation', SQUARE_MERCHANT_ID: 'MHEMPSHOP0001',
}

/** Calls are tried again after real time, which no test waits for; and a test loses more calls than a vendor does in a year: breakers stay closed. */
const IMPATIENT = { RETRY_WAIT_MS: '5', CHARGE_RETRY_WAIT_MS: '10', BREAKER_FAILURES: '100000' }

/** Shops open in these, one after the other: instances that are warm work several times as fast. */
const premises: Premises[] = []

async function vacantPremises(): Promise<Premises> {
  const vacant = premises.find(({ isVacant }) => isVacant) ?? (await Premises.open(SIZE))
  if (!premises.includes(vacant)) premises.push(vacant)
  return vacant
}

const SIZE = { port: 0, instances: 2 }

export type ShopOptions = Partial<LocalCloudOptions>

/** @param environment what is other than in the usual shop */
export async function openShop({ environment, ...options }: ShopOptions = {}): Promise<Shop> {
  const { furnish: _, ...special } = options
  const isShared = Object.keys(special).length === 0
  const cloud = await createLocalCloud({
    ...SIZE, furnish: furnishShop, dueWork: shopWork, jobsPaused: true, environment: { ...TRUSTING, ...IMPATIENT, ...ROTATED, ...environment }, ...options,
    ...(isShared ? { premises: await vacantPremises() } : {}),
  })
  const shop = new Shop(cloud)
  // Two events for each mail would be most of what follows a purchase, and Square's only repeat what its answers said: who tests what becomes of them has them told.
  for (const vendor of ['resend', 'square']) await shop.act(vendor, 'webhooks', { enabled: false })
  return shop
}

export class Shop {
  readonly cloud: LocalCloud
  #people = 0

  constructor(cloud: LocalCloud) {
    this.cloud = cloud
  }

  pauseJobs(paused = true, names?: readonly string[]): void {
    const { scheduler, pubsub } = this.cloud.servers
    const jobs = scheduler.list(`projects/${pubsub.projectId}/locations/${REGION}`).map(({ job }) => job.name)
    for (const job of jobs.filter((one) => names?.includes(one.split('/').at(-1) ?? '') ?? true)) scheduler.pause(job, paused)
  }

  /** The clock fires these again, or all. */
  resumeJobs(names?: readonly string[]): void {
    this.pauseJobs(false, names)
  }

  /** Runs a scheduled function and answers its tally. */
  async tally(job: string): Promise<Record<string, number>> {
    const { status, body } = await this.cloud.runJob(job)
    if (status !== 200) throw new Error(`${job} answered ${status}: ${JSON.stringify(body)}`)
    return (body as { tally: Record<string, number> }).tally
  }

  guest(): Person {
    return new Person(this.cloud.url, this.#nextAddress(), `guest-${this.#people}`, undefined)
  }

  async person(role: Role = 'customer', sub?: string): Promise<Person> {
    const address = this.#nextAddress()
    const id = sub ?? `${role}-${this.#people}`
    return new Person(this.cloud.url, address, id, await this.cloud.token({ role, sub: id, email: `${id}@example.com` }))
  }

  /** A customer whose age is verified: he may buy what is for adults. */
  async adult(sub?: string): Promise<Person> {
    const person = await this.person('customer', sub)
    const { status, body, text } = await person.verifyAge()
    if (status !== 200 || body['verified'] !== true) throw new Error(`The age of ${person.id} was not verified: ${text}`)
    return person
  }

  /** Documents of a collection as they lie in the store. */
  documents(collection: string): Array<{ id: string; data: Json }> {
    return this.cloud.servers.firestore.peek(collection)
  }

  document(collection: string, id: string): Json | undefined {
    return this.documents(collection).find((document) => document.id === id)?.data
  }

  /** Objects that a vendor holds. */
  at(vendor: string, type: string): Json[] {
    return [...(this.cloud.vendors.get(vendor)?.objects(type) ?? [])] as Json[]
  }

  requests(vendor: string): Json[] {
    return [...(this.cloud.vendors.get(vendor)?.requests() ?? [])] as Json[]
  }

  /** What the vendor's dashboard could do. */
  async act(vendor: string, action: string, body: unknown = {}): Promise<Json> {
    const answer = await this.cloud.vendors.get(vendor)?.control(action.split('/'), body)
    if (answer?.status !== 200) throw new Error(`${vendor} ${action}: ${JSON.stringify(answer?.body)}`)
    return answer.body as Json
  }

  fault(fault: Fault): void {
    this.cloud.wire.addFault(fault)
  }

  calm(): void {
    this.cloud.wire.clearFaults()
  }

  /** Changes what a vendor answers to one operation, as a broken vendor would; the returned function ends it. */
  twist(vendor: string, path: string, change: (body: Json) => unknown): () => void {
    const service = this.cloud.vendors.get(vendor)?.service as { handle: (call: HttpCall, tally: never) => Promise<HttpAnswer> | HttpAnswer }
    const honest = service.handle
    service.handle = async (call, tally) => {
      const answer = await honest(call, tally)
      return call.path === path && answer.status === 200 ? { ...answer, body: change(structuredClone(answer.body) as Json) } : answer
    }
    return () => {
      service.handle = honest
    }
  }

  /** Square's count of a product on the shelf. */
  shelf(productId: string): number {
    const counts = this.at('square', 'inventory_counts')
    return Number(counts.find((count) => count['catalog_object_id'] === productId && count['state'] === 'IN_STOCK')?.['quantity'])
  }

  #nextAddress(): string {
    const number = ++this.#people
    return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
  }
}

export class Person {
  readonly id: string
  readonly email: string
  readonly address: string
  readonly token: string | undefined
  readonly #url: string

  constructor(url: string, address: string, id: string, token: string | undefined) {
    this.#url = url
    this.address = address
    this.id = id
    this.email = `${id}@example.com`
    this.token = token
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(new URL(path, this.#url), {
      method,
      headers: {
        'x-forwarded-for': this.address,
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: parsed(text) }
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path)
  }

  /** A POST; with a key it happens once. */
  post(path: string, body: unknown = {}, key?: string): Promise<Answer> {
    return this.call('POST', path, body, key === undefined ? {} : { 'idempotency-key': key })
  }

  /** Has his age checked; with a key it happens once. */
  verifyAge(wanted: Json = {}, key?: string): Promise<Answer> {
    const identity = { customerId: this.id, fullName: 'Maria Gomez', dateOfBirth: '1990-01-01', state: 'TX', idNumberLast4: '1234' }
    // For a shop that asks a deposit.
    const paymentMethod = { token: 'pm_card_visa' }
    return this.post('/api/age-verification/verify', { ...identity, paymentMethod, ...wanted }, key)
  }

  /** Opens a cart with these lines and answers it. */
  async fill(...lines: Line[]): Promise<Json> {
    let answer = await this.post('/api/carts')
    const { id } = answer.body['cart']
    for (const line of lines) answer = await this.call('PUT', `/api/carts/${id}/items`, line)
    if (answer.status > 201) throw new Error(`The cart could not be filled: ${answer.text}`)
    return answer.body['cart']
  }

  pay(cartId: string, options: { token?: string; key?: string } = {}): Promise<Answer> {
    const who = this.token === undefined ? {} : { customerId: this.id }
    const paymentMethod = { token: options.token ?? 'pm_card_visa' }
    return this.post('/api/checkout', { ...who, email: this.email, cartId, paymentMethod }, options.key)
  }

  /** Buys lines and answers the paid order. */
  async buy(...lines: Line[]): Promise<Json> {
    const answer = await this.pay((await this.fill(...lines))['id'])
    if (answer.status !== 201) throw new Error(`The order was not paid: ${answer.text}`)
    return answer.body['order']
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return {}
  }
}
