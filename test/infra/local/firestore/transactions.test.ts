/** Transactions through the real client: what two of them may do to each other, and what they may never. */
import type { DocumentReference, Firestore, Transaction } from '@google-cloud/firestore'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ABORTED, codeOf, DEADLINE_EXCEEDED, failureOf, INVALID_ARGUMENT, ours, rawClient, startFirestore, until, type TestFirestore,
} from './client.ts'

let cloud: TestFirestore
let db: Firestore
let documents = 0

beforeAll(async () => {
  cloud = await startFirestore()
  db = await cloud.client()
})
afterAll(() => cloud.close())

function fresh(): DocumentReference {
  return db.doc(`things/${documents++}`)
}

/** A transaction that stops between its reads and its writes until it is let go. */
function paused(read: (tx: Transaction) => Promise<unknown>, write: (tx: Transaction) => void = () => undefined) {
  const hasRead = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const done = db.runTransaction(async (tx) => {
    await read(tx)
    hasRead.resolve()
    await go.promise
    write(tx)
  }, { maxAttempts: 1 })
  done.catch((error: unknown) => hasRead.reject(error))
  hasRead.promise.catch(() => undefined)
  return { hasRead: hasRead.promise, go: () => go.resolve(), done }
}

async function settled(work: Promise<unknown>): Promise<boolean> {
  const nothing = Symbol('nothing')
  return (await Promise.race([work, new Promise((resolve) => setImmediate(() => resolve(nothing)))])) !== nothing
}

describe('does', () => {
  test('two transactions read the same document at the same time', async () => {
    const ref = fresh()
    await ref.set({ n: 1 })
    const one = paused((tx) => tx.get(ref))
    const other = paused((tx) => tx.get(ref))
    await Promise.all([one.hasRead, other.hasRead])
    one.go()
    other.go()
    await Promise.all([one.done, other.done])
  })

  test('two transactions that race for a document apply one after the other', async () => {
    const ref = fresh()
    await ref.set({ n: 0 })
    const add = () => db.runTransaction(async (tx) => tx.update(ref, { n: (await tx.get(ref)).get('n') + 1 }))
    await Promise.all([add(), add()])
    expect((await ref.get()).get('n')).toBe(2)
  })

  test.runIf(ours)('a plain write waits for a transaction that has read the document', async () => {
    const ref = fresh()
    await ref.set({ n: 1 })
    const reader = paused((tx) => tx.get(ref))
    await reader.hasRead
    const write = ref.set({ n: 2 })
    await until(() => cloud.server.load().waiting === 1)
    expect((await ref.get()).get('n')).toBe(1)
    reader.go()
    await Promise.all([reader.done, write])
    expect((await ref.get()).get('n')).toBe(2)
  })

  test.runIf(ours)('a document that is missing is locked by reading it', async () => {
    const ref = fresh()
    const reader = paused((tx) => tx.get(ref), (tx) => tx.create(ref, { by: 'reader' }))
    await reader.hasRead
    const create = codeOf(ref.create({ by: 'writer' }))
    await until(() => cloud.server.load().waiting === 1)
    reader.go()
    await reader.done
    expect(await create).toBe(6)
    expect((await ref.get()).get('by')).toBe('reader')
  })

  test.runIf(ours)('a query in a transaction locks its result against documents that would join, leave or change', async () => {
    const shop = db.collection(`range-${documents++}`)
    await shop.doc('in').set({ size: 5 })
    await shop.doc('leaving').set({ size: 6 })
    await shop.doc('far').set({ size: 50 })
    const reader = paused((tx) => tx.get(shop.where('size', '<', 10)))
    await reader.hasRead
    const writes = [shop.doc('new').set({ size: 1 }), shop.doc('leaving').delete(), shop.doc('in').update({ other: true })]
    await until(() => cloud.server.load().waiting === 3)
    await shop.doc('far').update({ size: 60 })
    await shop.doc('unrelated').set({ size: 99 })
    expect(cloud.server.load().waiting).toBe(3)
    reader.go()
    await Promise.all([reader.done, ...writes])
  })

  test.runIf(ours)('a query with a limit locks no further than its last result', async () => {
    const queue = db.collection(`queue-${documents++}`)
    for (const n of [1, 2, 3]) await queue.doc(String(n)).set({ n })
    const reader = paused((tx) => tx.get(queue.orderBy('n').limit(2)))
    await reader.hasRead
    await queue.doc('3').update({ n: 30 })
    const front = queue.doc('0').set({ n: 0 })
    await until(() => cloud.server.load().waiting === 1)
    reader.go()
    await Promise.all([reader.done, front])
  })

  test.runIf(ours)('an aggregation in a transaction locks what it counted', async () => {
    const shop = db.collection(`count-${documents++}`)
    const reader = paused((tx) => tx.get(shop.where('open', '==', true).count()))
    await reader.hasRead
    const write = shop.doc('a').set({ open: true })
    await shop.doc('b').set({ open: false })
    await until(() => cloud.server.load().waiting === 1)
    reader.go()
    await Promise.all([reader.done, write])
  })

  test('a read-only transaction sees the moment it began and holds up nobody', async () => {
    const ref = fresh()
    await ref.set({ n: 1 })
    const seen: unknown[] = []
    const read = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const done = db.runTransaction(async (tx) => {
      seen.push((await tx.get(ref)).get('n'))
      read.resolve()
      await go.promise
      seen.push((await tx.get(ref)).get('n'), (await tx.get(ref.parent.where('n', '==', 1))).size > 0)
    }, { readOnly: true })
    await read.promise
    await ref.set({ n: 2 })
    await ref.delete()
    go.resolve()
    await done
    expect(seen).toEqual([1, 1, true])
  })

  test('a read in a transaction does not see its own writes of the future, a later read does', async () => {
    const ref = fresh()
    await db.runTransaction(async (tx) => {
      expect((await tx.get(ref)).exists).toBe(false)
      tx.set(ref, { n: 1 })
    })
    expect((await ref.get()).get('n')).toBe(1)
  })

  test('a document read at a moment past is as it was', async () => {
    const ref = fresh()
    const { writeTime } = await ref.set({ n: 1 })
    await ref.set({ n: 2 })
    const old = await db.runTransaction((tx) => tx.get(ref), { readOnly: true, readTime: writeTime })
    expect(old.get('n')).toBe(1)
  })

  test('a transaction commits nothing when one of its writes is refused', async () => {
    const [here, gone] = [fresh(), fresh()]
    const failed = db.runTransaction(async (tx) => {
      await tx.get(here)
      tx.set(here, { n: 1 })
      tx.update(gone, { n: 1 })
    }, { maxAttempts: 1 })
    expect(await codeOf(failed)).toBe(5)
    expect((await here.get()).exists).toBe(false)
  })

  test.runIf(ours)('writers are served in the order they came, and readers behind them', async () => {
    const ref = fresh()
    await ref.set({ n: 0 })
    const holder = paused((tx) => tx.get(ref))
    await holder.hasRead
    const order: string[] = []
    const write = async (name: string) => {
      const before = cloud.server.load().waiting
      const done = ref.update({ [name]: true }).then(() => order.push(name))
      await until(() => cloud.server.load().waiting === before + 1)
      return { done }
    }
    const first = await write('first')
    const second = await write('second')
    const reader = paused(async (tx) => {
      const fields = Object.keys((await tx.get(ref)).data() ?? {})
      order.push(`reader saw ${fields.length}`)
    })
    await until(() => cloud.server.load().waiting === 3)
    holder.go()
    reader.go()
    await Promise.all([holder.done, first.done, second.done, reader.done])
    expect(order).toContain('reader saw 3')
    expect(order.indexOf('first')).toBeLessThan(order.indexOf('second'))
  })
})

