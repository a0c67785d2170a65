/**
 * Configuration: one typed object, read once from the environment. A wrong or missing value stops the start with a
 * sentence that names it. Secrets in it are mounted by the platform from Secret Manager.
 *
 * Sections are read on first use, so that a function needs only the settings it uses.
 */
import { z } from 'zod'
import { CURRENCY, toMinor } from '#values/money.ts'
import { shippingTable, taxTable, type ShippingRow } from '#values/rates.ts'
import { inMemory } from './in-memory.ts'

const positive = (fallback: number) => z.coerce.number().int().positive().default(fallback)
/** `US, CA`: in capitals, without what is empty. */
const codes = (fallback: string) => z.string().default(fallback).transform((text) => text.split(',').map((code) => code.trim().toUpperCase()).filter(Boolean))
/** So many cards or customers are told apart within an hour, and one more. */
const TOLD_APART = 49

const shop = z.object({
  GCP_PROJECT_ID: z.string().min(1),
  PUBLIC_URL: z.url().default('http://localhost:8080'),
  SHOP_NAME: z.string().min(1).default('Countinghouse Shop'),
  CURRENCY: z.string().regex(CURRENCY).default('USD'),
  STORE_TIMEZONE: z.string().refine(isTimeZone, 'must be a time zone such as America/Chicago').default('America/Chicago'),
  STORE_STATE: z.string().length(2).toUpperCase().default('TX'),
  STORE_COUNTRY: z.string().regex(/^[A-Z]{2}$/, 'must be a country such as US').default('US'),
  /** JSON: `[{"state":"TX","category":"*","percent":"8.25"}]`; the first match counts, none means no tax. `shipping` is the fee's category. */
  TAX_RATES: taxTable.default([]),
  TAX_INCLUSIVE: z.stringbool().default(false),
  /** JSON: `[{"state":"TX","fee":"5.95","freeFrom":"50"},{"category":"Flower","fee":"9"}]`; the first match counts, what has none is not shipped. */
  SHIPPING_RATES: shippingTable.default([]),
  /** States that goods for adults may be shipped to: `TX,CO`. */
  AGE_RESTRICTED_SHIPS_TO: codes(''),
  PRICE_LOCK_MINUTES: positive(30),
  PAYMENT_GATEWAY: z.enum(['stripe', 'kaja']).default('stripe'),
  /** Set aside on the customer's card with an age check, in whole units of the currency; 0: none is asked. */
  AGE_DEPOSIT: z.string().regex(/^\d{1,6}(\.\d{1,3})?$/, 'must be an amount such as 5.00').default('0'),
  BQ_DATASET: z.string().default('commerce'),
  BIGQUERY_BATCH_SIZE: positive(100),
  MAIL_FROM: z.string().default('Countinghouse Shop <orders@shop.example>'),
  MAIL_REPLY_TO: z.string().default('help@shop.example'),
}).refine(fitCurrency, { path: ['SHIPPING_RATES'], message: 'has an amount with more digits than CURRENCY has' })
  .refine(({ AGE_DEPOSIT, CURRENCY: currency }) => toMinor(AGE_DEPOSIT, currency) !== undefined, { path: ['AGE_DEPOSIT'], message: 'has more digits than CURRENCY has' })

const signingSecret = z.string().refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes')

const access = z.object({
  JWT_SECRET: signingSecret,
  /** The secret before the last rotation: still accepted, never signed with. */
  JWT_SECRET_PREVIOUS: signingSecret.optional(),
  JWT_AUDIENCE: z.string().default('livhana-services'),
  JWT_ISSUER: z.string().default('livhana-auth'),
  CORS_ORIGINS: z.string().default(''),
  ORDER_ID_SECRET: z.string().min(32),
})

const key = z.string().refine((text) => Buffer.from(text, 'base64url').length === 32, 'must be 32 bytes in base64url')

/** What is kept under lock. */
const vault = z.object({
  MASTER_KEY: key,
  /** The one before the last rotation: opens what is not wrapped anew yet, wraps nothing. */
  MASTER_KEY_PREVIOUS: key.optional(),
})

const pseudonyms = z.object({
  /** Goes into every hash of what is personal. */
  PII_PEPPER: signingSecret,
  /** The one before the last rotation: what was hashed with it is known again, and hashed anew when its customer is there. */
  PII_PEPPER_PREVIOUS: signingSecret.optional(),
})

const certificates = z.object({
  /** Signs certificates of erasure. */
  CERTIFICATE_KEY: key,
})

const seals = z.object({
  /** Signs the daily seals of the audit trail; only what seals has it. After a rotation the public keys of all are kept. */
  AUDIT_SEAL_KEY: key,
})

