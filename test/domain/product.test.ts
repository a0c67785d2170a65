/**
 * Stock: what a count of the point of sale means while our own sales are on their way there.
 *
 * The properties play a till, our sales, adjustments and answers in any order, and look at what is really on the shelf:
 * the till's own count, less what was sold online and is not taken off it yet.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { available, productView, sellable, weighCount, type PosCount, type Product } from '#domain/product.ts'
import { NOW_MS, product } from './given.ts'

const count = (quantity: number, countedAtMs = NOW_MS): PosCount => ({ productId: 'oil', quantity, countedAtMs })

describe('does', () => {
  test.each([
    [10, 0, 10], [10, 4, 6], [10, 10, 0], [10, 12, 0], [-2, 0, 0], [3, -2, 5],
  ])('of %i on hand and %i held, %i can be sold', (onHand, held, left) => {
    expect(sellable({ counted: true, onHand, held })).toBe(left)
  })

  test('a product that nobody counts never runs out', () => {
    expect(sellable({ counted: false, onHand: 0, held: 5 })).toBe(Number.MAX_SAFE_INTEGER)
    expect(productView(product({ counted: false, onHand: 0 }))).toMatchObject({ available: true, inventory: null })
  })

  test.each([
    [{}, true], [{ listed: false }, false], [{ price: null }, false], [{ held: 10 }, false], [{ price: 0 }, true],
  ] as const)('with %j it is available: %s', (wanted, expected) => {
    expect(available(product(wanted))).toBe(expected)
  })

  test('shows what a caller may know, and leaves out what a product does not have', () => {
    const view = productView(product({ held: 3, minTier: 'GOLD', earlyAccessUntilMs: NOW_MS }))
    expect(view).toMatchObject({
      price: 50, inventory: 7, available: true, minTier: 'GOLD', earlyAccessUntil: '2026-11-02T12:00:00.000Z',
      updated_at: '2026-11-02T11:59:00.000Z',
    })
    expect(Object.keys(productView(product()))).not.toEqual(expect.arrayContaining(['minTier']))
    expect(Object.keys(view)).not.toEqual(expect.arrayContaining(['held']))
    expect(productView(product({ price: null }))).toMatchObject({ price: null, available: false })
  })

  test.each([
    ['is newer', {}, count(7), 0, { onHand: 7, sellable: 7 }],
    ['is newer, and some are held', { held: 2 }, count(7), 0, { onHand: 7, sellable: 5 }],
    ['is newer, and more are held than there are', { held: 9 }, count(7), 0, { onHand: 7, sellable: 0 }],
    ['is below zero at the till', {}, count(-3), 0, { onHand: -3, sellable: 0 }],
    ['is older', { countedAtMs: NOW_MS + 1 }, count(7), 0, { sellable: 10 }],
    ['is as old as ours', { countedAtMs: NOW_MS }, count(7), 0, { sellable: 10 }],
    ['is of a product that nobody counts', { counted: false }, count(7), 0, { sellable: Number.MAX_SAFE_INTEGER }],
    ['did not move, with units on their way', { held: 3 }, count(10), 3, { sellable: 7, possible: 10 }],
    ['fell by what is on its way, as if it were in', { held: 3 }, count(7), 3, { sellable: 4, possible: 7 }],
    ['grew, with units on their way', { held: 3 }, count(15), 3, { sellable: 7, possible: 15 }],
    ['fell by more than what is on its way', { held: 3 }, count(2), 3, { sellable: 0, possible: 2 }],
    ['may hold goods put back already', { held: -2 }, count(9), -2, { sellable: 9, possible: 11 }],
  ] as const)('a count that %s', (_what, wanted, said, inFlight, expected) => {
    expect(weighCount(product(wanted), said, inFlight)).toEqual(expected)
  })
})

/** A shop with a till: what really is, what we believe, and what is on its way between the two. */
interface World {
  till: { quantity: number; changedAtMs: number }
  ours: Product
  outbox: number[]
  batches: Array<{ delta: number; applied: boolean; answer: PosCount | undefined }>
  late: PosCount[]
  clockMs: number
}

function newWorld(onHand: number): World {
  return {
    till: { quantity: onHand, changedAtMs: NOW_MS }, ours: product({ onHand, countedAtMs: NOW_MS }), outbox: [], batches: [],
    late: [], clockMs: NOW_MS,
  }
}

const inFlight = (world: World): number => 0 - world.batches.reduce((sum, { delta }) => sum + delta, 0)
function unapplied(world: World): number {
  const sent = world.batches.filter(({ applied }) => !applied).map(({ delta }) => delta)
  return [...world.outbox, ...sent].reduce((sum, delta) => sum + delta, 0)
}
/** Units on the shelf that nobody has bought; below zero: sold twice. */
const reallyFree = (world: World): number => world.till.quantity + unapplied(world)
const readCount = (world: World): PosCount => ({
  productId: 'oil', quantity: world.till.quantity, countedAtMs: world.till.changedAtMs,
})

type Step =
  | { readonly what: 'sell'; readonly quantity: number; readonly count: 'fresh' | 'late' | 'none' }
  | { readonly what: 'restock' | 'till sells' | 'delivery'; readonly quantity: number }
  | { readonly what: 'read' | 'pack' | 'apply' | 'answer' | 'sync' }

