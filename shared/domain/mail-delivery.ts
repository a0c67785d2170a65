/**
 * What the provider tells of a mail after it has taken it, and what follows: its state, and whose address is held.
 *
 * Events come twice and in any order. A mail's state is the weightiest of what was told (`TOLD_STATES`), so that the last
 * event to arrive decides nothing. A complaint weighs more than a bounce, a bounce more than a delivery: of a mail to
 * several people the worst counts.
 *
 * That a mail was opened or clicked is kept of campaigns only, and of nobody who was forgotten; such a mail has arrived.
 */
import { engaged } from './campaign.ts'
import type { HoldReason } from './mail-address.ts'
import { taken } from './mail-queue.ts'
import { addressesOf, type Engagement, type Mail, type MailChange, type ToldState } from './mail-record.ts'
import { NOBODY } from './mail.ts'

/** An event as it is kept: no address in it, only the names of their records. */
export interface MailEvent {
  readonly state: ToldState | Engagement
  readonly atMs: number
  readonly providerId: string
  /** Whom it is about. */
  readonly recipients: readonly string[]
  /** Why their addresses are to be held; null: they are not. */
  readonly holds: HoldReason | null
  readonly reason: string | null
}

/** Whether an event is about this very mail: another one may have been sent in its name, by another system of the shop's. */
export function isAbout(mail: Mail, { providerId }: MailEvent): boolean {
  return mail.providerId === null || mail.providerId === providerId
}

/** What an event makes of a mail; undefined when that is nothing new. */
export function afterEvent(mail: Mail, event: MailEvent, nameOf: (address: string) => string, nowMs: number): MailChange | undefined {
  if (event.state === 'opened' || event.state === 'clicked') return afterEngagement(mail, event, nowMs)
  // Some were left out, the others got it: that is told by events of its own.
  if (event.state === 'suppressed' && !addressesOf(mail.to).every((address) => event.recipients.includes(nameOf(address)))) return undefined
  return news(mail, event.state, taken(mail, event.providerId, { state: event.state, told: { atMs: event.atMs, reason: event.reason }, nowMs }))
}

/** The change, unless it says what is known already. */
function news(mail: Mail, state: ToldState, change: MailChange): MailChange | undefined {
  const known = mail.told[state]
  const isKnown = known !== undefined && known === change.told?.[state] && mail.providerId !== null
  return isKnown ? undefined : change
}

function afterEngagement(mail: Mail, { state, atMs, providerId }: MailEvent, nowMs: number): MailChange | undefined {
  if (mail.category !== 'campaign' || mail.to === NOBODY) return undefined
  const arrived = news(mail, 'delivered', taken(mail, providerId, { state: 'delivered', told: { atMs, reason: null }, nowMs }))
  const { openedAtMs, clicksMs } = engaged(mail, { clicked: state === 'clicked', atMs })
  const isKnown = arrived === undefined && openedAtMs === mail.openedAtMs && clicksMs.join() === (mail.clicksMs ?? []).join()
  return isKnown ? undefined : { ...arrived, openedAtMs, clicksMs }
}

/**
 * The addresses, as they were written to, that are held from an event on. When it speaks of several at once, it does not
 * say which of them bounced: then none is, rather than somebody who gets his mail.
 */
export function toHold(mail: Mail, { holds, recipients, state }: MailEvent, nameOf: (address: string) => string): string[] {
  if (holds === null) return []
  const all = [...new Set([...addressesOf(mail.to), ...(mail.cc ?? []), ...(mail.bcc ?? [])])]
  const named = all.filter((address) => recipients.includes(nameOf(address)))
  return new Set(named.map(nameOf)).size === 1 || state === 'suppressed' ? named : []
}
