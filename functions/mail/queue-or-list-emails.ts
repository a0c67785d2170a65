/**
 * Queues a mail that staff want sent, written by one of our templates; lists mails, the newest first.
 *
 * The answer says that it is queued, not that it is sent: it waits its turn, its moment, and the limits. The same
 * `Idempotency-Key` is the same mail. A template's variables are checked as the compiler checks our own. A campaign mail
 * goes to one person, whose own link to unsubscribe it carries; it is counted under the campaign and the creative that staff
 * name, and orders of the customer whom they name may come of it (`GET /api/bigquery/campaigns`).
 */
import { z } from 'zod'
import { newId } from '#values/ids.ts'
import { cursorField, emailField, idField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { DAY_MS } from '#values/time.ts'
import { MAIL_CATEGORIES, type MailIntent } from '#domain/mail.ts'
import { MAIL_STATUSES, mailView } from '#domain/mail-record.ts'
import { TEMPLATES, written, type TemplateName, type VariablesOf } from '#domain/mail-templates.ts'
import { MailShown } from '#domain/shown/mail.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { unsubscribeUrl } from '#stores/mail-addresses.ts'
import { listMails, mailDoc, mailOf, nudgeMails, queueMail } from '#stores/mails.ts'
import { outboxDoc } from '#stores/outbox.ts'
import type { Reply } from '#entry/answer.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

/** The provider takes no more for one mail. */
const RECIPIENTS_MAX = 50
const AHEAD_MS_MAX = 365 * DAY_MS
const several = z.array(emailField).max(RECIPIENTS_MAX - 1)

const campaignName = z.string().regex(/^[A-Za-z0-9_.-]{1,60}$/, 'must be letters, digits, _, . and -, at most 60')

const envelope = {
  to: z.union([emailField, z.array(emailField).min(1).max(RECIPIENTS_MAX)]),
  cc: several.optional(),
  bcc: several.optional(),
  replyTo: emailField.optional(),
  /** The template's own without it. */
  category: z.enum(MAIL_CATEGORIES).optional(),
  /** Whose it is: without it no order is known to come of it. */
  customerId: idField.optional(),
  campaign: campaignName.optional(),
  creative: campaignName.optional(),
  sendAt: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)).optional(),
}

const names = Object.keys(TEMPLATES) as [TemplateName, ...TemplateName[]]
/** A template's name with its own variables. */
type Named = { [Name in TemplateName]: { readonly template: Name; readonly variables: VariablesOf<Name> } }[TemplateName]
type Wish = Named & z.output<z.ZodObject<typeof envelope>>
const ofTemplate = (name: TemplateName) => z.strictObject({ template: z.literal(name), variables: TEMPLATES[name].variables, ...envelope })
const [first, ...others] = names.map(ofTemplate)
const Wishes = z.discriminatedUnion('template', [first as ReturnType<typeof ofTemplate>, ...others]) as unknown as z.ZodType<Wish>

const Body = Wishes
  .refine((wish) => addressesIn(wish).length <= RECIPIENTS_MAX, { path: ['to'], message: `has at most ${RECIPIENTS_MAX} recipients with cc and bcc` })
  .refine(({ template, category }) => category !== 'transactional' || TEMPLATES[template].category !== 'campaign', {
    path: ['category'], message: 'this template is for campaigns',
  })
  .refine((wish) => categoryOf(wish) !== 'campaign' || addressesIn(wish).length === 1, {
    path: ['to'], message: 'a campaign mail goes to one address, without cc and bcc',
  })
  .refine((wish) => categoryOf(wish) === 'campaign' || (wish.campaign ?? wish.creative) === undefined, {
    path: ['campaign'], message: 'only a campaign mail has a campaign and a creative',
  })
  .refine(({ sendAt = 0 }) => sendAt <= now() + AHEAD_MS_MAX, { path: ['sendAt'], message: 'must be within a year' })

export const queueOrListEmails = endpoint({
  name: 'queue-or-list-emails',
  path: '/api/emails',
  impact: 'Staff cannot write to customers, nor see what was written.',
  POST: route({
    who: ['support', 'admin'],
    summary: 'Queue a mail by one of the templates',
    body: Body,
    reply: z.object({ emailId: z.string(), status: z.literal('queued') }),
    status: 202,
    idempotent: true,
    run: queue,
  }),
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Mails, the newest first',
    query: z.strictObject({
      status: z.enum(MAIL_STATUSES).optional(),
      template: z.string().min(1).max(100).optional(),
      recipient: emailField.optional(),
      cursor: cursorField.optional(),
      limit: limitField(20, 100),
    }),
    reply: z.object({ emails: listOf(MailShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { mails, nextCursor } = await listMails(query)
      return { emails: mails.map(mailView), nextCursor }
    },
  }),
})

function addressesIn({ to, cc = [], bcc = [] }: Wish): string[] {
  return [...(typeof to === 'string' ? [to] : to), ...cc, ...bcc]
}

function categoryOf({ template, category }: Wish): MailIntent['category'] {
  return category ?? TEMPLATES[template].category
}

async function queue(call: Call<Wish, unknown>): Promise<Reply> {
  const intent = { ...intentOf(newId('eml'), call.body), requestedBy: whoIs(call.caller) }
  const [place, outbox] = [await mailDoc(intent.id), await outboxDoc()]
  const reply = await call.once(async (unit) => {
    // Our own earlier try may have taken effect unseen.
    if (mailOf(await unit.get(place)) === undefined) queueMail(unit, place, intent, outbox)
    return { emailId: intent.id, status: 'queued' }
  })
  if (reply.replayed !== true) await nudgeMails([intent])
  return reply
}

function intentOf(id: string, wish: Wish): MailIntent {
  const { to, cc, bcc, replyTo, customerId, campaign, creative, sendAt } = wish
  const category = categoryOf(wish)
  const link = category === 'campaign' ? { unsubscribeUrl: unsubscribeUrl(addressesIn(wish)[0] ?? '') } : {}
  const page = written(wish.template, wish.variables, { shopName: config('shop').SHOP_NAME, ...link })
  return {
    ...page, id, to, ...(category === undefined ? {} : { category }),
    ...(cc === undefined ? {} : { cc }), ...(bcc === undefined ? {} : { bcc }), ...(replyTo === undefined ? {} : { replyTo }),
    ...(customerId === undefined ? {} : { customerId }), ...(campaign === undefined ? {} : { campaign }), ...(creative === undefined ? {} : { creative }),
    ...(sendAt === undefined ? {} : { sendAtMs: sendAt }),
  }
}
