/** Transfers to connected accounts: only what is available, each once for its key, and back again. */
import { describe, expect, test } from 'vitest'
import { atStripe, paid, refusal, type Shop } from './at-stripe.ts'

const DAY_MS = 86_400_000
const wish = { amount: 1000, currency: 'usd', destination: 'acct_band', transfer_group: 'payout_1', metadata: { payout_id: '1' } }

/** Paid days ago: its money is available. */
async function withMoney({ stripe, pass }: Shop): Promise<void> {
  await stripe.paymentIntents.create({ ...paid, payment_method: 'pm_card_visa' })
  await pass(3 * DAY_MS)
}

describe('does', () => {
  test('move money at once, and find it by its group', atStripe(async (shop) => {
    const { stripe } = shop
    await withMoney(shop)
    const before = (await stripe.balance.retrieve()).available[0]?.amount ?? 0
    const transfer = await stripe.transfers.create(wish, { idempotencyKey: 'payout:1' })
    expect(transfer).toMatchObject({ object: 'transfer', amount: 1000, destination: 'acct_band', amount_reversed: 0, reversed: false, metadata: { payout_id: '1' } })
    expect((await stripe.transfers.create(wish, { idempotencyKey: 'payout:1' })).id).toBe(transfer.id)
    expect((await stripe.transfers.list({ transfer_group: 'payout_1' })).data.map(({ id }) => id)).toEqual([transfer.id])
    expect((await stripe.transfers.list({ transfer_group: 'payout_2' })).data).toEqual([])
    expect((await stripe.balance.retrieve()).available[0]?.amount).toBe(before - 1000)
    const [movement] = (await stripe.balanceTransactions.list({ limit: 1, expand: ['data.source'] })).data
    expect(movement).toMatchObject({ id: transfer.balance_transaction, type: 'transfer', amount: -1000, fee: 0, source: { metadata: { payout_id: '1' } } })
  }))

  test('give it back in parts, each a movement of its own', atStripe(async (shop) => {
    const { stripe, vendor } = shop
    await withMoney(shop)
    const { id } = await stripe.transfers.create(wish)
    await vendor.control(['transfers', id, 'reverse'], { amount: 300 })
    expect(await stripe.transfers.retrieve(id)).toMatchObject({ amount_reversed: 300, reversed: false, reversals: { data: [{ amount: 300, transfer: id }] } })
    await vendor.control(['transfers', id, 'reverse'], {})
    expect(await stripe.transfers.retrieve(id)).toMatchObject({ amount_reversed: 1000, reversed: true, reversals: { data: [{ amount: 700 }, { amount: 300 }] } })
    const sums = (await stripe.balanceTransactions.list({ limit: 3 })).data.map(({ type, amount }) => [type, amount])
    expect(sums).toEqual([['transfer_refund', 700], ['transfer_refund', 300], ['transfer', -1000]])
  }))
})

describe('refuses', () => {
  test('what is not available yet, and an account that is gone', atStripe(async (shop) => {
    const { stripe, vendor } = shop
    await stripe.paymentIntents.create({ ...paid, payment_method: 'pm_card_visa' })
    expect(await refusal(stripe.transfers.create(wish))).toMatchObject({ statusCode: 400, code: 'balance_insufficient' })
    await withMoney(shop)
    expect(await refusal(stripe.transfers.create({ ...wish, destination: 'acct_gone' }))).toMatchObject({ code: 'resource_missing', param: 'destination' })
    const { id } = await stripe.transfers.create(wish)
    expect((await vendor.control(['transfers', id, 'reverse'], { amount: 1001 })).status).toBe(400)
  }))
})
