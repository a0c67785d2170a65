/**
 * The disaster drill: a shop sells, its state is exported, it goes on selling, its store is lost to the last document, and everything
 * is put back from the export. Then it is proven what came back, and shown what an older state does not know and who finds it.
 *
 * Lost is the store alone: gateways, till, warehouse, secrets and topics live elsewhere and remember what happened since. So
 * money that came in after the export is at the gateway and in no order of ours, and reconciliation must name every cent of it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCloud, type RunningCloud } from '../bench/running-cloud.ts'
import { Shopper, type Answer } from '../bench/shopper.ts'
import { archiveFrom, differencesOf, exportStore, printsOf, restoreStore, textOf } from './archive.ts'
import { forgottenSince, pauseJobs, servicesOf, withStore, type Services } from './ground.ts'

export interface Drill {
  /** Documents in the export, and of how many collections. */
  readonly documents: number
  readonly collections: number
  /** What was proven, each a sentence; and what did not hold. */
  readonly proven: readonly string[]
  readonly faults: readonly string[]
  /** Seconds from the loss until the doors were open again, and those of the restore alone. */
  readonly downSeconds: number
  readonly restoreSeconds: number
}

type Json = Record<string, unknown>
type Say = (line: string) => void

const PRODUCT = 'test-product-1'
const PRICE = 50
/** Sold before the export. */
const SOLD = 3
/** The job looks at payments that are at least so old. */
const SETTLED_AFTER = 'PT20M'

/** A shop with what the drill needs to know of it. */
interface Scene {
  cloud: RunningCloud
  services: Services
  admin: Shopper
  readonly proven: string[]
  readonly faults: string[]
  readonly say: Say
}

export async function drill(say: Say): Promise<Drill> {
  const directory = await mkdtemp(join(tmpdir(), 'countinghouse-drill-'))
  const scene = await opened(directory, say)
  try {
    return await run(scene, directory)
  } finally {
    await scene.cloud.kill()
    await rm(directory, { recursive: true, force: true })
  }
}

async function run(scene: Scene, directory: string): Promise<Drill> {
  const { say } = scene
  const sold = await trade(scene)
  const underWay = await begin(scene)
  const text = await timed(say, '2. The store is exported', async () => textOf(await withStore(scene.services, exportStore)))
  const archive = archiveFrom(text.result)
  const before = printsOf(archive)
  say(`   ${archive.lines.length} documents of ${before.size} collections, ${Math.ceil(text.result.length / 1024)} KiB`)
  const since = await nowOf(scene)
  const late = await tradeOn(scene, underWay)

  const lostAt = performance.now()
  await pauseJobs(scene.services, true)
  await loseStore(scene, directory)
  const restored = await timed(say, '5. The export is restored into the empty store', () => withStore(scene.services, (store) => restoreStore(store, archive)))
  const after = await timed(say, '6. It is proven that what is there is what was exported', async () => printsOf(await withStore(scene.services, exportStore)))
  prove(scene, `all ${before.size} collections have the same documents by count and hash`, differencesOf(before, after.result))
  await proveBooks(scene, sold)
  await pauseJobs(scene.services, false)
  const downSeconds = seconds(performance.now() - lostAt)
  say(`   the doors are open again, ${downSeconds.toFixed(1)} s after the loss`)

  await proveLate(scene, late)
  await forgetAgain(scene, since, late.forgotten)
  await tell(scene)
  const { proven, faults } = scene
  return { documents: archive.lines.length, collections: before.size, proven, faults, downSeconds, restoreSeconds: seconds(restored.ms) }
}

async function opened(directory: string, say: Say): Promise<Scene> {
  const { result: cloud } = await timed(say, '   a shop is opened', () => startCloud(2, {}, directory))
  return { cloud, services: await servicesOf(cloud.url), admin: await Shopper.enter(cloud.url, 'admin', 'drill'), proven: [], faults: [], say }
}

interface Sold {
  readonly buyer: Shopper
  readonly orderId: string
  readonly key: string
  readonly text: string
}

/** Purchases by both gateways, a refund, a membership, and all that follows them. */
async function trade(scene: Scene): Promise<Sold[]> {
  const { result } = await timed(scene.say, `1. The shop sells: ${SOLD} orders, one by the other gateway, a refund, a membership`, async () => {
    const sold: Sold[] = []
    for (let index = 0; index < SOLD; index += 1) sold.push(await buy(scene, `before-${index}`))
    const kaja = await Shopper.enter(scene.cloud.url)
    good(await pay(kaja, 'before-kaja', { gateway: 'kaja', token: 'tok_visa_test' }))
    const [first] = sold as [Sold]
    good(await scene.admin.call('POST', `/api/orders/${first.orderId}/refunds`, { amount: 10, reason: 'drill' }, { 'idempotency-key': 'drill-refund' }))
    const member = { customerId: first.buyer.id, email: `${first.buyer.id}@example.com`, tier: 'GOLD', paymentMethod: { token: 'pm_card_visa' } }
    good(await first.buyer.call('POST', '/api/memberships/subscribe', member, { 'idempotency-key': 'drill-member' }))
    await scene.admin.call('POST', '/_local/drain')
    return sold
  })
  return result
}

