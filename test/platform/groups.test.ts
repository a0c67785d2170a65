import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { doors } from '../../shared/platform/groups.ts'

/** A server whose answers are given when the test says so. */
function counter(most = 3) {
  const served: string[][] = []
  const gates: Array<() => void> = []
  const enter = doors<string, string>(most, async (items) => {
    served.push([...items])
    await new Promise<void>((resolve) => gates.push(resolve))
    if (items.includes('bad')) throw new Error('refused')
    return items.map((item) => item.toUpperCase())
  })
  const open = async (): Promise<void> => {
    gates.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { served, enter, open }
}

describe('does', () => {
  test('serve the first at once, and those who came meanwhile together, so many at a time', async () => {
    const { served, enter, open } = counter()
    const answers = ['a', 'b', 'c', 'd', 'e'].map((item) => enter('door', item))
    expect(served).toEqual([['a']])
    await open()
    expect(served).toEqual([['a'], ['b', 'c', 'd']])
    await open()
    await open()
    expect(served).toEqual([['a'], ['b', 'c', 'd'], ['e']])
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C', 'D', 'E'])
  })

  test('keep doors apart', async () => {
    const { served, enter, open } = counter()
    const answers = [enter('one', 'a'), enter('other', 'b')]
    expect(served).toEqual([['a'], ['b']])
    await open()
    await open()
    expect(await Promise.all(answers)).toEqual(['A', 'B'])
  })

  test('answer everybody his own, whatever the order in which they come', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('x', 'y'), fc.string()), { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), async (calls, most) => {
        const enter = doors<string, string>(most, async (items) => {
          expect(items.length).toBeLessThanOrEqual(most)
          return items.map((item) => `${item}!`)
        })
        const answers = await Promise.all(calls.map(([door, item]) => enter(door, item)))
        expect(answers).toEqual(calls.map(([, item]) => `${item}!`))
      }),
    ))
})

describe('survives', () => {
  test('a failure: those who were served together are told, who comes later is served', async () => {
    const { enter, open } = counter()
    const first = enter('door', 'a')
    const together = [enter('door', 'bad'), enter('door', 'b')].map((answer) => answer.catch(String))
    await open()
    await open()
    const later = enter('door', 'c')
    await open()
    expect(await first).toBe('A')
    expect(await Promise.all(together)).toEqual(['Error: refused', 'Error: refused'])
    expect(await later).toBe('C')
  })
})
