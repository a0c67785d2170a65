/**
 * A campaign in figures: what became of its mails. What nobody tells us is null and no zero: who opened a mail, and what he
 * bought because of it.
 */
import { ratio } from './dashboard.ts'
import type { MailStatus } from './mail-record.ts'
import type { CampaignShown } from './shown/dashboard.ts'

export interface CampaignCounts {
  readonly campaign: string
  readonly byStatus: Readonly<Record<MailStatus, number>>
}

/** Once the provider has taken a mail, it may still bounce: that it was sent stays true. */
const SENT: readonly MailStatus[] = ['sent', 'delayed', 'delivered', 'bounced', 'complained']

export function campaignView({ campaign, byStatus }: CampaignCounts): CampaignShown {
  const sum = (statuses: readonly MailStatus[]): number => statuses.reduce((total, status) => total + byStatus[status], 0)
  const [sent, delivered] = [sum(SENT), sum(['delivered', 'complained'])]
  return {
    campaign, creative: campaign, queued: sum(['queued', 'deferred']), sent, delivered, bounced: byStatus.bounced, complained: byStatus.complained,
    failed: sum(['failed', 'dead_letter']), suppressed: byStatus.suppressed, deliveryRate: ratio(delivered, sent), opened: null, clicked: null, orders: null, revenue: null,
  }
}
