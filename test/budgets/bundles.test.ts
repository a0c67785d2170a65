/**
 * What a deployed function may carry and load: bytes, packages, and nothing of Google's before it is asked for. Every byte
 * is read and every module run at each cold start.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { bundle, type Bundle } from '../../infra/build/bundle.ts'
import { openBuildPlace } from '../bundles/calls.ts'
import { heavyIn, overBudget } from '../bundles/budget.ts'

/** Each with the heavy clients that it needs, and none else. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  'get-product': [],
  health: [],
  'open-cart': [],
  'list-ledger-entries': [],
  'on-mail-queued': ['@google-cloud/pubsub'],
  'receive-resend': ['@google-cloud/pubsub'],
  'send-warehouse-rows': ['@google-cloud/bigquery', '@google-cloud/pubsub'],
  'receive-stripe': ['@google-cloud/pubsub', 'stripe'],
  'check-out': ['@google-cloud/pubsub', 'stripe'],
}
/** Only starts it, without a request, and tells which files of the bundle ran. */
const LOADED = "process.stdout.write([...require('./index.cjs').loaded.keys()].join())"
const SETTINGS = { GCP_PROJECT_ID: 'budget', JWT_SECRET: 'x'.repeat(32), ORDER_ID_SECRET: 'x'.repeat(32), NODE_ENV: 'production' }

async function loadedAtStart(directory: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', LOADED], { cwd: directory, env: SETTINGS })
  return stdout
}

describe('does', () => {
  test('a bundle carries what its function imports and no more, and loads no client before it is asked for', { timeout: 120_000 }, async () => {
    await using place = await openBuildPlace()
    const functions = await bundle({ directory: place.directory, names: Object.keys(NEEDS) })
    expect(functions.flatMap(overBudget)).toEqual([])
    expect(Object.fromEntries(functions.map((one) => [one.name, heavyIn(one)]))).toEqual(NEEDS)
    for (const { name } of functions) expect([name, await loadedAtStart(join(place.directory, 'functions', name))]).toEqual([name, 'function.cjs'])
  })
})

describe('refuses', () => {
  const LEAN: Bundle = { name: 'lean', hash: '', bytes: 1_000_000, clients: ['@google-cloud/firestore'], carries: {} }

  test.each<[string, Partial<Bundle>]>([
    ['2930 KB, at most 2600', { bytes: 3_000_000, clients: ['@google-cloud/pubsub'] }],
    ['1953 KB, at most 1750', { bytes: 2_000_000 }],
    ['lean carries @duckdb/node-api', { carries: { '@duckdb/node-api': 1 } }],
  ])('a bundle: %s', (fault, change) => {
    expect(overBudget({ ...LEAN, ...change }).join()).toContain(fault)
    expect(overBudget(LEAN)).toEqual([])
  })
})
