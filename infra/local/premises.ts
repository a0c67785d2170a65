/**
 * What one local cloud can leave to the next: the front door, the ports of all servers, and the instance processes, which
 * are warm by then. Nothing of what was sold there is left: state, clock, settings, faults and records belong to the cloud.
 *
 * Only one cloud lives in them at a time. An instance that still owes an answer when a cloud moves out is killed:
 * what it does late must never reach the next one.
 */
import type { RequestListener, Server } from 'node:http'
import { Refusal, sendRefusal } from './answers.ts'
import { openPorts } from './environment.ts'
import { listen, requestIdOf } from './gateway.ts'
import { GrpcPorts } from './grpc-ports.ts'
import { HttpPorts } from './http-ports.ts'
import { Instances } from './instances.ts'
import type { Keys } from './keys.ts'
import type { Servers } from './servers.ts'
import { Wire } from './wire.ts'

export interface PremisesOptions {
  /** 0 takes a free one. */
  readonly port: number
  readonly instances: number
  readonly functionsModule?: URL
}

type Log = (label: string, text: string) => void
type Texts = Readonly<Record<string, string>>

export class Premises {
  readonly #server: Server
  readonly port: number
  readonly instances: Instances
  readonly grpc: GrpcPorts
  readonly http: HttpPorts
  /** Of the servers, by caller and then by variable; empty until the first cloud has moved in. */
  readonly addresses = new Map<string, Texts>()
  /** What the instances know; set by the first cloud. */
  keys: Keys | undefined
  #environment: (addresses: Texts) => Record<string, string> = () => ({})
  #log: Log = () => undefined
  #answer: RequestListener = beClosed
  #isTaken = false
  #tenants = 0
  #isClosed = false

  /** Takes the port at once; rejects with EADDRINUSE when somebody has it. */
  static async open(options: PremisesOptions): Promise<Premises> {
    return new Premises(options, await listen(options.port))
  }

  private constructor({ instances: count, functionsModule }: PremisesOptions, { server, port }: { server: Server; port: number }) {
    const nobody = new Wire({ now: () => 0, kill: () => undefined })
    this.#server = server.on('request', (request, response) => this.#answer(request, response))
    this.port = port
    this.grpc = new GrpcPorts(nobody)
    this.http = new HttpPorts(nobody)
    this.instances = new Instances({
      count,
      ...(functionsModule === undefined ? {} : { functionsModule }),
      environment: (label) => this.#environment(this.addresses.get(label) ?? {}),
      log: (label, text) => this.#log(label, text),
    })
  }

  get isVacant(): boolean {
    return !this.#isTaken && !this.#isClosed
  }

  /** A cloud moves in; what its instances print goes to its log. Answers the name by which their calls are known as its own. */
  take(log: Log): string {
    if (!this.isVacant) throw new Error('Another local cloud is in these premises.')
    this.#isTaken = true
    this.#log = log
    this.#tenants += 1
    this.instances.tenant = String(this.#tenants)
    return this.instances.tenant
  }

  /** Opens the ports of the first cloud's servers; later ones find them as they are. Says what the instances are to know. */
  async furnish(servers: Servers, environment: (addresses: Texts) => Record<string, string>): Promise<void> {
    this.#environment = environment
    if (this.keys !== undefined) return this.instances.renewSettings()
    this.keys = servers.keys
    for (const label of [...this.instances.list().map((instance) => instance.label), 'outside']) {
      this.addresses.set(label, await openPorts(label, servers))
    }
  }

  /** The cloud answers at the front door from now on. */
  openDoor(answer: RequestListener): void {
    this.#answer = answer
  }

  /** The cloud moves out; another one may move in when nothing of what was said to this one can reach it any more. */
  async leave(): Promise<void> {
    this.#answer = beClosed
    this.#log = () => undefined
    const killed = await this.instances.killIndebted()
    await Promise.all(killed.flatMap((label) => [this.grpc.connections.ended(label), this.http.connections.ended(label)]))
    // A request that is on its way to the front door finds it closed.
    for (let turns = 0; turns < 2; turns += 1) await new Promise(setImmediate)
    this.#isTaken = false
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.instances.stop()
    await Promise.all([this.grpc.close(), this.http.close()])
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** Whoever calls before the shop is there is told so at once: left without an answer, he would wait for ever. */
function beClosed(...[request, response]: Parameters<RequestListener>): void {
  request.resume()
  sendRefusal(response, new Refusal(503, 'SERVICE_UNAVAILABLE', 'The shop is not open yet. Please try again.'), { requestId: requestIdOf(request), nowMs: Date.now() })
}
