/**
 * HTTP servers of the local cloud (vendors, BigQuery): one handler, a port of its own per instance so that
 * every call is known by its caller, every call over the wire (`wire.ts`).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Connections } from './connections.ts'
import { WireFault, type Tally, type Wire } from './wire.ts'

export interface HttpCall {
  readonly method: string
  /** Path without the query, as sent. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  readonly instance: string
}

export interface HttpAnswer {
  readonly status: number
  readonly headers?: Record<string, string>
  /** An object is sent as JSON; a string or a buffer as it is. */
  readonly body?: unknown
}

export interface HttpService {
  /** Name of the target in calls and faults. */
  readonly target: string
  /** The operation's name: method and path with ids replaced. */
  readonly operation: (method: string, path: string) => string
  readonly handle: (call: HttpCall, tally: Tally) => Promise<HttpAnswer> | HttpAnswer
}

/** Opens ports for one service. */
export class HttpPorts {
  readonly connections = new Connections()
  #wire: Wire
  readonly #servers: Server[] = []
  /** By target: who answers now at the ports that were opened for it. */
  readonly #services = new Map<string, HttpService>()

  constructor(wire: Wire) {
    this.#wire = wire
  }

  /** From now on calls go over this wire to these services. Ports and connections stay. */
  anew(wire: Wire, services: readonly HttpService[]): void {
    this.#wire = wire
    for (const service of services) this.#services.set(service.target, service)
  }

  /** Opens a port on the loopback for one caller; `port` 0 takes a free one. Resolves to the port. */
  async open(service: HttpService, instance: string, port = 0): Promise<number> {
    this.#services.set(service.target, service)
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      void this.#answer(this.#services.get(service.target) as HttpService, instance, request, response)
    })
    server.on('connection', (socket) => this.connections.add(instance, socket))
    this.#servers.push(server)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    return (server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.connections.close()
    for (const server of this.#servers) {
      await new Promise((resolve) => server.close(resolve))
    }
    this.#servers.length = 0
  }

  async #answer(service: HttpService, instance: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await read(request)
      const url = new URL(request.url ?? '/', 'http://local')
      const method = request.method ?? 'GET'
      const call: HttpCall = { method, path: url.pathname, query: url.searchParams, headers: request.headers, body, instance }
      const answer = await this.#wire.pass(
        {
          instance,
          target: service.target,
          operation: service.operation(method, url.pathname),
          bytes: body.length,
          function: header(request, 'x-local-function'),
          requestId: header(request, 'x-local-request'),
          tenant: header(request, 'x-local-tenant'),
          text: () => `${method} ${request.url ?? ''}\n${JSON.stringify(request.headers)}\n${body.toString('utf8')}`,
        },
        (tally) => service.handle(call, tally),
      )
      send(response, answer)
    } catch (error) {
      lose(response, error)
    }
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function send(response: ServerResponse, answer: HttpAnswer): void {
  const plain = typeof answer.body === 'string' || Buffer.isBuffer(answer.body) || answer.body === undefined
  const payload = plain ? ((answer.body ?? '') as string | Buffer) : JSON.stringify(answer.body)
  response.writeHead(answer.status, {
    ...(plain ? {} : { 'content-type': 'application/json' }),
    'content-length': String(Buffer.byteLength(payload)),
    ...answer.headers,
  })
  response.end(payload)
}

/** A fault: the socket is reset, stays silent, or an error without a vendor's body comes back. */
function lose(response: ServerResponse, error: unknown): void {
  if (error instanceof WireFault) {
    if (error.effect === 'hang') return
    if (error.effect === 'drop') return void response.socket?.resetAndDestroy()
    const status = error.status ?? 500
    return send(response, { status, body: { error: { message: 'fault ordered by local control', type: 'api_error', code: status } } })
  }
  process.stderr.write(`local cloud: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  if (!response.headersSent) send(response, { status: 500, body: { error: { message: 'the simulator failed', type: 'api_error' } } })
}
