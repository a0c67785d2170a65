/**
 * Bundles, each started alone under the framework's own command and called as the first request of an instance, against
 * one local cloud that serves all. What was left out of a bundle and is needed after all shows here.
 */
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atOnce } from '../../infra/bench/figures.ts'
import { bundle, entriesOf } from '../../infra/build/bundle.ts'
import { loadDeclarations } from '../../infra/build/functions-module.ts'
import { firstRequest } from '../../infra/build/shipped/first-request.ts'
import { bundleEnvironment, createServersOnly, RunningBundle, tokenFor, type BundleAnswer } from '../../infra/local/bundle.ts'
import type { LocalCloud } from '../../infra/local/cloud.ts'
import type { Declaration } from '../../shared/entry/declaration.ts'
import { overBudget } from './budget.ts'

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

/** A folder in which bundles find the framework, as where it is installed beside them; it goes when the work is done. */
export async function inBuildPlace<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'countinghouse-bundles-'))
  try {
    await symlink(MODULES, join(directory, 'node_modules'), 'junction')
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Builds these functions, starts each and calls it. */
export async function callBundles(declarations: readonly Declaration[], tell: (called: Called) => void = () => undefined): Promise<Called[]> {
  const cloud = await createServersOnly()
  try {
    return await inBuildPlace(async (directory) => {
      const functions = await bundle({ directory, names: declarations.map(({ name }) => name) })
      const over = functions.flatMap(overBudget)
      if (over.length > 0) throw new Error(over.join('\n'))
      return atOnce(declarations, STARTED_AT_ONCE, async (declaration) => {
        const called = await callOne(cloud, declaration, join(directory, 'functions', declaration.name))
        tell(called)
        return called
      })
    })
  } finally {
    await cloud.stop()
  }
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

/** The first function of each area and of each kind: few enough for every run, wide enough to load every client. */
export async function sample(): Promise<Declaration[]> {
  const areas = new Map((await entriesOf()).map(({ name, file }) => [name, dirname(file)]))
  const seen = new Set<string | undefined>()
  return (await loadDeclarations()).filter(({ name, kind }) => {
    const isNew = !seen.has(areas.get(name)) || !seen.has(kind)
    seen.add(areas.get(name)).add(kind)
    return isNew
  })
}
