/** A sample of the fault explorer, the same each time: `npm run test:faults` tries everything. */
import { describe, expect, test } from 'vitest'
import { exploreSample, told } from './explorer.ts'
import { named, pointsOf } from './points.ts'
import { SCENARIOS } from './scenarios.ts'

const SEED = 1
const EACH = 3

describe('does', () => {
  test('try each call before and after it took effect, lost, silent, refused and with the death of its caller, and twice', () => {
    const call = { target: 'stripe', operation: 'POST /v1/refunds', function: 'refund-order' }
    const points = pointsOf([call, { ...call, target: 'firestore', operation: 'Commit' }, call])
    expect(points).toHaveLength(3 * 9 + 2)
    expect(points.map((point) => named([point]))).toEqual(expect.arrayContaining([
      'before hang at stripe POST /v1/refunds #1 of refund-order',
      'after kill at stripe POST /v1/refunds #2 of refund-order',
      'after error at firestore Commit #1 of refund-order',
      'every delivery late',
    ]))
  })
})

describe('survives', () => {
  test(`faults drawn from every scenario: ${SCENARIOS.length * EACH} of them`, { timeout: 240_000 }, async () => {
    const explored = await exploreSample(SCENARIOS, { seed: SEED, each: EACH })
    console.log(`faults: ${explored.reduce((sum, { points }) => sum + points, 0)} points in ${SCENARIOS.length} scenarios`)
    expect(explored.flatMap(({ violations }) => violations.map(told))).toEqual([])
  })
})
