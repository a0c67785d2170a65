/**
 * `npm run warehouse -- check|apply [--url http://localhost:8080]`: compares the warehouse with its declaration, one line for
 * each difference, and has every statement of the shop checked by it (a dry run, which costs nothing); `apply` makes what is missing, adds columns that may be empty and widens whole numbers. What it refuses
 * is named, and the exit code is 1: so it is after a `check` that found anything.
 *
 * With `--url` it works on a running local cloud; without, on the project that GCP_PROJECT_ID names, with the credentials
 * of whoever runs it. The datasets' names and place are those of the shop's own configuration.
 */
import { BigQuery } from '@google-cloud/bigquery'
import { PassThroughClient } from 'google-auth-library'
import { parseArgs } from 'node:util'
import { datasetNames } from '../../shared/platform/bigquery.ts'
import { config } from '../../shared/platform/config.ts'
import { applyWarehouse, checkWarehouse, type Warehouse } from './create.ts'
import { statementFaults } from './statements.ts'

const USAGE = 'npm run warehouse -- check|apply [--url http://localhost:8080]'
const WORDS = { create: 'missing', add: 'column missing', widen: 'narrower', view: 'other text', refused: 'REFUSED' }

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { url: { type: 'string' } }, allowPositionals: true })
  const [wanted] = positionals
  if (positionals.length !== 1 || (wanted !== 'check' && wanted !== 'apply')) throw new Error(`Say what to do: ${USAGE}`)
  const warehouse = values.url === undefined ? ofProject() : await ofLocalCloud(values.url)
  if (wanted === 'check') {
    const drifts = await checkWarehouse(warehouse)
    for (const { mend, what } of drifts) say(`${WORDS[mend]}: ${what}`)
    const faults = drifts.some(({ mend }) => mend === 'create') ? [] : await statementFaults(warehouse)
    for (const fault of faults) say(`STATEMENT: ${fault}`)
    const all = drifts.length + faults.length
    return end(all, all === 0 ? 'The warehouse is as it is declared, and takes every statement.' : `${drifts.length} differences, ${faults.length} statements that it does not take.`)
  }
  const { done, refused } = await applyWarehouse(warehouse)
  for (const { what } of done) say(`mended: ${what}`)
  for (const { what } of refused) say(`${WORDS.refused}: ${what}`)
  end(refused.length, `${done.length} mended, ${refused.length} refused.`)
}

function ofProject(): Warehouse {
  const { GCP_PROJECT_ID: projectId } = config('shop')
  return { client: new BigQuery({ projectId }), names: datasetNames(), location: config('warehouse').BQ_LOCATION }
}

async function ofLocalCloud(url: string): Promise<Warehouse> {
  const answer = await fetch(new URL('/_local', url)).catch(() => {
    throw new Error(`No local cloud answers at ${url}. Start it with "npm start" first.`)
  })
  const { services } = (await answer.json()) as { services: Record<string, string> }
  const { PROJECT_ID } = await import('../local/servers.ts')
  const client = new BigQuery({ projectId: PROJECT_ID, apiEndpoint: services['BIGQUERY_EMULATOR_HOST'] ?? '', authClient: new PassThroughClient() as never })
  return { client }
}

function end(faults: number, sentence: string): void {
  say(sentence)
  if (faults > 0) process.exitCode = 1
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
