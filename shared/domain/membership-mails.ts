/**
 * The mails of a membership, typed as those of an order are. Each is named after the one thing that it tells, so that it is
 * sent once: a start, a month that was paid, a month that was not and how often it was tried, an end.
 */
import { toText } from '#values/money.ts'
import { wallTime } from './civil-day.ts'
import { dueMoment } from './dunning.ts'
import { letter, type Letter, type MailIntent } from './mail.ts'
import type { BenefitKind } from './member-benefits.ts'
import type { Member, Membership } from './member.ts'
import { tierFacts } from './membership-tiers.ts'
import type { Order } from './order.ts'

export interface Telling {
  readonly timeZone: string
  readonly shopName: string
}

/** With what was charged. */
export interface Charged extends Telling {
  readonly order: Order
}

export function welcomeMail(member: Member, membership: Membership, { order, ...telling }: Charged): MailIntent {
  return mail(member, telling, {
    id: `membership-welcome-${membership.id}`,
    template: 'membership_welcome',
    subject: `Welcome: your ${membership.tier} membership at ${telling.shopName}`,
    title: `Welcome as a ${membership.tier} member`,
    paragraphs: [
      `${charged(order)} ${discountSentence(membership)}`,
      benefitsSentence(membership),
      `Your membership renews each month; the next ${amountOf(membership)} are due on ${endOf(membership, telling)}.`,
      'You can change or cancel it at any time.',
    ],
    order,
  })
}

export function upgradeMail(member: Member, membership: Membership, { order, ...telling }: Charged): MailIntent {
  return mail(member, telling, {
    id: `membership-upgrade-${order.id}`,
    template: 'membership_upgrade',
    subject: `Your membership is now ${membership.tier}`,
    title: `You are a ${membership.tier} member now`,
    paragraphs: [
      `${charged(order)} It covers the difference until ${endOf(membership, telling)}; from then on a month costs ${amountOf(membership)}.`,
      `${discountSentence(membership)} ${benefitsSentence(membership)}`,
    ],
    order,
  })
}

export function renewalMail(member: Member, membership: Membership, { order, ...telling }: Charged): MailIntent {
  return mail(member, telling, {
    id: `membership-renewal-${order.id}`,
    template: 'membership_renewal',
    subject: `Your ${membership.tier} membership is renewed`,
    title: 'Your membership is renewed',
    paragraphs: [`${charged(order)} Your ${membership.tier} membership is paid until ${endOf(membership, telling)}.`],
    order,
  })
}

export function paymentFailedMail(member: Member, membership: Membership, telling: Telling): MailIntent {
  return mail(member, telling, {
    id: unpaidId('payment-failed', membership),
    template: 'membership_payment_failed',
    subject: 'Payment failed, please update card',
    title: 'Payment failed, please update card',
    paragraphs: [
      `Your card was declined for ${amountOf(membership)}, the next month of your ${membership.tier} membership. You keep all benefits for now.`,
      `We will try again on ${nextTry(membership, telling)}. If you give us another card before, we charge it at once.`,
      'Your billing day stays as it is.',
    ],
  })
}

export function secondFailureMail(member: Member, membership: Membership, telling: Telling): MailIntent {
  return mail(member, telling, {
    id: unpaidId('second-failure', membership),
    template: 'membership_second_failure',
    subject: '2nd attempt failed: please update your card',
    title: '2nd attempt failed',
    paragraphs: [
      `We could not charge ${amountOf(membership)} for your ${membership.tier} membership a second time.`,
      `We will try a last time on ${nextTry(membership, telling)}; if that fails too, your benefits pause. Please give us another card before then.`,
    ],
  })
}

export function suspensionMail(member: Member, membership: Membership, telling: Telling): MailIntent {
  return mail(member, telling, {
    id: unpaidId('suspended', membership),
    template: 'membership_suspended',
    subject: `Your ${membership.tier} membership is suspended`,
    title: 'Your membership is suspended',
    paragraphs: [
      `The last try to charge ${amountOf(membership)} failed, so your benefits pause from now on.`,
      `Give us another card, and your membership goes on at once. If nothing is paid by ${nextTry(membership, telling)}, it ends.`,
    ],
  })
}

