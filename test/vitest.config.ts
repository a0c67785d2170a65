/**
 * Most files share processes, so that what is loaded and warm stays so: packages, and the instances of the shops that are
 * opened one after the other. Whatever loads modules anew, or calls stores and vendors from its own process, has one to itself,
 * and so has what starts a long command of its own: these begin first, or the end would wait for them.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// For the processes of the tests and all that they start: what one has compiled the next need not.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'countinghouse-compiled')

const ALL = ['test/**/*.test.ts']
const ALONE = [
  ...['stores', 'vendors', 'faults', 'infra/bench', 'infra/cost', 'infra/recovery'].map((folder) => `test/${folder}/**/*.test.ts`),
  ...['functions/cards/show-or-remove-card', 'infra/audit/verify', 'platform/config', 'platform/derived', 'platform/firestore', 'platform/public-address'].map((file) => `test/${file}.test.ts`),
]

/** Lines that run are counted where they are written: modules are loaded by Node itself, at their own places. */
const COUNTING = { experimental: { viteModuleRunner: false }, setupFiles: ['test/coverage/setup.ts'] }

export default defineConfig({
  test: {
    ...(process.env['NODE_V8_COVERAGE'] === undefined ? {} : COUNTING),
    // A test of a shop waits as often as it works: four keep two cores busy, and each more begins cold.
    maxWorkers: 4,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'together', include: ALL, exclude: ALONE, isolate: false } },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
})
