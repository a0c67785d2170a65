/**
 * Bundles: for every function a folder that runs alone under the functions framework and carries only what it imports.
 *
 *     dist/functions/refund-order/
 *       index.cjs      loads the others, with compiled code where there is any
 *       function.cjs   the function and all it imports, minified
 *       google.cjs     the Google clients that it may ask for, loaded at the first call; absent when it asks for none
 *       compile.cjs    keeps compiled code; run where the function is built
 *       package.json   the framework, pinned, as the only dependency; package-lock.json pins what it needs itself
 *
 * The same sources give the same bytes: the hash of a folder says whether its function changed.
 * The Google clients are a file of their own because a hundred functions share a handful of sets of them: each set is
 * bundled once.
 */
import { build, type BuildOptions, type Metafile, type OutputFile } from 'esbuild'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leaveOut } from './left-out.ts'
import { lockedFor, type Lock } from './lock.ts'

export interface Bundle {
  readonly name: string
  /** Of all files, names included. */
  readonly hash: string
  readonly bytes: number
  /** Google clients that it may load. */
  readonly clients: readonly string[]
  /** Bytes of each package in it, and of `countinghouse` itself; the largest first. */
  readonly carries: Readonly<Record<string, number>>
}

/** `manifest.json`: what the deploy compares, and Terraform reads. */
export type Manifest = readonly Bundle[]

export interface BundleWish {
  /** Where `functions/` and `manifest.json` are written. */
  readonly directory: string
  /** All when absent. */
  readonly names?: readonly string[]
}

/** A function's file, and what it exports. */
export interface Entry {
  readonly name: string
  readonly exported: string
  /** From the contents page, as `./checkout/get-order.ts`. */
  readonly file: string
}

interface Part {
  readonly bytes: Uint8Array
  readonly carries: Readonly<Record<string, number>>
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FUNCTIONS = join(ROOT, 'functions')
const SHIPPED = fileURLToPath(new URL('./shipped/', import.meta.url))
const FRAMEWORK = '@google-cloud/functions-framework'
/** Clients that come in `google.cjs`, each loaded when it is asked for. */
const CLIENTS: readonly string[] = ['@google-cloud/bigquery', '@google-cloud/firestore', '@google-cloud/pubsub', '@grpc/grpc-js', 'google-auth-library']
const OPTIONS = {
  absWorkingDir: ROOT, bundle: true, platform: 'node', target: 'node24', format: 'cjs', minify: true, charset: 'ascii', legalComments: 'none',
  external: [FRAMEWORK, `${FRAMEWORK}/*`], metafile: true, write: false, logLevel: 'error',
} satisfies BuildOptions

export async function bundle({ directory, names }: BundleWish): Promise<Manifest> {
  const entries = (await entriesOf()).filter(({ name }) => names?.includes(name) ?? true)
  const unknown = names?.filter((name) => !entries.some((entry) => entry.name === name)) ?? []
  if (unknown.length > 0) throw new Error(`There is no function ${unknown.join(', ')}.`)
  const own = await ownParts(entries)
  const google = new Map<string, Part>()
  for (const { clients } of own.values()) {
    const set = clients.join()
    if (set !== '' && !google.has(set)) google.set(set, await googlePart(clients))
  }
  const common = { 'compile.cjs': await shippedPart('compile.ts'), 'index.cjs': await shippedPart('load.ts') }
  const framework = await installed()
  const functions: Bundle[] = []
  await rm(join(directory, 'functions'), { recursive: true, force: true })
  for (const { name } of entries) {
    const { part, clients } = own.get(name) as { part: Part; clients: readonly string[] }
    const asked = google.get(clients.join())
    const parts: Record<string, Part> = { ...common, 'function.cjs': part, ...(asked === undefined ? {} : { 'google.cjs': asked }), ...installation(name, framework) }
    const files = Object.fromEntries(Object.entries(parts).map(([file, { bytes }]) => [file, bytes]))
    await writeFiles(join(directory, 'functions', name), files)
    functions.push({ name, hash: hashOf(files), bytes: bytesOf(files), clients, carries: sumOf(Object.values(parts)) })
  }
  await writeFile(join(directory, 'manifest.json'), `${JSON.stringify(functions, null, 2)}\n`)
  return functions
}

/** Read from the contents page, so that building needs to run no function. */
export async function entriesOf(): Promise<Entry[]> {
  const text = await readFile(join(FUNCTIONS, 'index.ts'), 'utf8')
  const found = [...text.matchAll(/^export \{ (\w+) \} from '(.+)'$/gm)]
  return found.map(([, exported = '', file = '']) => ({ name: basename(file, '.ts'), exported, file })).sort((one, other) => (one.name < other.name ? -1 : 1))
}

async function ownParts(entries: readonly Entry[]): Promise<Map<string, { part: Part; clients: readonly string[] }>> {
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    entryPoints: entries.map(({ name }) => ({ in: `function:${name}`, out: name })),
    outdir: ROOT,
    plugins: [
      leaveOut,
      {
        name: 'entry',
        setup: (builder) => {
          builder.onResolve({ filter: /^function:/ }, ({ path }) => ({ path: path.slice('function:'.length), namespace: 'function' }))
          builder.onLoad({ filter: /.*/, namespace: 'function' }, ({ path }) => ({ contents: entryText(byName.get(path)), resolveDir: FUNCTIONS, loader: 'ts' }))
        },
      },
      {
        name: 'clients',
        setup: (builder) => {
          builder.onResolve({ filter: /^\.\/google\.cjs$/, namespace: 'client' }, () => ({ external: true }))
          builder.onResolve({ filter: /^[@a-z]/ }, ({ path }) => (CLIENTS.includes(path) ? { path, namespace: 'client' } : undefined))
          builder.onLoad({ filter: /.*/, namespace: 'client' }, ({ path }) => ({ contents: `module.exports = require('./google.cjs')[${JSON.stringify(path)}]()` }))
        },
      },
    ],
  })
  return new Map(outputFiles.map((file) => {
    const name = basename(file.path, '.js')
    const inputs = inputsOf(metafile, file)
    const clients = Object.keys(inputs).flatMap((path) => (path.startsWith('client:') ? [path.slice('client:'.length)] : [])).sort()
    return [name, { part: { bytes: file.contents, carries: carriedBy(inputs) }, clients }]
  }))
}

