/**
 * The little of Google's REST that a deployment needs: functions, their operations, and objects in a bucket. Every call
 * has a deadline; what was lost, refused for its rate or failed at Google is asked again, but for changes of a function.
 */
import { setTimeout as pause } from 'node:timers/promises'

export interface GoogleOptions {
  readonly project: string
  readonly region: string
  /** Bundles lie in it as `NAME/HASH.zip`, and `releases.json`. */
  readonly bucket: string
  readonly functionsApi: string
  readonly storageApi: string
  readonly token: () => Promise<string>
  /** Between two looks at something that takes its time. */
  readonly pollMs: number
  /** For one function, from its first call to running. */
  readonly deployMsMax: number
  readonly callMsMax: number
}

export const DEFAULTS = {
  region: 'us-central1', functionsApi: 'https://cloudfunctions.googleapis.com', storageApi: 'https://storage.googleapis.com',
  pollMs: 3_000, deployMsMax: 15 * 60_000, callMsMax: 30_000,
} as const

/** A function as it runs, or does not. */
export interface DeployedFunction {
  readonly name: string
  readonly state: string
  /** Object of the bundle it was given last. */
  readonly object: string | undefined
}

export interface Operation {
  readonly name: string
  readonly done?: boolean
  readonly error?: { readonly message?: string }
}

/** An answer that will not become better by asking again. */
export class GoogleRefusal extends Error {
  readonly status: number

  constructor(what: string, status: number, text: string) {
    super(`${what} was refused (${status}): ${sentenceIn(text)}`)
    this.status = status
  }
}

/** No answer came: the call may have taken effect. */
export class GoogleSilence extends Error {}

const TRIES = 5
const PAGE = 200

interface FunctionJson {
  readonly name: string
  readonly state?: string
  readonly buildConfig?: { readonly source?: { readonly storageSource?: { readonly object?: string } } }
}

export class Google {
  readonly options: GoogleOptions

  constructor(options: GoogleOptions) {
    this.options = options
  }

  async functions(): Promise<DeployedFunction[]> {
    const found: DeployedFunction[] = []
    for (let page: string | undefined = ''; page !== undefined; ) {
      const query = new URLSearchParams({ pageSize: String(PAGE), pageToken: page })
      const { functions = [], nextPageToken } = (await this.#json('GET', `${this.#location()}/functions?${query}`)) as { functions?: FunctionJson[]; nextPageToken?: string }
      found.push(...functions.map(deployedOf))
      page = nextPageToken === undefined || nextPageToken === '' ? undefined : nextPageToken
    }
    return found
  }

  async function(name: string): Promise<DeployedFunction> {
    return deployedOf((await this.#json('GET', `${this.#location()}/functions/${name}`)) as FunctionJson)
  }

  /** Gives a function another bundle. Building and starting it is an operation that goes on without us. */
  async give(name: string, object: string): Promise<Operation> {
    const source = { storageSource: { bucket: this.options.bucket, object } }
    return (await this.#json('PATCH', `${this.#location()}/functions/${name}?updateMask=buildConfig.source`, { buildConfig: { source } })) as Operation
  }

  async operation(name: string): Promise<Operation> {
    return (await this.#json('GET', `${this.options.functionsApi}/v2/${name}`)) as Operation
  }

  /** An object is named by its content: what lies there already is the same. */
  async putOnce(object: string, content: Buffer): Promise<void> {
    try {
      await this.#upload(object, content, 'application/zip', '0')
    } catch (error) {
      if (!(error instanceof GoogleRefusal && error.status === 412)) throw error
    }
  }

  /** An object and its generation; generation 0 where there is none. */
  async read(object: string): Promise<{ readonly text: string | undefined; readonly generation: string }> {
    const address = `${this.options.storageApi}/storage/v1/b/${this.options.bucket}/o/${encodeURIComponent(object)}?alt=media`
    const answer = await this.#call('GET', address, {}, undefined)
    if (answer.status === 404) return { text: undefined, generation: '0' }
    if (!answer.ok) throw new GoogleRefusal(`GET ${object}`, answer.status, answer.text)
    return { text: answer.text, generation: answer.generation ?? '0' }
  }

  /**
   * Writes an object that nobody else has written since it was read.
   * @returns its new generation; undefined when somebody has
   */
  async replace(object: string, text: string, generation: string): Promise<string | undefined> {
    try {
      return ((await this.#upload(object, Buffer.from(text), 'application/json', generation)) as { generation: string }).generation
    } catch (error) {
      if (!(error instanceof GoogleRefusal && error.status === 412)) throw error
      // It may be our own call, whose answer was lost.
      const now = await this.read(object)
      return now.text === text ? now.generation : undefined
    }
  }

  #upload(object: string, content: Buffer, type: string, generation: string): Promise<unknown> {
    const query = new URLSearchParams({ uploadType: 'media', name: object, ifGenerationMatch: generation })
    return this.#json('POST', `${this.options.storageApi}/upload/storage/v1/b/${this.options.bucket}/o?${query}`, content, type)
  }

  #location(): string {
    return `${this.options.functionsApi}/v2/projects/${this.options.project}/locations/${this.options.region}`
  }

  async #json(method: string, address: string, body?: unknown, type = 'application/json'): Promise<unknown> {
    const content = Buffer.isBuffer(body) || body === undefined ? body : JSON.stringify(body)
    const answer = await this.#call(method, address, content === undefined ? {} : { 'content-type': type }, content)
    if (!answer.ok) throw new GoogleRefusal(`${method} ${new URL(address).pathname}`, answer.status, answer.text)
    return JSON.parse(answer.text)
  }

  async #call(method: string, address: string, headers: Record<string, string>, body: Buffer | string | undefined) {
    // A change is not sent again unseen: whoever makes it looks first whether it took effect.
    const tries = method === 'PATCH' ? 1 : TRIES
    for (let retry = 1; ; retry += 1) {
      try {
        const authorization = `Bearer ${await this.options.token()}`
        const signal = AbortSignal.timeout(this.options.callMsMax)
        const answer = await fetch(address, { method, headers: { ...headers, authorization }, signal, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }) })
        const passing = answer.status === 429 || answer.status >= 500
        if (!passing || retry === tries) return { ok: answer.ok, status: answer.status, text: await answer.text(), generation: answer.headers.get('x-goog-generation') }
      } catch (error) {
        if (retry === tries) throw new GoogleSilence(`Google gave no answer to ${method} ${new URL(address).pathname}.`, { cause: error })
      }
      await pause(this.options.pollMs * 2 ** (retry - 1))
    }
  }
}

function deployedOf({ name, state = 'UNKNOWN', buildConfig }: FunctionJson): DeployedFunction {
  return { name: name.split('/').at(-1) ?? name, state, object: buildConfig?.source?.storageSource?.object }
}

function sentenceIn(text: string): string {
  try {
    return String((JSON.parse(text) as { error?: { message?: string } }).error?.message ?? text)
  } catch {
    return text.slice(0, 300)
  }
}
