/**
 * gRPC servers of the local cloud (Firestore, Pub/Sub, Secret Manager, Scheduler): all services on one
 * server, a port of its own per instance so that every call is known by its caller, every call over the wire.
 *
 * The sockets are ours and handed to grpc-js, because two things need them: the port a call came in on (who
 * called), and the end of the connection (a dead client's locks must go).
 */
import {
  Metadata, Server, ServerCredentials, status as codes, type ServiceDefinition, type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { createServer, type AddressInfo, type Server as NetServer } from 'node:net'
import { Connections } from './connections.ts'
import { WireFault, type Tally, type Wire } from './wire.ts'

/** A failure with a gRPC code that the client must see. */
export class GrpcFailure extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export interface GrpcCall<Request = unknown> {
  readonly request: Request
  /** Identifies the client's connection; `onDisconnect` listeners are told when it ends. */
  readonly connection: string
  readonly instance: string
  /** Aborts when the client gives the call up. */
  readonly signal: AbortSignal
}

/** Answers a call: one message, or a list that is streamed when the method streams. */
export type GrpcMethod<Request = never, Response = unknown> = (
  call: GrpcCall<Request>,
  tally: Tally,
) => Promise<Response | readonly Response[]> | Response | readonly Response[]

export interface GrpcService {
  readonly target: string
  readonly definition: ServiceDefinition
  /** By the name in the definition: `Commit`. A method that is absent answers UNIMPLEMENTED. */
  readonly methods: Record<string, GrpcMethod<never>>
  /** Text a fault's `match` is searched in; without it the request as JSON. */
  readonly text?: (request: unknown) => string
}

/** What answers a method now. */
interface Answering {
  readonly service: GrpcService
  readonly name: string
  readonly run: GrpcMethod<never> | undefined
}

export class GrpcPorts {
  readonly connections = new Connections()
  #wire: Wire
  /** By the path of the method. The paths are registered for good, what stands behind them is looked up at each call. */
  readonly #answering = new Map<string, Answering>()
  readonly #server = new Server({ 'grpc.enable_channelz': 0, 'grpc.max_receive_message_length': 32 << 20, 'grpc.max_send_message_length': 64 << 20 })
  readonly #injector
  readonly #listeners: NetServer[] = []
  readonly #instanceOf = new Map<string, string>()
  readonly #onDisconnect: Array<(connection: string) => void> = []

  constructor(wire: Wire) {
    this.#wire = wire
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure())
  }

  /** Told the id of every client connection that ends, however it ends. */
  onDisconnect(listener: (connection: string) => void): void {
    this.#onDisconnect.push(listener)
  }

  /** From now on calls go over this wire to services that are yet to be added. Ports and connections stay. */
  anew(wire: Wire): void {
    this.#wire = wire
    this.#onDisconnect.length = 0
  }

  add(service: GrpcService): void {
    const implementation: UntypedServiceImplementation = {}
    for (const [name, method] of Object.entries(service.definition)) {
      const isKnown = this.#answering.has(method.path)
      this.#answering.set(method.path, { service, name, run: service.methods[name] })
      if (isKnown) continue
      implementation[name] = method.responseStream
        ? (call: any) => void this.#stream(method.path, call)
        : (call: any, callback: any) => void this.#unary(method.path, call, callback)
    }
    if (Object.keys(implementation).length > 0) this.#server.addService(service.definition, implementation)
  }

  /** Opens a port on the loopback for one caller; `port` 0 takes a free one. Resolves to the port. */
  async open(instance: string, port = 0): Promise<number> {
    const listener = createServer((socket) => {
      const connection = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`
      this.#instanceOf.set(connection, instance)
      this.connections.add(instance, socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => {
        this.#instanceOf.delete(connection)
        for (const told of this.#onDisconnect) told(connection)
      })
      this.#injector.injectConnection(socket)
    })
    this.#listeners.push(listener)
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(port, '127.0.0.1', resolve)
    })
    return (listener.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.connections.close()
    for (const listener of this.#listeners) await new Promise((resolve) => listener.close(resolve))
    this.#listeners.length = 0
    this.#server.forceShutdown()
  }

  async #unary(path: string, call: any, callback: any): Promise<void> {
    try {
      const answer = await this.#pass(path, call)
      callback(null, answer)
    } catch (error) {
      const failure = asStatus(error)
      if (failure !== undefined) callback(failure)
    }
  }

  async #stream(path: string, call: any): Promise<void> {
    try {
      const answers = (await this.#pass(path, call)) as readonly unknown[]
      for (const answer of answers) call.write(answer)
      call.end()
    } catch (error) {
      const failure = asStatus(error)
      // A refusal comes after headers, as from Google's servers: Google's clients take a stream that fails without
      // any for a lost one, and ask twice more, seconds apart, before they tell.
      if (error instanceof GrpcFailure) call.sendMetadata(new Metadata())
      if (failure !== undefined) call.emit('error', failure)
    }
  }

  async #pass(path: string, call: any): Promise<unknown> {
    const { service, name, run } = this.#answering.get(path) as Answering
    if (run === undefined) throw new GrpcFailure(codes.UNIMPLEMENTED, `${service.target} does not answer ${name} here`)
    const connection = String(call.getPeer())
    const instance = this.#instanceOf.get(connection) ?? 'outside'
    const gone = new AbortController()
    // A reason of our own: without one each end of a call would build an exception with its stack.
    call.on('cancelled', () => gone.abort('cancelled'))
    const request = call.request as never
    return this.#wire.pass(
      {
        instance,
        target: service.target,
        operation: name,
        bytes: 0,
        function: text(call.metadata.get('x-local-function')[0]),
        requestId: text(call.metadata.get('x-local-request')[0]),
        tenant: text(call.metadata.get('x-local-tenant')[0]),
        text: () => (service.text === undefined ? JSON.stringify(request) : service.text(request)),
      },
      (tally) => run({ request, connection, instance, signal: gone.signal }, tally),
    )
  }
}

function text(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value)
}

/** What the client sees; undefined means silence. */
function asStatus(error: unknown): { code: number; details: string } | undefined {
  if (error instanceof GrpcFailure) return { code: error.code, details: error.message }
  if (error instanceof WireFault) {
    if (error.effect === 'hang') return undefined
    if (error.effect === 'drop') return { code: codes.UNAVAILABLE, details: 'read ECONNRESET' }
    return { code: grpcCode(error.status), details: 'fault ordered by local control' }
  }
  process.stderr.write(`local cloud: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return { code: codes.INTERNAL, details: 'the local server failed' }
}

/** Takes a gRPC code (0-16) or an HTTP status. */
function grpcCode(status: number | undefined): number {
  if (status === undefined) return codes.UNAVAILABLE
  if (status <= 16) return status
  const byHttp: Record<number, number> = { 400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 500: 13, 501: 12, 503: 14, 504: 4 }
  return byHttp[status] ?? codes.UNKNOWN
}
