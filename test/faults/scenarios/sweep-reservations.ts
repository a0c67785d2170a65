/** The sweep finishes an order whose charge was made and whose answer was lost, and gives up one that was never charged. */
import { Buyer } from '../../functions/buyer.ts'
import type { Scenario } from '../scenario.ts'

export const sweepReservations: Scenario = {
  name: 'sweep-reservations',
  functions: ['sweep-reservations'],
  prepare: async (ground) => {
    const { shop } = ground
    const left = await Promise.all(
      (['after', 'before'] as const).map(async (when) => {
        const buyer = await Buyer.enter(ground)
        buyer.strikeCharge({ when, effect: 'drop', times: 9 })
        await buyer.pay()
        return { buyer, state: when === 'after' ? 'paid' : 'payment_failed' }
      }),
    )
    shop.calm()
    await shop.cloud.advance(61_000)
    return {
      run: async () => void (await shop.cloud.runJob('sweep-reservations').catch(() => undefined)),
      faults: () =>
        left
          .map(({ buyer, state }) => ({ id: buyer.person.id, ...buyer.outcome(), expected: state }))
          .filter(({ state, expected }) => state !== expected)
          .map(({ id, state, expected }) => `the order of ${id} is ${state} and should be ${expected}`),
    }
  },
}