export function cancelMail(member: Member, membership: Membership, { nowMs, ...telling }: Telling & { readonly nowMs: number }): MailIntent {
  const until =
    membership.periodEndsAtMs > nowMs ? `You keep your benefits until ${endOf(membership, telling)}, and nothing more is charged.`
    : 'Nothing more is charged.'
  return mail(member, telling, {
    id: `membership-cancelled-${membership.id}`,
    template: 'membership_cancelled',
    subject: `Your ${membership.tier} membership is cancelled`,
    title: 'Your membership is cancelled',
    paragraphs: [`Your ${membership.tier} membership has ended. ${until}`, 'You are welcome back at any time.'],
  })
}

export interface News extends Telling {
  /** `2026-12` */
  readonly month: string
  readonly kinds: readonly BenefitKind[]
  /** The member's own link. */
  readonly unsubscribeUrl: string
}

/** Only to those who agreed to it. */
export function newsletterMail(member: Member, membership: Membership, { month, kinds, unsubscribeUrl, ...telling }: News): MailIntent {
  const { tier } = membership
  const waiting = kinds.map((kind) => BENEFITS[kind])
  return mail(member, telling, {
    id: `membership-newsletter-${membership.id}-${month}`,
    template: 'membership_newsletter',
    category: 'campaign',
    creative: month,
    unsubscribeUrl,
    subject: `${monthName(month)} for ${tier} members at ${telling.shopName}`,
    title: `Your ${monthName(month)}`,
    paragraphs: [
      ...(waiting.length === 0 ? [] : [`This month brings you ${waiting.join(' and ')}.`]),
      discountSentence(membership),
      'New goods and promotions for members are marked in the shop when you are signed in.',
      'You get this mail because you agreed to our newsletter; you can take that back in your membership at any time.',
    ],
  })
}

const BENEFITS: Readonly<Record<BenefitKind, string>> = {
  gift: 'a gift with your next purchase', gift_box: 'a premium gift box, ready for you in the store', raffle_entry: 'a free entry in a raffle',
}
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']

function monthName(month: string): string {
  return MONTHS[Number(month.slice(5)) - 1] ?? month
}

interface Content extends Pick<MailIntent, 'id' | 'template' | 'subject' | 'category' | 'creative'>, Pick<Letter, 'title' | 'paragraphs' | 'unsubscribeUrl'> {
  readonly order?: Order
}

function mail(member: Member, { shopName }: Pick<Telling, 'shopName'>, { order, title, paragraphs, unsubscribeUrl, ...names }: Content): MailIntent {
  const lines = order?.lines.map(({ name, total }): [string, string] => [name, moneyOf(total, order.currency)])
  return {
    ...names, to: member.email, customerId: member.customerId, ...(order === undefined ? {} : { orderId: order.id }),
    ...letter({ title, paragraphs, ...(lines === undefined ? {} : { rows: [lines] }), ...(unsubscribeUrl === undefined ? {} : { unsubscribeUrl }), shopName }),
  }
}

/** One month is tried three times: each failure of it has a mail of its own. */
function unpaidId(what: string, { id, period }: Membership): string {
  return `membership-${what}-${id}-${period + 1}`
}

function charged({ total, number, currency }: Order): string {
  return total === 0 ? 'Nothing was charged.' : `We have charged ${moneyOf(total, currency)} (order ${number}).`
}

function discountSentence({ tier }: Membership): string {
  return `${tierFacts(tier).discountPercent} % are taken off everything that you buy while you are signed in.`
}

function benefitsSentence({ tier }: Membership): string {
  return `It brings you: ${tierFacts(tier).benefits.join('; ')}.`
}

/** The day on which the month that is paid ends. */
function endOf({ periodEndsAtMs }: Membership, telling: Telling): string {
  return dayOf(periodEndsAtMs, telling)
}

function nextTry(membership: Membership, telling: Telling): string {
  return dayOf(dueMoment(membership, telling.timeZone) ?? membership.periodEndsAtMs, telling)
}

function amountOf({ price, currency }: Membership): string {
  return moneyOf(price, currency)
}

function moneyOf(minor: number, currency: string): string {
  return `${toText(minor, currency)} ${currency}`
}

function dayOf(atMs: number, { timeZone }: Pick<Telling, 'timeZone'>): string {
  return new Date(wallTime(timeZone, atMs)).toISOString().slice(0, 10)
}
