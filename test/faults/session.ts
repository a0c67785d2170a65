/**
 * One shop in which trials follow each other, each in a world of its own and struck in a way of its own.
 *
 * The books are checked after every trial for what may never be true, and after many of them, when time has passed for
 * all at once, for everything: a sweep that finds a hundred lost orders is as good as a hundred sweeps. Where only the
 * trial itself calls the struck functions, the next one begins at once; where they run on events or on a clock, what
 * could call them comes to rest first, so that no trial is struck in another's place.
 */
import { REGION } from '../../infra/build/firebase.ts'
import { evidenceOf, never, stuck, violations } from '../functions/books.ts'
import { openGround, type Ground } from '../functions/purchase.ts'
import type { Point, RecordedCall, Sequence } from './points.ts'
import type { Scenario, Trial } from './scenario.ts'

export interface Try {
  readonly scenario: Scenario
  /** Place among all that can be tried with the scenario, by which it is repeated. */
  readonly number: number
  readonly sequence: Sequence
}

export interface Violation {
  /** The try after which it was seen; several when none of them alone is known to be the one. */
  readonly tries: readonly Try[]
  readonly seed: number
  readonly sentence: string
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
/** They run when nobody in a trial calls them. */
const FOLLOWING = ['message', 'webhook', 'schedule']
const PREPARATIONS_MAX = 5
const OPENINGS_MAX = 3
const MINUTE_MS = 60_000
const LEASE_ENDS_MS = 31_000
/** Whoever has a transaction uses it or gives it up within its deadline. */
const ABANDONED_AFTER_MS = 2_500
const LOOK_EVERY_MS = 100
/**
 * Leases end, sweeps look, events come again: after these minutes everything must be in order. What runs every minute
 * runs only for a moment after each of them: who gets on with so few runs gets on with all.
 */
const SETTLES_AFTER_MINUTES = [0, 2, 6, 12, 20]
const RUNNING_MINUTES = 2
/** A longer wait of a scenario's is cut into so many. */
const WAITS = 4

interface Tried {
  readonly of: Try
  readonly trial: Trial
  /** Orders that came about in it. */
  readonly orderIds: ReadonlySet<string>
}

export class Session {
  readonly #ground: Ground
  readonly #seed: number
  /** A violation stays in the books: it is reported once. */
  readonly #known = new Set<string>()
  #trials = 0

  private constructor(ground: Ground, seed: number) {
    this.#ground = ground
    this.#seed = seed
  }

  /** On a machine under load a shop may not be furnished within deadlines as short as these: then another is opened. */
  static async open(seed: number, environment: Scenario['environment'] = {}): Promise<Session> {
    for (let triesLeft = OPENINGS_MAX; ; triesLeft--) {
      try {
        return new Session(await openGround({ seed, environment: { ...IMPATIENT, ...UNLIMITED, ...SHIPS, ...environment } }), seed)
      } catch (error) {
        if (triesLeft === 0) throw error
      }
    }
  }

  async close(): Promise<void> {
    await this.#ground.shop.cloud.stop()
  }

  /** So many there have been: the books grow with them, and take longer to check. */
  get trials(): number {
    return this.#trials
  }

  /** Something was wrong in it, and may be the cause of whatever is found next. */
  get isSpoilt(): boolean {
    return this.#known.size > 0
  }

