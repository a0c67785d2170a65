/** The page of costs: its counts are those of today's code, and its dollars follow from them. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Declaration } from '#entry/declaration.ts'
import { PRICE } from '../../../infra/bench/prices.ts'
import { declarationsOf } from '../../../infra/build/declarations.ts'
import { costOf, shareOf, totalOf, type Call } from '../../../infra/cost/counting.ts'
import { measure, type Measured } from '../../../infra/cost/measure.ts'
import { OPERATIONS } from '../../../infra/cost/operations.ts'
import { readText } from '../../house/source.ts'

const OPERATIONS_COUNTED = ['a page of products', 'a cart opened and filled', 'a checkout by Stripe']
const JOBS_COUNTED = ['sweep-reservations', 'sweep-mails']
/** Groups, leases and batches fall a little differently each time: by a share, and by so many. A token whose slot another instance has costs a look at the others. */
const SHARE_MAX = 0.2
const COUNT_MAX = 4

let declarations: Declaration[] = []
let measured: Measured

beforeAll(async () => {
  declarations = declarationsOf(await import('#functions'))
  measured = await measure(declarations, { operations: OPERATIONS_COUNTED, jobs: JOBS_COUNTED })
}, 120_000)

/** The figures of a line of the page. */
function lineOf(name: string): number[] {
  const line = readText('infra/cost/costs.md').split('\n').find((one) => one.startsWith(`| ${name} |`))
  return (line ?? '').split('|').slice(2, -1).map((cell) => Number(cell.replaceAll('*', '')))
}

function near(one: number, other: number): boolean {
  return Math.abs(one - other) <= Math.max(COUNT_MAX, SHARE_MAX * other)
}

describe('does', () => {
  test.each(OPERATIONS_COUNTED)('%s makes the calls that the page says; if not, run "npm run cost"', (name) => {
    const { cost } = measured.operations.find((one) => one.name === name) as Measured['operations'][number]
    const [invocations, reads, writes, published, rows, asked] = lineOf(name) as [number, number, number, number, number, number]
    const pairs = [[cost.invocations, invocations], [cost.reads, reads], [cost.writes, writes], [cost.published, published], [cost.streamed, rows], [cost.asked, asked]] as const
    expect(pairs.filter(([counted, said]) => !near(counted, said))).toEqual([])
  })

  test.each(JOBS_COUNTED)('an empty run of %s reads what the page says', (name) => {
    const { cost } = measured.idle.find((one) => one.name === name) as Measured['idle'][number]
    expect(near(cost.reads, lineOf(name)[1] ?? NaN)).toBe(true)
    expect(cost.writes).toBe(0)
  })

  test('the page has a line for every operation there is, and one for every job', () => {
    const there = OPERATIONS.filter(({ needs }) => declarations.some((one) => 'path' in one && one.path === needs)).map(({ name }) => name)
    const jobs = declarations.filter(({ kind }) => kind === 'schedule').map(({ name }) => name)
    expect([...there, ...jobs].filter((name) => lineOf(name).length === 0)).toEqual([])
  })
})

const call = (facts: Partial<Call>): Call => ({ n: 1, target: 'firestore', operation: 'BatchGetDocuments', function: 'check-out', requestId: 'one', reads: 0, writes: 0, ...facts })

describe('does with any calls', () => {
  test('price documents, messages, rows and questions each by its own', () => {
    const stores = (...calls: Call[]): number => costOf(calls, declarations).stores
    expect(stores(call({ reads: 100_000 }))).toBeCloseTo(0.03, 6)
    expect(stores(call({ operation: 'Commit', writes: 100_000 }))).toBeCloseTo(0.09, 6)
    expect(stores(call({ target: 'bigquery', operation: 'POST /projects/:id/datasets/:id/tables/:id/insertAll', writes: 200 * 1024 }))).toBeCloseTo(0.01, 6)
    expect(stores(call({ target: 'bigquery', operation: 'POST /projects/:id/queries', reads: 7 }))).toBeCloseTo(PRICE.query, 9)
    expect(stores(call({ target: 'pubsub', operation: 'Publish' }))).toBeCloseTo(2 * PRICE.pubsubKib, 9)
    expect(stores(call({ target: 'stripe', operation: 'POST /v1/payment_intents' }))).toBe(0)
  })

  test('bill an instance to the next 100 ms, one after the other, and a function by what it has', () => {
    const functions = (calls: Call[]): number => costOf(calls, declarations).functions - PRICE.request
    const tenth = 0.1 * (PRICE.vcpuSecond + 0.5 * PRICE.gibSecond)
    expect(functions([call({})])).toBeCloseTo(tenth, 9)
    expect(functions([call({ target: 'stripe' })])).toBeCloseTo(5 * tenth, 9)
    expect(functions([call({ function: 'sweep-mails' })])).toBeLessThan(tenth)
    expect(costOf([call({}), call({ requestId: 'two' })], declarations).invocations).toBe(2)
  })

  test('nothing costs nothing, and the share of one is a part of all', () => {
    expect(totalOf(costOf([], declarations))).toBe(0)
    expect(shareOf(costOf([call({ reads: 10 })], declarations), 10).reads).toBe(1)
  })
})
