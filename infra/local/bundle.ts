/**
 * One bundle run alone under the functions framework's own command, as the platform runs it, against the servers of a
 * local cloud. For tests and measurements: the shop itself runs from its sources.
 */
import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Role } from '../../shared/entry/declaration.ts'
import { firstRequest } from '../build/shipped/first-request.ts'
import { REGION } from '../build/firebase.ts'
import { createLocalCloud, type LocalCloud } from './cloud.ts'
import { environmentOf } from './environment.ts'
import { PROJECT_ID, SQUARE_LOCATION_ID } from './servers.ts'
import { renewShop } from './shop.ts'

export interface BundleAnswer {
  readonly status: number
  readonly body: string
}

const COMMAND = fileURLToPath(new URL('../../node_modules/@google-cloud/functions-framework/build/src/main.js', import.meta.url))
const LOOK_AGAIN_MS = 2
const LISTEN_MS_MAX = 30_000

/** The servers of a local cloud with its warehouse, without instances: nothing runs but what is started here. */
export async function createServersOnly(): Promise<LocalCloud> {
  const cloud = await createLocalCloud({ port: 0, instances: 0 })
  const { pubsub, scheduler } = cloud.servers
  pubsub.hold()
  await renewShop(cloud)
  for (const { job } of scheduler.list(`projects/${PROJECT_ID}/locations/${REGION}`)) scheduler.pause(job.name, true)
  return cloud
}

export function bundleEnvironment(cloud: LocalCloud): Record<string, string> {
  const settings = { GCP_PROJECT_ID: PROJECT_ID, SQUARE_LOCATION_ID, PUBLIC_URL: cloud.url, NODE_ENV: 'production' }
  return environmentOf({ person: process.env, addresses: cloud.addresses, secrets: cloud.servers.keys, settings })
}

/** The token that the first request of a function bears: of somebody who has not called another, or limits would count them as one. */
export function tokenFor(cloud: LocalCloud, role: Role, name: string): Promise<string> {
  return cloud.token({ role, sub: `first-${name}`, email: `first-${name}@example.com` })
}

/** Runs `compile.cjs` of a bundle, as Cloud Build does. */
export async function compileBundle(directory: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['compile.cjs'], { cwd: directory })
  return stdout
}

export class RunningBundle {
  readonly #child: ReturnType<typeof spawn>
  readonly #url: string
  #printed = ''

  private constructor(child: ReturnType<typeof spawn>, url: string) {
    this.#child = child
    this.#url = url
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (this.#printed += text))
  }

  /** Resolves when it takes requests. */
  static async start(directory: string, name: string, environment: Readonly<Record<string, string>>): Promise<RunningBundle> {
    const port = await freePort()
    const flags = [`--target=${name}`, `--source=${directory}`, `--port=${port}`]
    const bundle = new RunningBundle(spawn(process.execPath, [COMMAND, ...flags], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] }), `http://127.0.0.1:${port}`)
    for (const giveUpAt = performance.now() + LISTEN_MS_MAX; !(await listens(port)); await pause(LOOK_AGAIN_MS)) {
      if (bundle.#child.exitCode !== null || performance.now() > giveUpAt) {
        await bundle.stop()
        throw new Error(`${name} does not start: ${bundle.#printed}`)
      }
    }
    return bundle
  }

  get printed(): string {
    return this.#printed
  }

  async ask({ method, path, headers, body }: Omit<ReturnType<typeof firstRequest>, 'role'>, token?: string): Promise<BundleAnswer> {
    const address = { 'x-forwarded-for': strangersAddress() }
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const answer = await fetch(this.#url + path, { method, headers: { ...headers, ...address, ...authorization }, ...(body === undefined ? {} : { body }) })
    return { status: answer.status, body: await answer.text() }
  }

  /** What it occupies now, in MB; NaN where the system does not tell. */
  async memoryMb(): Promise<number> {
    const status = await readFile(join('/proc', String(this.#child.pid), 'status'), 'utf8').catch(() => '')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }
}

let strangers = 0

/** Another one each time. */
function strangersAddress(): string {
  const number = ++strangers
  return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