describe('refuses', () => {
  test.runIf(ours)('of two transactions that read and then write the same document, exactly the later is aborted', async () => {
    const ref = fresh()
    await ref.set({ n: 0 })
    const one = paused((tx) => tx.get(ref), (tx) => tx.update(ref, { by: 'one' }))
    const other = paused((tx) => tx.get(ref), (tx) => tx.update(ref, { by: 'other' }))
    await Promise.all([one.hasRead, other.hasRead])
    one.go()
    await until(() => cloud.server.load().waiting === 1)
    other.go()
    const failure = await failureOf(other.done)
    expect(failure?.code).toBe(ABORTED)
    expect(failure?.message).toContain('contention')
    await one.done
    expect((await ref.get()).get('by')).toBe('one')
  })

  test.runIf(ours)('a circle of three transactions is broken by aborting one', async () => {
    const refs = [fresh(), fresh(), fresh()] as const
    const circle = refs.map((ref, index) =>
      paused((tx) => tx.get(ref), (tx) => tx.set(refs[(index + 1) % 3] ?? ref, { by: index })))
    await Promise.all(circle.map((one) => one.hasRead))
    for (const one of circle) one.go()
    const codes = await Promise.all(circle.map((one) => codeOf(one.done)))
    expect(codes.filter((code) => code === ABORTED)).toHaveLength(1)
    expect(codes.filter((code) => code === undefined)).toHaveLength(2)
  })

  test.runIf(ours)('two queries that would each miss the other\'s new document do not both commit', async () => {
    const shop = db.collection(`skew-${documents++}`)
    const duty = shop.where('onDuty', '==', true)
    const one = paused((tx) => tx.get(duty), (tx) => tx.set(shop.doc('one'), { onDuty: true }))
    const other = paused((tx) => tx.get(duty), (tx) => tx.set(shop.doc('other'), { onDuty: true }))
    await Promise.all([one.hasRead, other.hasRead])
    one.go()
    other.go()
    const codes = await Promise.all([codeOf(one.done), codeOf(other.done)])
    expect(codes.toSorted()).toEqual([ABORTED, undefined])
    expect((await shop.get()).size).toBe(1)
  })

  test('a read-only transaction that writes', async () => {
    const write = db.runTransaction(async (tx) => void tx.set(fresh(), { n: 1 }), { readOnly: true })
    await expect(write).rejects.toThrow('read-only')
  })
})

