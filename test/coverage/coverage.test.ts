/** Which lines ran, as areas: what is named is there, and nothing counts as run that was not. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AREAS } from './areas.ts'
import { filesOf, linesThatRan, percentOf } from './lines.ts'

describe('does', () => {
  test.each(AREAS)('find sources by every pattern, and tests in every folder, of $name', ({ sources, tests }) => {
    expect(sources.filter((pattern) => filesOf({ sources: [pattern] }).length === 0)).toEqual([])
    expect(tests.filter((folder) => !existsSync(folder))).toEqual([])
  })

  test('count the lines that ran in a process, as they are written', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'countinghouse-lines-'))
    const [ran, unloaded] = ['shared/values/decimal.ts', 'shared/values/card-number.ts']
    execFileSync(process.execPath, ['--input-type=module', '-e', `await import(${JSON.stringify(join(process.cwd(), ran))})`], { env: { ...process.env, NODE_V8_COVERAGE: directory } })
    const lines = await linesThatRan(directory, [ran, unloaded])
    rmSync(directory, { recursive: true })
    const [some, none] = [percentOf([ran], lines), percentOf([unloaded], lines)]
    expect([some > 0 && some < 100, none, lines.get(unloaded)?.ran]).toEqual([true, 0, 0])
    expect(percentOf([ran, unloaded], lines)).toBeLessThan(some)
  })
})

describe('refuses', () => {
  test('to call nothing everything, and to round up', () => {
    expect(percentOf([], new Map())).toBe(0)
    expect(percentOf(['a', 'b'], new Map([['a', { all: 999, ran: 999 }], ['b', { all: 1, ran: 0 }]]))).toBe(99.9)
    expect(percentOf(['a', 'b'], new Map([['a', { all: 9_999, ran: 9_999 }], ['b', { all: 1, ran: 0 }]]))).toBe(99.9)
  })
})
