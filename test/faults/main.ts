/**
 * `npm run test:faults`: tries every scenario at every point, on all processors, and prints a row for each.
 *
 * What leaves the same behind is tried once; `-- --full` tries it all. `-- --scenario NAME,NAME` tries these one after the
 * other; `-- --scenario NAME --seed S --only 12,31` repeats what a violation names.
 */
import { fork } from 'node:child_process'
import { on } from 'node:events'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { explore, Shops, told, type Explored } from './explorer.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

const PAIRS = 4
/** Shops for each processor: while one waits for a silence to end, another works. */
const SHOPS_EACH = 5
const print = (line: string): void => void process.stdout.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' }, seed: { type: 'string', default: '1' }, only: { type: 'string' }, full: { type: 'boolean', default: false },
    pairs: { type: 'string', default: String(PAIRS) },
  },
})
const seed = Number(values.seed)
const shops = new Shops(seed)
const exploration = { seed, pairs: Number(values.pairs), full: values.full, ...(values.only === undefined ? {} : { only: values.only.split(',').map(Number) }) }

if (process.send !== undefined) await workForParent()
else {
  process.exitCode = report(values.scenario === undefined ? await exploreAll() : await exploreThese(values.scenario.split(',')))
  await shops.close()
}

function scenarioNamed(name: string): Scenario {
  const scenario = SCENARIOS.find((one) => one.name === name)
  if (scenario === undefined) throw new Error(`There is no scenario ${name}: ${SCENARIOS.map((one) => one.name).join(', ')}`)
  return scenario
}

function exploreOne(name: string): Promise<Explored> {
  return explore(scenarioNamed(name), exploration, shops)
}

async function exploreThese(names: readonly string[]): Promise<Explored[]> {
  const done: Explored[] = []
  // A name that there is not is refused before minutes are spent on the others.
  for (const scenario of names.map(scenarioNamed)) {
    const explored = await explore(scenario, exploration, shops)
    done.push(explored)
    tell(explored)
  }
  return done
}

/** Some processes; each takes the next scenario when it is done with one. */
async function exploreAll(): Promise<Explored[]> {
  const waiting = SCENARIOS.map(({ name }) => name)
  const done: Explored[] = []
  const worker = async (): Promise<void> => {
    const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'countinghouse-compiled'), ...process.env }
    const child = fork(fileURLToPath(import.meta.url), ['--seed', String(seed), '--pairs', values.pairs, ...(values.full ? ['--full'] : [])], { env })
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const { promise, resolve, reject } = Promise.withResolvers<Explored>()
      child.once('message', (explored: Explored | { failed: string }) => ('failed' in explored ? reject(new Error(explored.failed)) : resolve(explored)))
      child.once('exit', () => reject(new Error(`the process that explored ${name} is gone`)))
      child.send(name)
      const explored = await promise
      child.removeAllListeners()
      done.push(explored)
      tell(explored)
    }
    child.disconnect()
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism() * SHOPS_EACH, waiting.length) }, worker))
  return done
}

async function workForParent(): Promise<void> {
  for await (const name of named()) {
    const answer = await exploreOne(name).catch((error: unknown) => ({ failed: `${name}: ${error instanceof Error ? error.stack : String(error)}` }))
    process.send?.(answer)
  }
  await shops.close()
}

/** Until the parent has nothing more to explore. */
async function* named(): AsyncGenerator<string> {
  for await (const [name] of on(process, 'message', { close: ['disconnect'] })) yield name as string
}

/** At once: whoever stops a long run has what it found so far. */
function tell(explored: Explored): void {
  print(row(explored))
  for (const violation of explored.violations) print(`\n${told(violation)}\n`)
}

function row({ scenario, calls, points, violations, seconds }: Explored): string {
  return `${scenario.padEnd(28)} ${String(calls).padStart(3)} calls ${String(points).padStart(5)} points ${String(violations.length).padStart(3)} violations ${seconds.toFixed(0).padStart(4)} s`
}

function report(explored: readonly Explored[]): number {
  const violations = explored.flatMap((one) => one.violations)
  print(`faults: ${explored.reduce((sum, { points }) => sum + points, 0)} points, ${violations.length} violations`)
  return violations.length === 0 ? 0 : 1
}
