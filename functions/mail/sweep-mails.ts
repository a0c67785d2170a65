/**
 * Nudges the sender of mails again: those whose nudge was lost, whose next try is due, or that were over a limit. Gives
 * campaigns what transactional mails leave over of the minute; the rest of them is told its minute. And takes the text out
 * of mails that were done long ago.
 *
 * Safe to run twice: a nudge only names a record; the record decides. Two runs in one minute may nudge more campaign mails
 * than there is room for: the sender counts them, and defers those that are too many.
 */
import { campaignRoom } from '#domain/mail-limits.ts'
import { config } from '#platform/config.ts'
import { stripBodies } from '#stores/mail-erasure.ts'
import { deferCampaigns, nudgeDue } from '#stores/mail-turns.ts'
import { schedule } from '#entry/schedule.ts'

export const sweepMails = schedule({
  name: 'sweep-mails',
  cron: '* * * * *',
  impact: 'Mails whose first try failed are never sent, and campaigns not at all.',
  run: async ({ hasTime }) => {
    const { MAILS_PER_MINUTE: limit } = config('limits')
    const due = await nudgeDue('transactional', limit, hasTime)
    const campaigns = await nudgeDue('campaign', campaignRoom(limit, due), hasTime)
    const deferred = await deferCampaigns(limit, hasTime)
    return { published: due + campaigns, deferred, deleted: await stripBodies(hasTime) }
  },
})
