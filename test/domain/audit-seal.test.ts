/** A day of the audit trail under one seal: the same events give the same one, and nothing else does. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalEvent, dayAfter, dayOf, eventHash, leafOf, ordered, sealHash, sealOf, startOf, type Leaf } from '#domain/audit-seal.ts'

const EVENT = {
  id: 'ord_1-2-audit', who: 'admin ann', what: 'order.refunded', subject: 'ord_1', before: '{"state":"paid"}', after: null, why: 'damaged',
  request_id: 'r-1', ip: '10.0.0.1', created_at: '2026-11-20T23:59:59.999Z', updated_at: '2026-11-20T23:59:59.999Z', row_version: 1, schema_version: 1,
}
const DAY = '2026-11-20'

const events = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1, maxLength: 8 }), who: fc.string({ maxLength: 5 }), why: fc.option(fc.string({ maxLength: 5 })), row_version: fc.nat(9) }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 20 },
)
const seal = (rows: ReadonlyArray<Record<string, unknown>>, previous: string | null = null) =>
  sealOf(DAY, ordered(rows.map((row) => leafOf({ created_at: `${DAY}T12:00:00.000Z`, ...row }, DAY))), previous)

describe('does', () => {
  test('write an event in one way, whatever the order of its fields', () => {
    expect(canonicalEvent({ b: 1, a: 'x', c: null })).toBe('{"a":"x","b":1}')
    expect(eventHash(Object.fromEntries(Object.entries(EVENT).reverse()))).toBe(eventHash(EVENT))
  })

  test('hash an event as before when the warehouse gets another column', () => {
    expect(eventHash({ ...EVENT, colour: null })).toBe(eventHash(EVENT))
  })

  test('give the same seal for the same events, in whatever order and however often they come', () => {
    fc.assert(fc.property(events, fc.nat(), (rows, at) => {
      const again = [...rows.slice(at % rows.length), ...rows].reverse()
      expect(seal(again)).toEqual(seal(rows))
    }))
  })

  test.each([
    ['2026-11-20T00:00:00.000Z', '2026-11-20'], ['2026-11-20T23:59:59.999Z', '2026-11-20'], ['2028-02-29T12:00:00.000Z', '2028-02-29'],
  ])('%s is of %s', (moment, day) => {
    expect(dayOf(Date.parse(moment))).toBe(day)
  })

  test('days follow each other over months and leap days', () => {
    expect([dayAfter('2026-12-31'), dayAfter('2028-02-28'), dayAfter('2026-11-19', 2)]).toEqual(['2027-01-01', '2028-02-29', '2026-11-21'])
    expect(startOf(DAY)).toBe(Date.UTC(2026, 10, 20))
  })

  test('seal a day on which nothing happened', () => {
    expect(sealOf(DAY, [], null)).toMatchObject({ events: 0, late: 0, previous: null, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })
  })

  test('name the day for which an event is late, and count it', () => {
    const leaves = [leafOf(EVENT, '2026-11-21'), leafOf({ ...EVENT, id: 'b', created_at: '2026-11-21T00:00:00.000Z' }, '2026-11-21')]
    expect(leaves.map(({ lateFor }) => lateFor)).toEqual([DAY, null])
    expect(sealOf('2026-11-21', ordered(leaves), null)).toMatchObject({ events: 2, late: 1 })
  })
})

describe('refuses', () => {
  test.each(Object.keys(EVENT))('to let %s be altered unseen', (field) => {
    const known: Record<string, unknown> = EVENT
    for (const other of ['', 'x', null, 2].filter((value) => value !== known[field])) expect(eventHash({ ...EVENT, [field]: other })).not.toBe(eventHash(EVENT))
  })

  test('to give other events the same seal', () => {
    fc.assert(fc.property(events, fc.nat(), (rows, at) => {
      const index = at % rows.length
      const known = seal(rows).root
      expect(seal(rows.toSpliced(index, 1)).root).not.toBe(known)
      expect(seal([...rows, { id: 'something longer', who: 'x' }]).root).not.toBe(known)
      expect(seal(rows.with(index, { ...(rows[index] as (typeof rows)[0]), who: 'somebody else' })).root).not.toBe(known)
    }))
  })

  test('to let a day be replaced without every later seal being another one', () => {
    const first = seal([EVENT])
    const forged = seal([{ ...EVENT, who: 'admin bob' }])
    const next = (n: number, before: string): string => sealOf(dayAfter(DAY, n), [], before).hash
    for (let n = 1, [honest, other] = [first.hash, forged.hash]; n <= 3; n += 1) {
      ;[honest, other] = [next(n, honest), next(n, other)]
      expect(other).not.toBe(honest)
    }
  })

  test.each([
    { day: '2026-11-21' }, { events: 2 }, { late: 1 }, { root: 'f'.repeat(64) }, { previous: 'f'.repeat(64) },
  ])('to let a seal say %o under the same hash', (change) => {
    const { hash, ...facts } = seal([EVENT])
    expect(sealHash(facts)).toBe(hash)
    expect(sealHash({ ...facts, ...change })).not.toBe(hash)
  })
})

describe('survives', () => {
  test('a hundred thousand events in one day, in seconds', () => {
    const leaves: Leaf[] = Array.from({ length: 100_000 }, (_, n) => ({ id: `e${(n * 7919) % 1_000_003}`, hash: n.toString(16).padStart(64, '0'), lateFor: null }))
    const started = performance.now()
    expect(sealOf(DAY, ordered(leaves), null).events).toBe(100_000)
    expect(performance.now() - started).toBeLessThan(4_000)
  })
})
