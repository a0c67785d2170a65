/** Properties that hold for any schedule and any data, with seeds that fast-check prints when one fails. */
import { FieldValue, Filter, type Firestore, type Query, type WhereFilterOp } from '@google-cloud/firestore'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SortedList } from '../../../../infra/local/firestore/sorted-list.ts'
import { ABORTED, codeOf, startFirestore, type TestFirestore } from './client.ts'

let cloud: TestFirestore
let db: Firestore
let runs = 0

/** Every pair of fields a generated query may combine. */
const fields = ['a', 'b'] as const
const ordered = (path: string, order: string) => ({ fieldPath: path, order })
const indexes = {
  indexes: ['ASCENDING', 'DESCENDING'].flatMap((order) => [['a', 'b'], ['b', 'a']].map(([first, second]) => ({
    collectionGroup: 'rows', queryScope: 'COLLECTION', fields: [ordered(first ?? '', 'ASCENDING'), ordered(second ?? '', order)],
  }))),
}

beforeAll(async () => {
  cloud = await startFirestore({ indexes })
  db = await cloud.client()
})
afterAll(() => cloud.close())

/** As the product does it: one attempt at a time, short pauses of its own. */
async function transact(work: Parameters<Firestore['runTransaction']>[0]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const code = await codeOf(db.runTransaction(work, { maxAttempts: 1 }))
    if (code === undefined) return
    if (code !== ABORTED || attempt > 200) throw new Error(`ended with ${code} after ${attempt} attempts`)
    await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 10))
  }
}

describe('does', () => {
  test('any number of concurrent increments of a hot document sums exactly', async () => {
    const increments = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 2, maxLength: 12 })
    await fc.assert(fc.asyncProperty(increments, async (steps) => {
      const ref = db.doc(`hot/${runs++}`)
      await ref.set({ n: 0, versions: 0 })
      await Promise.all(steps.map((step) => transact(async (tx) => {
        const { n, versions } = (await tx.get(ref)).data() as { n: number; versions: number }
        tx.update(ref, { n: n + step, versions: versions + 1 })
      })))
      expect((await ref.get()).data()).toEqual({ n: steps.reduce((sum, step) => sum + step, 0), versions: steps.length })
    }), { numRuns: 8 })
  })

  test('random transfers keep the total, never overdraw, and could have run one after the other', async () => {
    const transfer = fc.record({ from: fc.nat(3), to: fc.nat(3), amount: fc.integer({ min: 1, max: 60 }) })
    await fc.assert(fc.asyncProperty(fc.array(transfer, { minLength: 4, maxLength: 16 }), async (transfers) => {
      const bank = db.collection(`bank-${runs++}`)
      const accounts = [0, 1, 2, 3].map((n) => bank.doc(`account-${n}`))
      await Promise.all(accounts.map((account) => account.set({ balance: 100, version: 0 })))
      const log: Array<{ read: Record<string, number>; wrote: string[] }> = []
      await Promise.all(transfers.map(({ from, to, amount }) => transact(async (tx) => {
        const source = accounts[from] ?? bank.doc()
        const target = accounts[to] ?? bank.doc()
        const [a, b] = [await tx.get(source), await tx.get(target)]
        const entry = { read: { [source.id]: a.get('version'), [target.id]: b.get('version') }, wrote: [] as string[] }
        tx.create(bank.doc(), { entry: log.push(entry) - 1, at: FieldValue.serverTimestamp() })
        if (from === to || a.get('balance') < amount) return
        tx.update(source, { balance: a.get('balance') - amount, version: a.get('version') + 1 })
        tx.update(target, { balance: b.get('balance') + amount, version: b.get('version') + 1 })
        entry.wrote.push(source.id, target.id)
      })))
      const balances = (await db.getAll(...accounts)).map((account) => account.get('balance') as number)
      expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(400)
      expect(Math.min(...balances)).toBeGreaterThanOrEqual(0)
      const committed = (await bank.where('entry', '>=', 0).get()).docs
      expect(committed).toHaveLength(transfers.length)
      expectSerial(committed.map((document) => {
        return { ...log[document.get('entry') as number], micros: microsOf(document.updateTime) }
      }))
    }), { numRuns: 6 })
  })

  test('a query answers what going through all documents would', async () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(null, 'x', 'y', 1.5, Number.NaN, true))
    const row = fc.record({ a: value, b: value }, { requiredKeys: [] })
    const operator = fc.constantFrom<WhereFilterOp>('==', '<', '<=', '>', '>=')
    const filter = fc.tuple(fc.constantFrom(...fields), operator, fc.integer({ min: 0, max: 3 }))
    const limit = fc.integer({ min: 1, max: 5 })
    const shape = fc.record({ filters: fc.array(filter, { maxLength: 2 }), any: fc.boolean(), limit })
    const shapes = fc.array(shape, { minLength: 4, maxLength: 4 })
    await fc.assert(fc.asyncProperty(fc.array(row, { maxLength: 12 }), shapes, async (rows, queries) => {
      const parent = db.doc(`tables/${runs++}`)
      const batch = db.batch()
      for (const [index, data] of rows.entries()) batch.set(parent.collection('rows').doc(`row-${index + 10}`), data)
      await batch.commit()
      for (const { filters, any, limit } of queries) {
        const found = await shaped(parent.collection('rows'), filters, any).limit(limit).get()
        const expected = byHand(rows, filters, any).slice(0, limit)
        expect(found.docs.map((document) => document.id)).toEqual(expected)
      }
    }), { numRuns: 40 })
  })

  test('a sorted list holds what was put in and not taken out, in order, both ways', () => {
    const step = fc.record({ put: fc.boolean(), item: fc.integer({ min: 0, max: 3000 }) })
    const items = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 1500 })
    fc.assert(fc.property(items, fc.array(step, { maxLength: 800 }), (initial, steps) => {
      const list = new SortedList<number>((a, b) => a - b)
      const held = new Set(initial)
      list.fill([...held])
      for (const { put, item } of steps) {
        if (put && !held.has(item)) list.insert(item)
        if (!put) list.remove(item)
        if (put) held.add(item)
        else held.delete(item)
      }
      const sorted = [...held].sort((a, b) => a - b).filter((item) => item >= 1000 && item <= 2000)
      for (const reversed of [false, true]) {
        const seen: number[] = []
        const range = { isBelow: (item: number) => item < 1000, isAbove: (item: number) => item > 2000, reversed }
        list.scan(range, (item) => seen.push(item) > 0)
        expect(seen).toEqual(reversed ? sorted.toReversed() : sorted)
      }
    }), { numRuns: 30 })
  })
})

