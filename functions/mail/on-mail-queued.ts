/**
 * Sends one queued mail through Resend.
 *
 * Safe to run twice: the mail's record decides, and Resend is called with the mail's id as its key, so that two senders
 * at once, or a lost answer, still make one mail. Resend forgets a key after a day: then it is first asked whether it
 * has the mail, and nothing is sent as long as that is not known.
 * No mail goes to an address that bounced or complained, and no limit is exceeded: over one, the mail says until when.
 */
import { z } from 'zod'
import type { Down } from '#domain/breaker.ts'
import { campaignLimit, nextMinute } from '#domain/mail-limits.ts'
import { QUOTA_AGAIN_MS } from '#domain/mail-queue.ts'
import { addressesOf, type Mail } from '#domain/mail-record.ts'
import { MAIL_CATEGORIES, type MailCategory } from '#domain/mail.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { through } from '#stores/breakers.ts'
import { takeToken } from '#stores/limits.ts'
import { unsubscribeUrl } from '#stores/mail-addresses.ts'
import {
  claimMail, deferMail, giveUpMail, markRefused, markTaken, putOffMail, renewKey, unclaimed, type Claimed,
} from '#stores/mail-sending.ts'
import { MAIL_TOPIC } from '#stores/mails.ts'
import { findAtResend } from '#vendors/resend/lookup.ts'
import { sendThroughResend, type SendOutcome } from '#vendors/resend/mailer.ts'
import { message } from '#entry/message.ts'

export const onMailQueued = message({
  name: 'on-mail-queued',
  topic: MAIL_TOPIC,
  impact: 'Customers get no receipts.',
  data: z.object({
    mailId: z.string(), recipients: z.array(z.string()).default([]), category: z.enum(MAIL_CATEGORIES).default('transactional'),
    attempt: z.number().int().optional(),
  }),
  run: async ({ mailId, recipients, category, attempt }) => {
    // Overall first: when it is used up, nothing else is asked.
    if (!(await hasRoom(category))) return deferMail(mailId, 'overall_limit', nextMinute(now()))
    const claimed = await claimMail({ mailId, recipients, attempt })
    if (claimed === undefined || (claimed.stale && !(await isFree(claimed.mail)))) return
    await deliver(claimed)
  },
})

/** A campaign's own share first, so that it takes none of the others'. */
async function hasRoom(category: MailCategory): Promise<boolean> {
  const { MAILS_PER_MINUTE } = config('limits')
  if (category === 'campaign' && !(await takeToken('campaign mail', campaignLimit(MAILS_PER_MINUTE))).allowed) return false
  return (await takeToken('mail', MAILS_PER_MINUTE)).allowed
}

/** Whether Resend, asked, does not have a mail that it may have been given more than a day ago. */
async function isFree(mail: Mail): Promise<boolean> {
  const found = await findAtResend(mail)
  if (found.status === 'unknown') await putOffMail(mail, `whether it was sent is not known: ${found.reason}`)
  if (found.status === 'unknown') return false
  const providerId = found.status === 'found' ? await unclaimed(found.providerIds) : undefined
  if (providerId !== undefined) await markTaken(mail.id, providerId)
  else await renewKey(mail.id)
  return providerId === undefined
}

async function deliver({ mail, envelope }: Claimed): Promise<void> {
  const link = mail.category === 'campaign' ? unsubscribeUrl(addressesOf(mail.to)[0] ?? '') : undefined
  const passage = await through('resend', () => sendThroughResend({ ...mail, envelope, unsubscribeUrl: link }), downBy)
  // Resend was not asked: no try of this mail is used up.
  if ('shutUntilMs' in passage) return deferMail(mail.id, 'provider_away', passage.shutUntilMs)
  const { done: outcome } = passage
  switch (outcome.status) {
    case 'sent':
      return markTaken(mail.id, outcome.providerId)
    case 'refused':
      return markRefused(mail.id, outcome.reason)
    case 'forbidden':
      return giveUpMail(mail.id, outcome.reason)
    case 'quota':
      return deferMail(mail.id, 'provider_quota', now() + QUOTA_AGAIN_MS)
    case 'again':
      return putOffMail(mail, outcome.reason, outcome.waitMs)
  }
}

function downBy(outcome: SendOutcome): Down | undefined {
  return outcome.status === 'again' && outcome.down ? { reason: outcome.reason, restMs: outcome.waitMs } : undefined
}
