/**
 * Rules need no process of their own a file. Tests of functions share the processes of the shops that they open one after
 * the other. Whatever configures itself has a process to itself.
 */
import { defineConfig } from 'vitest/config'

const RULES = ['test/domain/**/*.test.ts', 'test/values/**/*.test.ts']
const FUNCTIONS = ['test/functions/**/*.test.ts']

export default defineConfig({
  test: {
    // A test of a shop waits as much as it works: one more than there are cores keeps both busy.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'rules', include: RULES, isolate: false } },
      { extends: true, test: { name: 'functions', include: FUNCTIONS, isolate: false } },
      { extends: true, test: { name: 'house and cloud', include: ['test/**/*.test.ts'], exclude: [...RULES, ...FUNCTIONS] } },
    ],
  },
})
