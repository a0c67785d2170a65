/** What a number of calls costs: the calls as the local cloud counted them, the time they would take at Google by a model. */
import type { Declaration } from '../../shared/entry/declaration.ts'
import { busyDollars, PRICE, storeDollars } from '../bench/prices.ts'
import { resourcesOf } from '../build/resources.ts'

export interface Call {
  readonly n: number
  readonly target: string
  readonly operation: string
  readonly function?: string
  readonly requestId?: string
  readonly reads: number
  readonly writes: number
}

export interface Cost {
  readonly invocations: number
  readonly reads: number
  readonly writes: number
  readonly published: number
  /** Rows into the warehouse, and questions to it. */
  readonly streamed: number
  readonly queries: number
  /** Calls of vendors, who have prices of their own. */
  readonly asked: number
  /** Dollars of the functions, if no two requests ever share an instance: the most it can be. */
  readonly functions: number
  readonly stores: number
  readonly logs: number
}

/** Milliseconds that a call takes within one region, and a vendor's; for what is not named, a vendor's. */
const CALL_MS: Readonly<Record<string, number>> = { firestore: 5, pubsub: 15, bigquery: 100, stripe: 400, 'authorize-net': 600 }
const COMMIT_MS = 20
const VENDOR_MS = 250
const OWN_MS = 10
/** Google bills an instance's time by these. */
const BILLED_MS = 100
/** Google's line for the request, and ours for what happened in it. */
const LOG_KIB = 1.5
const QUERY = /^POST .*\/(?:queries|jobs)$/
const GOOGLE = ['firestore', 'pubsub', 'bigquery']

export function costOf(calls: readonly Call[], declarations: readonly Declaration[]): Cost {
  const invocations = [...Map.groupBy(calls, ({ requestId }) => requestId ?? '').values()]
  const sum = (of: (call: Call) => number): number => calls.reduce((all, call) => all + of(call), 0)
  const at = (name: string, of: (call: Call) => number): number => sum((call) => (call.target === name ? of(call) : 0))
  const counts = {
    reads: at('firestore', ({ reads }) => reads), writes: at('firestore', ({ writes }) => writes),
    published: at('pubsub', ({ operation }) => Number(operation === 'Publish')),
    streamed: at('bigquery', ({ writes }) => writes), queries: at('bigquery', ({ operation }) => Number(QUERY.test(operation))),
  }
  return {
    ...counts,
    invocations: invocations.length,
    asked: sum(({ target }) => Number(!GOOGLE.includes(target))),
    functions: invocations.reduce((all, own) => all + PRICE.request + instanceDollars(own, declarations), 0),
    stores: storeDollars(counts) + counts.queries * PRICE.query,
    logs: invocations.length * LOG_KIB * PRICE.logKib,
  }
}

function instanceDollars(own: readonly Call[], declarations: readonly Declaration[]): number {
  const declaration = declarations.find(({ name }) => name === own[0]?.function)
  const { cpu, memoryMib } = declaration === undefined ? { cpu: 1, memoryMib: 512 } : resourcesOf(declaration)
  const workMs = own.reduce((all, { target, operation }) => all + msOf(target, operation), OWN_MS)
  const billedMs = Math.ceil(workMs / BILLED_MS) * BILLED_MS
  return busyDollars(billedMs / 1000, { cpu, memoryGib: memoryMib / 1024 })
}

function msOf(target: string, operation: string): number {
  return target === 'firestore' && operation === 'Commit' ? COMMIT_MS : (CALL_MS[target] ?? VENDOR_MS)
}

/** The same of one out of several. */
export function shareOf(cost: Cost, times: number): Cost {
  return Object.fromEntries(Object.entries(cost).map(([name, value]) => [name, (value as number) / times])) as unknown as Cost
}

export function totalOf({ functions, stores, logs }: Cost): number {
  return functions + stores + logs
}