const moves: Record<Step['what'], (world: World, step: Step) => void> = {
  sell: (world, step) => {
    if (step.what !== 'sell') return
    const said = step.count === 'none' ? undefined : step.count === 'fresh' ? readCount(world) : world.late.shift()
    const weighed = said === undefined ? { sellable: sellable(world.ours) } : weighCount(world.ours, said, inFlight(world))
    if (weighed.sellable < step.quantity) return
    world.ours = { ...world.ours, held: world.ours.held + step.quantity }
    if (said !== undefined && weighed.onHand !== undefined) world.ours = {
      ...world.ours, onHand: weighed.onHand, countedAtMs: said.countedAtMs,
    }
    world.outbox.push(0 - step.quantity)
  },
  /** Goods of a refunded order, back on the shelf. */
  restock: (world, step) => {
    if (!('quantity' in step)) return
    world.ours = { ...world.ours, held: world.ours.held - step.quantity }
    world.outbox.push(step.quantity)
  },
  'till sells': (world, step) => {
    if ('quantity' in step && reallyFree(world) >= step.quantity) world.till = {
      quantity: world.till.quantity - step.quantity, changedAtMs: ++world.clockMs,
    }
  },
  delivery: (world, step) => {
    if ('quantity' in step) world.till = { quantity: world.till.quantity + step.quantity, changedAtMs: ++world.clockMs }
  },
  read: (world) => void world.late.push(readCount(world)),
  /** One batch at a time, as the sender works; it is kept until it is answered. */
  pack: (world) => {
    if (world.batches.length > 0 || world.outbox.length === 0) return
    const delta = world.outbox.splice(0).reduce((sum, one) => sum + one, 0)
    if (delta !== 0) world.batches.push({ delta, applied: false, answer: undefined })
  },
  apply: (world) => {
    const batch = world.batches.find(({ applied }) => !applied)
    if (batch === undefined) return
    world.till = { quantity: world.till.quantity + batch.delta, changedAtMs: ++world.clockMs }
    batch.applied = true
    batch.answer = readCount(world)
  },
  answer: (world) => {
    const batch = world.batches.find(({ answer }) => answer !== undefined)
    if (batch?.answer === undefined) return
    world.batches.splice(world.batches.indexOf(batch), 1)
    const { ours } = world
    const newer = batch.answer.countedAtMs > ours.countedAtMs
    world.ours = {
      ...ours, held: ours.held + batch.delta,
      ...(newer ? {
        onHand: batch.answer.quantity, countedAtMs: batch.answer.countedAtMs,
      } : { onHand: ours.onHand + batch.delta }),
    }
  },
  sync: (world) => {
    const said = world.late.shift() ?? readCount(world)
    const { onHand } = weighCount(world.ours, said, inFlight(world))
    if (onHand !== undefined) world.ours = { ...world.ours, onHand, countedAtMs: said.countedAtMs }
  },
}

const quantity = fc.integer({ min: 1, max: 3 })
const quiet = fc.constantFrom<Step>({ what: 'read' }, { what: 'pack' }, { what: 'apply' }, { what: 'answer' }, { what: 'sync' })
const sale = (...counts: Array<'fresh' | 'late' | 'none'>) => fc.record({
  what: fc.constant('sell' as const), quantity, count: fc.constantFrom(...counts),
})
const stocked = (...whats: Array<'restock' | 'till sells' | 'delivery'>) => fc.record({
  what: fc.constantFrom(...whats), quantity,
})
const seldom = { numRuns: 2_000 }

describe('survives', () => {
  test('counts read late, lost answers and syncs in any order: while the till only follows us, nothing is sold twice', () => {
    const step = fc.oneof(sale('fresh', 'late', 'none'), stocked('restock', 'delivery'), quiet, quiet)
    fc.assert(fc.property(fc.nat(8), fc.array(step, { maxLength: 30 }), (onHand, steps) => {
      const world = newWorld(onHand)
      for (const one of steps) {
        moves[one.what](world, one)
        expect(reallyFree(world)).toBeGreaterThanOrEqual(0)
      }
    }), seldom)
  })

  test('a till that sells at the same time: a sale made on a fresh count never takes what is not there', () => {
    const step = fc.oneof(sale('fresh'), stocked('restock', 'delivery', 'till sells'), stocked('till sells'), quiet, quiet)
    fc.assert(fc.property(fc.nat(8), fc.array(step, { maxLength: 30 }), (onHand, steps) => {
      const world = newWorld(onHand)
      for (const one of steps) {
        moves[one.what](world, one)
        expect(reallyFree(world)).toBeGreaterThanOrEqual(0)
      }
    }), seldom)
  })

  test('when everything is answered and counted, what we believe is what is there, to the unit', () => {
    const step = fc.oneof(sale('fresh', 'late', 'none'), stocked('restock', 'delivery'), quiet, quiet)
    fc.assert(fc.property(fc.nat(8), fc.array(step, { maxLength: 30 }), (onHand, steps) => {
      const world = newWorld(onHand)
      for (const one of steps) moves[one.what](world, one)
      for (const what of ['apply', 'answer', 'pack', 'apply', 'answer'] as const) moves[what](world, { what })
      world.late = []
      moves.delivery(world, { what: 'delivery', quantity: 1 })
      moves.sync(world, { what: 'sync' })
      expect(world.ours).toMatchObject({ held: 0, onHand: world.till.quantity })
    }))
  })
})
