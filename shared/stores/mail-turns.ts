/** Whose turn it is among mails that are due: transactional ones first, then campaigns, as far as the minute goes. */
import { campaignTurn } from '#domain/mail-limits.ts'
import { deferred } from '#domain/mail-queue.ts'
import type { MailCategory } from '#domain/mail.ts'
import { now } from '#platform/clock.ts'
import { collection, readQuery, type Snapshot } from '#platform/firestore.ts'
import { changeUnmoved, holdBack } from './due.ts'
import { mailOf, nudgeAnyMails } from './mails.ts'

/** A transaction over more of them would hold too many locks. */
const PAGE = 200

async function dueOf(category: MailCategory, limit: number): Promise<Snapshot[]> {
  const due = (await collection('mails')).where('category', '==', category).where('nextAtMs', '<=', now())
  return readQuery(due.orderBy('nextAtMs').limit(limit))
}

/** Nudges mails whose time has come, the longest waiting first, at most so many. @returns how many */
export async function nudgeDue(category: MailCategory, most: number, hasTime: () => boolean): Promise<number> {
  let nudged = 0
  while (nudged < most && hasTime()) {
    const page = Math.min(PAGE, most - nudged)
    const found = await dueOf(category, page)
    await holdBack(found)
    await nudgeAnyMails(found.flatMap((snapshot) => mailOf(snapshot) ?? []))
    nudged += found.length
    if (found.length < page) break
  }
  return nudged
}

/** Tells every other campaign mail that is due its minute. @returns how many */
export async function deferCampaigns(limit: number, hasTime: () => boolean): Promise<number> {
  let before = 0
  while (hasTime()) {
    const found = await dueOf('campaign', PAGE)
    const first = before
    await changeUnmoved(found, (place) => ({ ...deferred('overall_limit', campaignTurn(first + place, limit, now())) }))
    before += found.length
    if (found.length < PAGE) break
  }
  return before
}
