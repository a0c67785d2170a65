/**
 * How much mail goes out, and which first.
 *
 * A mailbox gets so many mails in any minute, counted exactly; a mail that is tried again is the same mail and counts once.
 * Of what may go out in all, a quarter of each minute is kept from campaigns for what customers wait for; of the rest
 * campaigns get only what transactional mails that are due leave over. So a campaign of any size delays no receipt.
 */
import { MINUTE_MS } from '#values/time.ts'

/** Mails that went to one mailbox in the last minute. */
export interface Send {
  readonly mailId: string
  readonly atMs: number
}

/** Until when a mail must wait for its mailbox; undefined when it need not. */
export function mailboxWait(sends: readonly Send[], mailId: string, limit: number, nowMs: number): number | undefined {
  const others = lately(sends, nowMs).filter((send) => send.mailId !== mailId).map(({ atMs }) => atMs).sort((a, b) => a - b)
  // So many must have gone out of the minute before this one may come into it.
  const lastInTheWay = others[others.length - limit]
  return lastInTheWay === undefined ? undefined : lastInTheWay + MINUTE_MS
}

export function withSend(sends: readonly Send[], mailId: string, nowMs: number): Send[] {
  return [...lately(sends, nowMs).filter((send) => send.mailId !== mailId), { mailId, atMs: nowMs }]
}

function lately(sends: readonly Send[], nowMs: number): Send[] {
  return sends.filter(({ atMs }) => atMs + MINUTE_MS > nowMs)
}

/** The most that campaigns get of a minute's limit. */
export function campaignLimit(limit: number): number {
  return limit - Math.floor(limit / 4)
}

/** How many campaign mails may go out now, with so many transactional ones due. */
export function campaignRoom(limit: number, due: number): number {
  return Math.max(0, campaignLimit(limit) - due)
}

/** The next minute: limits are those of minutes by the clock. */
export function nextMinute(nowMs: number): number {
  return (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS
}

/** Until when a campaign mail waits that so many others are before, so that the minutes ahead are filled one by one. */
export function campaignTurn(before: number, limit: number, nowMs: number): number {
  return nextMinute(nowMs) + Math.floor(before / campaignLimit(limit)) * MINUTE_MS
}
