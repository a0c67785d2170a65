/**
 * The fault explorer: runs a scenario once clean, then once for each way in which one of its network calls can go wrong,
 * lets time pass, and checks against what the vendors hold that nothing was lost, doubled or forgotten.
 *
 * Runs follow each other in one shop, each in a world of its own; the books are checked after every run for what may
 * never be true, and after every few runs, when time has passed, for everything. A violation of several runs together is
 * tried again one by one, so that it is named by the sequence that repeats it.
 */
import { seeded } from '../../infra/local/random.ts'
import { evidenceOf, never, stuck, violations } from '../functions/books.ts'
import { openGround, type Ground } from '../functions/purchase.ts'
import { named, pairsOf, pointsOf, type Point, type RecordedCall, type Sequence } from './points.ts'
import type { Scenario, Trial } from './scenario.ts'

export interface Try {
  readonly scenario: Scenario
  /** Place among all that can be tried with the scenario, by which it is repeated. */
  readonly number: number
  readonly sequence: Sequence
}

export interface Violation {
  /** The try after which it was seen; several when none of them alone repeats it. */
  readonly tries: readonly Try[]
  readonly seed: number
  readonly sentence: string
}

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
  /** Numbers of the sequences that are tried; all when absent. */
  readonly only?: readonly number[]
}

/** Deadlines of one call, short enough for a thousand silences; in production they are some seconds. */
const IMPATIENT = {
  CHARGE_DEADLINE_MS: '1500', STOCK_DEADLINE_MS: '400', STORE_DEADLINE_MS: '1000', TRANSACTION_DEADLINE_MS: '2000',
  PUBLISH_DEADLINE_MS: '400', WAREHOUSE_DEADLINE_MS: '1200', VENDOR_DEADLINE_MS: '600', PLACE_DEADLINE_MS: '3000',
}
/** What is shipped costs something. */
const SHIPS = { SHIPPING_RATES: '[{"fee":"5.95"}]' }
/** Limits are another test's business. */
const UNLIMITED = { API_LIMIT_PER_MINUTE: '100000', ADMIN_LIMIT_PER_MINUTE: '100000', PAYOUTS_PER_HOUR: '100000', MAILS_PER_MINUTE: '100000' }
const TOGETHER = 30
const PREPARATIONS_MAX = 5
const MINUTE_MS = 60_000
const LEASE_ENDS_MS = 31_000
const ORPHAN_ENDS_MS = 61_000
/** Leases end, sweeps look, events come again: after these, everything must be in order. */
const SETTLES_AFTER_MINUTES = [1, 4, 40]

export async function explore(scenario: Scenario, exploration: Exploration): Promise<Explored> {
  const startedAt = performance.now()
  const { seed } = exploration
  const found: Violation[] = []
  const shop = await Session.open(seed, [scenario])
  try {
    // The first run of a process makes calls that later ones do not (leases of limits): it is not the one recorded.
    await shop.clean(scenario)
    const calls = await shop.clean(scenario)
    await shop.expectRight([scenario])
    const points = pointsOf(calls)
    const sequences = [...points.map((point) => [point]), ...pairsOf(points, exploration.pairs, seeded(seed))]
    const tries = sequences.map((sequence, number) => ({ scenario, number, sequence })).filter(({ number }) => exploration.only?.includes(number) ?? true)
    for (let from = 0; from < tries.length; from += TOGETHER) {
      for (const violation of await shop.tryAll(tries.slice(from, from + TOGETHER))) {
        found.push(...(violation.tries.length > 1 ? await narrowed(violation) : [violation]))
      }
    }
    return { scenario: scenario.name, calls: calls.length, points: tries.length, violations: found, seconds: (performance.now() - startedAt) / 1000 }
  } finally {
    await shop.close()
  }
}

/** A few sequences of each scenario, drawn by chance, all in one shop. */
export async function exploreSample(scenarios: readonly Scenario[], { seed, each }: { seed: number; each: number }): Promise<Explored[]> {
  const random = seeded(seed)
  const shop = await Session.open(seed, scenarios)
  try {
    const recorded = new Map<Scenario, RecordedCall[]>()
    for (const scenario of scenarios) recorded.set(scenario, await shop.clean(scenario))
    await shop.expectRight(scenarios)
    const tries = scenarios.flatMap((scenario) => {
      const points = pointsOf(recorded.get(scenario) ?? [])
      return Array.from({ length: each }, () => Math.floor(random() * points.length)).map((number) => ({ scenario, number, sequence: [points[number] as Point] }))
    })
    const violations = await shop.tryAll(tries)
    return scenarios.map((scenario) => ({
      scenario: scenario.name, calls: recorded.get(scenario)?.length ?? 0, points: each, seconds: 0,
      violations: violations.filter((violation) => violation.tries.some((one) => one.scenario === scenario)),
    }))
  } finally {
    await shop.close()
  }
}

/** Which of several tries breaks the rule when it is alone. */
async function narrowed(violation: Violation): Promise<Violation[]> {
  for (const one of violation.tries) {
    const shop = await Session.open(violation.seed, [one.scenario])
    try {
      const alone = await shop.tryAll([one])
      if (alone.length > 0) return alone
    } finally {
      await shop.close()
    }
  }
  return [violation]
}

/** One shop in which tries follow each other. */
class Session {
  readonly #ground: Ground
  readonly #seed: number
  /** A violation stays in the books: it is reported once. */
  readonly #known = new Set<string>()

  private constructor(ground: Ground, seed: number) {
    this.#ground = ground
    this.#seed = seed
  }

  static async open(seed: number, scenarios: readonly Scenario[]): Promise<Session> {
    const own = Object.assign({}, ...scenarios.map(({ environment }) => environment))
    return new Session(await openGround({ seed, environment: { ...IMPATIENT, ...UNLIMITED, ...SHIPS, ...own } }), seed)
  }

