/** Commits through the real client: preconditions, transforms, masks, limits, and answers that get lost. */
import { FieldPath, FieldValue, Timestamp, type Firestore } from '@google-cloud/firestore'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ALREADY_EXISTS, codeOf, FAILED_PRECONDITION, failureOf, INVALID_ARGUMENT, NOT_FOUND, ours, rawClient, startFirestore,
  UNIMPLEMENTED, type TestFirestore,
} from './client.ts'

let cloud: TestFirestore
let db: Firestore
let documents = 0

beforeAll(async () => {
  cloud = await startFirestore()
  db = await cloud.client()
})
afterAll(() => cloud.close())

const fresh = () => db.doc(`writes/${documents++}`)

describe('does', () => {
  test('every kind of value comes back as it was stored', async () => {
    const ref = fresh()
    const data = {
      text: 'žluťoučký 🐎', yes: true, no: false, nothing: null, integer: 42, negative: -7, half: 0.5, nan: Number.NaN,
      at: new Timestamp(1_700_000_000, 123_456_000), bytes: Buffer.from([0, 255]), list: [1, 'a', { deep: [true] }],
      map: { a: { b: { c: 1 } }, 'odd.key': 2, empty: {} }, ref: db.doc('a/b'), vector: FieldValue.vector([1, 2.5]),
    }
    await ref.set(data)
    const got = (await ref.get()).data() ?? {}
    expect(got['vector'].toArray()).toEqual([1, 2.5])
    expect(got['ref'].path).toBe('a/b')
    expect({ ...got, vector: 0, ref: 0 }).toEqual({ ...data, vector: 0, ref: 0 })
  })

  test('set replaces, merge keeps, update changes paths and deletes fields', async () => {
    const ref = fresh()
    await ref.set({ a: 1, map: { x: 1, y: 2 } })
    await ref.set({ map: { z: 3 } }, { merge: true })
    expect((await ref.get()).data()).toEqual({ a: 1, map: { x: 1, y: 2, z: 3 } })
    await ref.update({ 'map.x': FieldValue.delete(), a: FieldValue.delete(), 'new.deep': 1 })
    await ref.update(new FieldPath('odd.`key', 'inner'), 5)
    expect((await ref.get()).data()).toEqual({ map: { y: 2, z: 3 }, new: { deep: 1 }, 'odd.`key': { inner: 5 } })
    await ref.set({ only: 1 })
    expect((await ref.get()).data()).toEqual({ only: 1 })
  })

  test('transforms compute on the server', async () => {
    const ref = fresh()
    await ref.set({ n: 1, half: 1, list: [1, 2], text: 'x', big: 9_007_199_254_740_000 })
    await ref.update({
      n: FieldValue.increment(2), half: FieldValue.increment(0.5), text: FieldValue.increment(3), fresh: FieldValue.increment(4),
      list: FieldValue.arrayUnion(2, 3, 3), at: FieldValue.serverTimestamp(),
    })
    const { list, at, ...rest } = (await ref.get()).data() ?? {}
    expect(rest).toEqual({ n: 3, half: 1.5, text: 3, fresh: 4, big: 9_007_199_254_740_000 })
    expect(list).toEqual([1, 2, 3])
    expect(Math.abs(at.toMillis() - cloud.timeline.now())).toBeLessThan(5000)
    await ref.update({ list: FieldValue.arrayRemove(1, 3) })
    expect((await ref.get()).get('list')).toEqual([2])
  })

  test('an integer stops at the end of 64 bits instead of turning over', async () => {
    const ref = fresh()
    const max = 2n ** 63n - 1n
    await ref.set({ n: max as unknown as number })
    await ref.update({ n: FieldValue.increment(10) })
    expect(Number((await ref.get()).get('n'))).toBe(Number(max))
  })

  test('update times only rise, and a write that changes nothing keeps the old one', async () => {
    const ref = fresh()
    const first = await ref.set({ n: 1 })
    const second = await ref.set({ n: 2 })
    expect(second.writeTime.valueOf() > first.writeTime.valueOf()).toBe(true)
    const idle = await ref.update({ n: 2 })
    expect(idle.writeTime.isEqual(second.writeTime)).toBe(true)
    const snapshot = await ref.get()
    expect(snapshot.createTime?.isEqual(first.writeTime)).toBe(true)
    expect(snapshot.updateTime?.isEqual(second.writeTime)).toBe(true)
  })

  test('a batch is all or nothing', async () => {
    const [one, other] = [fresh(), fresh()]
    await other.set({ n: 1 })
    const batch = db.batch().set(one, { n: 1 }).create(other, { n: 2 })
    expect(await codeOf(batch.commit())).toBe(ALREADY_EXISTS)
    expect((await one.get()).exists).toBe(false)
  })

  test('writes of one commit see those before them', async () => {
    const ref = fresh()
    await db.batch().create(ref, { n: 1 }).update(ref, { n: FieldValue.increment(1) }).commit()
    expect((await ref.get()).get('n')).toBe(2)
  })

  test('a bulk writer gets a verdict for each write', async () => {
    const [one, other] = [fresh(), fresh()]
    await other.set({ n: 1 })
    const writer = db.bulkWriter()
    writer.onWriteError(() => false)
    const work = [writer.create(one, { n: 1 }), writer.create(other, { n: 1 }), writer.update(fresh(), { n: 1 })]
    const verdicts = work.map(codeOf)
    await writer.close()
    expect(await Promise.all(verdicts)).toEqual([undefined, ALREADY_EXISTS, NOT_FOUND])
  })

  test('a tree of documents is deleted with all its collections and nothing beside it', async () => {
    const tree = db.doc('trees/oak')
    for (const path of ['trees/oak', 'trees/oak/leaves/1', 'trees/oak/a/b/c/d']) await db.doc(path).set({ n: 1 })
    await db.doc('trees/oaks/leaves/1').set({ n: 1 })
    expect((await tree.listCollections()).map((collection) => collection.id)).toEqual(['a', 'leaves'])
    expect((await db.collection('trees').listDocuments()).map((ref) => ref.id)).toEqual(['oak', 'oaks'])
    await db.recursiveDelete(tree)
    expect((await db.collection('trees').listDocuments()).map((ref) => ref.id)).toEqual(['oaks'])
    await db.recursiveDelete(db.collection('trees'))
    expect(await db.collection('trees').listDocuments()).toEqual([])
  })

  test('many documents are read in one call, each once, missing ones too', async () => {
    const [one, gone] = [fresh(), fresh()]
    await one.set({ a: 1, b: 2 })
    const got = await db.getAll(one, gone, one, { fieldMask: ['a'] })
    expect(got.map((snapshot) => snapshot.data())).toEqual([{ a: 1 }, undefined, { a: 1 }])
  })

  test.runIf(ours)('documents read and written are counted as they are billed', async () => {
    const since = cloud.wire.lastCall
    const [one, other] = [fresh(), fresh()]
    await db.batch().set(one, { n: 1 }).set(other, { n: 2 }).commit()
    await db.getAll(one, other)
    await db.collection('nothing-here').get()
    const calls = cloud.wire.calls(since)
    expect(calls.map(({ operation, reads, writes }) => [operation, reads, writes])).toEqual([
      ['Commit', 0, 2], ['BatchGetDocuments', 2, 0], ['RunQuery', 1, 0],
    ])
    expect(calls.every(({ bytes }) => bytes > 50)).toBe(true)
  })
})

