/**
 * Nudges the workers of vendor events again: those whose first nudge was lost, and those whose next try is due. Goes on
 * with replays whose runner is gone.
 *
 * Safe to run twice: a nudge only names a record; the record decides. One that no worker ever answers is not nudged for
 * ever: it moves along its schedule and becomes a dead letter.
 */
import { dueRecords, holdBack } from '#stores/due.ts'
import { nudgeAll, takeDue } from '#stores/inbox.ts'
import { nudgeReplay } from '#stores/replays.ts'
import { schedule } from '#entry/schedule.ts'

const PAGE = 200
const REPLAYS_MAX = 20

export const sweepInbox = schedule({
  name: 'sweep-inbox',
  cron: '* * * * *',
  impact: 'Vendor events whose first try failed are never tried again.',
  run: async ({ hasTime }) => {
    const tally = { published: 0, failed: 0 }
    while (hasTime()) {
      const { records, unanswered } = await takeDue(PAGE)
      await nudgeAll(records)
      tally.published += records.length
      tally.failed += unanswered
      if (records.length + unanswered < PAGE) break
    }
    const replays = await dueRecords('replays', REPLAYS_MAX)
    await holdBack(replays)
    for (const { id } of replays) await nudgeReplay(id)
    return { ...tally, published: tally.published + replays.length }
  },
})
