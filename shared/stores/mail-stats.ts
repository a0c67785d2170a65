/** Mail in figures, counted by the store: a busy day costs as few reads as a quiet one. */
import type { MailCounts } from '#domain/mail-stats.ts'
import { MAIL_STATUSES, type Mail, type MailStatus } from '#domain/mail-record.ts'
import { SCOPES, type Scope } from '#domain/mail-address.ts'
import { now } from '#platform/clock.ts'
import { collection, countOf, readQuery, type Query } from '#platform/firestore.ts'
import { mailOf } from './mails.ts'

/** More templates than the shop will ever have. */
const TEMPLATES_MAX = 60

/** Mails written since a moment. */
async function since(fromMs: number, narrowed: (mails: Query) => Query): Promise<number> {
  return countOf(narrowed(await collection('mails')).where('createdAtMs', '>=', fromMs).orderBy('createdAtMs', 'desc'))
}

export async function countsSince(fromMs: number): Promise<MailCounts> {
  const byStatus = MAIL_STATUSES.map(async (status) => [status, await since(fromMs, (mails) => mails.where('status', '==', status))])
  const timely = [true, false].map((inTime) => since(fromMs, (mails) => mails.where('inTime', '==', inTime)))
  const [inTime = 0, late = 0] = await Promise.all(timely)
  return { byStatus: Object.fromEntries(await Promise.all(byStatus)) as Record<MailStatus, number>, inTime, late }
}

/** By template, those that were used since. */
export async function templatesSince(fromMs: number): Promise<Array<{ template: string; count: number }>> {
  const counts = (await templateNames()).map(async (template) => ({ template, count: await since(fromMs, (mails) => mails.where('template', '==', template)) }))
  return (await Promise.all(counts)).filter(({ count }) => count > 0)
}

/** From each name to the next one: a read for each, however many mails there are. */
async function templateNames(): Promise<string[]> {
  const names: string[] = []
  while (names.length < TEMPLATES_MAX) {
    const all = (await collection('mails')).orderBy('template')
    const last = names.at(-1)
    const [next] = await readQuery((last === undefined ? all : all.startAfter(last)).limit(1))
    if (next === undefined) break
    names.push(String(next.get('template')))
  }
  return names
}

/** The transactional mail that should have been out the longest, if one should. */
export async function longestDue(): Promise<Mail | undefined> {
  const due = (await collection('mails')).where('category', '==', 'transactional').where('dueSinceMs', '<=', now())
  const [longest] = await readQuery(due.orderBy('dueSinceMs').limit(1))
  return longest === undefined ? undefined : mailOf(longest)
}

/** Transactional mails that should have been out before a moment. */
export async function countDueBefore(ms: number): Promise<number> {
  return countOf((await collection('mails')).where('category', '==', 'transactional').where('dueSinceMs', '<=', ms))
}

export async function countHeld(): Promise<Record<Scope, number>> {
  const counts = SCOPES.map(async (scope) => [scope, await countOf((await collection('mail_addresses')).where('held', 'array-contains', scope))])
  return Object.fromEntries(await Promise.all(counts)) as Record<Scope, number>
}