const limits = z.object({
  API_LIMIT_PER_MINUTE: positive(100),
  ADMIN_LIMIT_PER_MINUTE: positive(60),
  /** A body may have so many. */
  BODY_BYTES_MAX: positive(1 << 20),
  CHECKOUTS_PER_CUSTOMER_HOUR: positive(10),
  CHECKOUTS_PER_IP_HOUR: positive(20),
  PAYOUTS_PER_HOUR: positive(3),
  /** Saving a card asks its bank: without a limit stolen ones could be tried. */
  CARDS_PER_CUSTOMER_HOUR: positive(10),
  CARDS_PER_IP_HOUR: positive(20),
  MAILS_PER_MINUTE: positive(100),
  /** Counted one by one: a hundred fit into a counter. */
  MAILS_PER_RECIPIENT_MINUTE: positive(10).pipe(z.int().max(100)),
})

/** BigQuery, and what is asked of it. `BQ_DATASET` and the size of a batch stand with the shop. */
const warehouse = z.object({
  LIGHTSPEED_BQ_DATASET: z.string().default('analytics'),
  MEMORY_DATASET_ID: z.string().default('customer_memory'),
  BQ_LOCATION: z.string().default('US'),
  /** So long an answer of the dashboard is given to everybody. */
  BQ_CACHE_TTL_MS: positive(30_000),
  /** All tries of one statement of the dashboard. */
  BQ_QUERY_DEADLINE_MS: positive(5_000),
  /** Days from an order to the supplier until the goods are there. */
  REORDER_LEAD_DAYS: positive(7).pipe(z.int().max(60)),
  /** Sales of so many days are kept beyond what is expected. */
  REORDER_SAFETY_DAYS: z.coerce.number().int().min(0).max(60).default(3),
  /** An order to the supplier is to last so long. */
  REORDER_COVER_DAYS: positive(14).pipe(z.int().max(90)),
  /** Who gets orders for goods; without it they are only told by webhook. */
  SUPPLIER_EMAIL: z.email().optional(),
})

/** What is usual; beyond it an order is looked at before its money is taken. Amounts are whole units of the shop's currency. */
const fraud = z.object({
  FRAUD_ORDERS_PER_CUSTOMER_HOUR: positive(5),
  FRAUD_ORDERS_PER_IP_HOUR: positive(10),
  /** Counted by token: a card that is typed twice counts twice. */
  FRAUD_CARDS_PER_CUSTOMER_HOUR: positive(4).pipe(z.int().max(TOLD_APART)),
  FRAUD_CARDS_PER_IP_HOUR: positive(8).pipe(z.int().max(TOLD_APART)),
  FRAUD_AMOUNT_PER_CUSTOMER_HOUR: positive(5_000),
  FRAUD_AMOUNT_PER_IP_HOUR: positive(10_000),
  FRAUD_CUSTOMERS_PER_DEVICE_HOUR: positive(3).pipe(z.int().max(TOLD_APART)),
  /** Countries whose addresses are expected, e.g. `US,CA`. Empty: all. */
  FRAUD_SELLS_TO: codes('US'),
  /**
   * Header in which the platform writes the country of the caller's address; empty: it tells none, and no order is held for it.
   * It must be one that the platform overwrites, or callers choose their country.
   */
  IP_COUNTRY_HEADER: z.string().regex(/^[a-z0-9-]*$/, 'must be a header\'s name in small letters').default(''),
})

const stripe = z.object({
  STRIPE_SECRET_KEY: z.string().min(1),
  STRIPE_API_BASE: z.url().default('https://api.stripe.com'),
  STRIPE_WEBHOOK_SECRET: z.string().min(1),
  STRIPE_WEBHOOK_SECRET_PREVIOUS: z.string().optional(),
})

/** Without credentials the shop has no such gateway. */
const authorizeNet = z.object({
  AUTHORIZE_NET_API_LOGIN_ID: z.string().min(1).optional(),
  AUTHORIZE_NET_TRANSACTION_KEY: z.string().min(1).optional(),
  AUTHORIZE_NET_SIGNATURE_KEY: z.string().min(1).optional(),
  AUTHORIZE_NET_SIGNATURE_KEY_PREVIOUS: z.string().min(1).optional(),
  AUTHORIZE_NET_SANDBOX: z.stringbool().default(true),
  /** Days after a chargeback was found by which evidence must be with the shop's bank: it names the day by letter only. */
  AUTHORIZE_NET_EVIDENCE_DAYS: positive(10),
  /** Instead of the vendor's own address. */
  AUTHORIZE_NET_API_BASE: z.url().optional(),
})

