/**
 * Applies an event of Resend's from the inbox to its mail: what became of it, and whose address is held from now on.
 *
 * Safe to run twice: the inbox record is closed in the transaction that changes the mail. Events come in any order and
 * leave the same mail behind; one about a mail that is not ours changes nothing. A failed try goes back on the inbox's
 * schedule and blocks no other event.
 */
import { log } from '#platform/log.ts'
import { inboxDoc, inboxNudge, inboxTopic, putOff } from '#stores/inbox.ts'
import { applyMailEvent } from '#stores/mail-events.ts'
import { factOf } from '#vendors/resend/events.ts'
import { message } from '#entry/message.ts'

export const onResendEvent = message({
  name: 'on-resend-event',
  topic: inboxTopic('resend'),
  impact: 'Nobody learns which mails arrived, and mail goes on to addresses that bounce or complain.',
  data: inboxNudge,
  run: async ({ eventId, subject, attempt }) => {
    const place = await inboxDoc('resend', eventId)
    try {
      await applyMailEvent(place, subject, factOf)
    } catch (error) {
      log.error('an event of Resend could not be applied', error, { function: 'on-resend-event', eventId })
      await putOff(place, error, attempt)
    }
  },
})
