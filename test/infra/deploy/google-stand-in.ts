/**
 * Stands for Google in tests of a deployment: functions that take a while to change, their operations, and a bucket with
 * generations. It does what the documentation says of the calls that are made, and keeps a list of them.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DEFAULTS, Google } from '../../../infra/deploy/google.ts'

interface Fn {
  state: string
  object: string | undefined
  operation: number
}

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly generation?: number
}

export const PROJECT = 'shop-test'
const NAME = `projects/${PROJECT}/locations/${DEFAULTS.region}/functions`
/** Small, so that lists have several pages. */
const PAGE = 3

export class GoogleStandIn {
  readonly functions = new Map<string, Fn>()
  readonly objects = new Map<string, { readonly content: Buffer; readonly generation: number }>()
  /** Of each function that was given a bundle, in this order. */
  readonly given: string[] = []
  /** Functions whose build fails. */
  readonly failing = new Set<string>()
  /** Operations do not end while this holds. */
  held = false
  /** So many changes were under way at once. */
  mostAtOnce = 0
  /** Answers to the next changes are lost after they took effect. */
  loseAnswers = 0
  readonly #operations = new Map<number, { readonly name: string; readonly object: string; looks: number }>()
  readonly #server: Server
  #count = 0
  #waiting: Array<() => void> = []

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then((answer) => {
        if (answer === undefined) return request.socket.destroy()
        const raw = Buffer.isBuffer(answer.body)
        response.writeHead(answer.status, { 'content-type': raw ? 'application/octet-stream' : 'application/json', 'x-goog-generation': String(answer.generation ?? 0) })
        return response.end(raw ? answer.body : JSON.stringify(answer.body))
      })
    })
  }

  static async start(): Promise<GoogleStandIn> {
    const standIn = new GoogleStandIn()
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve))
    return standIn
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  google(): Google {
    return new Google({
      ...DEFAULTS, project: PROJECT, bucket: 'bundles', functionsApi: this.url, storageApi: this.url, token: async () => 'token', pollMs: 2, deployMsMax: 5_000,
    })
  }

  /** A function as Terraform made it. */
  add(name: string, object?: string): void {
    this.functions.set(name, { state: 'ACTIVE', object, operation: 0 })
  }

  release(): void {
    this.held = false
    for (const [id] of this.#operations) this.#end(id)
  }

  /** Resolves when so many functions have been given something. */
  async untilGiven(count: number): Promise<void> {
    while (this.given.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  text(object: string): unknown {
    return JSON.parse(this.objects.get(object)?.content.toString() ?? 'null')
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage): Promise<Answer | undefined> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const url = new URL(request.url ?? '', 'http://google')
    const content = Buffer.concat(parts)
    if (request.headers.authorization !== 'Bearer token') return refused(401, 'Who are you?')
    if (url.pathname.startsWith('/upload/')) return this.#put(url.searchParams, content)
    if (url.pathname.startsWith('/storage/')) return this.#read(decodeURIComponent(url.pathname.split('/o/')[1] ?? ''))
    if (url.pathname.includes('/operations/')) return this.#look(Number(url.pathname.split('/').at(-1)))
    const name = url.pathname.split('/functions/')[1]
    if (name === undefined) return this.#list(Number(url.searchParams.get('pageToken') ?? 0))
    return request.method === 'PATCH' ? this.#give(name, JSON.parse(content.toString()) as never) : this.#show(name)
  }

  #put(query: URLSearchParams, content: Buffer): Answer {
    const name = query.get('name') ?? ''
    const before = this.objects.get(name)?.generation ?? 0
    if (query.get('ifGenerationMatch') !== String(before)) return refused(412, 'conditionNotMet')
    this.objects.set(name, { content, generation: before + 1 })
    return { status: 200, body: { name, generation: String(before + 1) } }
  }

  #read(name: string): Answer {
    const found = this.objects.get(name)
    return found === undefined ? refused(404, 'No such object') : { status: 200, body: found.content, generation: found.generation }
  }

  #list(from: number): Answer {
    const all = [...this.functions.keys()].map((name) => this.#json(name))
    const next = from + PAGE
    return { status: 200, body: { functions: all.slice(from, next), ...(next < all.length ? { nextPageToken: String(next) } : {}) } }
  }

  #show(name: string): Answer {
    return this.functions.has(name) ? { status: 200, body: this.#json(name) } : refused(404, `There is no ${name}.`)
  }

  #json(name: string): unknown {
    const one = this.functions.get(name)
    return { name: `${NAME}/${name}`, state: one?.state, buildConfig: { runtime: 'nodejs24', ...(one?.object === undefined ? {} : { source: { storageSource: { bucket: 'bundles', object: one.object } } }) } }
  }

  #give(name: string, { buildConfig }: { buildConfig: { source: { storageSource: { object: string } } } }): Answer | undefined {
    const one = this.functions.get(name)
    if (one === undefined) return refused(404, `There is no ${name}.`)
    if (one.state === 'DEPLOYING') return refused(409, 'An operation is in progress.')
    const { object } = buildConfig.source.storageSource
    if (!this.objects.has(object)) return refused(400, `There is no object ${object}.`)
    const id = ++this.#count
    this.given.push(name)
    this.functions.set(name, { state: 'DEPLOYING', object, operation: id })
    this.#operations.set(id, { name, object, looks: 0 })
    this.mostAtOnce = Math.max(this.mostAtOnce, [...this.functions.values()].filter(({ state }) => state === 'DEPLOYING').length)
    for (const wake of this.#waiting.splice(0)) wake()
    if (!this.held) setTimeout(() => this.#end(id), 10)
    if (this.loseAnswers > 0) {
      this.loseAnswers -= 1
      return undefined
    }
    return { status: 200, body: { name: `operations/${id}` } }
  }

  #look(id: number): Answer {
    const { name } = this.#operations.get(id) ?? { name: '' }
    const one = this.functions.get(name)
    const done = one?.operation !== id || one.state !== 'DEPLOYING'
    const error = done && this.failing.has(name) ? { error: { code: 3, message: `Build failed: ${name} does not compile` } } : {}
    return { status: 200, body: { name: `operations/${id}`, ...(done ? { done: true, ...error } : {}) } }
  }

  #end(id: number): void {
    const { name = '' } = this.#operations.get(id) ?? {}
    const one = this.functions.get(name)
    if (one?.operation === id && one.state === 'DEPLOYING') one.state = this.failing.has(name) ? 'FAILED' : 'ACTIVE'
  }
}

function refused(status: number, message: string): Answer {
  return { status, body: { error: { code: status, message } } }
}
