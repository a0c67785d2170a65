/**
 * The warehouse, declared once: datasets, tables, views. A plain name is a view that shows the latest state, one row per
 * id, over an append-only `_log` table; a fact that arrives twice shows once.
 */

export interface Column {
  readonly name: string
  readonly type: 'STRING' | 'INT64' | 'NUMERIC' | 'BOOL' | 'TIMESTAMP' | 'RECORD'
  readonly mode?: 'REQUIRED' | 'REPEATED'
  readonly fields?: readonly Column[]
}

export interface Table {
  readonly dataset: string
  readonly name: string
  readonly columns: readonly Column[]
  readonly clusteredBy: readonly string[]
  /** Rows older than this leave the table. */
  readonly retentionYears: number
  /** The view over it, and what decides which of several rows of an id is the latest. */
  readonly view?: string
}

const text = (name: string): Column => ({ name, type: 'STRING' })
const money = (name: string): Column => ({ name, type: 'NUMERIC' })
const whole = (name: string): Column => ({ name, type: 'INT64' })
const time = (name: string): Column => ({ name, type: 'TIMESTAMP' })
const yesNo = (name: string): Column => ({ name, type: 'BOOL' })
const id: Column = { name: 'id', type: 'STRING', mode: 'REQUIRED' }
const created: Column = { name: 'created_at', type: 'TIMESTAMP', mode: 'REQUIRED' }
const updated: Column = { name: 'updated_at', type: 'TIMESTAMP', mode: 'REQUIRED' }
const version: readonly Column[] = [whole('row_version'), whole('schema_version')]

/** A sale at the counter. `mode` says whose it is: a shop's own, or made up for a shop that has no Lightspeed yet. */
const lightspeedSale: readonly Column[] = [
  id, text('mode'), text('status'), yesNo('archived'), text('shop_id'), text('register_id'), text('customer_id'), text('ticket_number'),
  money('amount'), money('discount'), money('tax'), money('total'), text('currency'), time('completed_at'),
  {
    name: 'items',
    type: 'RECORD',
    mode: 'REPEATED',
    fields: [text('line_id'), text('item_id'), money('quantity'), money('unit_price'), money('discount'), money('tax'), money('total')],
  },
  created, updated, ...version,
]

/** An item and its stock, all shops together and each by itself. `created_at` is when this state was read: an old item is no old row. */
const lightspeedItem: readonly Column[] = [
  id, text('mode'), text('name'), text('description'), text('category'), text('sku'), money('price'), money('cost'), text('currency'),
  money('quantity'), yesNo('archived'), time('added_at'),
  { name: 'shops', type: 'RECORD', mode: 'REPEATED', fields: [text('shop_id'), money('quantity')] },
  created, updated, ...version,
]

export const TABLES: readonly Table[] = [
  {
    dataset: 'commerce',
    name: 'orders_log',
    view: 'orders',
    clusteredBy: ['id'],
    retentionYears: 7,
    columns: [
      id, text('order_number'), text('state'), text('customer_id'), money('subtotal'), money('discount'), text('promo_code'),
      money('promo_discount'), money('shipping'), money('tax'), text('tax_state'), money('total'),
      text('currency'), text('gateway'),
      {
        name: 'items',
        type: 'RECORD',
        mode: 'REPEATED',
        fields: [text('product_id'), text('sku'), text('category'), whole('quantity'), money('unit_price'), money('total')],
      },
      created, updated, ...version,
    ],
  },
  {
    dataset: 'commerce',
    name: 'payments_log',
    view: 'payments',
    clusteredBy: ['order_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('order_id'), text('customer_id'), text('kind'), text('status'), text('gateway'), text('transaction_id'), money('amount'),
      text('currency'), created, updated, ...version,
    ],
  },
  {
    dataset: 'commerce',
    name: 'ledger_log',
    view: 'ledger',
    clusteredBy: ['account', 'entry_id'],
    retentionYears: 7,
    columns: [
      id, text('entry_id'), text('kind'), text('order_id'), text('account'), money('amount'), text('currency'), text('reference'),
      created, updated, ...version,
    ],
  },
  {
    dataset: 'commerce',
    name: 'memberships_log',
    view: 'memberships',
    clusteredBy: ['customer_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('customer_id'), text('tier'), text('next_tier'), money('price'), text('currency'), whole('discount_percent'), text('status'),
      text('gateway'), whole('months_paid'), text('order_id'), time('start_date'), time('period_starts_at'), time('period_ends_at'),
      time('next_billing_date'), time('cancel_date'), created, updated, ...version,
    ],
  },
  {
    dataset: 'commerce',
    name: 'age_verifications_log',
    view: 'age_verifications',
    clusteredBy: ['customer_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('customer_id'), text('verification_id'), text('full_name_hash'), text('date_of_birth_hash'), text('state'), whole('age'),
      yesNo('verified'), text('outcome'), text('verification_method'), time('verified_at'), time('expires_at'),
      text('encrypted_metadata'), text('ip_address'), text('user_agent'), created, updated, ...version,
    ],
  },
  {
    dataset: 'commerce',
    name: 'square_payments_log',
    view: 'square_payments',
    clusteredBy: ['location_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('location_id'), text('order_id'), text('customer_id'), text('status'), text('source_type'), text('card_brand'),
      money('amount'), money('tip'), money('total'), money('refunded'), money('fees'), text('currency'), created, updated, ...version,
    ],
  },
  {
    dataset: 'commerce',
    name: 'square_items_log',
    view: 'square_items',
    clusteredBy: ['id'],
    retentionYears: 7,
    columns: [
      id, text('item_id'), text('name'), text('variation_name'), text('category'), text('sku'), money('price'), text('currency'),
      yesNo('available'), created, updated, ...version,
    ],
  },
  // What is made up lies apart: no total can mix it with what was sold.
  ...['', 'mock_'].flatMap((prefix): Table[] => [
    {
      dataset: 'analytics',
      name: `${prefix}lightspeed_transactions_log`,
      view: `${prefix}lightspeed_transactions`,
      clusteredBy: ['shop_id', 'id'],
      retentionYears: 7,
      columns: lightspeedSale,
    },
    {
      dataset: 'analytics',
      name: `${prefix}lightspeed_products_log`,
      view: `${prefix}lightspeed_products`,
      clusteredBy: ['id'],
      retentionYears: 7,
      columns: lightspeedItem,
    },
  ]),
  {
    dataset: 'audit',
    name: 'events_log',
    view: 'events',
    clusteredBy: ['subject'],
    retentionYears: 7,
    columns: [
      id, text('who'), text('via'), text('what'), text('subject'), text('before'), text('after'), text('why'), text('request_id'), text('ip'),
      created, updated, ...version,
    ],
  },
  {
    dataset: 'audit',
    name: 'seals_log',
    view: 'seals',
    clusteredBy: ['id'],
    retentionYears: 7,
    columns: [id, whole('events'), whole('late'), text('root'), text('previous_seal_hash'), text('seal_hash'), text('key_id'), text('signature'), created, updated, ...version],
  },
]

/** GoogleSQL of a table's view. */
export function viewOf(table: Table): string {
  return [
    'SELECT *',
    `FROM \`${table.dataset}.${table.name}\``,
    'WHERE TRUE',
    'QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY updated_at DESC, row_version DESC) = 1',
  ].join('\n')
}
