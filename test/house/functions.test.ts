/**
 * One file is one function, named alike everywhere, and all read in the same order. The contents page lists each once,
 * and each has a test of its own.
 */
import { describe, expect, test } from 'vitest'
import { exists, faultsIn, readText, sourceOf, sourcesIn, type Source } from './source.ts'

const LINES_MAX = 160
const CONTENTS = 'functions/index.ts'
const PLACE = /^functions\/[a-z][a-z0-9-]*\/[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.ts$/
const TWICE = /^ \* Safe to run twice: \S/m

/** `functions/checkout/refund-order.ts`: its area and its name. */
function roomOf(path: string): { readonly area: string; readonly name: string } {
  const parts = path.split('/')
  return { area: parts.slice(1, -1).join('/'), name: parts.at(-1)?.replace(/\.ts$/, '') ?? '' }
}

function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function faultsOfFile({ path, text, code }: Source): string[] {
  const wanted = camel(roomOf(path).name)
  const docblock = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ''
  const exported = [...code.matchAll(/^export\b.*/gm)].map(([line]) => line)
  const [, name, kind] = /^export const (\w+) = (endpoint|schedule|message|vendorEvent|webhook)\(/.exec(exported[0] ?? '') ?? []
  const lines = text.split('\n').length - 1
  return faultsIn(`${path}: a function`, {
    'lies at functions/<area>/<verb-object>.ts, in kebab case': !PLACE.test(path),
    'begins with a docblock: what it does, what must never happen, why it is done this way': docblock.trim() === '',
    [`exports one declaration and nothing else, not ${exported.length} things`]: exported.length !== 1 || name === undefined,
    [`exports ${wanted}, as its file says, not ${name}`]: name !== undefined && name !== wanted,
    [`has at most ${LINES_MAX} lines, not ${lines}: move rules to shared/domain, or make two functions`]: lines > LINES_MAX,
    'says in its docblock, on a line of its own, "Safe to run twice: " and why': kind !== 'endpoint' && !TWICE.test(docblock),
  })
}

function faultsOfContents(contents: string, paths: readonly string[]): string[] {
  const said = sourceOf(CONTENTS, contents).code.split('\n').filter((line) => line.trim() !== '')
  const wanted = paths.map((path) => {
    const { area, name } = roomOf(path)
    return `export { ${camel(name)} } from './${area}/${name}.ts'`
  })
  return [
    ...said.filter((line) => !wanted.includes(line)).map((line) => `"${line.trim()}" lists no function: take it out.`),
    ...wanted.filter((line) => said.filter((one) => one === line).length !== 1).map((line) => `list it once: ${line}`),
  ].map((fault) => `${CONTENTS}: ${fault}`)
}

const files = sourcesIn('functions').filter(({ path }) => path !== CONTENTS)

describe('does', () => {
  test('one file holds one function, and reads like the others', () => {
    expect(files.flatMap(faultsOfFile)).toEqual([])
  })

  test('the contents page lists every function once and nothing else', () => {
    expect(faultsOfContents(readText(CONTENTS), files.map(({ path }) => path))).toEqual([])
  })

  test('every function has a test of its own', () => {
    const tests = files.map(({ path }) => `test/${path.replace(/\.ts$/, '.test.ts')}`)
    const missing = tests.filter((path) => !exists(path))
    expect(missing.map((path) => `${path}: is missing; write what the function guarantees.`)).toEqual([])
  })
})

const PATH = 'functions/carts/sweep-carts.ts'
const GOOD = "/**\n * Sweeps.\n *\n * Safe to run twice: it looks again.\n */\nexport const sweepCarts = schedule({\n})\n"
const LINE = "export { sweepCarts } from './carts/sweep-carts.ts'"

describe('refuses', () => {
  test('nothing of what is well', () => {
    expect(faultsOfFile(sourceOf(PATH, GOOD))).toEqual([])
    expect(faultsOfContents(`/** All. */\n\n// Carts\n${LINE}\n`, [PATH])).toEqual([])
  })

  test.each([
    ['begins with a docblock', PATH, "export const sweepCarts = endpoint({\n})\n"],
    ['Safe to run twice', PATH, GOOD.replace('twice: it', 'twice, it')],
    ['not 2 things', PATH, `${GOOD}export const PAGE = 20\n`],
    ['not 1 things', PATH, GOOD.replace('schedule(', 'registered(')],
    ['exports sweepOldCarts', 'functions/carts/sweep-old-carts.ts', GOOD],
    ['not 167: move rules', PATH, `${GOOD}${'\n'.repeat(160)}`],
    ['lies at functions/<area>', 'functions/sweep-carts.ts', GOOD],
  ])('a file: %s', (fault, path, text) => {
    expect(faultsOfFile(sourceOf(path, text))).toEqual([expect.stringContaining(fault)])
  })

  test.each([
    ['list it once', ''],
    ['list it once', `${LINE}\n${LINE}`],
    ['take it out', `${LINE}\nconst a = 1`],
    ['take it out', `${LINE}\nexport { a } from './carts/a.ts'`],
    ['take it out', `${LINE}\nexport * from './carts/a.ts'`],
  ])('a contents page: %s', (fault, page) => {
    expect(faultsOfContents(page, [PATH])).toEqual([expect.stringContaining(fault)])
  })
})