describe.runIf(ours)('survives', () => {
  test('a writer gives up after 20 seconds of waiting, and then the lock is still there', async () => {
    const own = await startFirestore()
    const client = await own.client()
    const ref = client.doc('things/1')
    const go = Promise.withResolvers<void>()
    const reader = client.runTransaction(async (tx) => {
      await tx.get(ref)
      await go.promise
    })
    await until(() => own.server.load().transactions === 1)
    const write = own.server.write([{ path: 'things/1', data: { n: 1 } }])
    const code = codeOf(write)
    await until(() => own.server.load().waiting === 1)
    await own.timeline.jumpTo(own.timeline.now() + 21_000)
    expect(await code).toBe(ABORTED)
    expect(own.server.load()).toEqual({ transactions: 1, waiting: 0 })
    go.resolve()
    await reader
    await own.close()
  })

  test('an idle transaction ends after a minute, a busy one after 270 seconds, and a late commit is told so', async () => {
    const own = await startFirestore()
    const client = await own.client()
    const ref = client.doc('things/1')
    const go = Promise.withResolvers<void>()
    const late = client.runTransaction(async (tx) => {
      await tx.get(ref)
      await go.promise
      tx.set(ref, { n: 1 })
    }, { maxAttempts: 1 })
    await until(() => own.server.load().transactions === 1)
    await own.timeline.jumpTo(own.timeline.now() + 61_000)
    expect(own.server.load().transactions).toBe(0)
    go.resolve()
    const failure = await failureOf(late)
    expect(failure?.code).toBe(INVALID_ARGUMENT)
    expect(failure?.message).toContain('The referenced transaction has expired or is no longer valid.')
    const renewed = client.runTransaction(async (tx) => {
      for (let n = 0; n < 6; n += 1) {
        await tx.get(ref)
        await own.timeline.jumpTo(own.timeline.now() + 50_000)
      }
    }, { maxAttempts: 1 })
    expect(await codeOf(renewed)).toBe(INVALID_ARGUMENT)
    await own.close()
  })

  test('the locks of a client that is killed are free at once', async () => {
    const ref = fresh()
    await ref.set({ n: 1 })
    const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER], {
      env: { ...process.env, HOST: cloud.host, PROJECT: cloud.projectId, DOCUMENT: ref.path },
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const write = ref.set({ n: 2 })
    await until(() => cloud.server.load().waiting === 1)
    expect(await settled(write)).toBe(false)
    const killedMs = performance.now()
    child.kill('SIGKILL')
    await write
    expect(performance.now() - killedMs).toBeLessThan(10_000)
  })

  test('a waiting call that its client gives up leaves the queue and is never applied', async () => {
    const ref = fresh()
    const reader = paused((tx) => tx.get(ref))
    await reader.hasRead
    const raw = rawClient(cloud.host)
    const database = `projects/${cloud.projectId}/databases/(default)`
    const writes = [{ update: { name: `${database}/documents/${ref.path}`, fields: { n: { integerValue: 1 } } } }]
    const code = codeOf(raw.commit({ database, writes }, { timeout: 200, retry: null }))
    await until(() => cloud.server.load().waiting === 1)
    await until(() => cloud.server.load().waiting === 0)
    expect(await code).toBe(DEADLINE_EXCEEDED)
    await raw.close()
    reader.go()
    await reader.done
    expect((await ref.get()).exists).toBe(false)
  })
})

/** A process that reads a document in a transaction and then does nothing. */
const HOLDER = `
  import { Firestore } from '@google-cloud/firestore'
  process.env.METADATA_SERVER_DETECTION = 'none'
  const db = new Firestore({ projectId: process.env.PROJECT, host: process.env.HOST, ssl: false })
  await db.runTransaction(async (tx) => {
    await tx.get(db.doc(process.env.DOCUMENT))
    console.log('held')
    await new Promise((resolve) => setTimeout(resolve, 60_000))
  })
`