  async close(): Promise<void> {
    await this.#ground.shop.cloud.stop()
  }

  /** Runs a trial without faults and answers the calls that its functions made. */
  async clean(scenario: Scenario): Promise<RecordedCall[]> {
    const { shop } = this.#ground
    const trial = await this.#prepared(scenario)
    const since = shop.cloud.wire.lastCall
    await trial.run()
    await shop.cloud.drain()
    return shop.cloud.wire.calls(since).filter(({ function: name }) => name !== undefined && scenario.functions.includes(name))
  }

  /** @throws Error when something is wrong although nothing was struck: then a scenario itself is */
  async expectRight(scenarios: readonly Scenario[]): Promise<void> {
    await this.#timePasses(scenarios)
    const wrong = this.#wrong()
    if (wrong.length > 0) throw new Error(`Something is wrong without any fault: ${wrong.join('; ')}`)
  }

  async tryAll(tries: readonly Try[]): Promise<Violation[]> {
    const found: Violation[] = []
    const note = (of: readonly Try[], sentences: readonly string[]): void => {
      for (const sentence of sentences) {
        if (this.#known.has(sentence)) continue
        this.#known.add(sentence)
        found.push({ tries: of, seed: this.#seed, sentence })
      }
    }
    const trials: Array<{ trial: Trial; of: Try }> = []
    for (const of of tries) {
      const trial = await this.#prepared(of.scenario)
      await this.#struck(trial, of)
      trials.push({ trial, of })
      note([of], never(evidenceOf(this.#ground.shop)))
    }
    await this.#timePasses(tries.map(({ scenario }) => scenario))
    for (const { trial, of } of trials) if (isAskedAgain(of)) await trial.again?.()
    await this.#ground.shop.cloud.drain()
    for (const { trial, of } of trials) note([of], (await trial.faults?.()) ?? [])
    note(tries, this.#wrong())
    return found
  }

  /** A world of its own. It may fail to come about just after an instance was killed: then another one is set up. */
  async #prepared(scenario: Scenario): Promise<Trial> {
    for (let triesLeft = PREPARATIONS_MAX; ; triesLeft--) {
      try {
        const trial = await scenario.prepare(this.#ground)
        await this.#ground.shop.cloud.drain()
        return trial
      } catch (error) {
        if (triesLeft === 0) throw error
        await this.#ground.shop.cloud.drain()
      }
    }
  }

  /** Half of the callers ask again at once, all others leave it to the sweeps. */
  async #struck(trial: Trial, of: Try): Promise<void> {
    const { shop } = this.#ground
    for (const point of of.sequence) this.#order(point)
    await trial.run()
    // A transaction that nobody knows of (its beginning was answered into silence) holds its locks for a minute.
    if (of.sequence.some(leavesLocks)) await shop.cloud.advance(ORPHAN_ENDS_MS)
    // What follows the call (events, messages) is struck as well, if that is what the scenario is about.
    await shop.cloud.drain().catch(() => undefined)
    shop.calm()
    await this.#disorder({ twice: 0, late: 0 })
    if (!isAskedAgain(of)) return
    // Who asks while a dead runner still holds the lease would only wait for it to end.
    if (of.sequence.some((point) => 'fault' in point && point.fault.effect === 'kill')) await shop.cloud.advance(LEASE_ENDS_MS)
    await trial.again?.()
  }

  #order(point: Point): void {
    if ('fault' in point) this.#ground.shop.fault(point.fault)
    else void this.#disorder({ twice: 0, late: 0, [point.delivery]: 1 })
  }

  async #disorder({ twice, late }: { twice: number; late: number }): Promise<void> {
    const { cloud } = this.#ground.shop
    Object.assign(cloud.servers.pubsub.settings, { duplicates: twice, late })
    for (const vendor of ['stripe', 'authorize-net', 'resend']) await this.#ground.shop.act(vendor, 'webhooks', { duplicates: twice, late })
  }

  async #timePasses(scenarios: readonly Scenario[]): Promise<void> {
    const { shop } = this.#ground
    const longest = Math.max(0, ...scenarios.map(({ settlesAfterMinutes = 0 }) => settlesAfterMinutes))
    shop.resumeJobs()
    for (const minutes of [...SETTLES_AFTER_MINUTES, ...(longest > 0 ? [longest, 5] : [])]) {
      await shop.cloud.advance(minutes * MINUTE_MS)
      await shop.cloud.drain()
    }
    shop.pauseJobs()
    await shop.cloud.drain()
  }

  #wrong(): string[] {
    const evidence = evidenceOf(this.#ground.shop)
    return [...violations(evidence, this.#ground.stock), ...stuck(evidence)]
  }
}

function leavesLocks(point: Point): boolean {
  if (!('fault' in point) || point.fault.effect === 'kill') return false
  const { operation, when, effect } = point.fault
  // So does one whose end never came: whoever waits for its order's lock keeps others from what he is about to write.
  return operation === 'BatchGetDocuments' || (operation === 'Commit' && when === 'before' && effect === 'hang')
}

function isAskedAgain({ number }: Try): boolean {
  return number % 2 === 1
}

/** A violation with the sequence that led to it, and the command that repeats it. */
export function told({ tries, seed, sentence }: Violation): string {
  const [first] = tries
  const sequences = tries.map(({ scenario, sequence }) => `${scenario.name}: ${named(sequence)}`)
  const numbers = tries.filter(({ scenario }) => scenario.name === first?.scenario.name).map(({ number }) => number)
  return [sentence, `seed ${seed}`, ...sequences, `npm run test:faults -- --scenario ${first?.scenario.name} --seed ${seed} --only ${numbers.join(',')}`].join('\n  ')
}
