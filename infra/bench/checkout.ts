/**
 * The checkout, measured in the shapes in which other shop systems were: a whole purchase by one buyer at a time, the
 * final call ten at once on one product, the last unit, one cart paid five times, a burst, and a minute under load with
 * everything that follows an order (webhooks, mail, stock, warehouse).
 */
import { atOnce, ms, percentile } from './figures.ts'
import { startCloud } from './running-cloud.ts'
import { OPEN, PRODUCT, say, stock } from './shop.ts'
import { refuseUnpaid, Shopper } from './shopper.ts'
import { benchSpread } from './spread.ts'

/** Purchases after which an instance answers as it does for the rest of its life; a shop's first ones take twice as long. */
const WARMED_BY = 100

export interface BenchOptions {
  readonly sustainedSeconds: number
  readonly instances: number
}

export async function benchCheckout(options: BenchOptions): Promise<void> {
  const summary = await shapes(options)
  await benchSpread(options.instances)
  process.stdout.write(`${summary}\n`)
}

async function shapes(options: BenchOptions): Promise<string> {
  const cloud = await startCloud(options.instances, OPEN)
  try {
    const house = await Shopper.enter(cloud.url)
    await stock(house, PRODUCT, 100_000)
    await whole(cloud.url, WARMED_BY)
    const single = await whole(cloud.url, 100)
    say('whole checkout, one buyer at a time', `p50 ${ms(percentile(single, 0.5))} ms  p95 ${ms(percentile(single, 0.95))} ms`)
    const hot = await hotProduct(cloud.url, 300)
    say('final call, 10 at once, one product', `${hot.perSecond.toFixed(0)}/s  p50 ${ms(hot.p50)} ms  p95 ${ms(hot.p95)} ms`)
    for (const buyers of [2, 10, 20]) say(`last unit, ${buyers} buyers`, `${await lastUnit(cloud.url, house, buyers)} paid`)
    say('one cart paid 5 times at once', await fivePays(cloud.url))
    const burst = await hotProduct(cloud.url, 60, 60)
    say('60 orders as a burst', `${burst.perSecond.toFixed(0)}/s  p95 ${ms(burst.p95)} ms`)
    const drained = performance.now()
    await house.call('POST', '/_local/drain')
    say('... and all that follows them done after', `${ms(performance.now() - drained)} ms more`)
    const sustained = await underLoad(cloud.url, house, options.sustainedSeconds)
    say(`sustained ${options.sustainedSeconds} s, follow-up included`, `${sustained.perSecond.toFixed(1)}/s  p95 ${ms(sustained.p95)} ms  ${sustained.callsPerOrder.toFixed(1)} calls an order`)
    return `checkout: p50 ${ms(percentile(single, 0.5))} ms p95 ${ms(percentile(single, 0.95))} ms, hot ${hot.perSecond.toFixed(0)}/s, sustained ${sustained.perSecond.toFixed(0)}/s`
  } finally {
    await cloud.stop()
  }
}

/** Open a cart, fill it, pay: how long a buyer waits in all. */
async function whole(url: URL, count: number): Promise<number[]> {
  const times: number[] = []
  const shoppers = await atOnce(Array.from({ length: count }), 8, () => Shopper.enter(url))
  for (const shopper of shoppers) {
    const started = performance.now()
    refuseUnpaid(await shopper.pay(await shopper.fillCart(PRODUCT)))
    times.push(performance.now() - started)
  }
  return times
}

interface Rate {
  readonly perSecond: number
  readonly p50: number
  readonly p95: number
}

async function hotProduct(url: URL, count: number, limit = 10): Promise<Rate> {
  const ready = await withCarts(url, count)
  const started = performance.now()
  const answers = await atOnce(ready, limit, ({ shopper, cartId }) => shopper.pay(cartId))
  const seconds = (performance.now() - started) / 1000
  answers.forEach(refuseUnpaid)
  const times = answers.map((answer) => answer.ms)
  return { perSecond: count / seconds, p50: percentile(times, 0.5), p95: percentile(times, 0.95) }
}

function withCarts(url: URL, count: number): Promise<Array<{ shopper: Shopper; cartId: string }>> {
  return atOnce(Array.from({ length: count }), 8, async () => {
    const shopper = await Shopper.enter(url)
    return { shopper, cartId: await shopper.fillCart(PRODUCT) }
  })
}

async function lastUnit(url: URL, house: Shopper, buyers: number): Promise<number> {
  const ready = await withCarts(url, buyers)
  await stock(house, PRODUCT, 1)
  const answers = await Promise.all(ready.map(({ shopper, cartId }) => shopper.pay(cartId)))
  await stock(house, PRODUCT, 100_000)
  return answers.filter(({ status }) => status === 201).length
}

async function fivePays(url: URL): Promise<string> {
  const shopper = await Shopper.enter(url)
  const cartId = await shopper.fillCart(PRODUCT)
  const answers = await Promise.all(Array.from({ length: 5 }, () => shopper.pay(cartId)))
  const orders = new Set(answers.map(({ body }) => body['orderId']))
  return `${orders.size} order, ${answers.filter(({ status }) => status === 201).length} answers`
}

async function underLoad(url: URL, house: Shopper, seconds: number): Promise<Rate & { callsPerOrder: number }> {
  const before = Number((await house.call('GET', '/_local/calls?since=999999999')).body['last'])
  const endsAt = performance.now() + seconds * 1000
  const times: number[] = []
  const buyer = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const shopper = await Shopper.enter(url)
      const answer = await shopper.pay(await shopper.fillCart(PRODUCT))
      refuseUnpaid(answer)
      times.push(answer.ms)
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: 10 }, buyer))
  await house.call('POST', '/_local/drain')
  const took = (performance.now() - started) / 1000
  const after = Number((await house.call('GET', '/_local/calls?since=999999999')).body['last'])
  return { perSecond: times.length / took, p50: percentile(times, 0.5), p95: percentile(times, 0.95), callsPerOrder: (after - before) / times.length }
}
