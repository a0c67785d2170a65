/**
 * The local cloud put together: servers, instances, gateway and control, on one clock and one disk.
 *
 * A start after `kill -9` of everything goes on where it stopped: state, clock, secrets and what is owed lie in the
 * directory. Without a directory all is in memory, which is what tests use, many clouds beside each other.
 */
import { readFileSync } from 'node:fs'
import type { Declaration } from '../../shared/entry/declaration.ts'
import { loadDeclarations } from '../build/functions-module.ts'
import { firebaseJson, type FirebaseJson } from '../build/firebase.ts'
import { control, type ControlledCloud } from './control.ts'
import { Disk, type Shelf } from './disk.ts'
import { drain, quiet, StillDue } from './drain.ts'
import { environmentOf } from './environment.ts'
import { Errands } from './errands.ts'
import { Gateway } from './gateway.ts'
import { hostedFiles } from './hosted-files.ts'
import { InstanceLog } from './instance-log.ts'
import type { Instances } from './instances.ts'
import { ownDirectory } from './own-directory.ts'
import { Premises } from './premises.ts'
import { createServers, LIGHTSPEED_ACCOUNT_ID, LIGHTSPEED_CLIENT_ID, PROJECT_ID, SQUARE_LOCATION_ID, type Servers } from './servers.ts'
import { Timeline } from './timeline.ts'
import { signToken, type TokenWish } from './tokens.ts'
import { wireFunctions } from './wiring.ts'
import { Wire } from './wire.ts'

export interface LocalCloudOptions {
  /** Where the state lives; without it everything is in memory. */
  readonly directory?: string
  /** Begins anew: whatever lies in the directory is removed. */
  readonly fresh?: boolean
  /** 0 takes a free one. */
  readonly port: number
  readonly instances: number
  /** Of all that is random at vendors and in delivery. */
  readonly seed?: number
  readonly functionsModule?: URL
  readonly firebaseJson?: FirebaseJson
  /** Content of a `firestore.indexes.json`. */
  readonly indexes?: unknown
  /** Configuration of the instances, on top of what this process inherits. */
  readonly environment?: Readonly<Record<string, string>>
  /** Prints what the instances print. */
  readonly verbose?: boolean
  readonly dueWork?: DueWork
  /** Scheduled jobs run only when they are told to, from the first moment on. */
  readonly jobsPaused?: boolean
  /** Moves into these and leaves them standing; their port, secrets and number of instances hold, whatever is said here. */
  readonly premises?: Premises
  /** Fills an empty shop, at the first start only; a start that did not come to the end of it does it again. */
  readonly furnish?: (cloud: LocalCloud) => Promise<void>
  /** Brings a shop of before to what an empty one would be furnished with today, before any function runs. */
  readonly renew?: (cloud: LocalCloud) => Promise<void>
}

/** Scheduled functions, and how many entries are due in the shop's own stores that each of them picks up. */
export type DueWork = ReadonlyArray<{ readonly job: string; readonly count: (cloud: LocalCloud) => number }>

interface Settings {
  offsetMs: number
  furnished: boolean
}

/** Requests of people under way at the gateway. */
interface Counter {
  served: number
}

interface Parts {
  readonly counter: Counter
  readonly port: number
  readonly declarations: readonly Declaration[]
  readonly settings: Shelf<Settings>
  readonly timeline: Timeline
  readonly wire: Wire
  readonly servers: Servers
  readonly instances: Instances
  readonly errands: Errands
  readonly log: InstanceLog
  /** Of the servers, for callers that are no instance, by the variable that takes each. */
  readonly addresses: Readonly<Record<string, string>>
  readonly closing: AsyncDisposableStack
}

const ROOT = new URL('../../', import.meta.url)
const SETTINGS = 'cloud'
/** Real time that what one moment of a jump set in motion may take; then the jump goes on without it. */
const QUIET_MS_MAX = 15_000