  /** Runs a trial without faults and answers the calls that its functions made. */
  async record(scenario: Scenario): Promise<RecordedCall[]> {
    const { cloud } = this.#ground.shop
    // What earlier trials left to the sweeps is none of this one's business.
    await cloud.drain()
    // The first run of a process makes calls that later ones do not (leases of limits): it is not the one recorded.
    await (await this.#prepared(scenario)).run()
    await this.#atRest(scenario)
    const trial = await this.#prepared(scenario)
    const since = cloud.wire.lastCall
    await trial.run()
    await this.#atRest(scenario)
    return cloud.wire.calls(since).filter(({ function: name }) => name !== undefined && scenario.functions.includes(name))
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
    const done: Tried[] = []
    for (const of of tries) {
      const before = this.#orderIds()
      const trial = await this.#prepared(of.scenario)
      await this.#struck(trial, of)
      done.push({ of, trial, orderIds: added(before, this.#orderIds()) })
      note([of], never(evidenceOf(this.#ground.shop)))
    }
    await this.#timePasses(tries.map(({ scenario }) => scenario))
    for (const { trial, of } of done) if (isAskedAgain(of)) await trial.again?.()
    await this.#ground.shop.cloud.drain()
    for (const { trial, of } of done) note([of], (await trial.faults?.()) ?? [])
    for (const sentence of this.#wrong()) note(suspects(done, sentence), [sentence])
    return found
  }

  /** A world of its own. It may fail to come about just after an instance was killed: then another one is set up. */
  async #prepared(scenario: Scenario): Promise<Trial> {
    this.#trials += 1
    for (let triesLeft = PREPARATIONS_MAX; ; triesLeft--) {
      try {
        const trial = await scenario.prepare(this.#ground)
        await this.#atRest(scenario)
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
    await this.#withoutOrphans(() => trial.run())
    // What follows the call (events, messages) is struck as well, if that is what the scenario is about.
    if (this.#has(of.scenario, FOLLOWING) || of.sequence.some(isDelivery)) await this.#withoutOrphans(() => this.#atRest(of.scenario)).catch(() => undefined)
    shop.calm()
    if (of.sequence.some(isDelivery)) await this.#disorder({ twice: 0, late: 0 })
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
    for (const vendor of ['stripe', 'authorize-net', 'resend', 'square']) await this.#ground.shop.act(vendor, 'webhooks', { duplicates: twice, late })
  }

  /**
   * A transaction that nobody knows of (its beginning was answered into silence) holds its locks for a minute. It is ended
   * as soon as it is certain that nobody will use it.
   */
  async #withoutOrphans(work: () => Promise<void>): Promise<void> {
    const { firestore } = this.#ground.shop.cloud.servers
    const looking = setInterval(() => firestore.endIdle(ABANDONED_AFTER_MS), LOOK_EVERY_MS)
    try {
      await work()
      // Who was called has answered: what is still open now is nobody's, or is begun anew.
      firestore.endIdle(LOOK_EVERY_MS)
    } finally {
      clearInterval(looking)
    }
  }

  /** Nothing is under way any more that could meet the next fault; what a job would pick up has been, where jobs are struck. */
  async #atRest(scenario: Scenario): Promise<void> {
    const { cloud } = this.#ground.shop
    await (this.#has(scenario, ['schedule']) ? cloud.drain() : cloud.quiet())
  }

  #has({ functions }: Scenario, kinds: readonly string[]): boolean {
    return this.#ground.shop.cloud.declarations.some(({ name, kind }) => kinds.includes(kind) && functions.includes(name))
  }

  async #timePasses(scenarios: readonly Scenario[]): Promise<void> {
    const { shop } = this.#ground
    const longest = Math.max(0, ...scenarios.map(({ settlesAfterMinutes = 0 }) => settlesAfterMinutes))
    const more = longest > 0 ? Array.from({ length: WAITS }, () => longest / WAITS) : []
    for (const minutes of [...SETTLES_AFTER_MINUTES, ...more]) {
      this.#resume({ everyMinute: false })
      await shop.cloud.advance(minutes * MINUTE_MS)
      this.#resume({ everyMinute: true })
      await shop.cloud.advance(RUNNING_MINUTES * MINUTE_MS)
      await shop.cloud.drain()
    }
    shop.pauseJobs()
    await shop.cloud.drain()
  }

  /** The hourly and daily jobs, and those that run every minute if they are to. */
  #resume({ everyMinute }: { everyMinute: boolean }): void {
    const { scheduler, pubsub } = this.#ground.shop.cloud.servers
    for (const { job } of scheduler.list(`projects/${pubsub.projectId}/locations/${REGION}`)) {
      scheduler.pause(job.name, job.cron.startsWith('* ') && !everyMinute)
    }
  }

  #wrong(): string[] {
    const evidence = evidenceOf(this.#ground.shop)
    return [...violations(evidence, this.#ground.stock), ...stuck(evidence)]
  }

  #orderIds(): Set<string> {
    return new Set(this.#ground.shop.cloud.servers.firestore.values('orders', 'id').map(String))
  }
}

/** Those whose orders a sentence names; all when it names none. */
function suspects(done: readonly Tried[], sentence: string): readonly Try[] {
  const words = sentence.match(/ord_\w+/g) ?? []
  const named = done.filter(({ orderIds }) => words.some((word) => orderIds.has(word)))
  return (named.length > 0 ? named : done).map(({ of }) => of)
}

function added(before: ReadonlySet<string>, after: ReadonlySet<string>): Set<string> {
  return new Set([...after].filter((id) => !before.has(id)))
}

function isDelivery(point: Point): boolean {
  return 'delivery' in point
}

function isAskedAgain({ number }: Try): boolean {
  return Math.abs(number % 2) === 1
}
