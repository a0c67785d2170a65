/**
 * Cold starts: each bundle, and a bare function of the framework, started in turn; from the start of the process to the
 * first answer, of each the fastest of its rounds. Only ratios count: the machine is the same for both.
 *
 * The request is one that goes through limits, token and store (`firstRequest`), so a function that needs Firestore pays
 * for its client and its connection here. Bundles are compiled as Cloud Build does it.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, type Bundle } from '../build/bundle.ts'
import { loadDeclarations } from '../build/functions-module.ts'
import { firstRequest } from '../build/shipped/first-request.ts'
import { bundleEnvironment, compileBundle, createServersOnly, RunningBundle, tokenFor } from '../local/bundle.ts'
import type { LocalCloud } from '../local/cloud.ts'
import { atOnce, ms, percentile } from './figures.ts'

export interface ColdOptions {
  readonly rounds: number
  /** All when absent. */
  readonly only?: readonly string[]
}

interface Start {
  readonly ms: number
  readonly memoryMb: number
}

interface Row {
  readonly name: string
  readonly kb: number
  readonly ms: number
  readonly ratio: number
  readonly memoryMb: number
  readonly usesStore: boolean
}

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url))
const BARE = 'bare'
const BARE_REQUEST = { method: 'GET', path: '/', headers: {} }
/** As the framework's own documentation writes one. */
const BARE_FILES = {
  'index.js': "const functions = require('@google-cloud/functions-framework')\nfunctions.http('bare', (request, response) => { response.send('ok') })\n",
  'package.json': '{ "main": "index.js" }\n',
}
const COMPILED_AT_ONCE = 2
/** What seems slower than it should be may have been disturbed: it is started up to three times as often. */
const GOAL = 2
const AGAIN_MAX = 3
const NAME_WIDTH = 34

export async function benchCold({ rounds, only }: ColdOptions): Promise<void> {
  const functions = await bundle({ directory: DIST, ...(only === undefined ? {} : { names: only }) })
  await atOnce(functions, COMPILED_AT_ONCE, ({ name }) => compileBundle(placeOf(name)))
  await writeBare()
  const cloud = await createServersOnly()
  try {
    await startBare(cloud)
    const bares: Start[] = []
    const rows: Row[] = []
    say(['function', 'KB', 'ms', 'ratio', 'MB'])
    for (const one of functions) {
      const { row, bare } = await measured(cloud, one, rounds)
      rows.push(row)
      bares.push(...bare)
      say([row.name, String(row.kb), ms(row.ms), row.ratio.toFixed(2), row.memoryMb.toFixed(0)])
    }
    summary(rows, bares)
  } finally {
    await cloud.stop()
  }
}

async function measured(cloud: LocalCloud, { name, bytes }: Bundle, rounds: number): Promise<{ row: Row; bare: Start[] }> {
  const declaration = (await loadDeclarations()).find((one) => one.name === name)
  if (declaration === undefined) throw new Error(`No function declares the name ${name}.`)
  const { role, ...request } = firstRequest(declaration)
  const token = role === undefined ? undefined : await tokenFor(cloud, role, name)
  const bare: Start[] = []
  const own: Start[] = []
  for (let round = 0; round < rounds || (round < rounds * AGAIN_MAX && fastest(own) > GOAL * fastest(bare)); round += 1) {
    bare.push(await startBare(cloud))
    own.push(await started(cloud, name, async (running) => {
      const { status, body } = await running.ask(request, token)
      if (status >= 500) throw new Error(`${name} answered ${status}: ${body} ${running.printed}`)
    }))
  }
  const usesStore = await stat(join(placeOf(name), 'google.cjs.compiled')).then(() => true, () => false)
  const row = { name, usesStore, kb: Math.round(bytes / 1024), ms: fastest(own), ratio: fastest(own) / fastest(bare), memoryMb: median(own.map((start) => start.memoryMb)) }
  return { row, bare }
}

function startBare(cloud: LocalCloud): Promise<Start> {
  return started(cloud, BARE, async (running) => void (await running.ask(BARE_REQUEST)))
}

/** Nobody is started while another still ends: each has the machine for itself. */
async function started(cloud: LocalCloud, name: string, ask: (running: RunningBundle) => Promise<void>): Promise<Start> {
  const environment = bundleEnvironment(cloud)
  const begun = performance.now()
  const running = await RunningBundle.start(placeOf(name), name, environment)
  try {
    await ask(running)
    return { ms: performance.now() - begun, memoryMb: await running.memoryMb() }
  } finally {
    await running.stop()
  }
}

function summary(rows: readonly Row[], bares: readonly Start[]): void {
  const ratios = rows.map(({ ratio }) => ratio)
  const memory = rows.map(({ memoryMb }) => memoryMb)
  const without = rows.filter(({ usesStore }) => !usesStore)
  process.stdout.write(
    `bare function: ${ms(median(bares.map((start) => start.ms)))} ms, ${median(bares.map((start) => start.memoryMb)).toFixed(0)} MB\n` +
      `memory at the first answer: median ${median(memory).toFixed(0)} MB, most ${Math.max(...memory).toFixed(0)} MB\n` +
      `without Firestore: ${without.map(({ name, ratio }) => `${name} ${ratio.toFixed(2)}`).join(', ') || 'none'}\n` +
      `cold: median ${median(ratios).toFixed(2)} max ${Math.max(...ratios).toFixed(2)}\n`,
  )
}

function say([name = '', ...figures]: readonly string[]): void {
  process.stdout.write(`${name.padEnd(NAME_WIDTH)}${figures.map((figure) => figure.padStart(8)).join('')}\n`)
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** What disturbs a start only makes it slower: the fastest is the least disturbed. */
function fastest(starts: readonly Start[]): number {
  return Math.min(...starts.map((start) => start.ms))
}

function placeOf(name: string): string {
  return join(DIST, name === BARE ? BARE : join('functions', name))
}

async function writeBare(): Promise<void> {
  await mkdir(placeOf(BARE), { recursive: true })
  for (const [name, text] of Object.entries(BARE_FILES)) await writeFile(join(placeOf(BARE), name), text)
}
