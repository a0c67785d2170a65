/**
 * Stock: what each word of the point of sale does to our figures.
 *
 * The properties play a store with a till as Square keeps it, or as Lightspeed does, which dates its counts to the second only, an online shop that reserves, sells, refunds and gives up,
 * adjustments that are sent again and answered late or never, webhooks and pages of a sync in any order, twice or lost; and
 * look at what is really there: the till's own count, less what was promised online and is not taken off it yet.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sellable, weighCount, type PosCount, type Product, type Till } from '#domain/product.ts'
import { answered, datedToTheSecond, heard, isNews, isSecondOver, latestOfEach, shortage } from '#domain/stock.ts'
import { NOW_MS, product } from './given.ts'

const count = (quantity: number, countedAtMs = NOW_MS): PosCount => ({ productId: 'oil', quantity, countedAtMs })
const TOLD = { quantity: 4, countedAtMs: NOW_MS, inFlight: 2 }

describe('does', () => {
  test.each([
    ['newer than ours', {}, count(7), true],
    ['as old as ours', { countedAtMs: NOW_MS }, count(7), false],
    ['older', { countedAtMs: NOW_MS + 1 }, count(7), false],
    ['older than one that waits', { told: { ...TOLD, countedAtMs: NOW_MS + 1 } }, count(7), false],
    ['newer than one that waits', { told: TOLD }, count(7, NOW_MS + 1), true],
  ] as const)('a count that is %s is news or not', (_what, wanted, said, expected) => {
    expect(isNews(product(wanted), said)).toBe(expected)
  })

  test('a count replaces ours while nothing is on its way, and waits while something is', () => {
    expect(heard(count(7), 0)).toEqual({ onHand: 7, countedAtMs: NOW_MS })
    expect(heard(count(7), 3)).toEqual({ told: { quantity: 7, countedAtMs: NOW_MS, inFlight: 3 } })
    expect(heard(count(7), -3)).toEqual({ told: { quantity: 7, countedAtMs: NOW_MS, inFlight: -3 } })
  })

  test.each([
    ['with a newer count: it is ours', {}, count(8), { onHand: 8, countedAtMs: NOW_MS, told: null }],
    ['with a count that we have: it is not taken off twice', { onHand: 8, countedAtMs: NOW_MS }, count(8), { told: null }],
    ['with a count from before ours, which has it then', { onHand: 5, countedAtMs: NOW_MS + 1 }, count(8), { told: null }],
    ['when a later count waited: that one has both', { told: { ...TOLD, countedAtMs: NOW_MS + 1 } }, count(8), { onHand: 4, countedAtMs: NOW_MS + 1, told: null }],
    ['when an earlier count waited: it is forgotten', { told: { ...TOLD, countedAtMs: NOW_MS - 1 } }, count(8), { onHand: 8, countedAtMs: NOW_MS, told: null }],
    ['by a refusal: our own figure moves until the till counts', {}, undefined, { onHand: 8, told: null }],
    ['by a refusal, when a count waited: that one', { told: TOLD }, undefined, { onHand: 4, countedAtMs: NOW_MS, told: null }],
  ] as const)('an adjustment by -2 is answered %s', (_what, wanted, said, expected) => {
    expect(answered(product({ held: 2, ...wanted }), -2, said)).toEqual(expected)
  })

  test('of several counts the latest of each product counts', () => {
    const other = { ...count(1), productId: 'tea' }
    expect(latestOfEach([count(5), count(6, NOW_MS + 2), other, count(4, NOW_MS + 1)])).toEqual([count(6, NOW_MS + 2), other])
  })

  test.each([
    [{ onHand: 3, held: 3 }, 0], [{ onHand: 3, held: 5 }, 2], [{ onHand: -1, held: 0 }, 1], [{ onHand: 2, held: -1 }, 0], [{ onHand: 0, held: 4, counted: false }, 0],
  ])('with %j so many are promised that are not there: %i', (wanted, units) => {
    expect(shortage(product(wanted))).toBe(units)
  })
})

describe('does, with a till that dates to the second', () => {
  test('put counts of one second in the order in which they were asked for, and all of them before the next second', () => {
    fc.assert(fc.property(fc.integer({ min: -60_000, max: 60_000 }), fc.integer({ min: 1, max: 60_000 }), (skewMs, laterMs) => {
      const first = datedToTheSecond(NOW_MS, NOW_MS + skewMs)
      const later = datedToTheSecond(NOW_MS, NOW_MS + skewMs + laterMs)
      expect(later).toBeGreaterThanOrEqual(first)
      if (Math.abs(skewMs) < 30_000) expect(later).toBeGreaterThan(first)
      expect(first).toBeGreaterThanOrEqual(NOW_MS)
      expect(later).toBeLessThan(datedToTheSecond(NOW_MS + 1_000, NOW_MS - 60_000))
    }))
  })

  test('know when nothing more can happen in a second, whoever\'s clock is ahead', () => {
    expect([isSecondOver(NOW_MS, NOW_MS + 29_999), isSecondOver(NOW_MS, NOW_MS + 30_000)]).toEqual([false, true])
  })
})

interface Batch {
  readonly delta: number
  readonly occurredAtMs: number
  /** What the till answered when it made it; it answers the same again. */
  answer: PosCount | undefined
}