export async function createLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  await using closing = new AsyncDisposableStack()
  const premises = options.premises ?? closing.adopt(await Premises.open(options), (opened) => opened.close())
  const { instances, port } = premises
  if (options.directory !== undefined) closing.defer(ownDirectory(options.directory, options.fresh === true))
  const declarations = await loadDeclarations(options.functionsModule)
  const disk = closing.adopt(new Disk(options.directory), (opened) => opened.close())
  const log = closing.adopt(new InstanceLog(options.directory, options.verbose === true), (opened) => opened.close())
  const settings = disk.shelves('cloud').shelf<Settings>('settings')
  const timeline = new Timeline(settings.get(SETTINGS)?.offsetMs ?? 0)
  const tenant = premises.take(log.write)
  const counter: Counter = { served: 0 }
  const wire = new Wire({ now: () => timeline.now(), kill: (label) => void instances.kill(label), tenant })
  const errands = new Errands((name, request, timeoutMs) => instances.request(name, request, timeoutMs), declarations)
  const servers = await createServers({
    timeline,
    disk,
    wire,
    grpc: premises.grpc,
    http: premises.http,
    keys: premises.keys,
    seed: options.seed ?? 1,
    indexes: options.indexes ?? projectFile('infra/firestore.indexes.json') ?? { indexes: [] },
    shopUrl: () => `http://127.0.0.1:${port}`,
    deliver: errands.deliver,
    serving: () => counter.served > 0,
    fire: errands.fire,
  })
  closing.defer(() => servers.close())
  const own = {
    GCP_PROJECT_ID: PROJECT_ID, PORT: String(port), PUBLIC_URL: `http://localhost:${port}`, SQUARE_LOCATION_ID, SQUARE_WEBHOOK_URL: `http://127.0.0.1:${port}/api/webhooks/square`,
    LIGHTSPEED_ACCOUNT_ID, LIGHTSPEED_CLIENT_ID, WEBHOOK_TO_LOOPBACK: 'true', ...options.environment,
  }
  await premises.furnish(servers, (addresses) => environmentOf({ person: process.env, addresses, secrets: servers.keys, settings: own }))
  // Before the servers close: an instance never outlives what it calls.
  closing.defer(() => (options.premises === undefined ? premises.close() : premises.leave()))
  closing.defer(() => timeline.stop())
  const addresses = premises.addresses.get('outside') ?? {}
  const parts = { counter, port, declarations, settings, timeline, wire, servers, instances, errands, log, addresses }
  const cloud = new LocalCloud({ ...parts, closing: closing.move() }, options.dueWork)
  try {
    // Other functions than the project's have routes of their own.
    const file = options.functionsModule === undefined ? projectFile('firebase.json') : undefined
    premises.openDoor(cloud.gateway(options.firebaseJson ?? file).handle)
    await cloud.start(options)
    return cloud
  } catch (error) {
    await cloud.stop()
    throw error
  }
}

export class LocalCloud implements ControlledCloud {
  readonly url: string
  readonly declarations: readonly Declaration[]
  readonly instances: Instances
  readonly wire: Wire
  readonly timeline: Timeline
  readonly servers: Servers
  readonly vendors: Servers['vendors']
  readonly targets: readonly string[]
  readonly addresses: Readonly<Record<string, string>>
  /** Set by whoever knows the shop's stores; a drain looks here. */
  dueWork: DueWork
  readonly #parts: Parts
  #webhooksTaken = 0
  #jumps: Promise<void> = Promise.resolve()

  constructor(parts: Parts, dueWork: DueWork = []) {
    this.#parts = parts
    this.dueWork = dueWork
    this.url = `http://localhost:${parts.port}`
    this.declarations = parts.declarations
    this.instances = parts.instances
    this.wire = parts.wire
    this.timeline = parts.timeline
    this.servers = parts.servers
    this.vendors = parts.servers.vendors
    this.targets = parts.servers.targets
    this.addresses = parts.addresses
  }

  /** The front door; without a firebase.json the routes are taken from the declarations. */
  gateway(file: unknown): Gateway {
    const { counter, declarations, instances, errands, timeline } = this.#parts
    const webhooks = new Set(declarations.filter(({ kind }) => kind === 'webhook').map(({ name }) => name))
    const { hosting } = (file as FirebaseJson | undefined) ?? firebaseJson(declarations)
    return new Gateway({
      firebaseJson: hosting,
      file: hostedFiles(new URL(`${hosting.public}/`, ROOT)),
      send: async (name, request, timeoutMs) => {
        const person = !webhooks.has(name)
        if (person) counter.served += 1
        try {
          return await instances.request(name, request, timeoutMs)
        } finally {
          if (person) counter.served -= 1
        }
      },
      timeoutSecondsOf: errands.timeoutSecondsOf,
      control: (request, response) => control(this, request, response),
      now: () => timeline.now(),
      onAnswer: (name, status) => {
        if (status < 300 && webhooks.has(name)) this.#webhooksTaken += 1
      },
    })
  }

