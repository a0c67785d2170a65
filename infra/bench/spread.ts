/**
 * A checkout's time as a multiple of what its own network calls take, its calls and its price, for one, ten and fifty
 * buyers at once, on one product and on many; and how one product's sales grow with the number of instances.
 */
import { atOnce, ms, percentile } from './figures.ts'
import { dollars, type Counted } from './prices.ts'
import { startCloud, type RunningCloud } from './running-cloud.ts'
import { refuseUnpaid, Shopper } from './shopper.ts'
import { OPEN, PRODUCT, say, stock } from './shop.ts'

const PLENTY = 100_000
const ORDERS = 120
const AT_ONCE = [1, 10, 50]
const INSTANCES = [1, 2, 4]

interface Call {
  readonly target: string
  readonly operation: string
  readonly function?: string
  readonly requestId?: string
  readonly reads: number
  readonly writes: number
  readonly startedMs: number
  readonly ms: number
}

export async function benchSpread(instances: number): Promise<void> {
  const cloud = await startCloud(instances, OPEN)
  try {
    const house = await Shopper.enter(cloud.url)
    const many = await productsOnSale(house)
    for (const productId of many) await stock(house, productId, PLENTY)
    await sell(cloud, house, many, 10)
    for (const [name, products] of [['one product', [PRODUCT]], [`${many.length} products`, many]] as const) {
      for (const limit of AT_ONCE) say(`${name}, ${limit} at once`, figures(await sell(cloud, house, products, limit)))
    }
  } finally {
    await cloud.stop()
  }
  for (const count of INSTANCES) {
    const grown = await startCloud(count, OPEN)
    try {
      const house = await Shopper.enter(grown.url)
      await stock(house, PRODUCT, PLENTY)
      await sell(grown, house, [PRODUCT], 10)
      const { perSecond, calls } = await sell(grown, house, [PRODUCT], 10)
      say(`one product, 10 at once, ${count} instances`, `${perSecond.toFixed(0)}/s  ${(calls.length / ORDERS).toFixed(1)} calls each`)
    } finally {
      await grown.stop()
    }
  }
}

async function productsOnSale(house: Shopper): Promise<string[]> {
  const { body } = await house.call('GET', '/api/products?limit=100')
  const products = body['products'] as Array<{ id: string; available: boolean; ageRestricted: boolean }>
  return products.filter(({ available, ageRestricted }) => available && !ageRestricted).map(({ id }) => id).slice(0, 20)
}

interface Sold {
  readonly times: readonly number[]
  readonly perSecond: number
  /** Made by the final call itself. */
  readonly calls: readonly Call[]
  /** Of the order and everything that follows it. */
  readonly counted: Counted
}

async function sell(cloud: RunningCloud, house: Shopper, products: readonly string[], limit: number): Promise<Sold> {
  const ready = await atOnce(Array.from({ length: ORDERS }), 8, async (_, index) => {
    const shopper = await Shopper.enter(cloud.url)
    return { shopper, cartId: await shopper.fillCart(products[index % products.length] ?? PRODUCT) }
  })
  await house.call('POST', '/_local/drain')
  const since = Number((await house.call('GET', '/_local/calls?since=999999999')).body['last'])
  const started = performance.now()
  const answers = await atOnce(ready, limit, ({ shopper, cartId }) => shopper.pay(cartId))
  const perSecond = ORDERS / ((performance.now() - started) / 1000)
  answers.forEach(refuseUnpaid)
  await house.call('POST', '/_local/drain')
  const all = (await house.call('GET', `/_local/calls?since=${since}`)).body['calls'] as Call[]
  const invocations = new Set(all.map(({ requestId }) => requestId)).size
  const spans = Map.groupBy(all, ({ requestId }) => requestId ?? '').values()
  const [store, warehouse] = ['firestore', 'bigquery'].map((name) => all.filter(({ target }) => target === name)) as [Call[], Call[]]
  const counted: Counted = {
    reads: sum(store.map(({ reads }) => reads)), writes: sum(store.map(({ writes }) => writes)), invocations,
    published: all.filter(({ operation }) => operation === 'Publish').length, streamed: sum(warehouse.map(({ writes }) => writes)),
    busySeconds: sum([...spans].map((calls) => (Math.max(...calls.map((call) => call.startedMs + call.ms)) - Math.min(...calls.map((call) => call.startedMs))) / 1000)),
  }
  return { times: answers.map((answer) => answer.ms), perSecond, counted, calls: all.filter((call) => call.function === 'check-out') }
}

function figures({ times, calls, counted, perSecond }: Sold): string {
  const sums = [...Map.groupBy(calls, ({ requestId }) => requestId ?? '').values()].map((of) => sum(of.map((call) => call.ms)))
  const ratio = (share: number): string => `${ms(percentile(times, share))} ms = ${(percentile(times, share) / percentile(sums, share)).toFixed(1)}x`
  const price = (dollars(counted) / ORDERS) * 1_000
  return `p50 ${ratio(0.5)}  p90 ${ratio(0.9)}  ${(calls.length / ORDERS).toFixed(1)} calls  $${price.toFixed(3)} per 1,000  ${perSecond.toFixed(0)}/s`
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
