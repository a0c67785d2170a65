/**
 * Sends one queued mail through Resend.
 *
 * Safe to run twice: the mail's record decides, and Resend is called with the mail's id as its key, so that two senders
 * at once, or a lost answer, still make one mail. A mail that may have been sent more than a day ago is not sent again
 * by itself: Resend has forgotten its key.
 */
import { z } from 'zod'
import { MINUTE_MS } from '#values/time.ts'
import type { Down } from '#domain/breaker.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import type { Doc } from '#platform/firestore.ts'
import { through } from '#stores/breakers.ts'
import { takeToken } from '#stores/limits.ts'
import { claimMail, deferMail, MAIL_TOPIC, mailDoc, markFailed, markSent, putOffMail, SEND_WITHIN_MS, type Mail } from '#stores/mails.ts'
import { sendThroughResend, type SendOutcome } from '#vendors/resend/mailer.ts'
import { message } from '#entry/message.ts'

export const onMailQueued = message({
  name: 'on-mail-queued',
  topic: MAIL_TOPIC,
  impact: 'Customers get no receipts.',
  data: z.object({ mailId: z.string(), recipient: z.string().optional() }),
  run: async ({ mailId, recipient }) => {
    const { MAILS_PER_MINUTE, MAILS_PER_RECIPIENT_MINUTE } = config('limits')
    const place = await mailDoc(mailId)
    // Overall first: when it is used up, nothing else is asked.
    if (!(await takeToken('mail', MAILS_PER_MINUTE)).allowed) return deferMail(place, (Math.floor(now() / MINUTE_MS) + 1) * MINUTE_MS)
    const claim = await claimMail(place, recipient, MAILS_PER_RECIPIENT_MINUTE)
    if (claim === undefined) return
    const { mail, waitUntilMs } = claim
    if (mail.attempts > 0 && now() - mail.createdAtMs > SEND_WITHIN_MS) return markFailed(place, 'too old to be tried again safely')
    if (waitUntilMs !== undefined) return deferMail(place, waitUntilMs)
    await deliver(place, mail)
  },
})

async function deliver(place: Doc, mail: Mail): Promise<void> {
  const passage = await through('resend', () => sendThroughResend(mail), downBy)
  // Resend was not asked: no try of this mail is used up.
  if ('shutUntilMs' in passage) return deferMail(place, passage.shutUntilMs)
  const { done: outcome } = passage
  if (outcome.status === 'sent') await markSent(place, outcome.providerId)
  else if (outcome.status === 'refused') await markFailed(place, outcome.reason)
  else await putOffMail(place, mail, outcome.reason, outcome.waitMs)
}

function downBy(outcome: SendOutcome): Down | undefined {
  return outcome.status === 'again' && outcome.down ? { reason: outcome.reason, restMs: outcome.waitMs } : undefined
}