  async start({ furnish, renew, jobsPaused }: Pick<LocalCloudOptions, 'furnish' | 'renew' | 'jobsPaused'>): Promise<void> {
    const { timeline, instances, servers, settings, declarations } = this.#parts
    timeline.onJump((offsetMs) => instances.clock(offsetMs))
    timeline.onJump((offsetMs) => void settings.set(SETTINGS, { ...this.#settings(), offsetMs }))
    timeline.onQuiet(() => this.quiet())
    if (this.#settings().furnished) await renew?.(this)
    servers.pubsub.hold()
    wireFunctions(declarations, servers, jobsPaused)
    await instances.start(timeline.offsetMs)
    servers.pubsub.release()
    if (this.#settings().furnished) return
    await furnish?.(this)
    settings.set(SETTINGS, { ...this.#settings(), furnished: true })
  }

  now(): number {
    return this.timeline.now()
  }

  offsetMs(): number {
    return this.timeline.offsetMs
  }

  /** Moves the clock; jumps asked for at the same time come one after the other. */
  async jumpTo(targetMs: number): Promise<void> {
    const jump = this.#jumps.then(() => this.timeline.jumpTo(Math.max(targetMs, this.timeline.now())))
    this.#jumps = jump.catch(() => undefined)
    await jump
  }

  advance(byMs: number): Promise<void> {
    return this.jumpTo(this.timeline.now() + byMs)
  }

  /** Waits until nothing is due now. `delivered`: events and webhooks taken meanwhile; `dead`: messages given up so far. */
  async drain(): Promise<{ delivered: number; dead: number }> {
    const before = this.#delivered()
    await drain({
      timeline: this.timeline,
      owed: () => this.#owed(),
      waiting: () => this.#waiting(),
      jobsDue: () => this.dueWork.filter(({ count }) => count(this) > 0).map(({ job }) => job),
      // One that fails (a fault, a dead instance) is asked again in the next round.
      runJob: async (job) => void (await this.runJob(job).catch(() => undefined)),
    })
    return { delivered: this.#delivered() - before, dead: this.servers.pubsub.dead().length }
  }

  runJob(name: string): Promise<{ status: number; body: unknown }> {
    return this.servers.scheduler.runNow(name)
  }

  token(wish: TokenWish): Promise<string> {
    return signToken(wish, {
      secret: this.servers.secrets.value('JWT_SECRET') ?? '',
      nowMs: this.now(),
      audience: process.env['JWT_AUDIENCE'] ?? 'livhana-services',
      issuer: process.env['JWT_ISSUER'] ?? 'livhana-auth',
    })
  }

  documents(collection: string): unknown {
    return this.servers.firestore.peek(collection)
  }

  rows(dataset: string, table: string): unknown {
    return this.servers.bigquery.rows(dataset, table)
  }

  /** The last lines that the instances printed. */
  log(): readonly string[] {
    return this.#parts.log.lines()
  }

  async stop(): Promise<void> {
    await this.#parts.closing.disposeAsync()
  }

  #settings(): Settings {
    return this.#parts.settings.get(SETTINGS) ?? { offsetMs: this.timeline.offsetMs, furnished: false }
  }

  #delivered(): number {
    return this.servers.pubsub.counts().delivered + this.#webhooksTaken
  }

  #owed(): Record<string, number> {
    const owed: Record<string, number> = {
      messages: this.servers.pubsub.pending(),
      jobs: this.servers.scheduler.pending(),
      'requests under way': this.#parts.errands.underWay,
    }
    for (const vendor of this.vendors.values()) owed[`webhooks of ${vendor.name}`] = vendor.pending()
    return owed
  }

  #waiting(): number {
    return [...this.vendors.values()].reduce((sum, vendor) => sum + vendor.waiting(), this.servers.pubsub.waiting())
  }

  /**
   * Waits until nothing is under way; what only a scheduled function picks up stays where it is. What does not end in time
   * (an ordered silence) is not waited for: it must not stop the clock.
   */
  async quiet(): Promise<void> {
    try {
      await quiet({ timeline: this.timeline, owed: () => this.#owed(), waiting: () => this.#waiting() }, QUIET_MS_MAX)
    } catch (error) {
      if (!(error instanceof StillDue)) throw error
    }
  }
}

function projectFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(new URL(path, ROOT), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