/** A checkout that is placed and not charged yet: its charge is held at the gateway's door. */
interface UnderWay {
  readonly orderId: string
  readonly answer: Promise<Answer>
}

const DOOR = { target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'delay', delayMs: 60_000 }

async function begin({ cloud, admin }: Scene): Promise<UnderWay> {
  const buyer = await Shopper.enter(cloud.url)
  good(await admin.call('POST', '/_local/faults', DOOR))
  const answer = pay(buyer, 'under-way')
  for (;;) {
    const orders = good(await admin.call('GET', '/_local/firestore/orders')).body['documents'] as Array<{ id: string; data: Json }>
    const placed = orders.find(({ data }) => data['customerId'] === buyer.id)
    if (placed !== undefined) return { orderId: placed.id, answer }
  }
}

interface Late {
  /** Placed before the export, charged after it. */
  readonly underWay: string

  /** Paid, and never heard of again. */
  readonly lost: Sold
  /** Paid, and asked for again by its buyer. */
  readonly repeated: Sold
  /** Asked to be forgotten. */
  readonly forgotten: string
}

async function tradeOn(scene: Scene, underWay: UnderWay): Promise<Late> {
  const { result } = await timed(scene.say, '3. It goes on after the export: what was under way is paid, two more orders are, a customer is forgotten', async () => {
    good(await scene.admin.call('DELETE', '/_local/faults'))
    good(await underWay.answer)
    const [lost, repeated, leaving] = [await buy(scene, 'after-lost'), await buy(scene, 'after-repeated'), await buy(scene, 'after-leaving')]
    good(await scene.admin.call('POST', `/api/admin/customers/${leaving.buyer.id}/erase`, { reason: 'drill' }))
    await scene.admin.call('POST', '/_local/drain')
    return { underWay: underWay.orderId, lost, repeated, forgotten: leaving.buyer.id }
  })
  return result
}

/** `kill -9` of everything, and the store's file is gone; then the shop stands again, with nothing in it. */
async function loseStore(scene: Scene, directory: string): Promise<void> {
  await timed(scene.say, '4. Everything is killed and the store is wiped; vendors, warehouse and secrets stay as they are', async () => {
    await scene.cloud.kill()
    for (const suffix of ['', '-wal', '-shm']) await rm(join(directory, `firestore.db${suffix}`), { force: true })
    scene.cloud = await startCloud(2, {}, directory)
    scene.services = await servicesOf(scene.cloud.url)
    scene.admin = await Shopper.enter(scene.cloud.url, 'admin', 'drill')
  })
  const left = (await withStore(scene.services, exportStore)).lines.length
  prove(scene, 'nothing was left in the store', left === 0 ? [] : [`${left} documents were left in the store.`])
}

async function proveBooks(scene: Scene, sold: readonly Sold[]): Promise<void> {
  const { trialBalance } = good(await scene.admin.call('GET', '/api/admin/ledger/accounts')).body
  const uneven = Object.entries(trialBalance as Json).filter(([, amount]) => amount !== 0).map(([currency, amount]) => `The ledger is off by ${String(amount)} ${currency}.`)
  prove(scene, 'the ledger is balanced', uneven)
  const [first] = sold as [Sold]
  const buyer = await Shopper.enter(scene.cloud.url, 'customer', first.buyer.id)
  const order = (await buyer.call('GET', `/api/orders/${first.orderId}`)).body['order'] as Json | undefined
  prove(scene, 'a customer sees his order, with its refund', order?.['state'] === 'partially_refunded' ? [] : [`Order ${first.orderId} is ${String(order?.['state'])}.`])
  const charges = await chargesAt(scene)
  const again = await pay(buyer, first.key)
  prove(scene, 'a checkout that is sent again gets the same bytes, and nothing is charged', [
    ...(JSON.stringify(again.body) === first.text ? [] : [`The repeated checkout answered ${JSON.stringify(again.body)}.`]),
    ...((await chargesAt(scene)) === charges ? [] : ['The repeated checkout was charged again.']),
  ])
}

