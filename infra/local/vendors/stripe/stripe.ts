/**
 * The Stripe simulator: an account with a memory, behind the API that the real SDK calls.
 *
 * Follows the vendor's contract (API version 2026-10-28.endive): intents, refunds, sessions and disputes move through
 * their states as there, keys are replayed and forgotten as there, and every change is told by signed webhooks that may
 * come twice or late.
 * Money must never appear or vanish here without a balance transaction: the shop's books are compared with these.
 */
import { RequestLog, type Vendor, type VendorContext } from '../vendor.ts'
import { type Disorder, WebhookSender } from '../webhook-sender.ts'
import { Account } from './account.ts'
import { asOfNow } from './balance.ts'
import { settle } from './charging.ts'
import { checkoutHtml } from './checkout-html.ts'
import { expireByTime } from './checkout-sessions.ts'
import { expireCapture } from './confirming.ts'
import { control } from './control.ts'
import { Credentials } from './credentials.ts'
import { lapse, openPromised } from './disputes.ts'
import { Door, ROUTES } from './door.ts'
import { EventLog, SUBSCRIBED } from './event-log.ts'
import { IdempotencyKeys } from './idempotency.ts'
import type { BalanceTransaction, Event } from './kept.ts'
import { arrive, fail } from './payouts.ts'
import { failRefund, finishRefund } from './refunds.ts'
import { Trouble } from './trouble.ts'
import { WebhookSecrets } from './webhook-secrets.ts'
import { signatureHeader } from './webhook-signature.ts'

export interface StripeOptions {
  readonly apiKey: string
  readonly webhookSecret: string
  /** Types the webhook endpoint subscribes to. */
  readonly eventTypes?: readonly string[]
  /** Requests a second before 429; without it no limit. */
  readonly perSecond?: number
  readonly latencyMs?: number
  /** How long after the fact its webhook comes. */
  readonly webhookDelayMs?: number
  /** How long search runs behind. */
  readonly searchLagMs?: number
  readonly disorder?: Disorder
}

export interface Stripe extends Vendor {
  readonly apiKey: string
  /** The secret a receiver should hold now: another one after a roll-over. */
  readonly webhookSecret: string
  /** Share of webhooks sent twice or late; may be set. */
  disorder: Disorder
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Three days in all. */
const RETRY_MS = [
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  12 * HOUR_MS,
  18 * HOUR_MS,
  24 * HOUR_MS,
]
const ANSWER_DEADLINE_MS = 10_000
const SEARCH_LAG_MS = 60_000

export function createStripe(context: VendorContext, options: StripeOptions): Stripe {
  const { shelves, timeline } = context
  const secrets = new WebhookSecrets(options.webhookSecret, timeline, shelves.shelf('webhook_secrets'))
  const sender = new WebhookSender({
    context,
    retryMs: RETRY_MS,
    answerDeadlineMs: ANSWER_DEADLINE_MS,
    firstMs: options.webhookDelayMs ?? 0,
    sign: ({ body }, nowMs) => ({
      'stripe-signature': signatureHeader(body, secrets.inForce(), Math.floor(nowMs / 1000)),
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    }),
  })
  if (options.disorder !== undefined) sender.disorder = options.disorder
  const account = new Account(context, {
    searchLagMs: options.searchLagMs ?? SEARCH_LAG_MS,
    eventLog: (of) => new EventLog(of, sender, options.eventTypes ?? SUBSCRIBED),
  })
  const keys = new IdempotencyKeys(timeline, shelves.shelf('idempotency_keys'), account.agenda)
  const trouble = new Trouble(timeline, { latencyMs: options.latencyMs ?? 0, perSecond: options.perSecond })
  const log = new RequestLog(timeline)
  const door = new Door({ account, shelves, credentials: new Credentials([options.apiKey]), keys, trouble, log })
  account.agenda.begin(
    inOnePiece(context, {
      capture_expires: (id) => expireCapture(account, id),
      charge_settles: (id) => settle(account, id),
      dispute_due: (id) => lapse(account, id),
      dispute_opens: (id) => openPromised(account, id),
      keys_age: () => keys.forgetOld(),
      payout_arrives: (id) => arrive(account, id),
      payout_fails: (id) => fail(account, id),
      refund_fails: (id) => void failRefund(account, id),
      refund_succeeds: (id) => finishRefund(account, id),
      session_expires: (id) => expireByTime(account, id),
    }),
  )
  return {
    name: 'stripe',
    apiKey: options.apiKey,
    get webhookSecret() {
      return secrets.current
    },
    get disorder() {
      return sender.disorder
    },
    set disorder(disorder: Disorder) {
      sender.disorder = disorder
    },
    service: {
      target: 'stripe',
      operation: (method, path) => ROUTES.name(method, path),
      handle: (call) => door.answer(call),
    },
    requests: () => log.all(),
    objects: (type) => objects(account, type),
    control: (action, body) => shelves.together(() => control({ account, sender, secrets, trouble }, action, body)),
    page: ([kind, id = ''], form) => (kind === 'pay' ? shelves.together(() => checkoutHtml(account, id, form)) : undefined),
    pending: () => sender.pending(),
    waiting: () => sender.waiting(),
  }
}

function objects(account: Account, type: string): readonly unknown[] | undefined {
  const named = account.named()
  if (!Object.hasOwn(named, type)) return undefined
  const items = named[type]?.values() ?? []
  if (type === 'balance_transactions') return items.map((item) => asOfNow(account, item as BalanceTransaction))
  return type === 'events' ? items.map((item) => account.eventLog.recall(item as Event) ?? item) : items
}

/** What comes true on the timeline is written as a whole, like the work of a request. */
function inOnePiece(context: VendorContext, works: Record<string, (id: string) => void>): typeof works {
  const wrapped = Object.entries(works).map(([kind, work]) => [kind, (id: string) => context.shelves.together(() => work(id))])
  return Object.fromEntries(wrapped) as typeof works
}
