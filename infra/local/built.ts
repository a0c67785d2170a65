/**
 * An instance as one file, with the Google clients cut as in the bundles: it is up and has sold something in a third of the
 * processor time that it takes from a thousand sources, which counts where instances are killed on purpose.
 *
 * The file is named by its content, so that many clouds may start at once and each finds what it built. A note beside it
 * says from which sources: while none of them has changed, the next process need not build it.
 */
import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { leaveOut } from '../build/left-out.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** In the project, where the packages are found from. */
const DIRECTORY = fileURLToPath(new URL('../../node_modules/.cache/countinghouse/', import.meta.url))
/** What nobody has started from for so long belongs to sources that are gone. */
const KEPT_MS = 30 * 86_400_000
const COUNTED_EVERY_MS = 3_000

/** What shapes it, beside the sources that are in it. */
const BUILDERS = ['infra/local/built.ts', 'infra/build/left-out.ts', 'infra/build/messages.ts', 'package-lock.json']

interface Note {
  readonly file: string
  /** By source, below the project. */
  readonly stamps: Readonly<Record<string, string>>
}

const built = new Map<string, Promise<string>>()

/** Builds what serves a functions module, once a process, and answers its path. */
export function builtInstance(module: URL): Promise<string> {
  const known = built.get(module.href) ?? (process.env['NODE_V8_COVERAGE'] === undefined ? buildInstance(module) : instanceOfSources(module))
  built.set(module.href, known)
  return known
}

/** The lines that run are counted: they run as they are written, and what was counted is written down before a kill can lose it. */
async function instanceOfSources(module: URL): Promise<string> {
  const own = (name: string): string => JSON.stringify(pathToFileURL(join(ROOT, name)))
  const code = [
    `import ${own('infra/local/preload.ts')}`, "import { takeCoverage } from 'node:v8'",
    `const [{ serve }, functions] = await Promise.all([import(${own('infra/local/instance.ts')}), import(${JSON.stringify(module)})])`,
    `setInterval(takeCoverage, ${COUNTED_EVERY_MS}).unref()`, 'serve(functions)',
  ].join('\n')
  const file = join(DIRECTORY, `sources-${shortHash(code)}.mjs`)
  keep(file, code)
  return file
}

async function buildInstance(module: URL): Promise<string> {
  const note = join(DIRECTORY, `sources-${shortHash(fileURLToPath(module) + ROOT)}.json`)
  const known = unchanged(note)
  if (known !== undefined) return known
  const startedMs = Date.now()
  const contents = [
    "import './infra/local/preload.ts'",
    `import * as functions from ${JSON.stringify(fileURLToPath(module))}`,
    "import { serve } from './infra/local/instance.ts'",
    'serve(functions)',
  ].join('\n')
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: ROOT }, bundle: true, write: false, platform: 'node', format: 'cjs', target: 'node24', logLevel: 'silent',
    absWorkingDir: ROOT, metafile: true, plugins: [leaveOut],
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  const file = join(DIRECTORY, `instance-${shortHash(code)}.cjs`)
  if (existsSync(file)) use(file)
  else keep(file, code)
  const sources = [...Object.keys(metafile.inputs).filter((name) => name !== '<stdin>'), ...BUILDERS]
  // One that was written meanwhile may be in it as it was before.
  if (sources.every((name) => (stateOf(name)?.mtimeMs ?? 0) < startedMs)) {
    keep(note, JSON.stringify({ file, stamps: Object.fromEntries(sources.map((name) => [name, stampOf(name)])) } satisfies Note))
  }
  return file
}

/** What was built from sources that are all as they were then; undefined when it has to be built. */
function unchanged(note: string): string | undefined {
  if (!existsSync(note)) return undefined
  const { file, stamps } = JSON.parse(readFileSync(note, 'utf8')) as Note
  if (!existsSync(file) || Object.entries(stamps).some(([name, stamp]) => stampOf(name) !== stamp)) return undefined
  use(file)
  return file
}

function stampOf(name: string): string {
  const found = stateOf(name)
  return `${found?.mtimeMs} ${found?.size}`
}

function stateOf(name: string): Stats | undefined {
  return statSync(join(ROOT, name), { throwIfNoEntry: false })
}

function shortHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16)
}

function use(file: string): void {
  utimesSync(file, new Date(), new Date())
}

/** Whole or not at all: another cloud may look for it at the same moment. */
function keep(file: string, content: string | Uint8Array): void {
  mkdirSync(DIRECTORY, { recursive: true })
  for (const name of readdirSync(DIRECTORY)) {
    const path = join(DIRECTORY, name)
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > KEPT_MS) rmSync(path, { force: true })
  }
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, content)
  renameSync(unfinished, file)
}
