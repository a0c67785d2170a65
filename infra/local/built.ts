/**
 * An instance as one file, with the Google clients cut as in the bundles: it is up and has sold something in a third of the
 * processor time that it takes from a thousand sources, which counts where instances are killed on purpose.
 *
 * The file is named by its content, so that many clouds may start at once and each finds what it built.
 */
import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leaveOut } from '../build/left-out.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** In the project, where the packages are found from. */
const DIRECTORY = fileURLToPath(new URL('../../node_modules/.cache/countinghouse/', import.meta.url))
/** What nobody has started from for so long belongs to sources that are gone. */
const KEPT_MS = 30 * 86_400_000

const built = new Map<string, Promise<string>>()

/** Builds what serves a functions module, once a process, and answers its path. */
export function builtInstance(module: URL): Promise<string> {
  const known = built.get(module.href) ?? buildInstance(module)
  built.set(module.href, known)
  return known
}

async function buildInstance(module: URL): Promise<string> {
  const contents = [
    "import './infra/local/preload.ts'",
    `import * as functions from ${JSON.stringify(fileURLToPath(module))}`,
    "import { serve } from './infra/local/instance.ts'",
    'serve(functions)',
  ].join('\n')
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT }, bundle: true, write: false, platform: 'node', format: 'cjs', target: 'node24', logLevel: 'silent',
    plugins: [leaveOut],
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  const file = join(DIRECTORY, `instance-${createHash('sha256').update(code).digest('hex').slice(0, 16)}.cjs`)
  if (existsSync(file)) utimesSync(file, new Date(), new Date())
  else keep(file, code)
  return file
}

/** Whole or not at all: another cloud may look for it at the same moment. */
function keep(file: string, code: Uint8Array): void {
  mkdirSync(DIRECTORY, { recursive: true })
  for (const name of readdirSync(DIRECTORY)) {
    const path = join(DIRECTORY, name)
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > KEPT_MS) rmSync(path, { force: true })
  }
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, code)
  renameSync(unfinished, file)
}
