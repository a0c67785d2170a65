/**
 * The mail queue: a mail is a record, written in the transaction of what it tells. The record decides whether it is
 * still to be sent; a message is only a nudge.
 */
import { firstReport, nextReport } from '#domain/campaign.ts'
import { isNudged, newMail, type Mail, type MailStatus } from '#domain/mail-record.ts'
import { NOBODY, type MailIntent } from '#domain/mail.ts'
import { cursorOf, cursorParts } from '#values/cursor.ts'
import { now } from '#platform/clock.ts'
import { log } from '#platform/log.ts'
import { publish } from '#platform/pubsub.ts'
import { collection, countOf, doc, readOne, readQuery, type Doc, type Query, type Snapshot, type Writer } from '#platform/firestore.ts'
import { addressId, recipientsOf } from './mail-addresses.ts'
import { addRows } from './outbox.ts'

export const MAIL_TOPIC = 'mail-queued'

export function mailDoc(mailId: string): Promise<Doc> {
  return doc('mails', mailId)
}

export function mailOf(snapshot: Snapshot): Mail | undefined {
  return snapshot.data() as Mail | undefined
}

export async function readMail(mailId: string): Promise<Mail | undefined> {
  return mailOf(await readOne(await mailDoc(mailId)))
}

/**
 * Queues a mail with the caller's other writes. The intent's id makes a second one fail the commit. Who was forgotten gets none.
 * @param outbox for the row of a campaign mail, which is nobody's without it
 */
export function queueMail(writer: Writer, place: Doc, intent: MailIntent, outbox?: Doc): void {
  if (intent.to === NOBODY) return
  const { mail, rows } = firstReport(newMail(intent, recipientsOf(intent), now()))
  writer.create(place, { ...mail })
  if (rows.length === 0) return
  if (outbox === undefined) throw new Error(`The campaign mail ${intent.id} is queued without a place for its row.`)
  addRows(writer, outbox, rows)
}

/** A mail as a transaction has read it, and what is to become of it. */
export interface Changing {
  readonly place: Doc
  readonly mail: Mail
  readonly change: Partial<Mail>
}

/** Changes mails in the caller's transaction, which has read them; what it means for a campaign's figures goes to the warehouse with it. */
export function changeMails(writer: Writer, outbox: Doc, mails: readonly Changing[]): void {
  const rows = mails.flatMap(({ place, mail, change }) => {
    const next = nextReport(mail, change, now())
    writer.update(place, { ...next.change })
    return next.rows
  })
  if (rows.length > 0) addRows(writer, outbox, rows)
}

type Nudged = Pick<MailIntent, 'id' | 'to' | 'cc' | 'bcc' | 'category' | 'sendAtMs'> & Partial<Pick<Mail, 'attempts'>>

/** Tells the sender of mails that were just queued. They are safe: if the nudge fails, the sweep gives it. */
export async function nudgeMails(mails: readonly Nudged[]): Promise<void> {
  await nudgeAnyMails(mails.filter((mail) => mail.to !== NOBODY && isNudged(mail, now())))
}

/** The same for mails whose turn it is, campaigns too. */
export async function nudgeAnyMails(mails: readonly Nudged[]): Promise<void> {
  try {
    // The recipients' names save the sender a read.
    await publish(MAIL_TOPIC, mails.map(({ attempts = 0, category = 'transactional', ...mail }) => ({
      attributes: { kind: 'mail' }, data: { mailId: mail.id, recipients: recipientsOf(mail), category, attempt: attempts },
    })))
  } catch (error) {
    log.warn('nudge failed, the sweep will follow', { why: String(error) })
  }
}

export async function countMails(status: MailStatus): Promise<number> {
  return countOf((await collection('mails')).where('status', '==', status))
}

export interface MailFilter {
  readonly status?: MailStatus | undefined
  readonly template?: string | undefined
  /** In whatever spelling. */
  readonly recipient?: string | undefined
}

export interface MailPage {
  readonly mails: readonly Mail[]
  readonly nextCursor: string | null
}

type Paged = { readonly cursor?: string | undefined; readonly limit: number }

/** The newest first. */
export function listMails(filter: MailFilter & Paged): Promise<MailPage> {
  return listMailsOf(filter.recipient === undefined ? undefined : addressId(filter.recipient), filter)
}

/** Of whoever a name leads to. */
export async function listMailsOf(recipientId: string | undefined, filter: Omit<MailFilter, 'recipient'> & Paged): Promise<MailPage> {
  let query: Query = await collection('mails')
  if (filter.status !== undefined) query = query.where('status', '==', filter.status)
  if (filter.template !== undefined) query = query.where('template', '==', filter.template)
  if (recipientId !== undefined) query = query.where('recipients', 'array-contains', recipientId)
  query = query.orderBy('createdAtMs', 'desc').orderBy('__name__', 'desc')
  if (filter.cursor !== undefined) query = query.startAfter(...cursorParts(filter.cursor))
  const found = (await readQuery(query.limit(filter.limit + 1))).map((snapshot) => mailOf(snapshot) as Mail)
  const mails = found.slice(0, filter.limit)
  const last = found.length > filter.limit ? mails.at(-1) : undefined
  return { mails, nextCursor: last === undefined ? null : cursorOf(last.createdAtMs, last.id) }
}
