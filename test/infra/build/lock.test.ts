/** The lock file of a bundle: what the framework needs, in the versions that are tested here. */
import { describe, expect, test } from 'vitest'
import { lockedFor } from '../../../infra/build/lock.ts'

const LOCK = {
  'node_modules/a': { version: '1.0.0', dependencies: { b: '^1.0.0', c: '^1.0.0' } },
  'node_modules/a/node_modules/b': { version: '1.1.0', dependencies: { c: '^1.0.0' }, optionalDependencies: { none: '1' } },
  'node_modules/b': { version: '2.0.0' },
  'node_modules/c': { version: '1.2.0', dependencies: { a: '^1.0.0' } },
  'node_modules/d': { version: '3.0.0', dependencies: { b: '^2.0.0' } },
}

describe('does', () => {
  test('each package comes from where Node finds it, once, and nothing else comes along', () => {
    expect(Object.keys(lockedFor('a', LOCK))).toEqual(['node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/c'])
    expect(Object.keys(lockedFor('d', LOCK))).toEqual(['node_modules/b', 'node_modules/d'])
  })
})

describe('refuses', () => {
  test('nothing: a package that is not installed needs nothing', () => {
    expect(lockedFor('unknown', LOCK)).toEqual({})
  })
})