type FilterShape = readonly [path: 'a' | 'b', operator: WhereFilterOp, value: number]

function shaped(rows: Query, filters: readonly FilterShape[], any: boolean): Query {
  const parts = filters.map(([path, operator, value]) => Filter.where(path, operator, value))
  if (parts.length === 0) return rows
  return rows.where(any ? Filter.or(...parts) : Filter.and(...parts))
}

/** The same by brute force: filters, fields of inequalities present, order by those fields, then by name. */
function byHand(rows: ReadonlyArray<{ a?: unknown; b?: unknown }>, filters: readonly FilterShape[], any: boolean): string[] {
  const orders = [...new Set(filters.filter(([, operator]) => operator !== '==').map(([path]) => path))].sort()
  const holds = (row: { a?: unknown; b?: unknown }) => {
    const each = filters.map(([path, operator, value]) => compares(row[path], operator, value))
    return filters.length === 0 || (any ? each.includes(true) : !each.includes(false))
  }
  return rows
    .map((row, index) => ({ row, id: `row-${index + 10}` }))
    .filter(({ row }) => holds(row) && orders.every((path) => row[path] !== undefined))
    .sort((one, other) => {
      for (const path of orders) {
        const order = place(one.row[path]) - place(other.row[path])
        if (order !== 0) return order
      }
      return one.id < other.id ? -1 : 1
    })
    .map(({ id }) => id)
}

/** Null, booleans, NaN, numbers, strings. */
function place(value: unknown): number {
  if (value === null) return -30
  if (value === true) return -20
  if (typeof value === 'string') return value === 'x' ? 20 : 21
  return Number.isNaN(value) ? -10 : Number(value)
}

function compares(held: unknown, operator: WhereFilterOp, value: number): boolean {
  if (typeof held !== 'number') return false
  const order = place(held) - value
  if (operator === '==') return order === 0
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order >= 0
}

function microsOf(time: { seconds: number; nanoseconds: number } | undefined): number {
  return (time?.seconds ?? 0) * 1_000_000 + (time?.nanoseconds ?? 0) / 1000
}

/** Replays transactions in the order of their commits: each must have read exactly the versions of its moment. */
function expectSerial(commits: ReadonlyArray<{ read?: Record<string, number>; wrote?: string[]; micros: number }>): void {
  const versions: Record<string, number> = {}
  for (const { read, wrote } of [...commits].sort((a, b) => a.micros - b.micros)) {
    for (const [name, version] of Object.entries(read ?? {})) expect(version).toBe(versions[name] ?? 0)
    for (const name of wrote ?? []) versions[name] = (versions[name] ?? 0) + 1
  }
}
