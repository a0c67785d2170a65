/**
 * Takes Resend's webhooks: verified on the raw bytes, stored, then acknowledged. `on-resend-event` applies them.
 *
 * Safe to run twice: the event's id is the inbox record's key.
 * No address is stored with an event: what it names becomes the name of that address's record.
 */
import type { VendorMessage } from '#domain/vendor-message.ts'
import { addressId } from '#stores/mail-addresses.ts'
import { isTaken } from '#stores/mail-events.ts'
import { readMail } from '#stores/mails.ts'
import { verifiedEvent } from '#vendors/resend/events.ts'
import { webhook } from '#entry/webhook.ts'

export const receiveResend = webhook({
  name: 'receive-resend',
  path: '/api/webhooks/resend',
  vendor: 'resend',
  impact: 'Nobody learns which mails arrived, and mail goes on to addresses that bounce or complain.',
  signedBy: ['svix-id', 'svix-timestamp', 'svix-signature'],
  verify: async (raw, header) => verifiedEvent(raw, header, addressId),
  isKnown,
})

/** Nearly every mail's sending was answered to our own call before its webhook comes. */
async function isKnown({ type, subject }: VendorMessage): Promise<boolean> {
  return type === 'email.sent' && subject !== null && isTaken(await readMail(subject))
}
