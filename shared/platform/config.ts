/**
 * Configuration: one typed object, read once from the environment. A wrong or missing value stops the start with a
 * sentence that names it. Secrets in it are mounted by the platform from Secret Manager.
 *
 * Sections are read on first use, so that a function needs only the settings it uses.
 */
import { z } from 'zod'
import { CURRENCY } from '#values/money.ts'

const positive = (fallback: number) => z.coerce.number().int().positive().default(fallback)

const shop = z.object({
  GCP_PROJECT_ID: z.string().min(1),
  PUBLIC_URL: z.url().default('http://localhost:8080'),
  SHOP_NAME: z.string().min(1).default('Countinghouse Shop'),
  CURRENCY: z.string().regex(CURRENCY).default('USD'),
  STORE_TIMEZONE: z.string().refine(isTimeZone, 'must be a time zone such as America/Chicago').default('America/Chicago'),
  STORE_STATE: z.string().length(2).default('TX'),
  /** JSON: `[{"state":"TX","category":"*","percent":"8.25"}]`; the first match counts, none means no tax. */
  TAX_RATES: z.string().default('[]'),
  TAX_INCLUSIVE: z.stringbool().default(false),
  PRICE_LOCK_MINUTES: positive(30),
  PAYMENT_GATEWAY: z.enum(['stripe', 'kaja']).default('stripe'),
  BQ_DATASET: z.string().default('commerce'),
  BIGQUERY_BATCH_SIZE: positive(100),
  MAIL_FROM: z.string().default('Countinghouse Shop <orders@shop.example>'),
  MAIL_REPLY_TO: z.string().default('help@shop.example'),
})

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

const limits = z.object({
  API_LIMIT_PER_MINUTE: positive(100),
  ADMIN_LIMIT_PER_MINUTE: positive(60),
  CHECKOUTS_PER_CUSTOMER_HOUR: positive(10),
  CHECKOUTS_PER_IP_HOUR: positive(20),
  MAILS_PER_MINUTE: positive(100),
  MAILS_PER_RECIPIENT_MINUTE: positive(10),
})

const stripe = z.object({
  STRIPE_SECRET_KEY: z.string().min(1),
  STRIPE_API_BASE: z.url().default('https://api.stripe.com'),
  STRIPE_WEBHOOK_SECRET: z.string().min(1),
  STRIPE_WEBHOOK_SECRET_PREVIOUS: z.string().optional(),
  CHARGE_DEADLINE_MS: positive(15_000),
})

const square = z.object({
  SQUARE_ACCESS_TOKEN: z.string().min(1),
  SQUARE_API_BASE: z.url().default('https://connect.squareup.com'),
  SQUARE_API_VERSION: z.string().default('2026-09-16'),
  SQUARE_LOCATION_ID: z.string().min(1),
  STOCK_DEADLINE_MS: positive(1_500),
})

const resend = z.object({
  RESEND_API_KEY: z.string().min(1),
  RESEND_API_BASE: z.url().default('https://api.resend.com'),
})

/** Real time that one call may take, in milliseconds. */
const deadlines = z.object({
  STORE_DEADLINE_MS: positive(8_000),
  TRANSACTION_DEADLINE_MS: positive(10_000),
  PUBLISH_DEADLINE_MS: positive(2_000),
  WAREHOUSE_DEADLINE_MS: positive(20_000),
  VENDOR_DEADLINE_MS: positive(10_000),
  /** Placing an order: its reads, its commit and its waits for others on the same products. */
  PLACE_DEADLINE_MS: positive(12_000),
})

const SECTIONS = { shop, access, limits, deadlines, stripe, square, resend }
type Sections = { [Name in keyof typeof SECTIONS]: z.output<(typeof SECTIONS)[Name]> }
const read = new Map<string, unknown>()

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
  for (const name of ['shop', 'access', 'limits', 'deadlines'] as const) config(name)
}

/** Addresses of local servers; undefined in production. */
export function emulator(name: 'PUBSUB' | 'BIGQUERY' | 'SECRET_MANAGER'): string | undefined {
  return process.env[`${name}_EMULATOR_HOST`]
}

/** The schedule of a sync, which shops set themselves; read when the function is declared. */
export function scheduleSetting(name: 'SQUARE_SYNC_SCHEDULE', fallback: string): string {
  return process.env[name] ?? fallback
}