describe('refuses', () => {
  test('creating a document twice', async () => {
    const ref = fresh()
    await ref.create({ n: 1 })
    const failure = await failureOf(ref.create({ n: 2 }))
    expect(failure?.code).toBe(ALREADY_EXISTS)
    expect(failure?.message).toContain(`/documents/${ref.path}`)
    expect((await ref.get()).get('n')).toBe(1)
  })

  test('of two that create at the same time, exactly one', async () => {
    const ref = fresh()
    const codes = await Promise.all([codeOf(ref.create({ n: 1 })), codeOf(ref.create({ n: 2 }))])
    expect(codes.toSorted()).toEqual([ALREADY_EXISTS, undefined])
  })

  test('updating or deleting what is not there', async () => {
    const failure = await failureOf(fresh().update({ n: 1 }))
    expect(failure?.code).toBe(NOT_FOUND)
    expect(failure?.message).toContain('No document to update: projects/')
    expect(await codeOf(fresh().delete({ exists: true }))).toBe(NOT_FOUND)
    await fresh().delete()
  })

  test('writing over a version that is no longer there', async () => {
    const ref = fresh()
    const { writeTime } = await ref.set({ n: 1 })
    await ref.update({ n: 2 }, { lastUpdateTime: writeTime })
    expect(await codeOf(ref.update({ n: 3 }, { lastUpdateTime: writeTime }))).toBe(FAILED_PRECONDITION)
    expect(await codeOf(ref.delete({ lastUpdateTime: writeTime }))).toBe(FAILED_PRECONDITION)
  })

  test('a document above 1 MiB, and takes one just below', async () => {
    await fresh().set({ text: 'x'.repeat(1_048_000) })
    expect(await codeOf(fresh().set({ text: 'x'.repeat(1_048_600) }))).toBe(INVALID_ARGUMENT)
  })

  test('a document that grows above 1 MiB by a transform', async () => {
    const ref = fresh()
    await ref.set({ list: ['x'.repeat(600_000)] })
    expect(await codeOf(ref.update({ list: FieldValue.arrayUnion('y'.repeat(600_000)) }))).toBe(INVALID_ARGUMENT)
  })

  test('a request above 10 MiB', async () => {
    const batch = db.batch()
    for (let n = 0; n < 11; n += 1) batch.set(fresh(), { text: 'x'.repeat(1_000_000) })
    expect(await codeOf(batch.commit())).toBe(INVALID_ARGUMENT)
  })

  test('more than 500 transforms of one document', async () => {
    const transforms = Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`f${n}`, FieldValue.increment(1)]))
    expect(await codeOf(fresh().set(transforms))).toBe(INVALID_ARGUMENT)
  })

  test('maps nested deeper than 20, and takes 20', async () => {
    const nested = (depth: number): Record<string, unknown> => (depth === 1 ? { end: 1 } : { a: nested(depth - 1) })
    await fresh().set(nested(20))
    expect(await codeOf(fresh().set(nested(21)))).toBe(INVALID_ARGUMENT)
  })

  test.each(['__reserved__', '.', '..', 'x'.repeat(1501)])('the document id %.12s', async (id) => {
    expect(await codeOf(db.collection('writes').doc(id).set({ n: 1 }))).toBe(INVALID_ARGUMENT)
  })

  test('reserved field names', async () => {
    expect(await codeOf(fresh().set({ __mine__: 1 }))).toBe(INVALID_ARGUMENT)
  })

  test.runIf(ours)('methods it does not have, in so many words', async () => {
    const raw = rawClient(cloud.host)
    const listening = raw.listen()
    const failure = once(listening, 'data').then(() => undefined, (error: { code: number }) => error.code)
    listening.write({ database: `projects/${cloud.projectId}/databases/(default)` })
    expect(await failure).toBe(UNIMPLEMENTED)
    await raw.close()
  })
})

describe.runIf(ours)('survives', () => {
  test('a commit whose answer is lost was applied, and the client that asks again is told it exists', async () => {
    const ref = fresh()
    cloud.wire.addFault({ target: 'firestore', operation: 'Commit', match: `/${ref.path}"`, when: 'after', effect: 'drop' })
    expect(await codeOf(ref.create({ owner: 'me' }))).toBe(ALREADY_EXISTS)
    expect((await ref.get()).get('owner')).toBe('me')
    cloud.wire.clearFaults()
  })

  test('a commit that is struck before it had an effect is simply made again', async () => {
    const ref = fresh()
    cloud.wire.addFault({ target: 'firestore', operation: 'Commit', match: `/${ref.path}"`, when: 'before', effect: 'drop' })
    await ref.create({ n: 1 })
    expect((await ref.get()).exists).toBe(true)
    cloud.wire.clearFaults()
  })
})
