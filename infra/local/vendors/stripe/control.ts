/**
 * What a person could do in the vendor's dashboard, a customer at their bank or at the hosted page, and a tester
 * to the vendor's weather: `POST /_local/vendors/stripe/<action...>`.
 */
import type { HttpAnswer } from '../../http-ports.ts'
import type { WebhookSender } from '../webhook-sender.ts'
import type { Account } from './account.ts'
import { arrive, payPage } from './checkout-page.ts'
import { expireByRequest } from './checkout-sessions.ts'
import { authenticate } from './confirming.ts'
import { decide, knownDispute, openDispute } from './disputes.ts'
import type { Charge } from './kept.ts'
import { known } from './payment-intents.ts'
import { createPayout } from './payouts.ts'
import { invalid, missing, notFound, Refusal, unexpectedState } from './refusal.ts'
import { failRefund } from './refunds.ts'
import { approveReview } from './reviews.ts'
import { authenticateSetup, knownSetup } from './setup-intents.ts'
import { reverseTransfer } from './transfers.ts'
import type { Trouble } from './trouble.ts'
import type { WebhookSecrets } from './webhook-secrets.ts'

interface Desk {
  readonly account: Account
  readonly sender: WebhookSender
  readonly secrets: WebhookSecrets
  readonly trouble: Trouble
}

type Body = Readonly<Record<string, unknown>>
type Act = (desk: Desk, body: Body, id: string) => object

const CLOSED: readonly string[] = ['won', 'lost', 'warning_closed']

const ACTS: Readonly<Record<string, Act>> = {
  'payment_intents/:id/authenticate': ({ account }, body, id) => {
    const intent = known(account, id)
    needsAction(intent.status)
    return authenticate(account, intent, succeeds(body))
  },
  'setup_intents/:id/authenticate': ({ account }, body, id) => {
    const setup = knownSetup(account, id)
    needsAction(setup.status)
    return authenticateSetup(account, setup, succeeds(body))
  },
  'checkout/sessions/:id/pay': ({ account }, body, id) =>
    payPage(account, id, {
      paymentMethod: text(body, 'payment_method') ?? 'pm_card_visa',
      email: text(body, 'email') ?? 'customer@example.com',
      name: text(body, 'name') ?? null,
    }),
  'checkout/sessions/:id/arrive': ({ account }, body, id) => arrive(account, id, succeeds(body)),
  'checkout/sessions/:id/abandon': ({ account }, _, id) => expireByRequest(account, id),
  disputes: ({ account }, body) =>
    openDispute(account, disputed(account, body), {
      reason: text(body, 'reason') ?? 'fraudulent',
      inquiry: body['inquiry'] === true,
      amount: number(body, 'amount'),
    }),
  'disputes/:id/close': ({ account }, body, id) => {
    const dispute = knownDispute(account, id)
    if (CLOSED.includes(dispute.status)) throw unexpectedState(`Dispute ${id} is ${dispute.status} already.`)
    return decide(account, dispute, body['status'] === 'won' ? 'won' : 'lost')
  },
  'refunds/:id/fail': ({ account }, body, id) => failRefund(account, id, text(body, 'failure_reason')),
  'reviews/:id/approve': ({ account }, _, id) => approveReview(account, id),
  payouts: ({ account }, body) => {
    const order = { currency: text(body, 'currency') ?? 'usd', amount: number(body, 'amount'), fails: body['fails'] === true }
    const payout = createPayout(account, order)
    if (payout === undefined) throw invalid('There is nothing to pay out.', { param: 'amount' })
    return payout
  },
  'transfers/:id/reverse': ({ account }, body, id) => reverseTransfer(account, id, number(body, 'amount')),
  'events/:id/resend': ({ account }, _, id) => {
    const event = account.eventLog.recall(account.events.get(id))
    if (event === undefined) throw notFound('event', id)
    account.eventLog.resend(event)
    return event
  },
  webhooks: ({ sender }, body) => {
    const { duplicates, late } = sender.disorder
    sender.disorder = { duplicates: number(body, 'duplicates') ?? duplicates, late: number(body, 'late') ?? late }
    return sender.disorder
  },
  'webhooks/roll_secret': ({ secrets }, body) => {
    const secret = text(body, 'secret')
    if (secret === undefined) throw missing('secret')
    secrets.roll(secret)
    return { rolled: true }
  },
  rate_limit: ({ trouble }, body) => {
    trouble.perSecond = number(body, 'perSecond')
    return { perSecond: trouble.perSecond ?? null }
  },
  latency: ({ trouble }, body) => {
    trouble.latencyMs = number(body, 'ms') ?? 0
    return { ms: trouble.latencyMs }
  },
  server_errors: ({ trouble }, body) => {
    const times = number(body, 'times') ?? 1
    trouble.orderErrors(times, body['tookEffect'] === true)
    return { times, tookEffect: body['tookEffect'] === true }
  },
}

export function control(desk: Desk, action: readonly string[], body: unknown): HttpAnswer {
  const [act, id] = actOf(action)
  if (act === undefined) {
    const error = { code: 'NOT_FOUND', message: `Stripe's dashboard can: ${Object.keys(ACTS).join(', ')}.` }
    return { status: 404, body: { error } }
  }
  try {
    return { status: 200, body: act(desk, isBody(body) ? body : {}, id) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { status: error.status, body: { error: error.body } }
  }
}

/** The id stands before the last word: `checkout/sessions/cs_1/pay`. */
function actOf(action: readonly string[]): [Act | undefined, string] {
  const plain = ACTS[action.join('/')]
  if (plain !== undefined) return [plain, '']
  const at = action.length - 2
  return at < 0 ? [undefined, ''] : [ACTS[action.with(at, ':id').join('/')], action[at] ?? '']
}

function disputed(account: Account, body: Body): Charge {
  const intent = text(body, 'payment_intent')
  const id = intent === undefined ? text(body, 'charge') : (known(account, intent).latest_charge ?? undefined)
  if (id === undefined) throw missing('charge')
  const charge = account.charges.get(id)
  if (charge === undefined) throw notFound('charge', id)
  if (!charge.captured) throw unexpectedState(`Charge ${id} has not been captured.`)
  return charge
}

function needsAction(status: string): void {
  if (status !== 'requires_action') throw unexpectedState(`There is nothing to authenticate: the status is ${status}.`)
}

function succeeds(body: Body): boolean {
  const outcome = body['outcome']
  if (outcome !== 'succeed' && outcome !== 'fail') throw invalid('outcome is "succeed" or "fail".', { param: 'outcome' })
  return outcome === 'succeed'
}

function isBody(body: unknown): body is Body {
  return typeof body === 'object' && body !== null
}

function text(body: Body, name: string): string | undefined {
  const value = body[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function number(body: Body, name: string): number | undefined {
  const value = body[name]
  return typeof value === 'number' ? value : undefined
}