const square = z.object({
  SQUARE_ACCESS_TOKEN: z.string().min(1),
  SQUARE_API_BASE: z.url().default('https://connect.squareup.com'),
  SQUARE_API_VERSION: z.string().default('2026-09-16'),
  SQUARE_LOCATION_ID: z.string().min(1),
  STOCK_DEADLINE_MS: positive(1_500),
})

const squareWebhook = z.object({
  SQUARE_WEBHOOK_SIGNATURE_KEY: z.string().min(1),
  /** The one before the last rotation: its events are still taken. */
  SQUARE_WEBHOOK_SIGNATURE_KEY_PREVIOUS: z.string().min(1).optional(),
  /** The address as it is registered with Square, byte for byte: it is signed with each event. Absent: below `PUBLIC_URL`. */
  SQUARE_WEBHOOK_URL: z.url().optional(),
  /** Our own account, where others let the same application in. Absent: whoever is told of. */
  SQUARE_MERCHANT_ID: z.string().min(1).optional(),
})

/** Empty is as good as missing. */
const unsaid = z.string().optional().transform((text) => (text === undefined || text === '' ? undefined : text))

/** The first of its kind, unless another is named. */
const lightspeedNumber = z.string().regex(/^[1-9]\d{0,19}$/, 'must be a number of Lightspeed\'s').default('1')

/** Signs in by OAuth2 if all of it is there, else by the key, else what it would bring in is made up. */
const lightspeed = z.object({
  LIGHTSPEED_ACCOUNT_ID: unsaid.refine((id) => id === undefined || /^\d{1,20}$/.test(id), 'must be the number of the account'),
  LIGHTSPEED_CLIENT_ID: unsaid,
  LIGHTSPEED_CLIENT_SECRET: unsaid,
  /** Of the owner's consent; from the first refresh on the shop keeps the one that follows from it. */
  LIGHTSPEED_REFRESH_TOKEN: unsaid,
  LIGHTSPEED_API_KEY: unsaid,
  LIGHTSPEED_USE_MOCK: z.stringbool().default(true),
  /** The shop whose shelves are sold from online, and the register and employee in whose name the till is told of it. */
  LIGHTSPEED_SHOP_ID: lightspeedNumber,
  LIGHTSPEED_REGISTER_ID: lightspeedNumber,
  LIGHTSPEED_EMPLOYEE_ID: lightspeedNumber,
  LIGHTSPEED_API_BASE: z.url().default('https://api.lightspeedapp.com'),
  LIGHTSPEED_AUTH_BASE: z.url().default('https://cloud.lightspeedapp.com'),
})

const resend = z.object({
  RESEND_API_KEY: z.string().min(1),
  RESEND_API_BASE: z.url().default('https://api.resend.com'),
  RESEND_WEBHOOK_SECRET: z.string().regex(/^whsec_[A-Za-z0-9+/]{16,}=*$/, 'must be whsec_ and base64'),
  /** The one before the last rotation: its events are still taken. */
  RESEND_WEBHOOK_SECRET_PREVIOUS: z.string().regex(/^whsec_[A-Za-z0-9+/]{16,}=*$/, 'must be whsec_ and base64').optional(),
})

const pagerduty = z.object({
  /** 32 characters, which are the secret. Without it alerts go to the log only. */
  PAGERDUTY_ROUTING_KEY: z.string().regex(/^[A-Za-z0-9]{32}$/, 'must have 32 letters and digits').optional(),
  PAGERDUTY_API_BASE: z.url().default('https://events.pagerduty.com'),
})

/** Outgoing webhooks. */
const webhooks = z.object({
  /** Every endpoint's secret follows from it. */
  WEBHOOK_SIGNING_SECRET: signingSecret,
  /** The one before the last rotation: events are signed with what follows from it too, until every endpoint has a new secret. */
  WEBHOOK_SIGNING_SECRET_PREVIOUS: signingSecret.optional(),
  WEBHOOK_DEADLINE_MS: positive(5_000),
  /** An endpoint that has taken nothing for so long is switched off. */
  WEBHOOK_DISABLE_DAYS: positive(3),
  /** This machine may be told: only where no stranger can register an address. */
  WEBHOOK_TO_LOOPBACK: z.stringbool().default(false),
})

/** From where on something is an alert. */
const alerts = z.object({
  /** Bad signatures of one vendor in five minutes. */
  ALERT_SIGNATURE_FAILURES: positive(5),
  ALERT_DEAD_LETTERS: positive(10),
  /** So long a mail that somebody waits for may be due. */
  ALERT_MAIL_BACKLOG_MINUTES: positive(5),
  /** So long ago a sync may have been at the present. */
  ALERT_SYNC_LAG_MINUTES: positive(30),
  /** Runs of a scheduled function that fail one after the other. */
  ALERT_FAILED_RUNS: positive(3),
  /** Share of an hour's payments that were not answered, and at least so many of them. */
  ALERT_PAYMENT_TIMEOUTS_PERCENT: positive(1),
  ALERT_PAYMENT_TIMEOUTS: positive(3),
  ALERT_PAYMENT_UNKNOWN_MINUTES: positive(60),
  /** So long a row may wait for the warehouse. */
  ALERT_HAND_OVER_MINUTES: positive(15),
})

