/** What is deployed of others: under licences that somebody has looked at, and with nothing grave known against it. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { findingsIn, isGrave } from '../../../infra/packages/advisories.ts'
import { isRefused, licensed, mayUse } from '../../../infra/packages/licences.ts'

const root = new URL('../../../', import.meta.url)
const read = (path: string): never => JSON.parse(readFileSync(new URL(path, root), 'utf8')) as never

describe('does', () => {
  test('every package that is deployed has a licence that may be used', () => {
    const all = licensed(read('package-lock.json'), (place) => {
      try {
        return read(`${place}/package.json`)
      } catch {
        return undefined
      }
    })
    expect(all.length).toBeGreaterThan(100)
    expect(all.filter(isRefused)).toEqual([])
    expect(all.map(({ name }) => name)).toContain('stripe')
    expect(all.map(({ name }) => name)).not.toContain('vitest')
  })

  test.each(['MIT', '(MIT OR CC0-1.0)', 'GPL-3.0 OR Apache-2.0', '(MIT AND BSD-3-Clause)'])('take %s', (licence) => {
    expect(mayUse(licence)).toBe(true)
  })

  test('read what the registry knows', () => {
    const via = [{ title: 'Prototype pollution', url: 'https://example.com/a' }, 'other']
    expect(findingsIn(JSON.stringify({ vulnerabilities: { a: { severity: 'critical', via }, b: { severity: 'low' } } }))).toEqual([
      { name: 'a', severity: 'critical', about: 'Prototype pollution https://example.com/a; by other' }, { name: 'b', severity: 'low', about: '' },
    ])
    expect(findingsIn('{"vulnerabilities":{}}')).toEqual([])
  })
})

describe('refuses', () => {
  test.each(['', 'GPL-3.0', 'SEE LICENSE IN LICENSE', 'MIT AND AGPL-3.0', 'UNLICENSED'])('the licence "%s"', (licence) => {
    expect(mayUse(licence)).toBe(false)
  })

  test('a package that does not say, by any way of saying it', () => {
    const lock = { packages: { '': {}, 'node_modules/a': { version: '1' }, 'node_modules/b/node_modules/@c/d': { version: '2' }, 'node_modules/e': { dev: true }, 'node_modules/f': { optional: true } } }
    const manifests: Record<string, object> = { 'node_modules/a': { licenses: [{ type: 'MIT' }, { type: 'GPL-2.0' }] }, 'node_modules/b/node_modules/@c/d': { license: { type: 'ISC' } } }
    const all = licensed(lock, (place) => manifests[place])
    expect(all).toEqual([{ name: 'a', version: '1', licence: 'MIT OR GPL-2.0' }, { name: '@c/d', version: '2', licence: 'ISC' }])
    expect(licensed({ packages: { 'node_modules/a': {} } }, () => undefined).map(isRefused)).toEqual([true])
  })

  test('what is grave, and nothing less', () => {
    expect(['info', 'low', 'moderate', 'high', 'critical'].filter((severity) => isGrave({ name: 'a', severity, about: '' }))).toEqual(['high', 'critical'])
  })
})

describe('survives', () => {
  test.each(['', 'npm error', '{"error":{"code":"ENETUNREACH"}}', '{"message":"403"}'])('a registry that answers "%s": nothing is known', (text) => {
    expect(findingsIn(text)).toBeUndefined()
  })
})
