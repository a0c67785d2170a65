/** Campaign mails in figures, counted by the store: a campaign is what one template tells, a busy one costs as few reads as a quiet one. */
import type { CampaignCounts } from '#domain/campaign.ts'
import { MAIL_STATUSES, type MailStatus } from '#domain/mail-record.ts'
import { collection, countOf } from '#platform/firestore.ts'
import { templatesSince } from './mail-stats.ts'

/** The campaigns since a moment, in the order of their names. */
export async function campaignsSince(fromMs: number): Promise<CampaignCounts[]> {
  const names = (await templatesSince(fromMs)).map(({ template }) => template).sort()
  const counted = await Promise.all(names.map(async (campaign) => ({ campaign, byStatus: await byStatus(campaign, fromMs) })))
  return counted.filter(({ byStatus: counts }) => Object.values(counts).some((count) => count > 0))
}

async function byStatus(template: string, fromMs: number): Promise<Record<MailStatus, number>> {
  const mails = (await collection('mails')).where('category', '==', 'campaign').where('template', '==', template)
  const counts = MAIL_STATUSES.map(async (status) => [status, await countOf(mails.where('status', '==', status).where('createdAtMs', '>=', fromMs).orderBy('createdAtMs', 'desc'))])
  return Object.fromEntries(await Promise.all(counts)) as Record<MailStatus, number>
}
