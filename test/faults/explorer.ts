/**
 * The fault explorer: runs a scenario once clean, then once for each way in which one of its network calls can go wrong,
 * lets time pass, and checks against what the vendors hold that nothing was lost, doubled or forgotten.
 *
 * Runs follow each other in one shop (`session.ts`). A violation of several runs together is tried again in ever smaller
 * parts, so that it is named by the sequence that repeats it.
 */
import { seeded } from '../../infra/local/random.ts'
import { named, pairsOf, pointsOf, thinned, type Point } from './points.ts'
import type { Scenario } from './scenario.ts'
import { Session, type Try, type Violation } from './session.ts'

export interface Explored {
  readonly scenario: string
  readonly calls: number
  readonly points: number
  readonly violations: readonly Violation[]
  readonly seconds: number
}

export interface Exploration {
  readonly seed: number
  /** Two faults at once: so many pairs by chance. */
  readonly pairs: number
  /** Every point; else points that are like others are drawn by chance. */
  readonly full?: boolean
  /** Numbers of the sequences that are tried; all when absent. */
  readonly only?: readonly number[]
}

/** Tries that share the time that passes after them. */
const TOGETHER = 160
/** Then another shop is opened: its books have become long. */
const TRIALS_MAX = 160
/** The try in which nothing goes wrong: what is wrong after it, the scenario itself does wrong. */
const CLEAN = -1

/** Shops one after the other: each serves until its books are long, something is wrong in it, or a scenario wants another. */
export class Shops {
  readonly #seed: number
  #session: Session | undefined
  #environment: Scenario['environment']

  constructor(seed: number) {
    this.#seed = seed
  }

  async session({ environment }: Scenario): Promise<Session> {
    const isOther = environment !== this.#environment
    if (this.#session !== undefined && (isOther || this.#session.isSpoilt || this.#session.trials >= TRIALS_MAX)) await this.close()
    this.#environment = environment
    return (this.#session ??= await Session.open(this.#seed, environment))
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.close()
  }
}

export async function explore(scenario: Scenario, exploration: Exploration, shops: Shops): Promise<Explored> {
  const startedAt = performance.now()
  const { seed, pairs, full = false, only } = exploration
  const calls = await (await shops.session(scenario)).record(scenario)
  const points = pointsOf(calls)
  const sequences = [...points.map((point) => [point]), ...pairsOf(points, pairs, seeded(seed))]
  const all = sequences.map((sequence, number): Try => ({ scenario, number, sequence }))
  const drawn = new Set(full ? points.keys() : thinned(points, seeded(seed)))
  const isWanted = ({ number }: Try): boolean => only?.includes(number) ?? (number >= points.length || drawn.has(number) || number === CLEAN)
  const tries = [{ scenario, number: CLEAN, sequence: [] }, ...all].filter(isWanted)
  const violations: Violation[] = []
  for (let from = 0; from < tries.length; from += TOGETHER) {
    const found = await (await shops.session(scenario)).tryAll(tries.slice(from, from + TOGETHER))
    violations.push(...(await narrowed(found, shops)))
  }
  return { scenario: scenario.name, calls: calls.length, points: tries.length, violations, seconds: (performance.now() - startedAt) / 1000 }
}

/** A few sequences of each scenario, drawn by chance, all in one shop. */
export async function exploreSample(scenarios: readonly Scenario[], { seed, each }: { seed: number; each: number }): Promise<Explored[]> {
  const random = seeded(seed)
  const session = await Session.open(seed)
  try {
    const tries: Try[] = []
    const calls = new Map<Scenario, number>()
    for (const scenario of scenarios) {
      const points = pointsOf(await session.record(scenario))
      calls.set(scenario, points.length)
      const numbers = Array.from({ length: each }, () => Math.floor(random() * points.length))
      tries.push(...numbers.map((number) => ({ scenario, number, sequence: [points[number] as Point] })))
    }
    const violations = await session.tryAll(tries)
    return scenarios.map((scenario) => ({
      scenario: scenario.name, calls: calls.get(scenario) ?? 0, points: each, seconds: 0,
      violations: violations.filter((violation) => violation.tries.some((one) => one.scenario === scenario)),
    }))
  } finally {
    await session.close()
  }
}

/** What was seen of several tries, seen again of as few of them as repeat it. */
async function narrowed(found: readonly Violation[], shops: Shops): Promise<Violation[]> {
  const [certain, doubtful] = [found.filter(({ tries }) => tries.length === 1), found.filter(({ tries }) => tries.length > 1)]
  if (doubtful.length === 0) return certain
  const tries = [...new Set(doubtful.flatMap((violation) => violation.tries))].filter((one) => !certain.some((known) => known.tries.includes(one)))
  const again = await halved(tries, shops)
  return again.length > 0 || certain.length > 0 ? [...certain, ...again] : [...doubtful]
}

async function halved(tries: readonly Try[], shops: Shops): Promise<Violation[]> {
  if (tries.length === 0) return []
  const [{ scenario }] = tries as readonly [Try]
  const found = await (await shops.session(scenario)).tryAll(tries)
  if (found.length === 0 || tries.length === 1) return found
  const middle = Math.ceil(tries.length / 2)
  const parts = [...(await halved(tries.slice(0, middle), shops)), ...(await halved(tries.slice(middle), shops))]
  return parts.length > 0 ? parts : found
}

/** A violation with the sequence that led to it, and the command that repeats it. */
export function told({ tries, seed, sentence }: Violation): string {
  const [first] = tries
  const sequences = tries.map(({ scenario, sequence }) => `${scenario.name}: ${named(sequence)}`)
  const numbers = tries.filter(({ scenario }) => scenario.name === first?.scenario.name).map(({ number }) => number)
  return [sentence, `seed ${seed}`, ...sequences, `npm run test:faults -- --scenario ${first?.scenario.name} --seed ${seed} --only ${numbers.join(',')}`].join('\n  ')
}
