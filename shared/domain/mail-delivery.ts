/**
 * What the provider tells of a mail after it has taken it, and what follows: its state, and whose address is held.
 *
 * Events come twice and in any order. A mail's state is the weightiest of what was told (`TOLD_STATES`), so that the last
 * event to arrive decides nothing. A complaint weighs more than a bounce, a bounce more than a delivery: of a mail to
 * several people the worst counts.
 */
import type { HoldReason } from './mail-address.ts'
import { taken } from './mail-queue.ts'
import { addressesOf, type Mail, type MailChange, type ToldState } from './mail-record.ts'

/** An event as it is kept: no address in it, only the names of their records. */
export interface MailEvent {
  readonly state: ToldState
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
  // Some were left out, the others got it: that is told by events of its own.
  if (event.state === 'suppressed' && !addressesOf(mail.to).every((address) => event.recipients.includes(nameOf(address)))) return undefined
  const change = taken(mail, event.providerId, { state: event.state, told: { atMs: event.atMs, reason: event.reason }, nowMs })
  const known = mail.told[event.state]
  const isKnown = known !== undefined && known === change.told?.[event.state] && mail.providerId !== null
  return isKnown ? undefined : change
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
