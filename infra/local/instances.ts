/**
 * The instance processes: started, restarted when they die, killed on order, told the time, and reached by one router.
 *
 * A request reaches an instance once: when the instance that has it dies, the caller learns that the answer is
 * lost (`InstanceLost`) and decides for itself, as with the real platform. Only one that reached nobody is sent on.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FUNCTIONS_MODULE } from '../build/functions-module.ts'
import { builtInstance } from './built.ts'
import type { ReadyMessage } from './instance.ts'
import type { ClockMessage, SettingsMessage } from './preload.ts'

export interface InstanceRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body?: Buffer | string
}

export interface InstanceAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** The function did not answer in time; it may still be at work. */
export class InstanceTimeout extends Error {}

/** The instance died, or none is there: whether the request had an effect is not known, unless it was never reached. */
export class InstanceLost extends Error {
  readonly reached: boolean

  constructor(sentence: string, reached = true) {
    super(sentence)
    this.reached = reached
  }
}

export interface InstancesOptions {
  readonly count: number
  /** The product's own when absent. */
  readonly functionsModule?: URL
  /** Environment of an instance by its label; asked for at every start, and when it is said to have changed. */
  readonly environment: (label: string) => Record<string, string>
  readonly log: (label: string, text: string) => void
}

interface Slot {
  readonly label: string
  readonly agent: Agent
  child: ChildProcess | undefined
  /** What the process has been told. */
  environment: Readonly<Record<string, string>>
  port: number | undefined
  ready: boolean
  /** Deaths in a row before it was ready. */
  stillborn: number
  restarts: number
  /** Requests that it took and has not answered, those that nobody waits for any more too. */
  unanswered: number
  /** Settled when a clock message was answered or the process is gone. */
  clockTold: Set<() => void>
}

const READY_WAIT_MS = 10_000
const STILLBORN_MAX = 2
const BACK_OFF_MS_MAX = 2_000
const LAST_WORDS_MAX = 4_000

/** The instances end as soon as they begin; its message has their last words. */
export class NoStart extends Error {
  override readonly name = 'NoStart'
}

export class Instances {
  readonly #options: InstancesOptions
  readonly #slots: Slot[]
  readonly #waiting = new Set<() => void>()
  /** Path of what the processes run. */
  #program = ''
  /** The cloud that asks now; what it asks carries its name. */
  tenant = ''
  #offsetMs = 0
  #turn = 0
  #stopped = false
  #lastWords = ''

