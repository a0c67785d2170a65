/**
 * Nudges the sender of mails again: those whose nudge was lost, whose next try is due, or that were over a limit.
 *
 * Safe to run twice: a nudge only names a record; the record decides.
 */
import { config } from '#platform/config.ts'
import { dueRecords, holdBack } from '#stores/due.ts'
import { nudgeMails, type Mail } from '#stores/mails.ts'
import { schedule } from '#entry/schedule.ts'

export const sweepMails = schedule({
  name: 'sweep-mails',
  cron: '* * * * *',
  impact: 'Mails whose first try failed are never sent.',
  run: async () => {
    const due = await dueRecords('mails', config('limits').MAILS_PER_MINUTE)
    await holdBack(due)
    await nudgeMails(due.map((snapshot) => snapshot.data() as unknown as Mail))
    return { published: due.length }
  },
})
