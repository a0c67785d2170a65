/** `npm run test:bundles [-- NAME,NAME]`: starts every bundle alone and calls it; a line for each, and 1 when any is at fault. */
import { overBudget } from './budget.ts'
import { callBundles, openBuilt, type Called } from './calls.ts'

const wanted = process.argv[2]?.split(',')
const started = performance.now()
const tell = ({ name, kind, status, fault }: Called): void => {
  process.stdout.write(`${name.padEnd(34)}${kind.padEnd(10)}${status}${fault === undefined ? '' : `  FAULT: ${fault}`}\n`)
}

await using built = await openBuilt(wanted)
const called = await callBundles(built, built.functions.map(({ name }) => name), tell)
const over = built.functions.flatMap(overBudget)
for (const sentence of over) process.stdout.write(`${sentence}\n`)
const faults = called.filter(({ fault }) => fault !== undefined)
process.stdout.write(`bundles: ${called.length} called, ${faults.length} at fault, ${((performance.now() - started) / 1000).toFixed(0)} s\n`)
if (faults.length + over.length > 0 || called.length === 0) process.exitCode = 1
