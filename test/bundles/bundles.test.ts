/** Bundles as they are deployed: built from the sources, each alone under the framework's own command. */
import { access, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../../infra/build/bundle.ts'
import { bundleEnvironment, compileBundle, RunningBundle } from '../../infra/local/bundle.ts'
import { callBundles, openBuildPlace, openBuilt, type Built } from './calls.ts'

/** Of each kind, and of each set of Google clients and vendors: few enough for every run. `npm run test:bundles` calls all. */
const SAMPLE = ['check-out', 'erase-customer', 'get-product', 'on-alert', 'on-mail-queued', 'open-cart', 'publish-audit-seal', 'receive-authorize-net', 'show-dashboard']
const SOME = ['get-product', 'on-alert']
const JOBS = ['reconcile-payments', 'reconcile-warehouse', 'sync-lightspeed-items', 'sync-square-catalogue', 'sync-square-payments']
const FRAMEWORK = '@google-cloud/functions-framework'
const PRODUCT = { method: 'GET', path: '/api/products/unknown', headers: {} }
const HEALTH = { method: 'GET', path: '/health', headers: {} }

let built: Built

beforeAll(async () => {
  built = await openBuilt([...SAMPLE, ...JOBS, 'health'])
}, 60_000)
afterAll(() => built[Symbol.asyncDispose]())

async function bytesIn(directory: string): Promise<Record<string, string>> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.includes('node_modules'))
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path.slice(directory.length), (await readFile(path)).toString('base64')])))
}

/** Its first answer and what it printed. */
async function firstAnswer(directory: string, name: string, request: Parameters<RunningBundle['ask']>[0]): Promise<{ status: number; printed: string }> {
  const running = await RunningBundle.start(directory, name, bundleEnvironment(built.cloud))
  try {
    const { status } = await running.ask(request)
    return { status, printed: running.printed }
  } finally {
    await running.stop()
  }
}

describe('does', () => {
  test('functions of each kind, and with each of the clients, run alone and answer', { timeout: 180_000 }, async () => {
    const called = await callBundles(built, SAMPLE)
    expect(new Set(called.map(({ kind }) => kind))).toEqual(new Set(['endpoint', 'webhook', 'schedule', 'message']))
    expect(called.filter(({ fault }) => fault !== undefined)).toEqual([])
  })

  test('the same sources give the same bytes, whatever else is built with them', { timeout: 120_000 }, async () => {
    await using other = await openBuildPlace()
    const again = await bundle({ directory: other.directory, names: SOME })
    expect(again).toEqual(built.functions.filter(({ name }) => SOME.includes(name)))
    for (const name of SOME) expect(await bytesIn(join(other.directory, 'functions', name))).toEqual(await bytesIn(built.at(name)))
    expect(new Set(built.functions.map(({ hash }) => hash)).size).toBe(built.functions.length)
  })

  test('the framework is all that is installed, and it and what it needs are of our versions', { timeout: 60_000 }, async () => {
    const read = async (file: string | URL) => JSON.parse(await readFile(file, 'utf8')) as { dependencies: Record<string, string>; packages: Record<string, { version: string }> }
    const health = built.at('health')
    const ours = await read(new URL('../../package-lock.json', import.meta.url))
    const { packages } = await read(join(health, 'package-lock.json'))
    expect((await read(join(health, 'package.json'))).dependencies).toEqual({ [FRAMEWORK]: ours.packages[`node_modules/${FRAMEWORK}`]?.version })
    const { '': root, ...installed } = packages
    expect(root).toMatchObject({ name: 'health' })
    expect(Object.keys(installed)).toContain('node_modules/express')
    for (const [path, locked] of Object.entries(installed)) expect(locked).toEqual(ours.packages[path])
  })

  test('compiled code is taken, and holds the store for those that ask it at their first call', { timeout: 120_000 }, async () => {
    const [product, health] = [built.at('get-product'), built.at('health')]
    await Promise.all([compileBundle(product), compileBundle(health)])
    const answer = await firstAnswer(product, 'get-product', PRODUCT)
    expect(answer.status).toBe(404)
    expect(answer.printed).not.toContain('compiled code')
    await expect(access(join(product, 'google.cjs.compiled'))).resolves.toBeUndefined()
    await expect(access(join(health, 'google.cjs.compiled'))).rejects.toThrow('ENOENT')
  })
})

describe('does, while it is compiled,', () => {
  test('a whole run of each job: no stand-in lets one end early', { timeout: 120_000 }, async () => {
    const printed = new Map<string, string>()
    for (const name of JOBS) printed.set(name, await compileBundle(built.at(name)))
    for (const [name, text] of printed) expect([name, text]).not.toEqual([name, expect.stringMatching(/"severity":"(WARNING|ERROR)"/)])
    // One product with its count: saved, and kept in the warehouse, under a lease that is found again.
    expect(printed.get('sync-square-catalogue')).toContain('"tally":{"read":2,"saved":2,"unchanged":0,"refused":0}')
  })
})

describe('refuses', () => {
  test('what is no JSON and what is packed in the shop\'s own words: the framework never sees them', { timeout: 60_000 }, async () => {
    const running = await RunningBundle.start(built.at('open-cart'), 'open-cart', bundleEnvironment(built.cloud))
    try {
      for (const [field, more] of [['body', {}], ['Content-Encoding', { 'content-encoding': 'gzip' }]] as const) {
        const answer = await running.ask({ method: 'POST', path: '/api/carts', headers: { 'content-type': 'application/json', ...more }, body: '{"broken' })
        const told = JSON.parse(answer.body) as { code: string; details: { fields: Array<{ field: string }> } }
        expect([answer.status, told.code, told.details.fields[0]?.field]).toEqual([400, 'INVALID_INPUT', field])
      }
    } finally {
      await running.stop()
    }
  })

  test('a function that does not exist', async () => {
    await using other = await openBuildPlace()
    await expect(bundle({ directory: other.directory, names: ['health', 'nothing-of-ours'] })).rejects.toThrow('There is no function nothing-of-ours.')
  })

  test('to start with wrong settings, and names them', { timeout: 60_000 }, async () => {
    const start = RunningBundle.start(built.at('health'), 'health', { ...bundleEnvironment(built.cloud), API_LIMIT_PER_MINUTE: 'many' })
    await expect(start).rejects.toThrow('API_LIMIT_PER_MINUTE')
  })
})

describe('survives', () => {
  test('compiled code of another Node: it starts without it, and says so', { timeout: 60_000 }, async () => {
    const health = built.at('health')
    await compileBundle(health)
    const compiled = join(health, 'function.cjs.compiled')
    const bytes = await readFile(compiled)
    // The version of V8 stands right behind the number that every compiled code begins with.
    bytes.writeUInt32LE((bytes.readUInt32LE(4) ^ 1) >>> 0, 4)
    await writeFile(compiled, bytes)
    const answer = await firstAnswer(health, 'health', HEALTH)
    expect(answer.status).toBe(200)
    expect(answer.printed).toContain('compiled code does not fit this Node')
  })
})
