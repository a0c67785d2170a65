/**
 * Campaigns: what the warehouse is told of their mails, and what staff are shown.
 *
 * A campaign mail is a row for each change that its figures are made of, so that reports are asked of the warehouse alone.
 * It goes to one person: an open or a click counts once for each mail, and whoever clicked has opened it. Mails that
 * somebody waits for are not told of: whether a person reads his receipt is nobody's business.
 *
 * An order comes of the mail that its customer clicked last (`stores/statements/campaign-figures.ts`).
 */
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'
import { count, minor, ratio, type Figures } from './dashboard.ts'
import { campaignOf, isWaiting, momentOf, type Mail } from './mail-record.ts'
import { SCHEMA_VERSION } from './rows.ts'
import type { CampaignShown } from './shown/dashboard.ts'
import { factRow, type WarehouseRow } from './warehouse-rows.ts'

/** The latest clicks of a mail that are kept: a program that follows links by the hundred fills no record. */
export const CLICKS_MAX = 50

/** When it was opened and clicked, however often and in whatever order that is told. */
export function engaged(mail: Mail, { clicked, atMs }: { readonly clicked: boolean; readonly atMs: number }): Required<Pick<Mail, 'openedAtMs' | 'clicksMs'>> {
  const { openedAtMs = atMs, clicksMs = [] } = mail
  const clicks = clicked ? [...new Set([...clicksMs, atMs])].sort((one, other) => one - other).slice(-CLICKS_MAX) : clicksMs
  return { openedAtMs: Math.min(openedAtMs, atMs), clicksMs: clicks }
}

/** A mail that was just queued, as it is kept, and its first row; of one that is no campaign's there is none. */
export function firstReport(mail: Mail): { readonly mail: Mail; readonly rows: readonly WarehouseRow[] } {
  if (mail.category !== 'campaign') return { mail, rows: [] }
  const reported = { ...mail, report: { version: 1, atMs: mail.createdAtMs } }
  return { mail: reported, rows: [mailRow(reported)] }
}

/** A change of a mail, with the row that tells of it when it changes a figure. Rows of a mail are told apart and ordered by their version. */
export function nextReport(mail: Mail, change: Partial<Mail>, nowMs: number): { readonly change: Partial<Mail>; readonly rows: readonly WarehouseRow[] } {
  const changed = { ...mail, ...change }
  if (mail.category !== 'campaign' || figuresOf(mail) === figuresOf(changed)) return { change, rows: [] }
  const { version, atMs } = mail.report ?? { version: 0, atMs: mail.createdAtMs }
  const report = { version: version + 1, atMs: Math.max(nowMs, atMs) }
  return { change: { ...change, report }, rows: [mailRow({ ...changed, report })] }
}

function figuresOf(mail: Mail): string {
  return JSON.stringify([statusOf(mail), mail.sentAtMs, mail.told.delivered?.atMs, mail.openedAtMs, mail.clicksMs ?? []])
}

/** Whether it waits for its turn or for a limit is no figure. */
function statusOf(mail: Mail): string {
  return isWaiting(mail) ? 'queued' : mail.status
}

function mailRow(mail: Mail): WarehouseRow {
  const { id, template, category, customerId = null, orderId = null, clicksMs = [], createdAtMs } = mail
  const { version, atMs } = mail.report ?? { version: 1, atMs: createdAtMs }
  return factRow('engagement.mails_log', `${id}-${version}`, {
    id,
    template,
    category,
    ...campaignOf(mail),
    status: statusOf(mail),
    customer_id: customerId,
    order_id: orderId,
    sent_at: momentOf(mail.sentAtMs),
    delivered_at: momentOf(mail.told.delivered?.atMs),
    opened_at: momentOf(mail.openedAtMs),
    clicked_at: momentOf(clicksMs[0]),
    clicks: clicksMs.map((clickMs) => ({ clicked_at: iso(clickMs) })),
    created_at: iso(createdAtMs),
    updated_at: iso(atMs),
    row_version: version,
    schema_version: SCHEMA_VERSION,
  })
}

/** Campaigns and their creatives, in the order of their names. */
export function campaigns(rows: readonly Figures[], currency: string): CampaignShown[] {
  return rows.map((row) => campaignView(row, currency)).sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
}

/** Where a campaign's creative stands in the list; names have no space in them. */
export function placeOf({ campaign, creative }: Pick<CampaignShown, 'campaign' | 'creative'>): string {
  return `${campaign} ${creative}`
}

function campaignView(row: Figures, currency: string): CampaignShown {
  const [sent, delivered] = [count(row['sent_count']), count(row['delivered_count'])]
  // Of mails that name nobody, nobody knows who bought.
  const isKnown = count(row['named_count']) > 0
  return {
    campaign: String(row['campaign_name']), creative: String(row['creative_name']), queued: count(row['queued_count']), sent, delivered,
    bounced: count(row['bounced_count']), complained: count(row['complained_count']), failed: count(row['failed_count']), suppressed: count(row['suppressed_count']),
    deliveryRate: ratio(delivered, sent), opened: count(row['opened_count']), clicked: count(row['clicked_count']),
    orders: isKnown ? count(row['order_count']) : null, revenue: isKnown ? toMajor(minor(row['revenue'], currency), currency) : null,
  }
}
