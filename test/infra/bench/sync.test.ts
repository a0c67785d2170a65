/** The syncs of the tills at a size that a test can bear: `npm run bench -- sync` does the same with a million. */
import { expect, test } from 'vitest'
import { looks, measureSync } from '../../../infra/bench/sync.ts'
import { openShop } from '../../functions/shop.ts'

const PAYMENTS = 8_000
const SALES = 3_000
/** Beyond what an instance occupies anyway: what is read in the meantime and not handed over yet, and what waits to be cleared away. */
const MORE_MB_MAX = 250

test('a past that an instance dies over is brought in to the last row, each shows once, memory is bounded, and staff see it', async () => {
  const shop = await openShop()
  try {
    const { square, lightspeed } = await measureSync(shop.cloud, { payments: PAYMENTS, sales: SALES })
    for (const figures of [square, lightspeed]) {
      expect(figures).toMatchObject({ kills: 1, shown: figures.rows })
      expect(figures.reading.rows).toBeGreaterThanOrEqual(figures.rows)
      expect(figures.logged - figures.rows).toBeLessThanOrEqual(2_000)
      expect(figures.peakMb - figures.beforeMb).toBeLessThan(MORE_MB_MAX)
    }
    const pages = await looks(shop.cloud)
    expect(pages.map(({ path, mode }) => [path, mode])).toEqual(pages.map(({ path }) => [path, 'live']))
  } finally {
    await shop.cloud.stop()
  }
})
