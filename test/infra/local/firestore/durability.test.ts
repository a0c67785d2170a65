/** What is kept: over a restart, and past the time a document should have lived. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Disk } from '../../../../infra/local/disk.ts'
import { createFirestore } from '../../../../infra/local/firestore/firestore.ts'
import { parseIndexFile } from '../../../../infra/local/firestore/index-file.ts'
import { Timeline } from '../../../../infra/local/timeline.ts'
import { ours, startFirestore, until } from './client.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'firestore-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const HOUR_MS = 3_600_000

describe.runIf(ours)('does', () => {
  test('documents, their times and their indexes are there after a restart', async () => {
    const first = await startFirestore({ disk: new Disk(directory), projectId: 'kept' })
    const before = await first.client()
    await before.doc('a/1').set({ n: 1, at: new Date(0) })
    await before.doc('a/2').set({ n: 2 })
    await before.doc('a/gone').set({ n: 3 })
    await before.doc('a/gone').delete()
    const old = await before.doc('a/1').get()
    await first.close()

    const second = await startFirestore({ disk: new Disk(directory), projectId: 'kept' })
    const after = await second.client()
    const kept = await after.doc('a/1').get()
    expect(kept.data()).toEqual(old.data())
    expect(kept.createTime?.isEqual(old.createTime ?? kept.readTime)).toBe(true)
    expect((await after.collection('a').where('n', '>', 1).get()).docs.map((document) => document.id)).toEqual(['2'])
    const { writeTime } = await after.doc('a/1').update({ n: 5 })
    expect(writeTime.valueOf() > (old.updateTime?.valueOf() ?? '')).toBe(true)
    await second.close()
  })

  test('what local control sees is plain', async () => {
    const server = createFirestore({ timeline: new Timeline(), disk: new Disk(), indexes: parseIndexFile({}), projectId: 'p' })
    const data = { n: 1, at: new Date(5), list: [true, null, { a: 'b' }], half: 0.5 }
    await server.write([{ path: 'a/1', data }, { path: 'b/x/a/2', data: {} }])
    expect(server.peek('a')).toEqual([{ id: '1', path: 'a/1', data }, { id: '2', path: 'b/x/a/2', data: {} }])
    await server.write([{ path: 'a/1', delete: true }])
    expect(server.count('a')).toBe(1)
    server.clear()
    expect([server.count('a'), server.peek('a')]).toEqual([0, []])
  })
})

describe.runIf(ours)('survives', () => {
  test('a document past its time to live is still read until a sweep within a day', async () => {
    const indexes = { fieldOverrides: [{ collectionGroup: 'carts', fieldPath: 'expireAt', ttl: true, indexes: [] }] }
    const cloud = await startFirestore({ indexes })
    const db = await cloud.client()
    const nowMs = cloud.timeline.now()
    await db.doc('carts/old').set({ expireAt: new Date(nowMs - 1000) })
    await db.doc('shops/1/carts/old').set({ expireAt: new Date(nowMs + 1000) })
    await db.doc('carts/later').set({ expireAt: new Date(nowMs + 90 * 24 * HOUR_MS) })
    await db.doc('carts/odd').set({ expireAt: 'never' })
    expect((await db.doc('carts/old').get()).exists).toBe(true)
    expect((await db.collection('carts').get()).size).toBe(3)
    await cloud.timeline.jumpTo(nowMs + 25 * HOUR_MS)
    expect(cloud.server.peek('carts').map(({ path }) => path).toSorted()).toEqual(['carts/later', 'carts/odd'])
    await cloud.timeline.jumpTo(nowMs + 92 * 24 * HOUR_MS)
    await until(() => cloud.server.count('carts') === 1)
    await cloud.close()
  })
})
