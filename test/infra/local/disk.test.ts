import { mkdtempSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Disk } from '../../../infra/local/disk.ts'

const directories: string[] = []

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'disk-'))
  directories.push(made)
  return made
}

afterEach(() => {
  for (const made of directories.splice(0)) rmSync(made, { recursive: true, force: true })
})

describe('does', () => {
  test('keeps a shelf over a restart, in the order things were put there', () => {
    const place = directory()
    const before = new Disk(place)
    const shelf = before.shelves('vendor').shelf<{ n: number }>('charges')
    for (const id of ['c', 'a', 'b']) shelf.set(id, { n: 1 })
    shelf.set('c', { n: 2 })
    shelf.delete('a')
    before.close()
    const after = new Disk(place)
    expect(after.shelves('vendor').shelf('charges').entries()).toEqual([['c', { n: 2 }], ['b', { n: 1 }]])
    after.close()
  })

  test('works the same in memory', () => {
    const disk = new Disk()
    const shelf = disk.shelves('vendor').shelf<number>('charges')
    shelf.set('x', 1)
    expect([shelf.get('x'), shelf.has('y'), shelf.size, shelf.values(), disk.directory]).toEqual([1, false, 1, [1], undefined])
    expect(shelf.delete('x')).toBe(true)
    expect(shelf.delete('x')).toBe(false)
  })

  test('begins anew when asked', () => {
    const place = directory()
    const before = new Disk(place)
    before.shelves('vendor').shelf('charges').set('x', 1)
    before.close()
    const after = new Disk(place, { fresh: true })
    expect(after.shelves('vendor').shelf('charges').size).toBe(0)
    after.close()
  })
})

describe('refuses', () => {
  test('takes no shelf name that is not plain words', () => {
    const disk = new Disk(directory())
    expect(() => disk.shelves('vendor').shelf('x; DROP TABLE y')).toThrow('lower-case words')
    disk.close()
  })
})

describe('survives', () => {
  test('loses nothing that was written when the process is killed at once', () => {
    const place = directory()
    const module = new URL('../../../infra/local/disk.ts', import.meta.url).href
    const script = `
      const { Disk } = await import(${JSON.stringify(module)})
      const shelf = new Disk(${JSON.stringify(place)}).shelves('vendor').shelf('charges')
      for (let n = 0; n < 500; n += 1) shelf.set('c' + n, n)
      process.kill(process.pid, 'SIGKILL')`
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).signal).toBe('SIGKILL')
    const disk = new Disk(place)
    const shelf = disk.shelves('vendor').shelf<number>('charges')
    expect([shelf.size, shelf.get('c499')]).toEqual([500, 499])
    disk.close()
  })
})
