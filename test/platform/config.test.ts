/** Configuration: read once, typed, and a wrong value stops the start with a sentence that names it. */
import { afterEach, describe, expect, test, vi } from 'vitest'

const BEFORE = { ...process.env }
const SECRET = 's'.repeat(32)
const GOOD: Record<string, string> = {
  GCP_PROJECT_ID: 'shop', JWT_SECRET: SECRET, ORDER_ID_SECRET: SECRET, STRIPE_SECRET_KEY: 'sk', STRIPE_WEBHOOK_SECRET: 'wh',
  SQUARE_ACCESS_TOKEN: 't', SQUARE_LOCATION_ID: 'l', RESEND_API_KEY: 'r',
}

/** The module as a fresh instance with exactly this environment sees it. */
async function started(environment: Record<string, string | undefined>) {
  const given = Object.entries({ ...GOOD, ...environment }).filter(([, value]) => value !== undefined)
  process.env = Object.fromEntries(given) as NodeJS.ProcessEnv
  vi.resetModules()
  return import('#platform/config.ts')
}

afterEach(() => {
  process.env = { ...BEFORE }
})

describe('does', () => {
  test('has a default for all that a shop need not say', async () => {
    const { config } = await started({})
    expect(config('shop')).toMatchObject({
      CURRENCY: 'USD', STORE_TIMEZONE: 'America/Chicago', STORE_STATE: 'TX', PRICE_LOCK_MINUTES: 30, PAYMENT_GATEWAY: 'stripe',
      BQ_DATASET: 'commerce', BIGQUERY_BATCH_SIZE: 100,
    })
    expect(config('access')).toMatchObject({ JWT_AUDIENCE: 'livhana-services', JWT_ISSUER: 'livhana-auth', CORS_ORIGINS: '' })
    expect(config('limits')).toEqual({
      API_LIMIT_PER_MINUTE: 100, ADMIN_LIMIT_PER_MINUTE: 60, CHECKOUTS_PER_CUSTOMER_HOUR: 10, CHECKOUTS_PER_IP_HOUR: 20,
      CARDS_PER_CUSTOMER_HOUR: 10, CARDS_PER_IP_HOUR: 20, MAILS_PER_MINUTE: 100, MAILS_PER_RECIPIENT_MINUTE: 10, PAYOUTS_PER_HOUR: 3, BODY_BYTES_MAX: 1_048_576,
    })
    expect(config('deadlines').CHARGE_DEADLINE_MS).toBe(15_000)
    expect(config('square').STOCK_DEADLINE_MS).toBe(1_500)
    expect(config('fraud')).toEqual({
      FRAUD_ORDERS_PER_CUSTOMER_HOUR: 5, FRAUD_ORDERS_PER_IP_HOUR: 10, FRAUD_CARDS_PER_CUSTOMER_HOUR: 4, FRAUD_CARDS_PER_IP_HOUR: 8,
      FRAUD_AMOUNT_PER_CUSTOMER_HOUR: 5_000, FRAUD_AMOUNT_PER_IP_HOUR: 10_000, FRAUD_CUSTOMERS_PER_DEVICE_HOUR: 3, FRAUD_SELLS_TO: ['US'], IP_COUNTRY_HEADER: '',
    })
  })

  test('reads the countries that the shop sells to, however they are written; none means all', async () => {
    expect((await started({ FRAUD_SELLS_TO: 'us, CA ,' })).config('fraud').FRAUD_SELLS_TO).toEqual(['US', 'CA'])
    expect((await started({ FRAUD_SELLS_TO: '' })).config('fraud').FRAUD_SELLS_TO).toEqual([])
  })

  test('reads numbers and switches as what they are', async () => {
    const { config } = await started({ PRICE_LOCK_MINUTES: '45', TAX_INCLUSIVE: 'true' })
    expect(config('shop')).toMatchObject({ PRICE_LOCK_MINUTES: 45, TAX_INCLUSIVE: true })
  })

  test('reads what is taxed and what shipping costs as tables, and where goods for adults may go', async () => {
    const { config } = await started({
      TAX_RATES: '[{"state":"TX","category":"*","percent":"8.25"}]', SHIPPING_RATES: '[{"state":"TX","fee":"5.95","freeFrom":"50"},{"category":"Flower","fee":"9"}]',
      AGE_RESTRICTED_SHIPS_TO: 'tx, CO ,', STORE_STATE: 'tx',
    })
    expect(config('shop')).toMatchObject({
      STORE_STATE: 'TX', TAX_RATES: [{ state: 'TX', category: '*', percent: '8.25' }], AGE_RESTRICTED_SHIPS_TO: ['TX', 'CO'],
      SHIPPING_RATES: [{ state: 'TX', category: '*', fee: '5.95', freeFrom: '50' }, { state: '*', category: 'Flower', fee: '9' }],
    })
  })

  test('is read once: what changes later does not change a running instance', async () => {
    const { config } = await started({})
    const first = config('shop')
    process.env['SHOP_NAME'] = 'Other'
    expect(config('shop')).toBe(first)
  })

  test('a function needs only the settings that it uses', async () => {
    const { config } = await started({ STRIPE_SECRET_KEY: undefined, JWT_SECRET: undefined })
    expect(config('square').SQUARE_LOCATION_ID).toBe('l')
    expect(() => config('stripe')).toThrow('STRIPE_SECRET_KEY')
  })

  test('knows the local servers when there are any, and the schedule a shop has set', async () => {
    const none = await started({})
    expect([
      none.emulator('PUBSUB'), none.scheduleSetting('SQUARE_SYNC_SCHEDULE', '*/15 * * * *'),
    ]).toEqual([undefined, '*/15 * * * *'])
    const local = await started({ PUBSUB_EMULATOR_HOST: 'localhost:1', SQUARE_SYNC_SCHEDULE: '0 * * * *' })
    expect([
      local.emulator('PUBSUB'), local.scheduleSetting('SQUARE_SYNC_SCHEDULE', '*/15 * * * *'),
    ]).toEqual(['localhost:1', '0 * * * *'])
  })
})

