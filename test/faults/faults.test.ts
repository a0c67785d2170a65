/** A sample of the fault explorer, the same each time: `npm run test:faults` tries everything. */
import { describe, expect, test } from 'vitest'
import { seeded } from '../../infra/local/random.ts'
import { PRODUCT } from '../functions/purchase.ts'
import { explore, exploreSample, Shops, told } from './explorer.ts'
import { named, pointsOf, thinned, type Point } from './points.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

const SEED = 1
const EACH = 1
/** One of each kind: money in, money back, a page, a sweep, an event, a mail. */
const SAMPLED = ['checkout-stripe', 'checkout-kaja', 'hosted-session', 'refund-full', 'cancel-paid', 'sweep-reservations', 'dispute', 'mail']
const SAMPLE = SCENARIOS.filter(({ name }) => SAMPLED.includes(name))

describe('does', () => {
  test('try each call before and after it took effect, lost, silent, refused and with the death of its caller, and twice', () => {
    const call = { target: 'stripe', operation: 'POST /v1/refunds', function: 'refund-order', requestId: 'r-1' }
    const points = pointsOf([call, { ...call, target: 'firestore', operation: 'Commit' }, call])
    expect(points).toHaveLength(3 * 9 + 2)
    expect(points.map((point) => named([point]))).toEqual(expect.arrayContaining([
      'before hang at stripe POST /v1/refunds #1 of refund-order',
      'after kill at stripe POST /v1/refunds #2 of refund-order',
      'after error at firestore Commit #1 of refund-order',
      'every delivery late',
    ]))
  })

  test('try once what leaves the same behind: a death between two calls, a question that is lost on either way', () => {
    const run = { target: 'firestore', function: 'check-out', requestId: 'r-1' }
    const [ask, write, locked] = [{ ...run, operation: 'BatchGetDocuments' }, { ...run, operation: 'Commit' }, { ...run, operation: 'RunQuery', inTransaction: true }]
    const points = pointsOf([ask, write, locked, { ...ask, requestId: 'r-2' }])
    const tried = (kind: string): string[] => thinned(points, () => 0).map((number) => named([points[number] as Point])).filter((name) => name.includes(kind)).map((name) => name.slice(0, name.indexOf(' at ')))
    expect(tried('BatchGetDocuments #1')).toEqual(['before drop', 'before hang', 'before error', 'before kill'])
    expect(tried('Commit')).toEqual(['before drop', 'before hang', 'before error', 'after drop', 'after hang', 'after error', 'after kill', 'before duplicate'])
    expect(tried('RunQuery')).toEqual(['before drop', 'before hang', 'before error', 'after drop', 'after hang', 'after error'])
    expect(tried('BatchGetDocuments #2')).toEqual(['before drop', 'before hang', 'before error', 'before kill'])
  })

  test('draw some of the many calls that do the same for another record, the same ones for the same seed', () => {
    const call = { target: 'stripe', operation: 'POST /v1/refunds', function: 'sweep-reservations', requestId: 'r-1' }
    const points = pointsOf(Array.from({ length: 12 }, () => call))
    const drawn = thinned(points, seeded(SEED))
    expect(drawn).toEqual(thinned(points, seeded(SEED)))
    expect(drawn.length).toBeLessThan(points.length / 2)
    expect(drawn.length).toBeGreaterThan(points.length / 4)
  })
})

describe('refuses', () => {
  test('to overlook what is wrong, and says how to see it again: a charge that no order knows', { timeout: 60_000 }, async () => {
    const careless: Scenario = {
      name: 'careless',
      functions: ['get-product'],
      prepare: async ({ shop }) => {
        let lost = false
        const guest = shop.guest()
        const charge = { amount: '100', currency: 'usd', confirm: 'true', payment_method: 'pm_card_visa', 'metadata[order_id]': 'ord_nobody', 'automatic_payment_methods[enabled]': 'true', 'automatic_payment_methods[allow_redirects]': 'never' }
        return {
          run: async () => {
            lost = (await guest.get(`/api/products/${PRODUCT}`)).status !== 200
          },
          again: async () => {
            if (!lost) return
            const address = `${shop.cloud.addresses['STRIPE_API_BASE']}/v1/payment_intents`
            const headers = { authorization: `Bearer ${shop.cloud.servers.keys.STRIPE_SECRET_KEY}` }
            await fetch(address, { method: 'POST', headers, body: new URLSearchParams(charge) })
          },
        }
      },
    }
    const shops = new Shops(SEED)
    const { violations, points } = await explore(careless, { seed: SEED, pairs: 0, only: [1, 3] }, shops).finally(() => shops.close())
    expect(points).toBe(2)
    expect(violations.map(told)).toEqual(expect.arrayContaining([
      expect.stringMatching(/^Stripe charged for order ord_nobody, which does not exist\n {2}seed 1\n {2}careless: before \w+ at .+ of get-product\n {2}npm run test:faults -- --scenario careless --seed 1 --only \d$/),
    ]))
  })
})

describe('survives', () => {
  test('faults drawn from scenarios of each kind', { timeout: 120_000 }, async () => {
    expect(SAMPLE).toHaveLength(SAMPLED.length)
    const explored = await exploreSample(SAMPLE, { seed: SEED, each: EACH })
    console.log(`faults: ${explored.reduce((sum, { points }) => sum + points, 0)} points in ${explored.length} of ${SCENARIOS.length} scenarios`)
    expect(explored.flatMap(({ violations }) => violations.map(told))).toEqual([])
  })
})