/** What happened to the stock, and when, as the till reckons: a count by hand has seen all that happened before it. */
interface Fact {
  readonly atMs: number
  readonly delta?: number
  readonly counted?: number
}

interface Buy {
  readonly quantity: number
  state: 'reserved' | 'paid' | 'over'
}

interface World {
  readonly kept: Till
  till: { quantity: number; changedAtMs: number; recountedAtMs: number }
  readonly facts: Fact[]
  ours: Product
  outbox: number[]
  batch: Batch | undefined
  readonly buys: Buy[]
  /** Counts on their way to us: webhooks, pages, answers to checkouts. */
  readonly counts: PosCount[]
  clockMs: number
}

/** A shop that has sold before: what it sold can come back. */
const BEFORE = [1, 2, 3]

function newWorld(kept: Till, onHand: number): World {
  return {
    kept,
    till: { quantity: onHand, changedAtMs: NOW_MS, recountedAtMs: 0 }, facts: [{ atMs: NOW_MS, counted: onHand }], ours: product({ onHand, countedAtMs: NOW_MS }),
    outbox: [], batch: undefined, buys: BEFORE.map((quantity) => ({ quantity, state: 'paid' })), counts: [], clockMs: NOW_MS,
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
const inFlight = ({ batch }: World): number => (batch === undefined ? 0 : 0 - batch.delta)
/** What the till answers who asks now. */
const present = ({ kept, till, clockMs }: World): PosCount => ({
  productId: 'oil', quantity: till.quantity, countedAtMs: kept === 'square' ? till.changedAtMs : datedToTheSecond(till.changedAtMs - (till.changedAtMs % 1_000), clockMs),
})
const reserved = ({ buys }: World): number => sum(buys.filter(({ state }) => state === 'reserved').map(({ quantity }) => quantity))
/** What the till will still take off, or add, when it hears of it. */
const unmade = ({ kept, batch, till }: World): number =>
  (batch === undefined || batch.answer !== undefined || (kept === 'square' && batch.occurredAtMs < till.recountedAtMs) ? 0 : batch.delta)
/** Units on the shelf that are promised to nobody; below zero: promised twice. */
const reallyFree = (world: World): number => world.till.quantity - reserved(world) + sum(world.outbox) + unmade(world)

/** What was bought online since. */
const bought = ({ buys }: World): Buy[] => buys.slice(BEFORE.length)

/** Something happens at the till; it tells us. */
function happens(world: World, fact: Omit<Fact, 'atMs'>, occurredAtMs = world.clockMs + 1): void {
  world.clockMs += 1
  const { till } = world
  world.facts.push({ ...fact, atMs: occurredAtMs })
  const seen = fact.counted === undefined && occurredAtMs < till.recountedAtMs
  if (fact.counted !== undefined) world.till = { quantity: fact.counted, changedAtMs: world.clockMs, recountedAtMs: occurredAtMs }
  else if (!seen) world.till = { ...till, quantity: till.quantity + (fact.delta ?? 0), changedAtMs: world.clockMs }
  world.counts.push(present(world))
}

function hear(world: World, said: PosCount | undefined): void {
  if (said !== undefined && isNews(world.ours, said)) world.ours = { ...world.ours, ...heard(said, inFlight(world)) }
}

function close(world: World, said: PosCount | undefined): void {
  const { batch, ours } = world
  if (batch === undefined || said === undefined) return
  world.batch = undefined
  world.ours = { ...ours, held: ours.held + batch.delta, ...answered(ours, batch.delta, said) }
}

function hold(world: World, quantity: number): void {
  world.ours = { ...world.ours, held: world.ours.held + quantity }
}

function turn(world: World, from: Buy['state'], to: Buy['state']): Buy | undefined {
  const buy = world.buys.find(({ state }) => state === from)
  if (buy !== undefined) buy.state = to
  return buy
}

type Step = { readonly what: keyof typeof moves; readonly n: number }

const moves = {
  /** A checkout; the till is asked, and answers at once, late, or not at all. */
  'buy on a fresh count': (world: World, n: number) => buy(world, n, present(world)),
  'buy on a late count': (world: World, n: number) => buy(world, n, world.counts.splice(n % Math.max(1, world.counts.length), 1)[0]),
  'buy while the till is away': (world: World, n: number) => buy(world, n, undefined),
  pay: (world: World) => {
    const paid = turn(world, 'reserved', 'paid')
    if (paid !== undefined) world.outbox.push(0 - paid.quantity)
  },
  /** Declined, expired, cancelled. */
  'give up': (world: World) => hold(world, 0 - (turn(world, 'reserved', 'over')?.quantity ?? 0)),
  /** Its money comes after all: reserved anew if it can be, else given back. */
  'pay too late': (world: World, n: number) => {
    if (sellable(world.ours) < n) return
    hold(world, n)
    world.buys.push({ quantity: n, state: 'paid' })
    world.outbox.push(0 - n)
  },
  'refund with restock': (world: World) => {
    const back = turn(world, 'paid', 'over')?.quantity ?? 0
    hold(world, 0 - back)
    if (back > 0) world.outbox.push(back)
  },
  'refund without': (world: World) => void turn(world, 'paid', 'over'),
  'sell at the till what is free': (world: World, n: number) => {
    if (reallyFree(world) >= n) happens(world, { delta: 0 - n })
  },
  'sell at the till whatever is promised': (world: World, n: number) => happens(world, { delta: 0 - n }),
  delivery: (world: World, n: number) => happens(world, { delta: n }),
  /**
   * Whoever counts by hand finds what is there, and some that nobody knew of. Square knows when an adjustment happened: what
   * we have written is taken off the shelf by then. To Lightspeed all happens when it hears of it.
   */
  'count by hand': (world: World, n: number) => happens(world, { counted: world.till.quantity + (world.kept === 'square' ? unmade(world) : 0) + n }),
  pack: (world: World) => {
    if (world.batch !== undefined) return
    const delta = sum(world.outbox.splice(0))
    world.clockMs += 1
    if (delta !== 0) world.batch = { delta, occurredAtMs: world.clockMs, answer: undefined }
  },
  /** The request arrives; its answer is lost, or read by \`answer\`. Sent again it changes nothing. */
  send: (world: World) => {
    const { batch } = world
    if (batch === undefined || batch.answer !== undefined) return
    happens(world, { delta: batch.delta }, world.kept === 'square' ? batch.occurredAtMs : world.clockMs + 1)
    batch.answer = present(world)
  },
  answer: (world: World) => close(world, world.batch?.answer),
  /** Square has forgotten the key: what was made is looked for, and its present count read. */
  'find it made': (world: World) => close(world, world.batch?.answer === undefined ? undefined : present(world)),
  'read a page': (world: World) => void world.counts.push(present(world)),
  /** Any count that is on its way arrives; it may come again. */
  hear: (world: World, n: number) => hear(world, world.counts[n % Math.max(1, world.counts.length)]),
  'lose a word': (world: World, n: number) => void world.counts.splice(n % Math.max(1, world.counts.length), 1),
}

function buy(world: World, quantity: number, said: PosCount | undefined): void {
  const weighed = said === undefined ? { sellable: sellable(world.ours) } : weighCount(world.ours, said, inFlight(world))
  if (weighed.sellable < quantity) return
  const taken = said === undefined || weighed.onHand === undefined ? {} : { onHand: weighed.onHand, countedAtMs: said.countedAtMs }
  world.ours = { ...world.ours, ...taken, held: world.ours.held + quantity }
  world.buys.push({ quantity, state: 'reserved' })
}

const ONLINE = ['buy on a fresh count', 'pay', 'pay', 'give up', 'pay too late', 'refund with restock', 'refund without'] as const
const BLIND = ['buy on a late count', 'buy while the till is away'] as const
const WIRE = ['pack', 'send', 'answer', 'find it made', 'read a page', 'hear', 'hear', 'lose a word'] as const
const GROWING = ['delivery', 'count by hand'] as const

const steps = (...whats: ReadonlyArray<keyof typeof moves>) =>
  fc.array(fc.record({ what: fc.constantFrom(...whats), n: fc.integer({ min: 1, max: 3 }) }), { maxLength: 50, size: 'max' })
const OFTEN = { numRuns: 5_000 }

interface Played {
  readonly kept: Till
  readonly onHand: number
  readonly steps: readonly Step[]
}

function play({ kept, onHand, steps: played }: Played, look: (world: World) => void = () => undefined): World {
  const world = newWorld(kept, onHand)
  for (const { what, n } of played) {
    moves[what](world, n)
    look(world)
  }
  return world
}

/** Everything that is due is done: what was sold is taken off, and the next sync reads the till. */
function settle(world: World): void {
  while (world.batch !== undefined || world.outbox.length > 0) {
    moves.pack(world)
    moves.send(world)
    moves.answer(world)
  }
  hear(world, present(world))
}

/** What must lie there, from nothing but what happened and when. */
function reckoned({ facts }: World): number {
  return facts.toSorted((one, other) => one.atMs - other.atMs).reduce((units, { counted, delta = 0 }) => counted ?? units + delta, 0)
}

describe.each<Till>(['square', 'lightspeed'])('survives, with a till as %s keeps it,', (kept) => {
  test('words late, lost, twice and in any order, while the store sells nothing: nothing is promised twice, at no moment', () => {
    fc.assert(fc.property(fc.nat(4), steps(...ONLINE, ...BLIND, ...WIRE, ...WIRE, ...GROWING), (onHand, played) => {
      play({ kept, onHand, steps: played }, (world) => expect(reallyFree(world)).toBeGreaterThanOrEqual(0))
    }), OFTEN)
  })

  test('a store that sells at the same time: who buys online on a fresh count never takes what is not there', () => {
    const online = ONLINE.filter((what) => what !== 'pay too late')
    fc.assert(fc.property(fc.nat(4), steps(...online, ...WIRE, ...WIRE, ...GROWING, 'sell at the till what is free', 'sell at the till what is free'), (onHand, played) => {
      play({ kept, onHand, steps: played }, (world) => expect(reallyFree(world)).toBeGreaterThanOrEqual(0))
    }), OFTEN)
  })

  test('all of it at once: in the end the till counts what happened, each thing once, and we count what the till counts', () => {
    const all = Object.keys(moves) as Array<keyof typeof moves>
    fc.assert(fc.property(fc.nat(4), steps(...all, ...WIRE), (onHand, played) => {
      const world = play({ kept, onHand, steps: played })
      settle(world)
      expect([world.ours.onHand, world.till.quantity]).toEqual([reckoned(world), reckoned(world)])
      expect([world.ours.held, world.ours.told ?? null]).toEqual([reserved(world), null])
      expect(shortage(world.ours)).toBe(Math.max(0, 0 - reallyFree(world)))
    }), OFTEN)
  })

  test('the last piece, wanted online and in the store at once: who comes second gets none, or it is known that there is none', () => {
    const both = ['buy on a fresh count', 'sell at the till what is free', 'pay', ...WIRE] as const
    fc.assert(fc.property(steps(...both), (played) => {
      const world = play({ kept, onHand: 1, steps: played.map(({ what }) => ({ what, n: 1 })) })
      settle(world)
      const online = bought(world).length
      const inStore = world.facts.filter(({ delta }) => delta === -1).length - bought(world).filter(({ state }) => state === 'paid').length
      expect(online + inStore).toBeLessThanOrEqual(1)
    }), { numRuns: 2_000 })
  })

  test('the last piece while the till cannot be asked: whatever is promised beyond it is known to the unit', () => {
    const blind = ['buy while the till is away', 'sell at the till whatever is promised', 'pay', 'pack', 'send', 'answer', 'hear'] as const
    fc.assert(fc.property(steps(...blind), (played) => {
      const world = play({ kept, onHand: 1, steps: played.map(({ what }) => ({ what, n: 1 })) })
      settle(world)
      const sold = world.facts.filter(({ delta }) => delta !== undefined && delta < 0)
      expect(shortage(world.ours)).toBe(Math.max(0, 0 - sum(sold.map(({ delta = 0 }) => delta)) + reserved(world) - 1))
    }), { numRuns: 2_000 })
  })
})
