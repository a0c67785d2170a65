/** Runs the operations against a local cloud, and tells what the calls of each cost. */
import type { Declaration } from '../../shared/entry/declaration.ts'
import { OPEN, PRODUCT, stock } from '../bench/shop.ts'
import { startCloud } from '../bench/running-cloud.ts'
import { Shopper } from '../bench/shopper.ts'
import { exportStore, textOf } from '../recovery/archive.ts'
import { pauseJobs, servicesOf, withStore } from '../recovery/ground.ts'
import { costOf, shareOf, type Call, type Cost } from './counting.ts'
import { entered, good, OPERATIONS, subscribe, type Floor, type Made } from './operations.ts'

export interface Measured {
  readonly operations: ReadonlyArray<{ readonly name: string; readonly cost: Cost }>
  /** A run of each scheduled function that finds nothing to do. */
  readonly idle: ReadonlyArray<{ readonly name: string; readonly cost: Cost }>
  /** What one order leaves in the store for good, in KiB and documents. */
  readonly kept: { readonly kib: number; readonly documents: number }
}

/** So often each is done before what follows is counted. */
const TIMES = 20
const PLENTY = 100_000
const ROOMY = { ...OPEN, FRAUD_CARDS_PER_IP_HOUR: '49', FRAUD_CARDS_PER_CUSTOMER_HOUR: '49' }

/** Names of what is to be measured; all without it. */
export interface Only {
  readonly operations: readonly string[]
  readonly jobs: readonly string[]
}

export async function measure(declarations: readonly Declaration[], only?: Only): Promise<Measured> {
  const cloud = await startCloud(2, ROOMY)
  try {
    const services = await servicesOf(cloud.url)
    await pauseJobs(services, true)
    const floor = { url: cloud.url, admin: await Shopper.enter(cloud.url, 'admin', 'cost') }
    await stock(floor.admin, PRODUCT, PLENTY)
    const jobs = declarations.filter(({ kind, name }) => kind === 'schedule' && only?.jobs.includes(name) !== false)
    const idle = await idleRuns(floor, jobs)
    const operations = []
    for (const operation of OPERATIONS) {
      if (only?.operations.includes(operation.name) === false || !declarations.some((one) => 'path' in one && one.path === operation.needs)) continue
      const made: Made[] = []
      for (let time = 0; time < TIMES; time += 1) made.push((await operation.prepare?.(floor)) ?? {})
      const calls = await countedCalls(floor, async () => {
        for (const one of made) await operation.run(floor, one)
      })
      operations.push({ name: operation.name, cost: shareOf(costOf(calls, declarations), TIMES) })
    }
    if (only !== undefined) return { operations, idle, kept: { kib: 0, documents: 0 } }
    const kept = await keptBy(floor, () => withStore(services, exportStore))
    operations.push({ name: 'a month of a membership', cost: await renewal(floor, declarations) })
    return { operations, idle, kept }
  } finally {
    await cloud.stop()
  }
}

async function countedCalls({ admin }: Floor, work: () => Promise<unknown>): Promise<Call[]> {
  await admin.call('POST', '/_local/drain')
  const since = Number((await admin.call('GET', '/_local/calls?since=999999999')).body['last'])
  await work()
  await admin.call('POST', '/_local/drain')
  return (await admin.call('GET', `/_local/calls?since=${since}`)).body['calls'] as Call[]
}

/** A month passes with all clocks stopped, so that nothing else is counted; then the months are charged. */
async function renewal(floor: Floor, declarations: readonly Declaration[]): Promise<Cost> {
  for (let time = 0; time < TIMES; time += 1) await subscribe(await entered(floor))
  await floor.admin.call('POST', '/_local/drain')
  await floor.admin.call('POST', '/_local/clock', { advance: 'P1M' })
  const later = { ...floor, admin: await Shopper.enter(floor.url, 'admin', 'cost') }
  let charged = 0
  const calls = await countedCalls(later, async () => {
    const { tally } = good(await later.admin.call('POST', '/_local/jobs/renew-memberships')).body as { tally: { settled?: number; saved?: number; read?: number } }
    charged = tally.settled ?? tally.saved ?? tally.read ?? 0
  })
  return shareOf(costOf(calls, declarations), Math.max(charged, 1))
}

async function idleRuns(floor: Floor, jobs: readonly Declaration[]): Promise<Array<{ name: string; cost: Cost }>> {
  const runs = []
  for (const { name } of jobs) {
    await floor.admin.call('POST', `/_local/jobs/${name}`)
    const calls = await countedCalls(floor, () => floor.admin.call('POST', `/_local/jobs/${name}`))
    runs.push({ name, cost: costOf(calls.filter((call) => call.function === name), jobs) })
  }
  return runs
}

/** What expires by itself is not kept. */
const EXPIRING = /^(?:limit_\w+|operations|inbox|outbox)\//

async function keptBy(floor: Floor, exported: () => ReturnType<typeof exportStore>): Promise<{ kib: number; documents: number }> {
  const size = async (): Promise<{ bytes: number; documents: number }> => {
    await floor.admin.call('POST', '/_local/drain')
    const lines = (await exported()).lines.filter(({ path }) => !EXPIRING.test(path))
    return { bytes: textOf({ lines }).length, documents: lines.length }
  }
  const checkout = OPERATIONS.find(({ name }) => name === 'a checkout by Stripe')
  const before = await size()
  for (let time = 0; time < TIMES; time += 1) await checkout?.run(floor, (await checkout.prepare?.(floor)) ?? {})
  const after = await size()
  return { kib: (after.bytes - before.bytes) / 1024 / TIMES, documents: (after.documents - before.documents) / TIMES }
}
