/**
 * Bundles, each started alone under the framework's own command and called as the first request of an instance, against
 * one local cloud that serves all. What was left out of a bundle and is needed after all shows here.
 */
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atOnce } from '../../infra/bench/figures.ts'
import { bundle, type Manifest } from '../../infra/build/bundle.ts'
import { loadDeclarations } from '../../infra/build/functions-module.ts'
import { firstRequest } from '../../infra/build/shipped/first-request.ts'
import { bundleEnvironment, createServersOnly, RunningBundle, tokenFor, type BundleAnswer } from '../../infra/local/bundle.ts'
import type { LocalCloud } from '../../infra/local/cloud.ts'
import type { Declaration } from '../../shared/entry/declaration.ts'

export interface Called {
  readonly name: string
  readonly kind: Declaration['kind']
  readonly status: number
  /** What is wrong with its answer; undefined when nothing is. */
  readonly fault: string | undefined
}

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))
const STARTED_AT_ONCE = 3
/** An endpoint may want another input, another caller or something that exists; it may not fail. */
const ENDPOINT_STATUS = [200, 201, 202, 204, 400, 401, 403, 404, 409]

/** A folder in which bundles find the framework, as where it is installed beside them; with what takes it away. */
export async function openBuildPlace(): Promise<AsyncDisposable & { directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'countinghouse-bundles-'))
  await symlink(MODULES, join(directory, 'node_modules'), 'junction')
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}

/** Bundles in such a folder, and the cloud that serves them. */
export interface Built extends AsyncDisposable {
  readonly cloud: LocalCloud
  readonly functions: Manifest
  /** The folder of one function. */
  readonly at: (name: string) => string
}

/** @param names all functions when absent */
export async function openBuilt(names?: readonly string[]): Promise<Built> {
  const place = await openBuildPlace()
  const functions = await bundle({ directory: place.directory, ...(names === undefined ? {} : { names }) })
  const cloud = await createServersOnly()
  return {
    cloud,
    functions,
    at: (name) => join(place.directory, 'functions', name),
    [Symbol.asyncDispose]: async () => {
      await cloud.stop()
      await place[Symbol.asyncDispose]()
    },
  }
}

/** Starts each of these functions as it was built, and calls it. */
export function callBundles({ cloud, at }: Built, names: readonly string[], tell: (called: Called) => void = () => undefined): Promise<Called[]> {
  return atOnce(names, STARTED_AT_ONCE, async (name) => {
    const declaration = (await loadDeclarations()).find((one) => one.name === name)
    if (declaration === undefined) throw new Error(`There is no function ${name}.`)
    const called = await callOne(cloud, declaration, at(name))
    tell(called)
    return called
  })
}

async function callOne(cloud: LocalCloud, declaration: Declaration, directory: string): Promise<Called> {
  const { name, kind } = declaration
  const { role, ...request } = firstRequest(declaration)
  const running = await RunningBundle.start(directory, name, bundleEnvironment(cloud))
  try {
    const answer = await running.ask(request, role === undefined ? undefined : await tokenFor(cloud, role, name))
    return { name, kind, status: answer.status, fault: faultOf(kind, answer, running.printed) }
  } finally {
    await running.stop()
  }
}

function faultOf(kind: Declaration['kind'], { status, body }: BundleAnswer, printed: string): string | undefined {
  if (printed.includes('"severity":"ERROR"')) return `printed ${printed}`
  if (kind === 'endpoint') return ENDPOINT_STATUS.includes(status) ? undefined : `answered ${status} ${body}`
  if (kind === 'webhook') return status === 401 ? undefined : `took what nobody signed: ${status} ${body}`
  if (kind === 'schedule') return status === 200 && body.includes('"tally"') ? undefined : `did not run: ${status} ${body}`
  return status < 300 ? undefined : `did not take its message: ${status} ${body}`
}