/** When a vendor is not asked any more, and how long. */
const breakers = z.object({
  BREAKER_FAILURES: positive(5),
  BREAKER_OPEN_MS: positive(60_000),
})

/** Real time that one call may take, in milliseconds. */
const deadlines = z.object({
  STORE_DEADLINE_MS: positive(8_000),
  TRANSACTION_DEADLINE_MS: positive(10_000),
  PUBLISH_DEADLINE_MS: positive(2_000),
  WAREHOUSE_DEADLINE_MS: positive(20_000),
  VENDOR_DEADLINE_MS: positive(10_000),
  /** A charge with all its tries. */
  CHARGE_DEADLINE_MS: positive(15_000),
  /** Before a charge is sent or looked for the second time; doubled for each further try. */
  CHARGE_RETRY_WAIT_MS: positive(200),
  /** Asking for whom a card is kept, beside a sale that does not depend on it. */
  HOLDER_DEADLINE_MS: positive(1_500),
  /** Before a job tries a call the second time; doubled for each further try. */
  RETRY_WAIT_MS: positive(1_000),
  /** Placing an order: its reads, its commit and its waits for others on the same products. */
  PLACE_DEADLINE_MS: positive(12_000),
})

const SECTIONS = { shop, access, vault, pseudonyms, certificates, seals, limits, fraud, deadlines, stripe, authorizeNet, square, squareWebhook, lightspeed, resend, pagerduty, webhooks, alerts, breakers, warehouse }
/** What no instance runs without. */
export const CHECKED_AT_START = ['shop', 'access', 'limits', 'fraud', 'deadlines'] as const
type Sections = { [Name in keyof typeof SECTIONS]: z.output<(typeof SECTIONS)[Name]> }
const read = inMemory<string, unknown>()

/**
 * The settings of one section.
 * @throws Error naming each variable that is wrong and the rule it breaks
 */
export function config<Name extends keyof Sections>(name: Name): Sections[Name] {
  const known = read.get(name)
  if (known !== undefined) return known as Sections[Name]
  const parsed = SECTIONS[name].safeParse(process.env)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`Configuration is wrong. ${faults.join('; ')}`)
  }
  read.set(name, parsed.data)
  return parsed.data as Sections[Name]
}

function fitCurrency({ SHIPPING_RATES, CURRENCY: currency }: { SHIPPING_RATES: readonly ShippingRow[]; CURRENCY: string }): boolean {
  return SHIPPING_RATES.every(({ fee, freeFrom = '0' }) => toMinor(fee, currency) !== undefined && toMinor(freeFrom, currency) !== undefined)
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

/**
 * What every instance needs before it takes its first request.
 * @throws Error as `config`: a wrong value stops the start, not the customers
 */
export function checkAtStart(): void {
  for (const name of CHECKED_AT_START) config(name)
}

/** What a setting is called, and whether nothing starts without it. */
export interface Setting {
  readonly name: string
  readonly required: boolean
}

/** The settings of a section, for whoever deploys what reads it. */
export function settingsIn(section: string): Setting[] {
  const shape: Record<string, z.ZodType> | undefined = SECTIONS[section as keyof Sections]?.shape
  if (shape === undefined) throw new Error(`The configuration has no section "${section}".`)
  return Object.entries(shape).map(([name, schema]) => ({ name, required: !schema.safeParse(undefined).success }))
}

/** Addresses of local servers; undefined in production. */
export function emulator(name: 'PUBSUB' | 'BIGQUERY' | 'SECRET_MANAGER'): string | undefined {
  return process.env[`${name}_EMULATOR_HOST`]
}

/** How often waiting rows are handed over, at most once a minute: no clock of the platform knows less. Read when the function is declared. */
export function flushSchedule(): string {
  const minutes = Math.ceil(Number(process.env['BIGQUERY_FLUSH_INTERVAL_MS'] ?? 30_000) / 60_000)
  return minutes > 1 && minutes < 60 ? `*/${minutes} * * * *` : '* * * * *'
}

/** The schedule of a sync, which shops set themselves; read when the function is declared. */
export function scheduleSetting(name: 'SQUARE_SYNC_SCHEDULE', fallback: string): string {
  return process.env[name] ?? fallback
}
