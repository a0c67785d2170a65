/** A sweep does all that is due, however much it is, and one that cannot be done stops none of the others. */
import { describe, expect, test } from 'vitest'
import { sweep } from '#entry/sweep.ts'

interface Item {
  readonly id: string
}

/** So many are due, and stay due until they are taken off. */
function due(count: number): Map<string, Item> {
  return new Map(Array.from({ length: count }, (_, index) => [`item-${index}`, { id: `item-${index}` }]))
}

function workOn(waiting: Map<string, Item>, more: { finish: (item: Item) => Promise<'settled' | 'unchanged' | ReadonlyArray<'settled' | 'sent'>>; putOff?: (item: Item) => Promise<unknown>; hasTime?: () => boolean }) {
  const { hasTime = () => true, ...others } = more
  return sweep({
    name: 'sweep-items', run: { startedAtMs: 0, hasTime }, atOnce: 3, counts: ['settled', 'sent', 'unchanged'],
    take: async (limit: number) => [...waiting.values()].slice(0, limit), ...others,
  })
}

describe('does', () => {
  test('all that is due, some at once, and counts each as what it was', async () => {
    const waiting = due(8)
    const [done, most] = [new Set<string>(), { now: 0, ever: 0 }]
    const finish = async ({ id }: Item) => {
      most.ever = Math.max(most.ever, (most.now += 1))
      await Promise.resolve()
      most.now -= 1
      done.add(id)
      waiting.delete(id)
      return id === 'item-0' ? (['settled', 'sent', 'sent'] as const) : id === 'item-7' ? ('unchanged' as const) : ('settled' as const)
    }
    expect(await workOn(waiting, { finish })).toEqual({ read: 8, settled: 7, sent: 2, unchanged: 1, failed: 0 })
    expect([done.size, most.ever]).toEqual([8, 3])
  })

  test('nothing when nothing is due, and counts that too', async () => {
    expect(await workOn(due(0), { finish: async () => 'settled' })).toEqual({ read: 0, settled: 0, sent: 0, unchanged: 0, failed: 0 })
  })
})

describe('refuses', () => {
  test('to begin anything when there is no time left', async () => {
    const waiting = due(9)
    let rounds = 0
    const finish = async ({ id }: Item) => {
      waiting.delete(id)
      return 'settled' as const
    }
    expect(await workOn(waiting, { finish, hasTime: () => (rounds += 1) <= 2 })).toMatchObject({ read: 6, settled: 6 })
    expect(waiting.size).toBe(3)
  })

  test('to go round in a circle with what stays due', async () => {
    expect(await workOn(due(3), { finish: async () => 'unchanged' })).toMatchObject({ read: 3, unchanged: 3 })
  })
})

describe('survives', () => {
  test('one that fails: it is put off, and those behind it have their turn', async () => {
    const waiting = due(7)
    const finish = async ({ id }: Item) => {
      if (id === 'item-1') throw new Error('it does not work')
      waiting.delete(id)
      return 'settled' as const
    }
    const putOff = async ({ id }: Item) => waiting.delete(id)
    expect(await workOn(waiting, { finish, putOff })).toMatchObject({ read: 7, settled: 6, failed: 1 })
    expect(waiting.size).toBe(0)
  })

  test('many that can neither be done nor put off, before all others', async () => {
    const waiting = due(9)
    const finish = async ({ id }: Item) => {
      if (id < 'item-5') throw new Error('it does not work')
      waiting.delete(id)
      return 'settled' as const
    }
    const putOff = async () => Promise.reject(new Error('nor does this'))
    expect(await workOn(waiting, { finish, putOff })).toMatchObject({ read: 9, settled: 4, failed: 5 })
    expect(waiting.size).toBe(5)
  })
})
