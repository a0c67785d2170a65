/** `infra/cost/costs.md`: what everything costs, in words and tables, from what was measured and from what Terraform would make. */
import { Cron } from 'croner'
import type { Declaration } from '../../shared/entry/declaration.ts'
import { PRICE } from '../bench/prices.ts'
import type { GoogleMap } from '../build/google.ts'
import { resourcesOf } from '../build/resources.ts'
import { totalOf, type Cost } from './counting.ts'
import type { Measured } from './measure.ts'

const MONTH_DAYS = 30
const MONTH_SECONDS = MONTH_DAYS * 86_400
/** Of Scheduler and Secret Manager, for each billing account. */
const FREE = { jobs: 3, versions: 6 }
/** Announced for each condition of an alerting policy. */
const CONDITION = 0.1
/** The export of the store has a job of its own. */
const OTHER_JOBS = 1

/** @param policies how many alert policies Terraform would make */
export function costPage(measured: Measured, { declarations, cloud, policies }: { declarations: readonly Declaration[]; cloud: GoogleMap; policies: number }): string {
  const idle = measured.idle.map(({ name, cost }) => ({ name, month: totalOf(cost) * runsOf(declarations, name), runs: runsOf(declarations, name), cost }))
  const fixed = fixedOf(declarations, cloud, sum(idle.map(({ month }) => month)))
  return [
    '<!-- Written by "npm run cost" from counted calls; do not edit. A test holds its counts. -->',
    '# What it costs\n',
    'Calls are counted in the local cloud, with everything that follows an operation (mails, rows, stock, webhooks), twenty of a kind before what follows them.',
    'Prices are the list prices of `infra/bench/prices.ts` (us-central1, November 2026), free amounts left out. What vendors take (gateways, mail) is not in it.\n',
    '## 1,000 of each\n',
    '| operation | calls of functions | documents read | written | messages | rows | of vendors | functions | stores | logs | **dollars for 1,000** |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...measured.operations.map(({ name, cost }) => line(name, cost)),
    '',
    'Functions are priced as if no two requests ever shared an instance, each billed to the next 100 ms: the most they can cost. Five at once in an instance cost a fifth of it.',
    'The time of a call is taken as 5 ms for a read of Firestore, 20 ms for a commit, 250 to 600 ms for a vendor; 1.5 KiB of logs a call.\n',
    '## Every month, without a single customer\n',
    '| what | dollars a month |',
    '| --- | --- |',
    ...fixed.map(([what, amount]) => `| ${what} | ${amount.toFixed(2)} |`),
    `| **in all** | **${sum(fixed.map(([, amount]) => amount)).toFixed(2)}** |`,
    '',
    `Google has announced ${CONDITION.toFixed(2)} dollars a month for each condition of an alerting policy, which is not in it: ${policies} would cost ${(policies * CONDITION).toFixed(2)}.`,
    'The free amounts of each month (2 million requests, 180,000 vCPU seconds, 50,000 reads and 20,000 writes a day, 10 GiB of messages) cover most of the empty runs below.\n',
    '### Empty runs of what runs on a clock\n',
    '| function | runs a month | documents read | of vendors | dollars a month |',
    '| --- | --- | --- | --- | --- |',
    ...idle.sort((one, other) => other.month - one.month).map(({ name, runs, cost, month }) => `| ${name} | ${Math.round(runs)} | ${figure(cost.reads)} | ${figure(cost.asked)} | ${month.toFixed(2)} |`),
    '',
    '## What grows with what\n',
    '| with | grows | by |',
    '| --- | --- | --- |',
    `| orders | the store | ${measured.kept.documents.toFixed(1)} documents and about ${measured.kept.kib.toFixed(1)} KiB an order as text, before indexes; a million orders are about ${((measured.kept.kib * 1_000_000) / 2 ** 20).toFixed(0)} GiB, ${(((measured.kept.kib * 1_000_000) / 2 ** 20) * PRICE.storedGib).toFixed(2)} dollars a month (indexes and recovery come on top) |`,
    '| orders | the warehouse | the rows above, kept 7 years; queries cost by what they read, 20 GiB at most each, a day of a partitioned table at a time |',
    '| products | every sync and every page of products | a read for each product listed, every 15 minutes once for all |',
    '| members | `renew-memberships` | a month of a membership, once a month each |',
    '| nothing | limits, idempotency records, vendor events, deliveries | they expire by themselves within 45 days |',
    '| time alone | sweeps | nothing: they look for what is due by an index, and find none |',
    '| staff who look at lists | reads | a page at a time, 100 at most |',
    '',
  ].join('\n')
}

function line(name: string, cost: Cost): string {
  const counts = [cost.invocations, cost.reads, cost.writes, cost.published, cost.streamed, cost.asked].map(figure)
  const parts = [cost.functions, cost.stores, cost.logs].map((dollars) => (dollars * 1_000).toFixed(3))
  return `| ${name} | ${[...counts, ...parts].join(' | ')} | **${(totalOf(cost) * 1_000).toFixed(3)}** |`
}

/** Counts read better than sixteen digits. */
function figure(count: number): string {
  return count.toFixed(1).replace(/\.0$/, '')
}

function fixedOf(declarations: readonly Declaration[], cloud: GoogleMap, emptyRuns: number): Array<[string, number]> {
  const warm = declarations.map((one) => ({ name: one.name, ...resourcesOf(one) })).filter(({ instancesMin }) => instancesMin > 0)
  const jobs = Object.keys(cloud.schedules).length + OTHER_JOBS
  const versions = Object.values(cloud.secrets).filter(({ required }) => required).length
  return [
    [`${warm.length} warm functions of the buyer's path (${warm.map(({ name }) => name).join(', ')})`, sum(warm.map(({ cpu, memoryMib, instancesMin }) => instancesMin * (cpu + memoryMib / 1024) * PRICE.idleSecond * MONTH_SECONDS))],
    [`${jobs} jobs of Cloud Scheduler, ${FREE.jobs} of them free`, Math.max(jobs - FREE.jobs, 0) * PRICE.job],
    [`${versions} versions of secrets that nothing starts without, ${FREE.versions} of them free`, Math.max(versions - FREE.versions, 0) * PRICE.secretVersion],
    ['empty runs of what runs on a clock, if none were free', emptyRuns],
  ]
}

function runsOf(declarations: readonly Declaration[], name: string): number {
  const declaration = declarations.find((one) => one.name === name)
  if (declaration?.kind !== 'schedule') return 0
  const from = new Date('2026-11-01T00:00:00.000Z')
  const day = new Cron(declaration.cron, { timezone: declaration.timeZone ?? 'UTC' }).nextRuns(1_441, from).filter((run) => run.getTime() - from.getTime() <= 86_400_000).length
  return day * MONTH_DAYS
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
