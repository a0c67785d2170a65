/**
 * The Authorize.Net simulator: a merchant's account with a memory, behind the one address that its API has.
 *
 * Follows the vendor where he differs from others: no idempotency keys but single-use nonces and duplicate windows,
 * elements in the schema's order, 200 for every refusal, money that can be voided until it is settled once a day and
 * only refunded afterwards, payments that its fraud filter holds until a person decides, and webhooks that are alerts.
 */
import { RequestLog, type Vendor, type VendorContext } from '../vendor.ts'
import type { Disorder } from '../webhook-sender.ts'
import { Account } from './account.ts'
import { control } from './control.ts'
import { answer, ROUTES, type Credentials } from './door.ts'
import { Notifications } from './notifications.ts'
import { profileView } from './profiles.ts'
import { batchView, inFull } from './reporting.ts'
import { awaitCutOff, cutOff } from './settlement.ts'
import { Trouble } from './trouble.ts'

export interface AuthorizeNetOptions extends Credentials {
  readonly signatureKey: string
  /** The one that the account is kept in. */
  readonly currency?: string
  /** How long after the fact its webhook comes. */
  readonly webhookDelayMs?: number
  readonly disorder?: Disorder
}

export function createAuthorizeNet(context: VendorContext, options: AuthorizeNetOptions): Vendor {
  const { shelves, timeline } = context
  const notifications = new Notifications(context, { signatureKey: options.signatureKey, firstMs: options.webhookDelayMs ?? 0 })
  if (options.disorder !== undefined) notifications.disorder = options.disorder
  const account = new Account(context, { currency: options.currency ?? 'USD', notifications })
  const trouble = new Trouble()
  const log = new RequestLog(timeline)
  const { loginId, transactionKey } = options
  const parts = { account, shelves, credentials: { loginId, transactionKey }, trouble, log }
  account.agenda.begin({ settlement: () => shelves.together(() => cutOff(account)) })
  awaitCutOff(account)
  return {
    name: 'authorize-net',
    service: {
      target: 'authorize-net',
      operation: (method, path) => ROUTES.name(method, path),
      handle: (call) => answer(parts, call),
    },
    requests: () => log.all(),
    objects: (type) => objects(account, type),
    control: (action, body) => shelves.together(() => control({ account, trouble }, action, body)),
    pending: () => notifications.pending(),
    waiting: () => notifications.waiting(),
  }
}

function objects(account: Account, type: string): readonly unknown[] | undefined {
  switch (type) {
    case 'transactions':
      return account.transactions.values().map((one) => inFull(account, one))
    case 'batches':
      return account.batches.values().map(batchView)
    case 'profiles':
      return account.profiles.values().map((profile) => profileView(profile))
    case 'webhooks':
      return account.notifications.webhooks()
    case 'notifications':
      return account.notifications.all()
    default:
      return undefined
  }
}
