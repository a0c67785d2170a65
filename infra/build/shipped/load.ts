/**
 * `index.cjs` of every bundle: runs `function.cjs`, and `google.cjs` when it is first asked for, with the code that was
 * compiled before (`compile.ts`) where there is any.
 *
 * Compiled code that this version of Node does not take is left alone, and said so in the log: the function then starts
 * slower, never differently. The ending is `.cjs` because the framework asks no further what kind of module it is.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'

interface Loaded {
  readonly file: string
  readonly script: Script
  readonly module: { exports: Record<string, unknown> }
}

const loaded = new Map<string, Loaded>()

function load(name: string): Record<string, unknown> {
  const known = loaded.get(name)
  if (known !== undefined) return known.module.exports
  const file = join(__dirname, name)
  const cachedData = compiledOf(file)
  // The bundler writes ASCII: one byte a character needs no decoding.
  const source = `(function(exports,require,module,__dirname){${readFileSync(file, 'latin1')}\n})`
  const script = new Script(source, { filename: file, ...(cachedData === undefined ? {} : { cachedData }) })
  if (script.cachedDataRejected === true) warn(name)
  const module = { exports: {} }
  loaded.set(name, { file, script, module })
  const run = script.runInThisContext() as (exports: unknown, required: (wanted: string) => unknown, module: unknown, directory: string) => void
  run(module.exports, (wanted) => (wanted.startsWith('./') ? load(wanted.slice(2)) : require(wanted)), module, __dirname)
  return module.exports
}

function compiledOf(file: string): Buffer | undefined {
  try {
    return readFileSync(`${file}.compiled`)
  } catch {
    return undefined
  }
}

function warn(name: string): void {
  process.stdout.write(`${JSON.stringify({ severity: 'WARNING', message: 'compiled code does not fit this Node: starting without it', file: name, node: process.version })}\n`)
}

const { declaration } = load('function.cjs')
module.exports = { declaration, loaded }
