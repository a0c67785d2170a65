/** Mails, held addresses and promo codes, as staff are shown them. */
import { z } from 'zod'
import { amountShown, countShown, currencyShown, listOf, momentShown, percentShown } from '#values/shown.ts'
import { SCOPES } from '../mail-address.ts'
import { DEFERRALS, MAIL_STATUSES, TOLD_STATES } from '../mail-record.ts'
import { MAIL_CATEGORIES } from '../mail.ts'

export const MailShown = z
  .object({
    id: z.string(),
    status: z.enum(MAIL_STATUSES),
    template: z.string(),
    category: z.enum(MAIL_CATEGORIES),
    subject: z.string(),
    to: listOf(z.string()),
    cc: listOf(z.string()),
    bcc: listOf(z.string()),
    replyTo: z.string().nullable(),
    orderId: z.string().nullable(),
    attempts: countShown,
    lastError: z.string().nullable(),
    deferredUntil: momentShown.nullable(),
    deferredBecause: z.enum(DEFERRALS).nullable(),
    sendAt: momentShown.nullable(),
    nextTryAt: momentShown.nullable(),
    createdAt: momentShown,
    sentAt: momentShown.nullable(),
  })
  .meta({ id: 'Mail' })
export type MailShown = z.input<typeof MailShown>

export const WholeMailShown = MailShown.extend({
  requestedBy: z.string().nullable(),
  campaign: z.string().nullable().describe('What it is counted under; null: it is no campaign mail.'),
  creative: z.string().nullable(),
  openedAt: momentShown.nullable().describe('Of a campaign mail: the first time. Of others it is not kept.'),
  clickedAt: momentShown.nullable(),
  providerId: z.string().nullable(),
  events: listOf(z.object({ type: z.enum(TOLD_STATES), at: momentShown, reason: z.string().nullable() })),
  replays: countShown,
  html: z.string().nullable().describe('Null: it is not kept any more.'),
  text: z.string().nullable(),
}).meta({ id: 'WholeMail' })
export type WholeMailShown = z.input<typeof WholeMailShown>

export const SuppressionShown = z
  .object({
    id: z.string(),
    address: z.string().nullable(),
    scope: z.enum(SCOPES),
    reason: z.enum(['manual', 'link', 'bounce', 'complaint']).nullable(),
    emailId: z.string().nullable(),
    since: momentShown.nullable(),
    liftedAt: momentShown.nullable(),
  })
  .meta({ id: 'Suppression' })
export type SuppressionShown = z.input<typeof SuppressionShown>

export const MailStatsShown = z.object({
  from: momentShown,
  statuses: z.record(z.enum(MAIL_STATUSES), countShown),
  templates: listOf(z.object({ template: z.string(), count: countShown })),
  slo: z.object({
    attempted: countShown, taken: countShown, percent: percentShown.nullable(), inTimePercent: percentShown.nullable(), promisedPercent: percentShown,
  }),
  waiting: z.object({ queued: countShown, deferred: countShown, deadLetters: countShown, oldestSeconds: countShown.nullable() }),
  suppressed: z.record(z.enum(SCOPES), countShown),
  limits: z.object({ perMinute: countShown, perRecipientMinute: countShown }),
})
export type MailStatsShown = z.input<typeof MailStatsShown>

export const PromoCodeShown = z
  .object({
    code: z.string(),
    state: z.enum(['scheduled', 'active', 'used_up', 'expired', 'ended']),
    amount: amountShown.optional(),
    percent: percentShown.optional(),
    currency: currencyShown,
    validFrom: momentShown.nullable(),
    validUntil: momentShown.nullable(),
    usesMax: countShown.nullable(),
    oncePerCustomer: z.boolean(),
    minimumSubtotal: amountShown,
    uses: countShown,
    endedAt: momentShown.nullable(),
    createdBy: z.string(),
    createdAt: momentShown,
  })
  .meta({ id: 'PromoCode' })
export type PromoCodeShown = z.input<typeof PromoCodeShown>
