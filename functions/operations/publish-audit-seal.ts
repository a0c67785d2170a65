/**
 * Seals each day of the audit trail: one Merkle root over all its events, chained to the day before, and signed.
 *
 * A day is sealed when it is over, its last calls have ended and the outbox holds no fact of it any more; missed days
 * are caught up in their order. It looks every hour, so that a day whose facts came late is sealed an hour later and
 * not a day. What must never happen: an event between two seals, or a seal that is replaced.
 * Safe to run twice: a closed day takes no more events, so every run computes the same seal; it is created once, in the
 * transaction that moves the chain on.
 */
import { unsealedAlert } from '#domain/audit-seal.ts'
import { log } from '#platform/log.ts'
import { sayAlerts } from '#stores/alerts.ts'
import { closeDay, dayToSeal, sealDay } from '#stores/audit.ts'
import { schedule, type Tally } from '#entry/schedule.ts'

const NAME = 'publish-audit-seal'

export const publishAuditSeal = schedule({
  name: NAME,
  cron: '20 * * * *',
  impact: 'Nobody can prove that the record of who changed what was not altered.',
  run: async ({ hasTime }) => {
    const tally = { published: 0, deferred: 0 } satisfies Tally
    while (hasTime()) {
      const day = await dayToSeal()
      if (day === undefined) break
      if (!(await closeDay(day))) {
        await sayAlerts([{ raise: unsealedAlert(day) }])
        tally.deferred += 1
        break
      }
      const seal = await sealDay(day)
      if (seal === undefined) continue
      // The log is a third witness beside the two stores: whoever rewrites both must also rewrite it.
      log.info('a day of the audit trail is sealed', { function: NAME, day, events: seal.events, root: seal.root, seal: seal.hash, key: seal.keyId, signature: seal.signature })
      tally.published += 1
    }
    return tally
  },
})
