/** The disaster drill as a test: everything comes back, and what the older state does not know is found. */
import { expect, test } from 'vitest'
import { drill } from '../../../infra/recovery/drill.ts'

const lines: string[] = []

test('survives the loss of the whole store: all comes back, nobody pays twice, and every cent that came in since is named', async () => {
  const { proven, faults, documents, collections } = await drill((line) => lines.push(line))
  expect(faults).toEqual([])
  expect(proven).toHaveLength(9)
  expect(documents).toBeGreaterThan(50)
  expect(collections).toBeGreaterThan(8)
  expect(lines.filter((line) => line.includes('charge_without_order'))).toHaveLength(2)
}, 180_000)
