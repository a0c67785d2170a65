/**
 * Brings events of orders from the outbox on their way to each endpoint that wants them, and nudges what is due: tries
 * that failed before, nudges that were lost, senders that died.
 *
 * Safe to run twice: an event leaves its mark in the outbox in the transaction that makes its deliveries, and a nudge
 * only names a record, which decides. While nobody is registered it reads one query and writes nothing.
 */
import { announceDue, nudgeDue } from '#stores/webhook-deliveries.ts'
import { schedule } from '#entry/schedule.ts'

export const sendWebhooks = schedule({
  name: 'send-webhooks',
  cron: '* * * * *',
  impact: 'Connected systems learn of orders late or never.',
  run: async ({ hasTime }) => ({ saved: await announceDue(hasTime), published: await nudgeDue(hasTime) }),
})
