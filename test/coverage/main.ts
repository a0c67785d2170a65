/**
 * `npm run test:coverage`: runs the tests of each area and prints how many of its lines ran, in the process of the tests and in
 * every instance. Fails, naming it, when an area has fewer than it must; `-- --files` names the files that have fewest.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AREAS } from './areas.ts'
import { filesOf, linesThatRan, percentOf } from './lines.ts'

const { values } = parseArgs({ options: { files: { type: 'boolean', default: false } } })
const directory = mkdtempSync(join(tmpdir(), 'countinghouse-lines-'))
const tests = [...new Set(AREAS.flatMap((area) => area.tests))]
const run = spawnSync('vitest', ['run', '--config', 'test/vitest.config.ts', ...tests], { stdio: 'inherit', env: { ...process.env, NODE_V8_COVERAGE: directory } })
const lines = await linesThatRan(directory, [...new Set(AREAS.flatMap(filesOf))])
rmSync(directory, { recursive: true, force: true })

process.stdout.write('\narea           lines that ran  least\n')
const short: string[] = []
for (const area of AREAS) {
  const files = filesOf(area)
  const percent = percentOf(files, lines)
  if (percent < area.least) short.push(area.name)
  process.stdout.write(`${area.name.padEnd(13)}  ${`${percent.toFixed(1)} %`.padStart(14)}  ${`${area.least} %`.padStart(5)}\n`)
  // A file of nothing but types has no line that runs.
  const counted = files.filter((file) => (lines.get(file)?.all ?? 0) > 0)
  if (values.files) for (const file of counted) process.stdout.write(`  ${percentOf([file], lines).toFixed(1).padStart(5)} %  ${file}\n`)
}
process.stdout.write(short.length > 0 ? `coverage: too few lines ran of ${short.join(', ')}\n` : 'coverage: every area has what it must\n')
process.exitCode = short.length > 0 || run.status !== 0 ? 1 : 0
