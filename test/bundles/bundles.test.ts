/** Bundles as they are deployed: built from the sources, each alone under the framework's own command. */
import { access, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../../infra/build/bundle.ts'
import { bundleEnvironment, compileBundle, createServersOnly, RunningBundle } from '../../infra/local/bundle.ts'
import type { LocalCloud } from '../../infra/local/cloud.ts'
import { callBundles, inBuildPlace, sample } from './calls.ts'

const SOME = ['check-out', 'get-product', 'send-warehouse-rows']
const FRAMEWORK = '@google-cloud/functions-framework'
const PRODUCT = { method: 'GET', path: '/api/products/unknown', headers: {} }
const HEALTH = { method: 'GET', path: '/health', headers: {} }

let cloud: LocalCloud

beforeAll(async () => {
  cloud = await createServersOnly()
})
afterAll(() => cloud.stop())

async function bytesIn(directory: string): Promise<Record<string, string>> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.includes('node_modules'))
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path.slice(directory.length), (await readFile(path)).toString('base64')])))
}

/** Its first answer and what it printed. */
async function firstAnswer(directory: string, name: string, request: Parameters<RunningBundle['ask']>[0]): Promise<{ status: number; printed: string }> {
  const running = await RunningBundle.start(directory, name, bundleEnvironment(cloud))
  try {
    const { status } = await running.ask(request)
    return { status, printed: running.printed }
  } finally {
    await running.stop()
  }
}

describe('does', () => {
  test('one function of each area, and of each kind, runs alone and answers', { timeout: 180_000 }, async () => {
    const declarations = await sample()
    expect(new Set(declarations.map(({ kind }) => kind))).toEqual(new Set(['endpoint', 'webhook', 'schedule', 'message']))
    const called = await callBundles(declarations)
    expect(called).toHaveLength(declarations.length)
    expect(called.filter(({ fault }) => fault !== undefined)).toEqual([])
  })

  test('the same sources give the same bytes, whatever else is built with them', { timeout: 120_000 }, async () => {
    await inBuildPlace(async (directory) => {
      const first = await bundle({ directory, names: SOME })
      const bytes = await bytesIn(directory)
      const second = await bundle({ directory, names: SOME })
      expect(second).toEqual(first)
      expect(await bytesIn(directory)).toEqual(bytes)
      const [alone] = await bundle({ directory, names: ['get-product'] })
      expect(alone?.hash).toBe(first.find(({ name }) => name === 'get-product')?.hash)
      expect(new Set(first.map(({ hash }) => hash)).size).toBe(SOME.length)
    })
  })

  test('the framework is all that is installed, and it and what it needs are of our versions', { timeout: 60_000 }, async () => {
    await inBuildPlace(async (directory) => {
      await bundle({ directory, names: ['health'] })
      const read = async (file: string | URL) => JSON.parse(await readFile(file, 'utf8')) as { dependencies: Record<string, string>; packages: Record<string, { version: string }> }
      const place = join(directory, 'functions/health')
      const ours = await read(new URL('../../package-lock.json', import.meta.url))
      const { packages } = await read(join(place, 'package-lock.json'))
      expect((await read(join(place, 'package.json'))).dependencies).toEqual({ [FRAMEWORK]: ours.packages[`node_modules/${FRAMEWORK}`]?.version })
      const { '': root, ...installed } = packages
      expect(root).toMatchObject({ name: 'health' })
      expect(Object.keys(installed)).toContain('node_modules/express')
      for (const [path, locked] of Object.entries(installed)) expect(locked).toEqual(ours.packages[path])
    })
  })

  test('compiled code is taken, and holds the store for those that ask it at their first call', { timeout: 120_000 }, async () => {
    await inBuildPlace(async (directory) => {
      await bundle({ directory, names: ['get-product', 'health'] })
      const [product, health] = ['get-product', 'health'].map((name) => join(directory, 'functions', name)) as [string, string]
      await Promise.all([compileBundle(product), compileBundle(health)])
      const answer = await firstAnswer(product, 'get-product', PRODUCT)
      expect(answer.status).toBe(404)
      expect(answer.printed).not.toContain('compiled code')
      await expect(access(join(product, 'google.cjs.compiled'))).resolves.toBeUndefined()
      await expect(access(join(health, 'google.cjs.compiled'))).rejects.toThrow('ENOENT')
    })
  })
})

describe('does, while it is compiled,', () => {
  test('a whole run of each job: no stand-in lets one end early', { timeout: 120_000 }, async () => {
    await inBuildPlace(async (directory) => {
      const jobs = ['reconcile-payments', 'reconcile-warehouse', 'sync-lightspeed-items', 'sync-square-catalogue', 'sync-square-payments']
      await bundle({ directory, names: jobs })
      const printed = new Map<string, string>()
      for (const name of jobs) printed.set(name, await compileBundle(join(directory, 'functions', name)))
      for (const [name, text] of printed) expect([name, text]).not.toEqual([name, expect.stringMatching(/"severity":"(WARNING|ERROR)"/)])
      // One product with its count: saved, and kept in the warehouse, under a lease that is found again.
      expect(printed.get('sync-square-catalogue')).toContain('"tally":{"read":2,"saved":2,"unchanged":0,"refused":0}')
    })
  })
})

describe('refuses', () => {
  test('what is no JSON and what is packed in the shop\'s own words: the framework never sees them', { timeout: 60_000 }, async () => {
    await inBuildPlace(async (directory) => {
      await bundle({ directory, names: ['open-cart'] })
      const running = await RunningBundle.start(join(directory, 'functions/open-cart'), 'open-cart', bundleEnvironment(cloud))
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
  })

  test('a function that does not exist', async () => {
    await inBuildPlace(async (directory) => {
      await expect(bundle({ directory, names: ['health', 'nothing-of-ours'] })).rejects.toThrow('There is no function nothing-of-ours.')
    })
  })

  test('to start with wrong settings, and names them', { timeout: 60_000 }, async () => {
    await inBuildPlace(async (directory) => {
      await bundle({ directory, names: ['health'] })
      const start = RunningBundle.start(join(directory, 'functions/health'), 'health', { ...bundleEnvironment(cloud), API_LIMIT_PER_MINUTE: 'many' })
      await expect(start).rejects.toThrow('API_LIMIT_PER_MINUTE')
    })
  })
})

describe('survives', () => {
  test('compiled code of another Node: it starts without it, and says so', { timeout: 60_000 }, async () => {
    await inBuildPlace(async (directory) => {
      await bundle({ directory, names: ['health'] })
      const place = join(directory, 'functions/health')
      await compileBundle(place)
      const compiled = join(place, 'function.cjs.compiled')
      const bytes = await readFile(compiled)
      // The version of V8 stands right behind the number that every compiled code begins with.
      bytes.writeUInt32LE((bytes.readUInt32LE(4) ^ 1) >>> 0, 4)
      await writeFile(compiled, bytes)
      const answer = await firstAnswer(place, 'health', HEALTH)
      expect(answer.status).toBe(200)
      expect(answer.printed).toContain('compiled code does not fit this Node')
    })
  })
})
