/**
 * Mails on their way out: who may send one now, and what became of it. One claim is one commit over the mail, the
 * counters of all its mailboxes and their records, so that a mailbox's limit is never exceeded, whoever else is mailed.
 */
import { claim, deferred, givenUp, refused, taken, triedInVain, type Claim, type Recipient } from '#domain/mail-queue.ts'
import { withSend, type Send } from '#domain/mail-limits.ts'
import { isWaiting, type Deferral, type Envelope, type Mail, type MailChange } from '#domain/mail-record.ts'
import { HOUR_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { collection, doc, readQuery, revise, type Doc, type Snapshot, type Unit } from '#platform/firestore.ts'
import { addressDoc, addressId, addressOf } from './mail-addresses.ts'
import { changeMails, mailDoc, mailOf } from './mails.ts'
import { outboxDoc } from './outbox.ts'

/** A counter says nothing after a minute; its document goes later. */
const COUNTER_KEPT_MS = 2 * HOUR_MS

export interface Nudge {
  readonly mailId: string
  /** Names of its recipients' records, as far as the nudge knew them: they are read together with the mail. */
  readonly recipients: readonly string[]
  /** Undefined: whichever it is. */
  readonly attempt?: number | undefined
}

/** A mail to be sent now. */
export interface Claimed {
  readonly mail: Mail
  readonly envelope: Envelope
  /** It may have been sent by a try that the provider has forgotten. */
  readonly stale: boolean
}

/** Takes a mail to send it, or writes why it has to wait; undefined when nothing is to be sent now. */
export async function claimMail(nudge: Nudge): Promise<Claimed | undefined> {
  const { MAIL_FROM, MAIL_REPLY_TO } = config('shop')
  const { MAILS_PER_RECIPIENT_MINUTE: mailboxLimit } = config('limits')
  const [place, outbox] = [await mailDoc(nudge.mailId), await outboxDoc()]
  return revise(async (unit) => {
    const { mail, recipients } = await readClaim(unit, place, nudge.recipients)
    if (mail === undefined) return undefined
    const nowMs = now()
    const claimed = claim(mail, nudge.attempt, { recipients, nameOf: addressId, from: MAIL_FROM, replyTo: MAIL_REPLY_TO, mailboxLimit, nowMs })
    if (claimed === undefined) return undefined
    changeMails(unit, outbox, [{ place, mail, change: claimed.change }])
    if (claimed.kind !== 'send') return undefined
    await countSends(unit, mail.id, recipients, claimed)
    return { mail: { ...mail, ...claimed.change }, envelope: claimed.envelope, stale: claimed.stale }
  })
}

/** In one call, when the nudge named the recipients. */
async function readClaim(unit: Unit, place: Doc, named: readonly string[]): Promise<{ mail: Mail | undefined; recipients: Recipient[] }> {
  const [found, ...others] = await unit.getAll(place, ...(await placesOf(named)))
  const mail = mailOf(found as Snapshot)
  if (mail === undefined || sameNames(mail.recipients, named)) return { mail, recipients: named.map(recipientIn(others)) }
  const again = await unit.getAll(...(await placesOf(mail.recipients)))
  return { mail, recipients: mail.recipients.map(recipientIn(again)) }
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name))
}

/** Of each recipient the counter, then the record. */
async function placesOf(recipients: readonly string[]): Promise<Doc[]> {
  return (await Promise.all(recipients.map((id) => Promise.all([counterDoc(id), addressDoc(id)])))).flat()
}

function recipientIn(snapshots: readonly Snapshot[]): (id: string, place: number) => Recipient {
  return (id, place) => {
    const [counter, address] = snapshots.slice(2 * place, 2 * place + 2)
    return { id, address: addressOf(address), sends: (counter?.get('sends') ?? []) as Send[] }
  }
}

function counterDoc(recipientId: string): Promise<Doc> {
  return doc('limit_counters', `mail-${recipientId}`)
}

async function countSends(unit: Unit, mailId: string, recipients: readonly Recipient[], { counted }: Extract<Claim, { kind: 'send' }>): Promise<void> {
  for (const { id, sends } of recipients.filter((recipient) => counted.includes(recipient.id))) {
    unit.set(await counterDoc(id), { sends: withSend(sends, mailId, now()), expireAt: new Date(now() + COUNTER_KEPT_MS) })
  }
}

/** Changes a mail that still waits; another copy of the nudge may have sent it meanwhile: what is sent stays sent. */
async function changeWaiting(mailId: string, rule: (mail: Mail) => MailChange | undefined): Promise<void> {
  const [place, outbox] = [await mailDoc(mailId), await outboxDoc()]
  await revise(async (unit) => {
    const mail = mailOf(await unit.get(place))
    const change = mail === undefined || !isWaiting(mail) ? undefined : rule(mail)
    if (mail !== undefined && change !== undefined) changeMails(unit, outbox, [{ place, mail, change }])
  })
}

/** Whatever it has become meanwhile: the provider has it. */
export async function markTaken(mailId: string, providerId: string): Promise<void> {
  const [place, outbox] = [await mailDoc(mailId), await outboxDoc()]
  await revise(async (unit) => {
    const mail = mailOf(await unit.get(place))
    if (mail === undefined) return
    const change = taken(mail, providerId, { state: 'sent', told: { atMs: now(), reason: null }, nowMs: now() })
    changeMails(unit, outbox, [{ place, mail, change }])
  })
}

export async function markRefused(mailId: string, reason: string): Promise<void> {
  await changeWaiting(mailId, (mail) => refused(mail, reason, now()))
}

/** @param tried as it was when it was tried: two copies of one nudge are one try */
export async function putOffMail(tried: Mail, reason: string, atLeastMs?: number): Promise<void> {
  await changeWaiting(tried.id, (mail) => (mail.attempts === tried.attempts ? triedInVain(mail, reason, { nowMs: now(), atLeastMs }) : undefined))
}

export async function giveUpMail(mailId: string, reason: string): Promise<void> {
  await changeWaiting(mailId, (mail) => givenUp(mail, reason))
}

export async function deferMail(mailId: string, reason: Deferral, untilMs: number): Promise<void> {
  await changeWaiting(mailId, () => deferred(reason, untilMs))
}

/** The provider has said that it was never sent: from now on its key counts anew. */
export async function renewKey(mailId: string): Promise<void> {
  await changeWaiting(mailId, () => ({ triedAtMs: now() }))
}

/** The one among mails at the provider that no other mail of ours is known to be. */
export async function unclaimed(providerIds: readonly string[]): Promise<string | undefined> {
  for (const providerId of providerIds) {
    const others = await readQuery((await collection('mails')).where('providerId', '==', providerId).limit(1))
    if (others.length === 0) return providerId
  }
  return undefined
}
