/** Rules need no process of their own a file; whatever configures itself or opens a shop does. */
import { defineConfig } from 'vitest/config'

const RULES = ['test/domain/**/*.test.ts', 'test/values/**/*.test.ts']

export default defineConfig({
  test: {
    // A test of a shop waits as much as it works: one more than there are cores keeps both busy.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'rules', include: RULES, isolate: false } },
      { extends: true, test: { name: 'shop', include: ['test/**/*.test.ts'], exclude: RULES } },
    ],
  },
})
