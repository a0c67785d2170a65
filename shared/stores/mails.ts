/**
 * The mail queue: a mail is a record, written in the transaction of what it tells. The record decides whether it is
 * still to be sent; a message is only a nudge.
 */
import { NOBODY, type MailIntent } from '#domain/mail.ts'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { log } from '#platform/log.ts'
import { publish } from '#platform/pubsub.ts'
import { counterAt, counterId, counterOf, countedUp } from './limits.ts'
import { collection, commit, countOf, doc, readOne, transact, type Data, type Doc, type Snapshot, type Writer } from '#platform/firestore.ts'

export const MAIL_TOPIC = 'mail-queued'

export interface Mail extends MailIntent {
  readonly status: 'queued' | 'deferred' | 'sent' | 'failed' | 'dead_letter'
  readonly attempts: number
  readonly nextAtMs: number | null
  readonly createdAtMs: number
  readonly sentAtMs: number | null
  /** Resend's id. */
  readonly providerId: string | null
  readonly lastError: string | null
}

/** Waits after each failed try; after the last one the mail is a dead letter. */
const RETRY_MS = [SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS]
/** The sweep leaves a fresh mail to its nudge for so long. */
const SWEEP_AFTER_MS = MINUTE_MS
/** The provider forgets a key after a day: an older mail that may have been sent is not sent again by itself. */
export const SEND_WITHIN_MS = DAY_MS

export function mailDoc(mailId: string): Promise<Doc> {
  return doc('mails', mailId)
}

/** Queues a mail with the caller's other writes. The intent's id makes a second one fail the commit. Who was forgotten gets none. */
export function queueMail(writer: Writer, place: Doc, intent: MailIntent): void {
  if (intent.to === NOBODY) return
  const mail: Mail = {
    ...intent, status: 'queued', attempts: 0, nextAtMs: now() + SWEEP_AFTER_MS, createdAtMs: now(), sentAtMs: null, providerId: null, lastError: null,
  }
  writer.create(place, { ...mail })
}

/** Tells the sender that mails are queued. They are safe: if the nudge fails, the sweep gives it. */
export async function nudgeMails(mails: ReadonlyArray<Pick<Mail, 'id' | 'to'>>): Promise<void> {
  try {
    await publish(MAIL_TOPIC, mails.map(({ id, to }) => ({ attributes: { kind: 'mail' }, data: { mailId: id, recipient: recipientOf(to) } })))
  } catch (error) {
    log.warn('nudge failed, the sweep will follow', { why: String(error) })
  }
}

function recipientOf(address: string): string {
  return counterId(`mail ${address.toLowerCase()}`)
}

/** A mail that may be sent now, or, if its recipient has had enough for this minute, until when it must wait. */
export interface Claim {
  readonly mail: Mail
  readonly waitUntilMs: number | undefined
}

/**
 * Counts a mail for its recipient, exactly, in the read that finds it still unsent.
 * @param recipient names the recipient's counter; without it (an older nudge) the mail is read for it first
 * @returns undefined when nothing is left to send
 */
export async function claimMail(place: Doc, recipient: string | undefined, limit: number): Promise<Claim | undefined> {
  const named = recipient ?? recipientOf(mailOf(await readOne(place))?.to ?? '')
  const counterPlace = await counterAt(named)
  return transact(async (unit) => {
    const [found, counted] = (await unit.getAll(place, counterPlace)) as [Snapshot, Snapshot]
    const mail = mailOf(found)
    if (mail === undefined || !isToSend(mail)) return undefined
    const counter = counterOf(counterPlace, counted, MINUTE_MS)
    if (counter.used >= limit) return { mail, waitUntilMs: counter.startedAtMs + MINUTE_MS }
    unit.set(counterPlace, countedUp(counter))
    return { mail, waitUntilMs: undefined }
  })
}

export function mailOf(snapshot: Snapshot): Mail | undefined {
  return snapshot.data() as Mail | undefined
}

/** A mail of somebody who is forgotten: that there was one stays, so that it is never sent a second time. */
export function blanked(mail: Mail): Data {
  const unsent = isToSend(mail) ? { status: 'failed', nextAtMs: null, lastError: 'its recipient was erased' } : {}
  return { to: NOBODY, subject: '', html: '', text: '', ...unsent }
}

export function isToSend(mail: Mail): boolean {
  return mail.status === 'queued' || mail.status === 'deferred'
}

export async function countMails(status: Mail['status']): Promise<number> {
  return countOf((await collection('mails')).where('status', '==', status))
}

export async function markSent(place: Doc, providerId: string): Promise<void> {
  await commit((writer) => writer.update(place, { status: 'sent', providerId, sentAtMs: now(), nextAtMs: null, lastError: null }))
}

/** Another copy of the nudge may have sent it meanwhile: what is sent stays sent. */
async function changeUnsent(place: Doc, change: () => Data): Promise<void> {
  await transact(async (unit) => {
    const mail = mailOf(await unit.get(place))
    if (mail !== undefined && isToSend(mail)) unit.update(place, change())
  })
}

/** The provider refuses this mail for good. */
export async function markFailed(place: Doc, reason: string): Promise<void> {
  await changeUnsent(place, () => ({ status: 'failed', nextAtMs: null, lastError: reason.slice(0, 300) }))
}

export async function putOffMail(place: Doc, tried: Mail, reason: string, atLeastMs = 0): Promise<void> {
  const waitMs = RETRY_MS[tried.attempts]
  const next = waitMs === undefined ? { status: 'dead_letter', nextAtMs: null } : { status: 'queued', nextAtMs: now() + Math.max(waitMs, atLeastMs) }
  await changeUnsent(place, () => ({ ...next, attempts: tried.attempts + 1, lastError: reason.slice(0, 300) }))
}

/** Over a limit: it stays queued and says until when. Not a failed try. */
export async function deferMail(place: Doc, untilMs: number): Promise<void> {
  await changeUnsent(place, () => ({ status: 'deferred', nextAtMs: untilMs }))
}
