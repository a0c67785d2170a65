/**
 * The world around the instances: Google's servers and the vendors, on one clock, one disk and one wire.
 */
import type { Disk } from './disk.ts'
import type { GrpcPorts } from './grpc-ports.ts'
import type { HttpPorts, HttpService } from './http-ports.ts'
import { createBigQuery, type BigQuery } from './bigquery/bigquery.ts'
import { createFirestore, type Firestore } from './firestore/firestore.ts'
import { parseIndexFile } from './firestore/index-file.ts'
import { keepKeys, type Keys } from './keys.ts'
import { createPubSub, type Deliver, type PubSub } from './pubsub/pubsub.ts'
import { seeded } from './random.ts'
import { createScheduler, type Fire, type Scheduler } from './scheduler.ts'
import { createSecrets, type Secrets } from './secrets.ts'
import { MAIL_TOPIC } from '../../shared/stores/mails.ts'
import type { Timeline } from './timeline.ts'
import { createAuthorizeNet } from './vendors/authorize-net/authorize-net.ts'
import { createLightspeed } from './vendors/lightspeed/lightspeed.ts'
import { createPagerDuty } from './vendors/pagerduty/pagerduty.ts'
import { createResend } from './vendors/resend/resend.ts'
import { createSquare } from './vendors/square/square.ts'
import { createStripe } from './vendors/stripe/stripe.ts'
import type { Vendor, VendorContext } from './vendors/vendor.ts'
import type { Wire } from './wire.ts'

export const PROJECT_ID = 'countinghouse-local'
/** The store of the seeded Square account. */
export const SQUARE_LOCATION_ID = 'LSTOREMAIN001'
/** The shop's second till, and its application there. */
export const LIGHTSPEED_ACCOUNT_ID = '182255'
export const LIGHTSPEED_CLIENT_ID = 'countinghouse-local'
/** For a shop that is told to sign in the old way; opens nothing but the local till. */
export const LIGHTSPEED_API_KEY = '0'.repeat(64)
/** What the shop's endpoint at Stripe is subscribed to: the events that a function applies. */
const STRIPE_EVENTS = [
  'payment_intent.succeeded', 'payment_intent.payment_failed', 'payment_intent.canceled', 'payment_intent.processing',
  'payment_intent.amount_capturable_updated', 'review.opened', 'review.closed',
  'refund.updated', 'refund.failed',
  'checkout.session.completed', 'checkout.session.async_payment_succeeded', 'checkout.session.async_payment_failed', 'checkout.session.expired',
  'charge.dispute.created', 'charge.dispute.updated', 'charge.dispute.funds_withdrawn', 'charge.dispute.funds_reinstated', 'charge.dispute.closed',
  'setup_intent.succeeded', 'setup_intent.setup_failed',
  'payout.created', 'payout.paid', 'payout.failed', 'transfer.reversed',
]

/** The same at Square. */
const SQUARE_EVENTS = ['inventory.count.updated', 'catalog.version.updated', 'oauth.authorization.revoked']

/** Everything shares one machine here: what follows an order must not take the processor from those who are buying. */
const FEW_AT_ONCE = { atOnceMax: 3, atOnceOverallMax: 6 }

export interface ServersOptions {
  readonly timeline: Timeline
  readonly disk: Disk
  readonly wire: Wire
  /** Where they are reached. */
  readonly grpc: GrpcPorts
  readonly http: HttpPorts
  /** Secrets that the instances know already. */
  readonly keys: Keys | undefined
  readonly seed: number
  /** Content of the project's index file. */
  readonly indexes: unknown
  readonly shopUrl: () => string
  readonly deliver: Deliver
  /** Whether people are being served at the gateway just now. */
  readonly serving: () => boolean
  readonly fire: Fire
}

export interface Servers {
  readonly grpc: GrpcPorts
  readonly http: HttpPorts
  readonly services: readonly HttpService[]
  /** Names of all servers, as calls and faults name them. */
  readonly targets: readonly string[]
  readonly firestore: Firestore
  readonly pubsub: PubSub
  readonly bigquery: BigQuery
  readonly secrets: Secrets
  readonly scheduler: Scheduler
  readonly vendors: ReadonlyMap<string, Vendor>
  readonly keys: Keys
  close(): Promise<void>
}

export async function createServers(options: ServersOptions): Promise<Servers> {
  const { timeline, disk, wire, grpc, http } = options
  const random = seeded(options.seed)
  const google = { timeline, disk, projectId: PROJECT_ID }
  const secrets = createSecrets(google)
  const keys = keepKeys(secrets, options.keys)
  const firestore = createFirestore({ ...google, indexes: parseIndexFile(options.indexes) })
  const pubsub = createPubSub({ ...google, random, deliver: options.deliver, settings: { ...FEW_AT_ONCE, standsBack: (topic) => topic.endsWith(MAIL_TOPIC) && options.serving() } })
  const scheduler = createScheduler({ ...google, fire: options.fire })
  const bigquery = await createBigQuery(google)
  const vendors = createVendors(keys, (name) => ({
    timeline,
    shelves: disk.shelves(name),
    shopUrl: options.shopUrl,
    random,
  }))
  const grpcServices = [firestore.service, ...pubsub.services(), secrets.service, scheduler.service]
  grpc.anew(wire)
  for (const service of grpcServices) grpc.add(service)
  grpc.onDisconnect((connection) => firestore.disconnect(connection))
  const services = [bigquery.service, ...vendors.map((vendor) => vendor.service)]
  http.anew(wire, services)
  return {
    grpc,
    http,
    services,
    targets: [...new Set([...grpcServices, ...services].map(({ target }) => target))],
    firestore,
    pubsub,
    bigquery,
    secrets,
    scheduler,
    vendors: new Map(vendors.map((vendor) => [vendor.name, vendor])),
    keys,
    close: async () => {
      pubsub.stop()
      await bigquery.close()
    },
  }
}

function createVendors(keys: Keys, context: (name: string) => VendorContext): Vendor[] {
  return [
    createStripe(context('stripe'), { apiKey: keys.STRIPE_SECRET_KEY, webhookSecret: keys.STRIPE_WEBHOOK_SECRET, eventTypes: STRIPE_EVENTS, webhookDelayMs: 200 }),
    createAuthorizeNet(context('authorize-net'), {
      loginId: keys.AUTHORIZE_NET_API_LOGIN_ID, transactionKey: keys.AUTHORIZE_NET_TRANSACTION_KEY, signatureKey: keys.AUTHORIZE_NET_SIGNATURE_KEY, webhookDelayMs: 200,
    }),
    createSquare(context('square'), {
      accessToken: keys.SQUARE_ACCESS_TOKEN,
      webhookSignatureKey: keys.SQUARE_WEBHOOK_SIGNATURE_KEY,
      webhooks: true,
      eventTypes: SQUARE_EVENTS,
      webhookDelayMs: 200,
    }),
    createLightspeed(context('lightspeed'), {
      accountId: LIGHTSPEED_ACCOUNT_ID, clientId: LIGHTSPEED_CLIENT_ID, clientSecret: keys.LIGHTSPEED_CLIENT_SECRET, refreshToken: keys.LIGHTSPEED_REFRESH_TOKEN,
      apiKey: LIGHTSPEED_API_KEY,
    }),
    createPagerDuty(context('pagerduty')),
    createResend(context('resend'), { apiKey: keys.RESEND_API_KEY, webhookSecret: keys.RESEND_WEBHOOK_SECRET, webhooks: true }),
  ]
}
