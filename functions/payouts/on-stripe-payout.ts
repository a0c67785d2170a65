/**
 * Learns what Stripe tells of money that left our balance: its payouts to our bank, and transfers to partners that were
 * taken back.
 *
 * Safe to run twice: each step of a payout is a ledger entry of its own, named by Stripe's id, written in the transaction
 * that closes the inbox record. Stripe is asked what is true now, so events may come in any order.
 */
import { readOne, type Doc } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { inboxDoc, inboxNudge, inboxTopic, markIgnored, pendingRecord, putOff } from '#stores/inbox.ts'
import { bookBankPayout, settlePayoutOf } from '#stores/payouts.ts'
import { bankPayoutAtStripe, payoutAtStripe, payoutIn } from '#vendors/stripe/payouts.ts'
import { ID } from '#values/ids.ts'
import { message } from '#entry/message.ts'

export const onStripePayout = message({
  name: 'on-stripe-payout',
  topic: inboxTopic('stripe'),
  filter: 'hasPrefix(attributes.type, "payout.") OR hasPrefix(attributes.type, "transfer.")',
  impact: 'The books do not say what has arrived at the bank, nor that a payout to a partner came back.',
  data: inboxNudge,
  run: async ({ eventId, attempt }) => {
    const place = await inboxDoc('stripe', eventId)
    try {
      const record = pendingRecord(await readOne(place))
      if (record === undefined) return
      await learn(record.payload, { inbox: place, cause: `webhook ${record.id}` })
    } catch (error) {
      log.error('a payout could not be learnt', error, { function: 'on-stripe-payout', eventId })
      await putOff(place, error, attempt)
    }
  },
})

async function learn(payload: string, { inbox, cause }: { inbox: Doc; cause: string }): Promise<void> {
  const news = payoutIn(payload)
  if (news.about === 'bank') return bookBankPayout(await bankPayoutAtStripe(news.bankPayoutId), inbox)
  if (news.payoutId === null || !ID.test(news.payoutId)) return markIgnored(inbox)
  const outcome = await payoutAtStripe(news.transferId)
  if (outcome.status === 'unknown') throw new Error(outcome.reason)
  await settlePayoutOf(news.payoutId, { outcome, cause, inbox })
}
