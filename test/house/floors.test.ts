/**
 * Who may import whom. Below is never above: a rule in `domain` can be read without knowing how Google is reached, and
 * no function has a door to another. Heavy clients are loaded when they are needed, or every cold start would pay.
 */
import { describe, expect, test } from 'vitest'
import { importsOf, packageOf, sourceOf, sourcesIn, targetOf, type Import, type Source } from './source.ts'

/** Each floor with the floors that its files may import beside their own. */
const MAY: Record<string, readonly string[]> = {
  functions: ['entry', 'stores', 'vendors', 'domain', 'platform', 'values'],
  entry: ['stores', 'domain', 'platform', 'values'],
  stores: ['domain', 'platform', 'values'],
  vendors: ['domain', 'platform', 'values'],
  domain: ['values'],
  platform: ['values'],
  values: [],
  infra: ['functions', 'entry', 'stores', 'vendors', 'domain', 'platform', 'values'],
}

/** Modules that cost a cold start, and the floors that may load them at all. */
const HEAVY: ReadonlyArray<{ readonly name: RegExp; readonly floors: readonly string[] }> = [
  { name: /^@google-cloud\/(?!functions-framework)|^google-|^@grpc\//, floors: ['platform'] },
  { name: /^stripe$/, floors: ['vendors'] },
  { name: /^jose$/, floors: ['entry', 'platform', 'vendors'] },
]

const FRAMEWORK = '@google-cloud/functions-framework'

/** What a floor without I/O may import from outside the project. */
const PURE: Record<string, RegExp> = { values: /^zod$/, domain: /^(?:zod|node:crypto|@noble\/.+)$/ }

function floorOf(path: string): string {
  const [top, next] = path.split('/')
  return top === 'shared' ? (next ?? '') : (top ?? '')
}

/** The floor that an import leads to; undefined for a package. */
function floorMeant(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1).split('/')[0]
  return specifier.startsWith('.') ? floorOf(targetOf(path, specifier)) : undefined
}

function wrongFloors(source: Source): string[] {
  const from = floorOf(source.path)
  return importsOf(source).flatMap(({ line, specifier }) => {
    const to = floorMeant(source.path, specifier)
    const mend = to === undefined ? undefined : mendOf(source.path, from, to, specifier)
    return mend === undefined ? [] : [`${source.path}:${line}: imports ${specifier}. ${mend}`]
  })
}

function mendOf(path: string, from: string, to: string, specifier: string): string | undefined {
  if (path === 'functions/index.ts') return to === 'functions' ? undefined : 'The contents page only lists functions.'
  if (from === 'functions' && to === 'functions') {
    return 'No door between functions: put what both need into shared/domain or shared/stores.'
  }
  if (from === to) return specifier.startsWith('#') ? 'Within a floor, say "./file.ts".' : undefined
  const may = MAY[from]
  if (may?.includes(to) !== true) {
    return `${from} may import ${may?.join(', ') || 'nothing of the house'}: move the code down, or pass it in.`
  }
  if (from === 'infra') {
    const contents = specifier === '#functions' || targetOf(path, specifier) === 'functions/index.ts'
    return to === 'functions' && !contents ? 'Import functions/index.ts; single functions are not for infra.' : undefined
  }
  return specifier.startsWith('#') ? undefined : `Name the floor: "#${to}/...".`
}

function wrongPackages(source: Source): string[] {
  const floor = floorOf(source.path)
  return importsOf(source).flatMap((one) => {
    const mend = packageMend(floor, one)
    return mend === undefined ? [] : [`${source.path}:${one.line}: imports ${one.specifier}. ${mend}`]
  })
}

function packageMend(floor: string, { specifier, kind }: Import): string | undefined {
  if (!/^[a-z@]/.test(specifier)) return undefined
  const pure = PURE[floor]
  if (pure !== undefined && !pure.test(specifier)) {
    return `${floor} asks nobody outside: move what does to platform, stores or vendors.`
  }
  const name = packageOf(specifier) ?? ''
  if (name === FRAMEWORK && kind !== 'type') return 'The framework is loaded by the platform: "import type" only.'
  const heavy = HEAVY.find((one) => one.name.test(name))
  if (heavy === undefined || kind === 'type') return undefined
  if (kind === 'value') return 'It loads at every cold start: "import type" at the top, "await import(...)" where it is needed.'
  return heavy.floors.includes(floor) ? undefined : `${name} is loaded in ${heavy.floors.join(' or ')}; call what stands there.`
}

const product = sourcesIn('functions', 'shared')

describe('does', () => {
  test('every import leads to the same floor or to one that may be used, and names the floor', () => {
    expect([...product, ...sourcesIn('infra')].flatMap(wrongFloors)).toEqual([])
  })

  test('values and rules ask nobody outside, and heavy clients load when they are needed', () => {
    expect(product.flatMap(wrongPackages)).toEqual([])
  })
})

describe('refuses', () => {
  test.each([
    ['functions/mail/a.ts', "import { b } from './b.ts'", 'No door between functions'],
    ['functions/mail/a.ts', "import { b } from '../carts/b.ts'", 'No door between functions'],
    ['functions/mail/a.ts', "import { b } from '../../shared/domain/b.ts'", 'Name the floor: "#domain/..."'],
    ['shared/entry/a.ts', "import { b } from '#vendors/b.ts'", 'entry may import stores'],
    ['shared/stores/a.ts', "import { b } from '#vendors/stripe/b.ts'", 'stores may import'],
    ['shared/vendors/a.ts', "const b = await import('#stores/b.ts')", 'vendors may import'],
    ['shared/domain/a.ts', "import type { B } from '#platform/b.ts'", 'domain may import values'],
    ['shared/platform/a.ts', "export {\n  b,\n} from '../entry/b.ts'", 'platform may import values'],
    ['shared/values/a.ts', "import { b } from '#domain/b.ts'", 'values may import nothing'],
    ['shared/values/a.ts', "import { b } from '#values/b.ts'", 'say "./file.ts"'],
    ['shared/stores/a.ts', "import '#functions'", 'stores may import'],
    ['shared/stores/a.ts', "import { b } from '../../infra/local/b.ts'", 'stores may import'],
    ['infra/build/a.ts', "import { b } from '../../functions/mail/b.ts'", 'Import functions/index.ts'],
    ['infra/build/a.ts', "import { b } from '../../test/b.ts'", 'infra may import'],
  ])('in %s: %s', (path, text, mend) => {
    expect(wrongFloors(sourceOf(path, text))).toEqual([expect.stringContaining(mend)])
  })

  test.each([
    ['shared/platform/a.ts', "import { Firestore } from '@google-cloud/firestore'", 'every cold start'],
    ['shared/vendors/a.ts', "import { type Stripe } from 'stripe'", 'every cold start'],
    ['shared/entry/a.ts', "import * as jose from 'jose'", 'every cold start'],
    ['shared/stores/a.ts', "await import('@google-cloud/pubsub')", 'is loaded in platform'],
    ['functions/mail/a.ts', "await import('stripe')", 'is loaded in vendors'],
    ['shared/entry/a.ts', "import { http } from '@google-cloud/functions-framework'", '"import type" only'],
    ['shared/domain/a.ts', "import { readFileSync } from 'node:fs'", 'asks nobody outside'],
    ['shared/values/a.ts', "import { createHash } from 'node:crypto'", 'asks nobody outside'],
  ])('in %s: %s', (path, text, mend) => {
    expect(wrongPackages(sourceOf(path, text))).toEqual([expect.stringContaining(mend)])
  })
})
