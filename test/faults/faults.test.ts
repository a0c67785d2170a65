/** A sample of the fault explorer, the same each time: `npm run test:faults` tries everything. */
import { describe, expect, test } from 'vitest'
import { PRODUCT } from '../functions/purchase.ts'
import { explore, exploreSample, told } from './explorer.ts'
import { named, pointsOf } from './points.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

const SEED = 1
const EACH = 1
/** One of each kind: money in, money back, a page, a sweep, an event, a mail. */
const SAMPLED = ['checkout-stripe', 'checkout-kaja', 'hosted-session', 'refund-full', 'cancel-paid', 'sweep-reservations', 'webhook-worker', 'mail']
const SAMPLE = SCENARIOS.filter(({ name }) => SAMPLED.includes(name))

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
    const { violations, points } = await explore(careless, { seed: SEED, pairs: 0, only: [1, 3] })
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
