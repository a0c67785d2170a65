/** `npm run build [-- --only get-order,health]`: writes every function's bundle to `dist/`, and says what each carries. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bundle, type Bundle } from './bundle.ts'

/** Packages named in the table: the largest that together are most of a bundle. */
const NAMED = 5
const COLUMN = 34

const { values } = parseArgs({ options: { only: { type: 'string' }, directory: { type: 'string', default: 'dist' } } })
const started = performance.now()
const functions = await bundle({
  directory: resolve(fileURLToPath(new URL('../../', import.meta.url)), values.directory),
  ...(values.only === undefined ? {} : { names: values.only.split(',') }),
})
for (const one of functions) process.stdout.write(`${one.name.padEnd(COLUMN)}${kib(one.bytes).padStart(6)} KB  ${one.hash.slice(0, 12)}  ${carriedBy(one)}\n`)
const sizes = functions.map(({ bytes }) => bytes).sort((one, other) => one - other)
const at = (share: number): string => kib(sizes[Math.floor((sizes.length - 1) * share)] ?? 0)
process.stdout.write(`${functions.length} bundles in ${((performance.now() - started) / 1000).toFixed(1)} s: smallest ${at(0)} KB, median ${at(0.5)} KB, largest ${at(1)} KB\n`)

function carriedBy({ carries }: Bundle): string {
  return Object.entries(carries).slice(0, NAMED).map(([name, bytes]) => `${name} ${kib(bytes)}`).join(', ')
}

function kib(bytes: number): string {
  return String(Math.round(bytes / 1024))
}