function entryText(entry: Entry | undefined): string {
  return `import { start } from ${JSON.stringify(join(SHIPPED, 'start.ts'))}\nimport { ${entry?.exported} } from '${entry?.file}'\nexport const declaration = start(${entry?.exported})\n`
}

async function googlePart(clients: readonly string[]): Promise<Part> {
  const contents = clients.map((name) => `exports[${JSON.stringify(name)}] = () => require(${JSON.stringify(name)})`).join('\n')
  const define = { Headers: 'sender.Headers', 'globalThis.Headers': 'sender.Headers', FormData: 'sender.FormData' }
  return onePart({ ...OPTIONS, define, inject: [join(SHIPPED, 'sender.ts')], stdin: { contents, resolveDir: ROOT, loader: 'js' }, plugins: [leaveOut] })
}

async function shippedPart(file: string): Promise<Part> {
  return onePart({ ...OPTIONS, entryPoints: [join(SHIPPED, file)], external: [...OPTIONS.external, './index.cjs'] })
}

async function onePart(options: typeof OPTIONS & BuildOptions): Promise<Part> {
  const { outputFiles, metafile } = await build({ ...options, outdir: ROOT })
  const [file] = outputFiles
  if (file === undefined) throw new Error('The bundler wrote nothing.')
  return { bytes: file.contents, carries: carriedBy(inputsOf(metafile, file)) }
}

interface Framework {
  readonly version: string
  readonly packages: Lock
}

async function installed(): Promise<Framework> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Lock }
  return { version: packages[`node_modules/${FRAMEWORK}`]?.version ?? '', packages: lockedFor(FRAMEWORK, packages) }
}

/** What the platform installs and runs. */
function installation(name: string, { version, packages }: Framework): Record<string, Part> {
  const facts = { name, private: true, engines: { node: '24' }, dependencies: { [FRAMEWORK]: version } }
  return {
    'package.json': jsonPart({ ...facts, main: 'index.cjs', scripts: { 'gcp-build': 'node compile.cjs' } }),
    'package-lock.json': jsonPart({ name, lockfileVersion: 3, requires: true, packages: { '': facts, ...packages } }),
  }
}

function jsonPart(content: unknown): Part {
  return { bytes: Buffer.from(`${JSON.stringify(content, null, 2)}\n`), carries: {} }
}

type Inputs = Metafile['outputs'][string]['inputs']

function inputsOf({ outputs }: Metafile, { path }: OutputFile): Inputs {
  return outputs[basename(path)]?.inputs ?? {}
}

function carriedBy(inputs: Inputs): Record<string, number> {
  const carried: Record<string, number> = {}
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const owner = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'countinghouse'
    if (bytesInOutput > 0) carried[owner] = (carried[owner] ?? 0) + bytesInOutput
  }
  return carried
}

function sumOf(parts: readonly Part[]): Record<string, number> {
  const all: Record<string, number> = {}
  for (const { carries } of parts) for (const [name, bytes] of Object.entries(carries)) all[name] = (all[name] ?? 0) + bytes
  return Object.fromEntries(Object.entries(all).sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1)))
}

async function writeFiles(directory: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes)
}

/** Of all files of a bundle. */
export function hashOf(files: Readonly<Record<string, Uint8Array>>): string {
  const hash = createHash('sha256')
  for (const name of Object.keys(files).sort()) {
    const bytes = files[name] ?? new Uint8Array()
    hash.update(`${name} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

function bytesOf(files: Readonly<Record<string, Uint8Array>>): number {
  return Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0)
}
