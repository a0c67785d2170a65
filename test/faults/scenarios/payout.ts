/** An admin pays a partner; when the answer is lost, the same payout is asked for again. And Stripe pays out to our bank. */
import { payOut, PAYEE, register, transfersFor } from '../../functions/payouts/treasury.ts'
import { PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

let payouts = 0

export const payout: Scenario = {
  name: 'payout',
  functions: ['make-or-list-payouts'],
  prepare: async ({ shop }) => {
    const [buyer, admin] = [await shop.person(), await shop.person('admin')]
    // Money that Stripe lets go at once.
    const bought = await buyer.pay((await buyer.fill({ productId: PRODUCT, quantity: 1 }))['id'], { token: 'pm_card_bypassPending' })
    const known = await register(admin, PAYEE, 'acct_band')
    if (bought.status !== 201 || known.status !== 200) throw new Error('There is nothing to pay out, or nobody.')
    const payoutId = `tried-${++payouts}`
    const click = async (): Promise<void> => void (await payOut(admin, { payoutId }))
    return {
      run: click,
      again: click,
      faults: () => {
        const made = transfersFor(shop, payoutId).length
        const state = shop.document('payouts', payoutId)?.['state']
        // A request that never came in was not asked for.
        return state === undefined ? (made === 0 ? [] : [`payout ${payoutId} was paid and is not on record`]) : state === 'paid' && made === 1 ? [] : [`payout ${payoutId} is ${state}, paid ${made} times`]
      },
    }
  },
}

export const bankPayout: Scenario = {
  name: 'bank-payout',
  functions: ['receive-stripe', 'on-stripe-payout'],
  prepare: async ({ shop }) => {
    let id = ''
    const followed = (): Promise<unknown> => shop.cloud.drain().catch(() => undefined)
    return {
      run: async () => {
        id = (await shop.act('stripe', 'payouts', { amount: 100 }))['id']
        await followed()
      },
      again: async () => {
        for (const event of shop.at('stripe', 'events').filter(({ type, data }) => type === 'payout.created' && data.object.id === id)) await shop.act('stripe', `events/${event['id']}/resend`)
        await followed()
      },
      faults: () => (shop.document('ledger', `payout-${id}`) === undefined ? [`payout ${id} to our bank is not in the ledger`] : []),
    }
  },
}
