/**
 * Learns what Stripe tells of money that left our balance: its payouts to our bank, and transfers to partners that were
 * taken back.
 *
 * Safe to run twice: each step of a payout is a ledger entry of its own, named by Stripe's id, written in the transaction
 * that closes the inbox record. Stripe is asked what is true now, so events may come in any order.
 */
import { markIgnored } from '#stores/inbox.ts'
import { bookBankPayout, settlePayoutOf } from '#stores/payouts.ts'
import { bankPayoutAtStripe, payoutAtStripe, payoutIn } from '#vendors/stripe/payouts.ts'
import { ID } from '#values/ids.ts'
import { vendorEvent, type VendorEvent } from '#entry/vendor-event.ts'

export const onStripePayout = vendorEvent({
  name: 'on-stripe-payout',
  vendor: 'stripe',
  filter: 'hasPrefix(attributes.type, "payout.") OR hasPrefix(attributes.type, "transfer.")',
  impact: 'The books do not say what has arrived at the bank, nor that a payout to a partner came back.',
  apply,
})

async function apply({ record, place: inbox }: VendorEvent): Promise<void> {
  const news = payoutIn(record.payload)
  if (news.about === 'bank') return bookBankPayout(await bankPayoutAtStripe(news.bankPayoutId), inbox)
  if (news.payoutId === null || !ID.test(news.payoutId)) return markIgnored(inbox)
  const outcome = await payoutAtStripe(news.transferId)
  if (outcome.status === 'unknown') throw new Error(outcome.reason)
  await settlePayoutOf(news.payoutId, { outcome, cause: `webhook ${record.id}`, inbox })
}
