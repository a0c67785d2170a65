/**
 * What is promised about security is held: each row of the table of threats names tests that exist, and what a caller sends
 * is compared with a secret in constant time only.
 */
import { describe, expect, test } from 'vitest'
import { exists, readText, sourceOf, sourcesIn, type Source } from './source.ts'

const TABLE = '.github/THREATS.md'
/** OWASP API Security Top 10, 2023. */
const THREATS = Array.from({ length: 10 }, (_, index) => `API${index + 1}:2023`)
/** `test/entry/front.test.ts` "put the security headers on %s" */
const NAMED = /`(test\/[\w./-]+\.test\.ts)` "(.+?)"(?=[,\s]|$)/g

function rowsOf(table: string): string[][] {
  return table.split('\n').filter((line) => line.startsWith('| API')).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
}

function faultsOfTable(table: string, textOf: (path: string) => string | undefined): string[] {
  const rows = rowsOf(table)
  const missing = THREATS.filter((threat) => !rows.some(([name = '']) => name.startsWith(threat))).map((threat) => `${threat}: has no row.`)
  return [...missing, ...rows.flatMap(([name = '', , held = '']) => {
    const tests = [...held.matchAll(NAMED)]
    if (tests.length === 0) return [`${name}: names no test that holds it.`]
    return tests.flatMap(([, path = '', title = '']) => {
      const text = textOf(path)
      if (text === undefined) return [`${name}: there is no ${path}.`]
      return text.replaceAll('\\\'', '\'').includes(title) ? [] : [`${name}: ${path} has no test "${title}".`]
    })
  })]
}

/** Names of what only we, or a vendor, can make. */
const SECRET = String.raw`\b\w*(?:[sS]ignature|[hH]mac|[sS]ecret|[pP]assword|confirm)\b(?:\([^()]*\))?`
const COMPARED = new RegExp(String.raw`${SECRET}\s*[!=]==\s*(?!undefined\b|null\b|''|"")\S|[!=]==\s*${SECRET}`, 'g')

function comparedOpenly(source: Source): string[] {
  return source.code.split('\n').flatMap((line, index) =>
    line.match(COMPARED) === null ? [] : [`${source.path}:${index + 1}: compare it by isSameSecret() of shared/platform/same-secret.ts, or timingSafeEqual.`],
  )
}

describe('does', () => {
  test('every threat has a row that names the tests which hold it, and these exist', () => {
    expect(faultsOfTable(readText(TABLE), (path) => (exists(path) ? readText(path) : undefined))).toEqual([])
  })

  test('what a caller sends is compared with a secret in constant time', () => {
    expect(sourcesIn('functions', 'shared').flatMap(comparedOpenly)).toEqual([])
  })
})

describe('refuses', () => {
  const row = (held: string): string => `| API1:2023 Broken object level authorization | 404 | ${held} |`
  const faults = (held: string): string => faultsOfTable(row(held), (path) => (path === 'test/a.test.ts' ? "test('it\\'s held'" : undefined)).filter((fault) => fault.startsWith('API1:')).join()

  test('nothing of what is well', () => {
    expect(faults('`test/a.test.ts` "it\'s held"')).toBe('')
    expect(comparedOpenly(sourceOf('a.ts', "if (signature === undefined || secret !== '') return isSameSecret(signature, right)"))).toEqual([])
  })

  test.each([['', 'names no test'], ['`test/b.test.ts` "it\'s held"', 'there is no test/b.test.ts'], ['`test/a.test.ts` "it is held"', 'has no test "it is held"']])('a row that says "%s"', (held, fault) => {
    expect(faults(held)).toContain(fault)
  })

  test('a threat without a row', () => {
    expect(faultsOfTable('', () => '')).toHaveLength(10)
  })

  test.each(['if (signature === right) return', 'return given !== webhookSecret', 'confirm === tokenOf(shown)'])('%s', (code) => {
    expect(comparedOpenly(sourceOf('shared/a.ts', code))).toHaveLength(1)
  })
})
