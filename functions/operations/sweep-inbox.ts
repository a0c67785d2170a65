/**
 * Nudges the workers of vendor events again: those whose first nudge was lost, and those whose next try is due.
 *
 * Safe to run twice: a nudge only names a record; the record decides.
 */
import { dueRecords, holdBack } from '#stores/due.ts'
import { nudgeInbox, type InboxRecord } from '#stores/inbox.ts'
import { schedule } from '#entry/schedule.ts'

const PAGE = 200

export const sweepInbox = schedule({
  name: 'sweep-inbox',
  cron: '* * * * *',
  impact: 'Vendor events whose first try failed are never tried again.',
  run: async ({ hasTime }) => {
    let published = 0
    while (hasTime()) {
      const due = await dueRecords('inbox', PAGE)
      await holdBack(due)
      const events = due.map((snapshot) => snapshot.data() as unknown as InboxRecord)
      for (const vendor of new Set(events.map((event) => event.vendor))) {
        await nudgeInbox(vendor, events.filter((event) => event.vendor === vendor))
      }
      published += due.length
      if (due.length < PAGE) break
    }
    return { published }
  },
})
