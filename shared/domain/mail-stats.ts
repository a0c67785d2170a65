/**
 * Mail in figures. The shop promises itself that more than 98 of 100 mails reach the provider, within 30 seconds.
 *
 * A mail that is not sent because its address is held is no failure, and one that still waits is neither. Whether a mail
 * was in time is not asked of campaigns: they wait for their turn.
 */
import type { MailStatus } from './mail-record.ts'

export const PROMISED_PERCENT = 98

export interface MailCounts {
  /** Of a span of time, by what became of them. */
  readonly byStatus: Readonly<Record<MailStatus, number>>
  readonly inTime: number
  readonly late: number
}

export interface MailSuccess {
  /** Mails whose fate is known. */
  readonly attempted: number
  /** Those that the provider took. */
  readonly taken: number
  /** Null: there was none. */
  readonly percent: number | null
  readonly inTimePercent: number | null
  readonly promisedPercent: number
}

const TAKEN: readonly MailStatus[] = ['sent', 'delivered', 'delayed', 'bounced', 'complained']
const LOST: readonly MailStatus[] = ['failed', 'dead_letter']

export function successOf({ byStatus, inTime, late }: MailCounts): MailSuccess {
  const sum = (statuses: readonly MailStatus[]): number => statuses.reduce((total, status) => total + byStatus[status], 0)
  const [taken, lost] = [sum(TAKEN), sum(LOST)]
  return { attempted: taken + lost, taken, percent: percent(taken, taken + lost), inTimePercent: percent(inTime, inTime + late), promisedPercent: PROMISED_PERCENT }
}

/** With two digits, rounded down: what is promised is not reached by rounding. */
function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.floor((part / whole) * 10_000) / 100
}
