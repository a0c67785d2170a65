/** Documents that are changed without locks: nothing is lost, nothing is kept waiting, whoever else writes them meanwhile. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type * as Platform from '#platform/firestore.ts'
import { codeOf, startFirestore, until, type TestFirestore } from '../infra/local/firestore/client.ts'

let server: TestFirestore
let platform: typeof Platform

beforeAll(async () => {
  server = await startFirestore()
  Object.assign(process.env, { FIRESTORE_EMULATOR_HOST: server.host, GCP_PROJECT_ID: server.projectId, TRANSACTION_DEADLINE_MS: '5000' })
  platform = await import('#platform/firestore.ts')
})
afterEach(() => server.wire.clearFaults())
afterAll(() => server.close())

let made = 0

/** A document of its own for each test, holding this; nothing when nothing is said. */
async function laid(data?: Platform.Data): Promise<Platform.Doc> {
  const place = await platform.doc('things', `thing-${++made}`)
  if (data !== undefined) await platform.commit((writer) => writer.set(place, data))
  return place
}

const held = async (place: Platform.Doc): Promise<Platform.Data | undefined> => (await platform.readOne(place)).data()

/** Holds what runs until it is let go. */
function gate(): { readonly reached: () => boolean; readonly pass: () => Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isReached = false
  const pass = (): Promise<void> => {
    isReached = true
    return promise
  }
  return { reached: () => isReached, pass, open: resolve }
}

describe('does', () => {
  test('write what was decided on what was read', async () => {
    const [place, other] = [await laid({ count: 1 }), await laid()]
    const answer = await platform.revise(async (unit) => {
      const count = Number((await unit.get(place)).get('count')) + 1
      unit.update(place, { count })
      unit.create(other, { from: count })
      return count
    })
    expect([answer, await held(place), await held(other)]).toEqual([2, { count: 2 }, { from: 2 }])
  })

  test('replace a whole document, and delete one', async () => {
    const [place, other] = [await laid({ a: 1, b: { c: 2 } }), await laid({ a: 1 })]
    await platform.revise(async (unit) => {
      await unit.getAll(place, other)
      unit.set(place, { b: { d: 3 } })
      unit.delete(other)
    })
    expect([await held(place), await held(other)]).toEqual([{ b: { d: 3 } }, undefined])
  })

  test('nothing at all when nothing is written', async () => {
    const since = server.wire.lastCall
    expect(await platform.revise(async () => 'seen')).toBe('seen')
    expect(server.wire.calls(since)).toEqual([])
  })
})

describe('refuses', () => {
  test('to write on what has changed since it was read: it looks again', async () => {
    const place = await laid({ count: 1 })
    const { reached, pass, open } = gate()
    let runs = 0
    const revised = platform.revise(async (unit) => {
      const count = Number((await unit.get(place)).get('count')) + 1
      if ((runs += 1) === 1) await pass()
      unit.update(place, { count })
    })
    await until(reached)
    // No lock is in the way of whoever writes it meanwhile.
    await platform.commit((writer) => writer.set(place, { count: 10 }))
    open()
    await revised
    expect([runs, await held(place)]).toEqual([2, { count: 11 }])
  })

  test.each([
    ['created', undefined, { by: 'another' }],
    ['deleted', { by: 'me' }, undefined],
  ])('to take what was %s meanwhile for what it was', async (_, before, after) => {
    const place = await laid(before)
    const { reached, pass, open } = gate()
    const seen: unknown[] = []
    const revised = platform.revise(async (unit) => {
      const snapshot = await unit.get(place)
      seen.push(snapshot.data())
      if (seen.length === 1) await pass()
      if (snapshot.exists) unit.update(place, { seen: true })
      else unit.create(place, { seen: true })
    })
    await until(reached)
    await platform.commit((writer) => (after === undefined ? writer.delete(place) : writer.set(place, after)))
    open()
    await revised
    expect(seen).toEqual([before, after])
    expect(await held(place)).toMatchObject({ seen: true })
  })

  test('to wait for a document that never was', async () => {
    const place = await laid()
    await expect(platform.revise(async (unit) => void unit.update(place, { a: 1 }))).rejects.toMatchObject({ code: 'DATABASE_ERROR' })
  })

  test('to run again what has thrown', async () => {
    let runs = 0
    const thrown = new Error('it is not to be')
    const work = async (): Promise<void> => {
      runs += 1
      throw thrown
    }
    await expect(platform.revise(work)).rejects.toBe(thrown)
    expect(runs).toBe(1)
  })
})

describe('survives', () => {
  test('many at once on one document: each counts once', async () => {
    const place = await laid({ count: 0 })
    const count = async (unit: Platform.Unit): Promise<void> => void unit.update(place, { count: Number((await unit.get(place)).get('count')) + 1 })
    await Promise.all(Array.from({ length: 12 }, () => platform.revise(count)))
    expect(await held(place)).toEqual({ count: 12 })
  })

  test('a commit that took effect unseen: the work finds its own effect', async () => {
    const place = await laid({ count: 0 })
    server.wire.addFault({ target: 'firestore', operation: 'Commit', match: place.path, when: 'after', effect: 'error', status: 10 })
    const found = await platform.revise(async (unit) => {
      const snapshot = await unit.get(place)
      if (snapshot.get('mine') === true) return 'mine already'
      unit.update(place, { mine: true })
      return 'written'
    })
    expect([found, await held(place)]).toEqual(['mine already', { count: 0, mine: true }])
  })

  test('a store that is away for longer than a commit may take: it is not made later, when its caller has been told that it failed', async () => {
    const place = await laid()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    const pass = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 100) {
        await vi.advanceTimersByTimeAsync(100)
        for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate)
      }
    }
    try {
      server.wire.addFault({ target: 'firestore', operation: 'Commit', when: 'before', effect: 'drop', times: 10_000 })
      const told: unknown[] = []
      platform.commit((writer) => writer.set(place, { a: 1 })).catch((error: unknown) => told.push(error))
      await pass(10_000)
      expect(told).toMatchObject([{ code: 'SERVICE_UNAVAILABLE' }])
      server.wire.clearFaults()
      const since = server.wire.lastCall
      await pass(120_000)
      expect(server.wire.calls(since)).toEqual([])
    } finally {
      vi.useRealTimers()
    }
    expect(await held(place)).toBeUndefined()
  })

  test('an answer that does not come: nobody else waits for it', async () => {
    const place = await laid({ count: 0 })
    server.wire.addFault({ target: 'firestore', operation: 'BatchGetDocuments', match: place.path, when: 'after', effect: 'delay', delayMs: 60_000 })
    const unheard = codeOf(platform.revise(async (unit) => void unit.update(place, { count: Number((await unit.get(place)).get('count')) + 1 })))
    await until(() => server.wire.faults()[0]?.struck === 1)
    expect((await platform.commit((writer) => writer.update(place, { count: 5 }))).done).toBe(true)
    server.wire.clearFaults()
    await unheard
    expect(await held(place)).toEqual({ count: 6 })
  })
})
