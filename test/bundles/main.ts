/** `npm run test:bundles [-- NAME,NAME]`: starts every bundle alone and calls it; a line for each, and 1 when any is at fault. */
import { loadDeclarations } from '../../infra/build/functions-module.ts'
import { callBundles } from './calls.ts'

const wanted = process.argv[2]?.split(',')
const started = performance.now()
const declarations = (await loadDeclarations()).filter(({ name }) => wanted?.includes(name) ?? true)
const called = await callBundles(declarations, ({ name, kind, status, fault }) => {
  process.stdout.write(`${name.padEnd(34)}${kind.padEnd(10)}${status}${fault === undefined ? '' : `  FAULT: ${fault}`}\n`)
})
const faults = called.filter(({ fault }) => fault !== undefined)
process.stdout.write(`bundles: ${called.length} called, ${faults.length} at fault, ${((performance.now() - started) / 1000).toFixed(0)} s\n`)
if (faults.length > 0 || called.length === 0) process.exitCode = 1