/** What the restored state does not know: whoever asks again gets his order without being charged again, the rest is named. */
async function proveLate(scene: Scene, { underWay, lost, repeated, forgotten }: Late): Promise<void> {
  const charges = await chargesAt(scene)
  const again = await pay(await Shopper.enter(scene.cloud.url, 'customer', repeated.buyer.id), repeated.key)
  prove(scene, 'a buyer whose order was lost asks again with his key: he gets it, and is not charged a second time', [
    ...(again.status === 201 && again.body['orderId'] === repeated.orderId ? [] : [`He got ${again.status} ${JSON.stringify(again.body)}.`]),
    ...((await chargesAt(scene)) === charges ? [] : ['He was charged again.']),
  ])
  await timed(scene.say, '7. Reconciliation compares the gateways with the restored books', async () => {
    await scene.admin.call('POST', '/_local/clock', { advance: SETTLED_AFTER })
    await scene.admin.call('POST', '/_local/drain')
    good(await scene.admin.call('POST', '/_local/jobs/reconcile-payments'))
  })
  const { state } = good(await scene.admin.call('GET', `/api/orders/${underWay}`)).body['order'] as Json
  prove(scene, 'an order that was under way is paid: the sweep has asked the gateway, and charged nobody', [
    ...(state === 'paid' ? [] : [`Order ${underWay} is ${String(state)}.`]),
    ...((await chargesAt(scene)) === charges ? [] : ['Somebody was charged again.']),
  ])
  const listed = good(await scene.admin.call('GET', '/api/admin/reconciliation?state=open')).body['differences'] as Json[]
  const named = listed.filter(({ kind }) => kind === 'charge_without_order')
  for (const { kind, amount, currency, transactionId, cause } of listed) scene.say(`   ${String(kind)} ${String(amount)} ${String(currency)} ${String(transactionId)}: ${String(cause)}`)
  const total = named.reduce((sum, { amount }) => sum + Number(amount), 0)
  prove(scene, `the money of the orders that were lost (${lost.orderId} and the forgotten customer's) is named, and no other`, [
    ...(named.length === 2 && total === 2 * PRICE ? [] : [`${named.length} charges without an order were named, ${total} in all; ${2 * PRICE} were lost, of ${lost.buyer.id} and ${forgotten}.`]),
    ...listed.filter((one) => !named.includes(one)).map(({ kind, amount }) => `${String(kind)} of ${String(amount)} should not be there.`),
  ])
}

/** An older state brings a customer's key back with it. The warehouse knows who was forgotten since. */
async function forgetAgain(scene: Scene, since: string, expected: string): Promise<void> {
  const { result: forgotten } = await timed(scene.say, '8. Whoever was forgotten after the export is forgotten again', async () => {
    const customers = await forgottenSince(scene.services, since)
    for (const customerId of customers) good(await scene.admin.call('POST', `/api/admin/customers/${customerId}/erase`, { reason: 'restored from an older state' }))
    return customers
  })
  prove(scene, 'the warehouse names whoever was forgotten since, and he is forgotten again', forgotten.includes(expected) ? [] : [`${expected} is not among them: ${forgotten.join(', ')}.`])
}

async function tell({ say, proven, faults }: Scene): Promise<void> {
  say('')
  for (const sentence of proven) say(`proven: ${sentence}`)
  for (const sentence of faults) say(`NOT SO: ${sentence}`)
}

async function buy(scene: Scene, key: string): Promise<Sold> {
  const buyer = await Shopper.enter(scene.cloud.url)
  const { body } = good(await pay(buyer, key))
  return { buyer, key, orderId: String(body['orderId']), text: JSON.stringify(body) }
}

function pay(buyer: Shopper, key: string, paymentMethod: Json = { token: 'pm_card_visa' }): Promise<Answer> {
  const body = { customerId: buyer.id, email: `${buyer.id}@example.com`, cart: [{ productId: PRODUCT, quantity: 1, price: PRICE }], paymentMethod }
  return buyer.call('POST', '/api/checkout', body, { 'idempotency-key': key })
}

/** Payments that Stripe holds. */
async function chargesAt({ admin }: Scene): Promise<number> {
  return (good(await admin.call('GET', '/_local/vendors/stripe/objects/payment_intents')).body['objects'] as unknown[]).length
}

async function nowOf({ admin }: Scene): Promise<string> {
  return String(good(await admin.call('GET', '/_local/clock')).body['now'])
}

function good(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`The drill cannot go on: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}

function prove({ proven, faults, say }: Scene, sentence: string, wrong: readonly string[]): void {
  if (wrong.length === 0) proven.push(sentence)
  else faults.push(...wrong)
  say(`   ${wrong.length === 0 ? 'holds' : 'DOES NOT HOLD'}: ${sentence}`)
}

async function timed<Result>(say: Say, what: string, work: () => Promise<Result>): Promise<{ readonly result: Result; readonly ms: number }> {
  const started = performance.now()
  const result = await work()
  const ms = performance.now() - started
  say(`${what} (${seconds(ms).toFixed(1)} s)`)
  return { result, ms }
}

function seconds(ms: number): number {
  return ms / 1000
}