  constructor(options: InstancesOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.count }, (_, index) => ({
      label: `instance-${index + 1}`,
      agent: new Agent({ keepAlive: true, maxFreeSockets: 256 }),
      child: undefined,
      environment: {},
      port: undefined,
      ready: false,
      stillborn: 0,
      restarts: 0,
      unanswered: 0,
      clockTold: new Set(),
    }))
  }

  /** Starts all that do not run yet; resolves when every one takes requests at that time, rejects when one cannot start at all. */
  async start(offsetMs: number): Promise<void> {
    await this.clock(offsetMs)
    this.#program = await builtInstance(this.#options.functionsModule ?? FUNCTIONS_MODULE)
    for (const slot of this.#slots) if (slot.child === undefined) this.#spawn(slot)
    await this.#until(() => this.#slots.every((slot) => slot.ready || slot.stillborn >= STILLBORN_MAX), 60_000)
    if (this.#slots.every((slot) => slot.ready)) return
    await this.stop()
    throw new NoStart(`The functions do not start:\n${saidOnce(this.#lastWords)}`)
  }

  list(): Array<{ label: string; pid: number | undefined; ready: boolean; restarts: number }> {
    return this.#slots.map(({ label, child, ready, restarts }) => ({ label, pid: child?.pid, ready, restarts }))
  }

  /** SIGKILL, at once. False when no instance has that label. */
  kill(label: string): boolean {
    const slot = this.#slots.find((candidate) => candidate.label === label)
    if (slot === undefined) return false
    slot.ready = false
    slot.child?.kill('SIGKILL')
    return true
  }

  /** Kills those that still owe an answer; resolves to their labels when they are gone. */
  async killIndebted(): Promise<string[]> {
    const indebted = this.#slots.filter(({ unanswered }) => unanswered > 0)
    await Promise.all(indebted.map(async ({ label, child }) => {
      const gone = child === undefined ? undefined : new Promise((resolve) => child.once('exit', resolve))
      this.kill(label)
      await gone
    }))
    return indebted.map(({ label }) => label)
  }

  /** Tells every instance what its environment is now. Whoever then tells them the time knows that they follow both. */
  renewSettings(): void {
    for (const slot of this.#slots) if (slot.port !== undefined) this.#tellSettings(slot)
  }

  /** Resolves when every living instance follows the new time. One that starts later starts with it. */
  async clock(offsetMs: number): Promise<void> {
    this.#offsetMs = offsetMs
    await Promise.all(this.#slots.filter((slot) => slot.ready).map((slot) => this.#tellClock(slot)))
  }

  /** Resolves when all instances are ready, e.g. after a kill. */
  async allReady(): Promise<void> {
    await this.#until(() => this.#slots.every((slot) => slot.ready), READY_WAIT_MS)
    if (!this.#slots.every((slot) => slot.ready)) throw new InstanceLost('An instance does not come back.')
  }

  /** Hands a request to the next ready instance. */
  async request(functionName: string, request: InstanceRequest, timeoutMs: number): Promise<InstanceAnswer> {
    while (true) {
      const slot = this.#next() ?? (await this.#nextReady())
      try {
        slot.unanswered += 1
        const answer = await send(slot, functionName, { ...request, headers: { ...request.headers, 'x-local-tenant': this.tenant } }, timeoutMs)
        slot.unanswered -= 1
        return answer
      } catch (error) {
        if (!(error instanceof InstanceLost)) throw error
        // Dead, most likely, before its end is known here: it gets nothing more until it answers on the other line.
        slot.ready = false
        void this.#tellClock(slot)
        if (error.reached) throw error
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const children = this.#slots.flatMap(({ child }) => (child === undefined || child.exitCode !== null || child.signalCode !== null ? [] : [child]))
    await Promise.all(
      children.map(async (child) => {
        const gone = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        await gone
      }),
    )
    for (const slot of this.#slots) slot.agent.destroy()
    this.#wake()
  }

  #next(): Slot | undefined {
    for (let tried = 0; tried < this.#slots.length; tried += 1) {
      const slot = this.#slots[this.#turn++ % this.#slots.length]
      if (slot?.ready === true) return slot
    }
    return undefined
  }

  async #nextReady(): Promise<Slot> {
    await this.#until(() => this.#slots.some((slot) => slot.ready), READY_WAIT_MS)
    const slot = this.#next()
    if (slot === undefined) throw new InstanceLost('No instance is ready.')
    return slot
  }

  #spawn(slot: Slot): void {
    slot.environment = this.#options.environment(slot.label)
    const child = fork(this.#program, [], {
      execArgv: [],
      env: {
        // What was compiled once starts in a third less time, again after each kill.
        NODE_COMPILE_CACHE: join(tmpdir(), 'countinghouse-compiled'),
        ...slot.environment,
        NODE_ENV: 'production',
        // Functions that are not the shop's have settings of their own.
        ...(this.#options.functionsModule === undefined ? { LOCAL_SETTINGS_CHECKED: 'true' } : {}),
        LOCAL_CLOCK_OFFSET_MS: String(this.#offsetMs),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    slot.child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#options.log(slot.label, text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_MAX)
      this.#options.log(slot.label, text)
    })
    child.on('message', (message: ReadyMessage | ClockMessage) => this.#hear(slot, message))
    child.on('error', (error) => this.#options.log(slot.label, `${error.message}\n`))
    child.once('exit', () => this.#bury(slot))
  }

  #hear(slot: Slot, message: ReadyMessage | ClockMessage): void {
    if ('readyOnPort' in message) {
      slot.port = message.readyOnPort
      slot.stillborn = 0
      // The clock and the settings may be others since it started: it takes requests only when it has the right ones.
      this.#tellSettings(slot)
      void this.#tellClock(slot)
      return
    }
    if (message.clockOffsetMs !== this.#offsetMs) return void this.#tellClock(slot)
    settle(slot)
    if (slot.port === undefined || slot.child?.killed === true) return
    slot.ready = true
    this.#wake()
  }

  #tellSettings(slot: Slot): void {
    const environment = this.#options.environment(slot.label)
    const settings = changes(slot.environment, environment)
    slot.environment = environment
    slot.child?.send({ settings } satisfies SettingsMessage, () => undefined)
  }

  async #tellClock(slot: Slot): Promise<void> {
    const told = new Promise<void>((resolve) => slot.clockTold.add(resolve))
    const message: ClockMessage = { clockOffsetMs: this.#offsetMs }
    slot.child?.send(message, (error) => {
      if (error !== null) settle(slot)
    })
    await told
  }

  #bury(slot: Slot): void {
    const bornDead = slot.port === undefined
    slot.ready = false
    slot.port = undefined
    slot.child = undefined
    slot.unanswered = 0
    slot.stillborn = bornDead ? slot.stillborn + 1 : 0
    settle(slot)
    this.#wake()
    if (this.#stopped) return
    slot.restarts += 1
    if (!bornDead) return this.#spawn(slot)
    const waitMs = Math.min(50 * 2 ** slot.stillborn, BACK_OFF_MS_MAX)
    setTimeout(() => {
      if (!this.#stopped) this.#spawn(slot)
    }, waitMs).unref()
  }

  async #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (!condition() && !this.#stopped && performance.now() < deadline) {
      let wake: () => void = () => undefined
      const woken = new Promise<void>((resolve) => {
        wake = resolve
        this.#waiting.add(resolve)
      })
      const timer = setTimeout(wake, Math.max(deadline - performance.now(), 1))
      await woken
      clearTimeout(timer)
      this.#waiting.delete(wake)
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }
}

function changes(before: Slot['environment'], after: Slot['environment']): Record<string, string | null> {
  const gone = Object.keys(before).filter((name) => !(name in after))
  const other = Object.entries(after).filter(([name, value]) => before[name] !== value)
  return Object.fromEntries([...gone.map((name) => [name, null]), ...other])
}

/** All instances say the same, and the first line may be half of one. */
function saidOnce(words: string): string {
  const lines = words.slice(words.length < LAST_WORDS_MAX ? 0 : words.indexOf('\n')).trim().split('\n')
  return [...new Set(lines)].join('\n')
}

function settle(slot: Slot): void {
  for (const told of slot.clockTold) told()
  slot.clockTold.clear()
}

function send(slot: Slot, functionName: string, request: InstanceRequest, timeoutMs: number): Promise<InstanceAnswer> {
  const { method, path, headers, body } = request
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port: slot.port,
      agent: slot.agent,
      method,
      path,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        'x-local-function': functionName,
        'x-local-request': headers['x-request-id'] ?? headers['ce-id'] ?? randomUUID(),
      },
    })
    const timer = setTimeout(() => {
      reject(new InstanceTimeout(`${functionName} did not answer within ${timeoutMs} ms.`))
      outgoing.destroy()
    }, timeoutMs)
    const lost = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer)
      reject(new InstanceLost(`${slot.label} gave no answer: ${error.message}`, error.code !== 'ECONNREFUSED'))
    }
    outgoing.once('error', lost)
    outgoing.once('response', (response) => {
      read(response).then((answer) => {
        clearTimeout(timer)
        resolve(answer)
      }, lost)
    })
    outgoing.end(body)
  })
}

async function read(response: IncomingMessage): Promise<InstanceAnswer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
  return { status: response.statusCode ?? 502, headers: response.headers, body }
}