describe('refuses', () => {
  test.each([
    ['shop', 'GCP_PROJECT_ID', undefined], ['shop', 'GCP_PROJECT_ID', ''], ['shop', 'CURRENCY', 'usd'],
    ['shop', 'CURRENCY', 'DOLLAR'], ['shop', 'STORE_STATE', 'Texas'], ['shop', 'PUBLIC_URL', 'shop'],
    ['shop', 'PRICE_LOCK_MINUTES', '0'], ['shop', 'PRICE_LOCK_MINUTES', '-5'], ['shop', 'PRICE_LOCK_MINUTES', '1.5'],
    ['shop', 'PRICE_LOCK_MINUTES', 'soon'], ['shop', 'PRICE_LOCK_MINUTES', ''],
    ['shop', 'TAX_INCLUSIVE', 'maybe'], ['shop', 'PAYMENT_GATEWAY', 'paypal'], ['shop', 'STORE_TIMEZONE', 'Mars/Olympus'],
    ['shop', 'TAX_RATES', 'none'], ['shop', 'TAX_RATES', '{}'], ['shop', 'SHIPPING_RATES', '[{"fee":"1.005"}]'], ['shop', 'STORE_COUNTRY', 'USA'],
    ['shop', 'AGE_DEPOSIT', '-5'], ['shop', 'AGE_DEPOSIT', 'five'], ['shop', 'AGE_DEPOSIT', '5.001'],
    ['vault', 'MASTER_KEY', 'short'], ['pseudonyms', 'PII_PEPPER', undefined], ['pseudonyms', 'PII_PEPPER', 's'.repeat(31)], ['certificates', 'CERTIFICATE_KEY', 'short'],
    ['access', 'JWT_SECRET', undefined], ['access', 'JWT_SECRET', 's'.repeat(31)],
    ['access', 'JWT_SECRET_PREVIOUS', 's'.repeat(31)], ['access', 'ORDER_ID_SECRET', 'short'],
    ['fraud', 'FRAUD_CARDS_PER_IP_HOUR', '50'], ['fraud', 'FRAUD_AMOUNT_PER_IP_HOUR', 'much'], ['fraud', 'IP_COUNTRY_HEADER', 'X Country'],
    ['limits', 'API_LIMIT_PER_MINUTE', '0'], ['stripe', 'STRIPE_WEBHOOK_SECRET', ''],
    ['square', 'SQUARE_ACCESS_TOKEN', undefined], ['resend', 'RESEND_API_KEY', undefined],
  ] as const)('%s with %s = %s, and names it', async (section, name, value) => {
    const { config } = await started({ [name]: value })
    expect(() => config(section)).toThrow(new RegExp(`^Configuration is wrong\\. ${name}: .+`))
  })

  test.each([
    ['TAX_RATES.0.percent', '[{"state":"TX","category":"*","percent":8.25}]'],
    ['TAX_RATES.0.percent', '[{"state":"TX","category":"*","percent":"8,25"}]'],
    ['TAX_RATES.0.percent', '[{"state":"TX","category":"*","percent":"-1"}]'],
    ['TAX_RATES.0.percent', '[{"state":"TX","category":"*","percent":"100"}]'],
    ['TAX_RATES.0.state', '[{"state":"Texas","category":"*","percent":"8"}]'],
    ['TAX_RATES.0.category', '[{"state":"TX","category":"","percent":"8"}]'],
    ['TAX_RATES.0', '[{"state":"TX","category":"*","percent":"8","extra":1}]'],
    ['SHIPPING_RATES.1.fee', '[{"fee":"5"},{"fee":5}]'],
    ['SHIPPING_RATES.0.freeFrom', '[{"fee":"5","freeFrom":"-1"}]'],
  ])('a row of a table by its place: %s', async (place, json) => {
    const { config } = await started({ [place.split('.')[0] as string]: json })
    expect(() => config('shop')).toThrow(`Configuration is wrong. ${place}: `)
  })

  test('to repeat a secret in the sentence', async () => {
    const { config } = await started({ JWT_SECRET: 'hunter2-hunter2', ORDER_ID_SECRET: 'hunter2' })
    expect(() => config('access')).toThrow(/JWT_SECRET: .*; ORDER_ID_SECRET: /)
    expect(() => config('access')).not.toThrow(/hunter2/)
  })

  test('a secret of 32 characters counted as such, but fewer bytes never', async () => {
    expect((await started({ JWT_SECRET: 'é'.repeat(16) })).config('access').JWT_SECRET).toHaveLength(16)
  })
})
