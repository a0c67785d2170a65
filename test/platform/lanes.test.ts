/** Lanes: one after the other where they meet, side by side where they do not, and nobody waits for ever. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inLanes } from '#platform/lanes.ts'

let unique = 0
/** Lane names of one test's own: lanes are shared by everything in a process. */
const own = (): ((name: string) => string) => {
  const prefix = `test-${unique++}`
  return (name) => `${prefix} ${name}`
}

describe('does', () => {
  test('work of one lane goes in the order in which it came', async () => {
    const lane = own()
    const order: number[] = []
    await Promise.all([3, 2, 1, 0].map((turns, n) => inLanes([lane('a')], async () => {
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      order.push(n)
    })))
    expect(order).toEqual([0, 1, 2, 3])
  })

  test('work of other lanes does not wait', async () => {
    const lane = own()
    const { promise: never, resolve: release } = Promise.withResolvers<void>()
    const held = inLanes([lane('a')], () => never)
    expect(await inLanes([lane('b')], async () => 'done')).toBe('done')
    release()
    await held
  })

  test('what needs two lanes waits for both, and both wait for it', async () => {
    const lane = own()
    const order: string[] = []
    const note = (name: string) => async (): Promise<void> => {
      await Promise.resolve()
      order.push(name)
    }
    await Promise.all([
      inLanes([lane('a')], note('a')), inLanes([lane('b')], note('b')), inLanes([lane('b'), lane('a')], note('both')),
      inLanes([lane('a')], note('a again')),
    ])
    expect(order.indexOf('both')).toBe(2)
    expect(order.at(-1)).toBe('a again')
  })

  test('gives back what the work gave, and what it threw', async () => {
    const lane = own()
    expect(await inLanes([lane('a')], async () => 7)).toBe(7)
    await expect(inLanes([lane('a')], async () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  test('no lane at all is no wait', async () => {
    expect(await inLanes([], async () => 1)).toBe(1)
  })
})

describe('survives', () => {
  test('work that throws: the next one has its turn', async () => {
    const lane = own()
    const failed = inLanes([lane('a')], async () => Promise.reject(new Error('no')))
    const next = inLanes([lane('a')], async () => 'done')
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('done')
  })

  test('the same lane named twice', async () => {
    const lane = own()
    expect(await inLanes([lane('a'), lane('a')], async () => 'done')).toBe('done')
    expect(await inLanes([lane('a')], async () => 'again')).toBe('again')
  })

  test('any overlapping sets, some failing: all end, none shares a lane, each lane keeps its order', async () => {
    const wish = fc.record({
      names: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }), turns: fc.nat(5), fails: fc.boolean(),
    })
    await fc.assert(fc.asyncProperty(fc.array(wish, { maxLength: 20 }), async (wishes) => {
      const lane = own()
      const busy = new Set<string>()
      const started: number[] = []
      const results = await Promise.allSettled(wishes.map(({ names, turns, fails }, n) => inLanes(names.map(lane), async () => {
        started.push(n)
        for (const name of new Set(names)) {
          expect(busy.has(name)).toBe(false)
          busy.add(name)
        }
        for (let turn = 0; turn < turns; turn++) await Promise.resolve()
        for (const name of names) busy.delete(name)
        if (fails) throw new Error('wanted')
      })))
      const ends = results.map((result) => (result.status === 'rejected' ? String(result.reason) : 'done'))
      expect(ends).toEqual(wishes.map(({ fails }) => (fails ? 'Error: wanted' : 'done')))
      for (const name of ['a', 'b', 'c', 'd']) {
        const inLane = started.filter((n) => wishes[n]?.names.some((one) => one === name))
        expect(inLane).toEqual(inLane.toSorted((one, other) => one - other))
      }
    }), { numRuns: 200 })
  })
})
