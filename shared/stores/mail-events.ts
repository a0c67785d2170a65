/**
 * What the provider tells of our mails, applied: one transaction over the event's record, the mail and the addresses that
 * are held from it on. An event about a mail that is not ours changes nothing.
 */
import type { HoldWish } from '#domain/mail-address.ts'
import { afterEvent, isAbout, toHold, type MailEvent } from '#domain/mail-delivery.ts'
import type { Mail } from '#domain/mail-record.ts'
import { now } from '#platform/clock.ts'
import { collection, readOne, readQuery, revise, type Doc } from '#platform/firestore.ts'
import { markApplied, pendingRecord } from './inbox.ts'
import { addressId, holding } from './mail-addresses.ts'
import { changeMails, mailDoc, mailOf } from './mails.ts'
import { outboxDoc } from './outbox.ts'

/** The mail that an event is about: by the id that it brought back, or by the provider's. */
async function placeOf(mailId: string | null, providerId: string): Promise<Doc | undefined> {
  const named = mailId === null ? undefined : await readOne(await mailDoc(mailId))
  if (named?.exists === true) return named.ref
  const [found] = await readQuery((await collection('mails')).where('providerId', '==', providerId).limit(1))
  return found?.ref
}

/** @param read what a record's payload says; undefined: nothing about a mail */
export async function applyMailEvent(place: Doc, mailId: string | null, read: (payload: string) => MailEvent | undefined): Promise<void> {
  const record = pendingRecord(await readOne(place))
  const event = record === undefined ? undefined : read(record.payload)
  const about = event === undefined ? undefined : await placeOf(mailId, event.providerId)
  const outbox = await outboxDoc()
  await revise(async (unit) => {
    if (pendingRecord(await unit.get(place)) === undefined) return
    const mail = about === undefined ? undefined : mailOf(await unit.get(about))
    if (event === undefined || about === undefined || mail === undefined || !isAbout(mail, event)) return markApplied(unit, place, 'ignored')
    const hold = await holding(unit, wishesOf(mail, event))
    const change = afterEvent(mail, event, addressId, now())
    if (change !== undefined) changeMails(unit, outbox, [{ place: about, mail, change }])
    hold()
    markApplied(unit, place, 'applied')
  })
}

function wishesOf(mail: Mail, event: MailEvent): HoldWish[] {
  const { holds, atMs } = event
  if (holds === null) return []
  const hold = { reason: holds, sinceMs: atMs, mailId: mail.id }
  return toHold(mail, event, addressId).map((spelling) => ({ id: addressId(spelling), scope: 'all', hold, spelling }))
}

/** Whether a mail is known to be with the provider already: its own answer came first. */
export function isTaken(mail: Mail | undefined): boolean {
  return mail?.told.sent !== undefined
}
