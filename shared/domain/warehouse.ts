/**
 * The warehouse, declared once: from here follow the tables in the cloud and on a laptop, the types of the rows that
 * functions write, and the schemas by which a row is checked before it is handed over (`warehouse-rows.ts`).
 *
 * A name ending in `_log` is an append-only table; the same name without it is a view that shows the latest state, one row
 * per id: a fact that arrives twice shows once. `row_version` grows with every state of an id, so id and version name a fact.
 */

type ScalarType = 'STRING' | 'INT64' | 'FLOAT64' | 'NUMERIC' | 'BOOL' | 'TIMESTAMP' | 'JSON'

export interface Column {
  readonly name: string
  readonly type: ScalarType | 'RECORD'
  readonly mode?: 'REQUIRED' | 'REPEATED'
  readonly fields?: readonly Column[]
}

interface Declared {
  readonly clusteredBy: readonly string[]
  /** Rows older than this leave the table. */
  readonly retentionYears: number
  /** A statement that names no days is refused: for events that come by the million. */
  readonly partitionFilter?: true
  readonly columns: readonly Column[]
}

export interface Table extends Declared {
  readonly dataset: Dataset
  readonly name: string
  /** The view over it. */
  readonly view: string
}

/** A view that unites the latest states of several tables. It reads the tables, not their views: so views can be made in any order. */
export interface UnitedView {
  readonly dataset: Dataset
  readonly name: string
  readonly query: string
}

const text = <const Name extends string>(name: Name) => ({ name, type: 'STRING' }) as const
const money = <const Name extends string>(name: Name) => ({ name, type: 'NUMERIC' }) as const
const whole = <const Name extends string>(name: Name) => ({ name, type: 'INT64' }) as const
const share = <const Name extends string>(name: Name) => ({ name, type: 'FLOAT64' }) as const
const time = <const Name extends string>(name: Name) => ({ name, type: 'TIMESTAMP' }) as const
const yesNo = <const Name extends string>(name: Name) => ({ name, type: 'BOOL' }) as const
const json = <const Name extends string>(name: Name) => ({ name, type: 'JSON' }) as const
const list = <const Name extends string, const Fields extends readonly Column[]>(name: Name, fields: Fields) =>
  ({ name, type: 'RECORD', mode: 'REPEATED', fields }) as const

const id = { name: 'id', type: 'STRING', mode: 'REQUIRED' } as const
/** When the fact was written, by which tables are cut into days; and when it was last changed. */
const written = [
  { name: 'created_at', type: 'TIMESTAMP', mode: 'REQUIRED' }, { name: 'updated_at', type: 'TIMESTAMP', mode: 'REQUIRED' },
  whole('row_version'), whole('schema_version'),
] as const

/** A sale at the counter. `mode` says whose it is: a shop's own, or made up for a shop that has no Lightspeed yet. */
const lightspeedSales = {
  clusteredBy: ['shop_id', 'id'],
  retentionYears: 7,
  columns: [
    id, text('mode'), text('status'), yesNo('archived'), text('shop_id'), text('register_id'), text('customer_id'), text('ticket_number'),
    money('amount'), money('discount'), money('tax'), money('total'), text('currency'), time('completed_at'),
    list('items', [text('line_id'), text('item_id'), money('quantity'), money('unit_price'), money('discount'), money('tax'), money('total')]),
    ...written,
  ],
} as const

/** An item and its stock, all shops together and each by itself. `created_at` is when this state was read: an old item is no old row. */
const lightspeedItems = {
  clusteredBy: ['id'],
  retentionYears: 7,
  columns: [
    id, text('mode'), text('name'), text('description'), text('category'), text('sku'), money('price'), money('cost'), text('currency'),
    money('quantity'), yesNo('archived'), time('added_at'), list('shops', [text('shop_id'), money('quantity')]), ...written,
  ],
} as const

export const WAREHOUSE = {
  'commerce.orders_log': {
    clusteredBy: ['id'],
    retentionYears: 7,
    columns: [
      id, text('order_number'), text('state'), text('purpose'), text('customer_id'), money('subtotal'), money('discount'), text('promo_code'), money('promo_discount'),
      money('shipping'), money('tax'), text('tax_state'), money('total'), text('currency'), text('gateway'),
      list('items', [text('product_id'), text('sku'), text('category'), whole('quantity'), money('unit_price'), money('total')]), ...written,
    ],
  },
  'commerce.payments_log': {
    clusteredBy: ['order_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('order_id'), text('customer_id'), text('kind'), text('status'), text('gateway'), text('transaction_id'), money('amount'),
      text('currency'), ...written,
    ],
  },
  'commerce.ledger_log': {
    clusteredBy: ['account', 'entry_id'],
    retentionYears: 7,
    columns: [
      id, text('entry_id'), text('kind'), text('order_id'), text('account'), money('amount'), text('currency'), text('reference'), ...written,
    ],
  },
  'commerce.memberships_log': {
    clusteredBy: ['customer_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('customer_id'), text('tier'), text('next_tier'), money('price'), text('currency'), whole('discount_percent'), text('status'),
      text('gateway'), whole('months_paid'), text('order_id'), time('start_date'), time('period_starts_at'), time('period_ends_at'),
      time('next_billing_date'), time('cancel_date'), ...written,
    ],
  },
  'commerce.age_verifications_log': {
    clusteredBy: ['customer_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('customer_id'), text('verification_id'), text('full_name_hash'), text('date_of_birth_hash'), text('state'), whole('age'),
      yesNo('verified'), text('outcome'), text('verification_method'), time('verified_at'), time('expires_at'), text('encrypted_metadata'),
      text('ip_address'), text('user_agent'), ...written,
    ],
  },
  'commerce.raffles_log': {
    clusteredBy: ['id'],
    retentionYears: 7,
    columns: [
      id, text('title'), text('prize'), text('status'), whole('runner_ups'), money('ticket_price'), text('currency'), whole('max_tickets'),
      whole('tickets_sold'), time('opens_at'), time('closes_at'), text('seed_commitment'), text('ticket_root'), text('draw_seed'),
      time('draw_timestamp'), text('winner_id'), ...written,
    ],
  },
  'commerce.raffle_tickets_log': {
    clusteredBy: ['raffle_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('raffle_id'), text('customer_id'), text('transaction_id'), whole('ticket_number'), yesNo('is_free'), yesNo('is_winner'),
      time('purchase_date'), ...written,
    ],
  },
  'commerce.raffle_transactions_log': {
    clusteredBy: ['raffle_id', 'id'],
    retentionYears: 7,
    columns: [
      // `customer_email` stays empty: no address leaves the shop's own store.
      id, text('raffle_id'), text('customer_id'), text('customer_email'), whole('num_tickets'), text('ticket_numbers'), money('amount'),
      text('currency'), text('payment_method'), text('payment_status'), text('payment_gateway_id'), text('payment_gateway_response'),
      text('refund_id'), time('refund_date'), text('ip_address'), text('user_agent'), ...written,
    ],
  },
  'commerce.square_payments_log': {
    clusteredBy: ['location_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('location_id'), text('order_id'), text('customer_id'), text('status'), text('source_type'), text('card_brand'), money('amount'),
      money('tip'), money('total'), money('refunded'), money('fees'), text('currency'), ...written,
    ],
  },
  'commerce.square_items_log': {
    clusteredBy: ['id'],
    retentionYears: 7,
    columns: [
      id, text('item_id'), text('name'), text('variation_name'), text('category'), text('sku'), money('price'), text('currency'),
      yesNo('available'), ...written,
    ],
  },
  'analytics.lightspeed_transactions_log': lightspeedSales,
  'analytics.lightspeed_products_log': lightspeedItems,
  // What is made up lies apart: no total can mix it with what was sold.
  'analytics.mock_lightspeed_transactions_log': lightspeedSales,
  'analytics.mock_lightspeed_products_log': lightspeedItems,
  'customer_memory.customer_profiles_log': {
    clusteredBy: ['customer_id'],
    retentionYears: 2,
    columns: [
      id, text('customer_id'), time('timestamp'), text('version'), json('profile_json'), whole('total_purchases'), money('lifetime_value'),
      share('churn_risk'), share('engagement_score'), time('last_interaction_date'), time('last_purchase_date'), ...written,
    ],
  },
  'customer_memory.interactions_log': {
    clusteredBy: ['customer_id', 'session_id'],
    retentionYears: 2,
    partitionFilter: true,
    columns: [
      id, text('interaction_id'), text('customer_id'), text('session_id'), time('timestamp'), text('message'), text('response'), text('intent'),
      share('sentiment'), json('entities'), text('channel'), share('engagement_score'), ...written,
    ],
  },
  'customer_memory.purchases_log': {
    clusteredBy: ['customer_id', 'order_id'],
    retentionYears: 2,
    columns: [
      id, text('order_id'), text('customer_id'), time('timestamp'), money('amount'), text('currency'), json('products'), text('payment_method'),
      whole('order_size'), ...written,
    ],
  },
  'customer_memory.predictions_log': {
    clusteredBy: ['customer_id', 'prediction_type'],
    retentionYears: 2,
    columns: [
      id, text('prediction_id'), text('customer_id'), time('timestamp'), text('prediction_type'), json('prediction_value'), share('confidence'),
      json('actual_value'), share('accuracy'), ...written,
    ],
  },
  'customer_memory.strains_log': {
    clusteredBy: ['id'],
    retentionYears: 2,
    columns: [id, text('page_id'), text('name'), text('category'), json('properties'), ...written],
  },
  'billing.usage_events_log': {
    clusteredBy: ['organisation_id', 'project_id', 'metric'],
    retentionYears: 7,
    partitionFilter: true,
    columns: [
      id, text('organisation_id'), text('project_id'), text('key_id'), text('source'), text('type'), text('subject'), text('metric'),
      money('quantity'), text('outcome'), time('time'), text('payload_hash'), ...written,
    ],
  },
  'billing.usage_aggregates_log': {
    clusteredBy: ['organisation_id', 'project_id', 'metric'],
    retentionYears: 7,
    columns: [
      id, text('organisation_id'), text('project_id'), text('metric'), time('hour'), money('quantity'), whole('events'), text('inputs_hash'), ...written,
    ],
  },
  'billing.invoices_log': {
    clusteredBy: ['organisation_id', 'id'],
    retentionYears: 7,
    columns: [
      id, text('number'), text('organisation_id'), text('month'), text('status'), text('replaces'), money('subtotal'), money('discount'),
      money('tax'), money('total'), text('currency'), time('finalized_at'), time('paid_at'), ...written,
    ],
  },
  // Of campaigns only. `opened_at` is the first time; `clicks` are the latest fifty, `clicked_at` is the first of these.
  'engagement.mails_log': {
    clusteredBy: ['campaign', 'id'],
    retentionYears: 2,
    partitionFilter: true,
    columns: [
      id, text('template'), text('category'), text('campaign'), text('creative'), text('status'), text('customer_id'), text('order_id'),
      time('sent_at'), time('delivered_at'), time('opened_at'), time('clicked_at'), list('clicks', [time('clicked_at')]), ...written,
    ],
  },
  'engagement.pushes_log': {
    clusteredBy: ['campaign', 'id'],
    retentionYears: 2,
    partitionFilter: true,
    columns: [
      id, text('campaign'), text('creative'), text('status'), text('customer_id'), text('platform'), time('sent_at'), time('delivered_at'),
      time('opened_at'), ...written,
    ],
  },
  'engagement.feedback_log': {
    clusteredBy: ['id'],
    retentionYears: 2,
    columns: [id, text('order_id'), text('customer_id'), whole('score'), ...written],
  },
  'audit.events_log': {
    clusteredBy: ['subject'],
    retentionYears: 7,
    columns: [
      id, text('who'), text('via'), text('what'), text('subject'), text('before'), text('after'), text('why'), text('request_id'), text('ip'), ...written,
    ],
  },
  'audit.seals_log': {
    clusteredBy: ['id'],
    retentionYears: 7,
    columns: [
      id, whole('events'), whole('late'), text('root'), text('previous_seal_hash'), text('seal_hash'), text('key_id'), text('signature'), ...written,
    ],
  },
} as const satisfies Record<`${string}.${string}_log`, Declared>

/** `commerce.orders_log` */
export type TablePath = keyof typeof WAREHOUSE
export type Dataset = TablePath extends `${infer Name}.${string}` ? Name : never

interface Values {
  readonly STRING: string
  readonly INT64: number
  readonly FLOAT64: number
  /** Decimal text: no cent passes through floating point. */
  readonly NUMERIC: string
  readonly BOOL: boolean
  /** ISO 8601. */
  readonly TIMESTAMP: string
  /** JSON text. */
  readonly JSON: string
}
type One<C extends Column> = C extends { readonly fields: infer Fields extends readonly Column[] } ? RowOf<Fields> : C['type'] extends keyof Values ? Values[C['type']] : never
type Cell<C extends Column> = C['mode'] extends 'REPEATED' ? ReadonlyArray<One<C>> : C['mode'] extends 'REQUIRED' ? One<C> : One<C> | null
type RowOf<Columns extends readonly Column[]> = { readonly [C in Columns[number] as C['name']]: Cell<C> }

/** A row of a table: every column is named, empty ones by null, so that none is forgotten. */
export type TableRow<Path extends TablePath> = RowOf<(typeof WAREHOUSE)[Path]['columns']>

export const TABLES: readonly Table[] = Object.entries(WAREHOUSE).map(([path, declared]: [string, Declared]) => {
  const [dataset, name] = path.split('.') as [Dataset, string]
  return { dataset, name, view: name.replace(/_log$/, ''), ...declared }
})

/**
 * GoogleSQL of a table's view. Where days must be named, they are part of what is told apart: so a filter on them reaches
 * the table below, and an event has one day anyway.
 */
export function viewOf({ dataset, name, partitionFilter }: Pick<Table, 'dataset' | 'name' | 'partitionFilter'>): string {
  const told = partitionFilter === true ? 'id, created_at' : 'id'
  return [
    'SELECT *',
    `FROM \`${dataset}.${name}\``,
    'WHERE TRUE',
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${told} ORDER BY updated_at DESC, row_version DESC) = 1`,
  ].join('\n')
}

const LATEST = 'QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY updated_at DESC, row_version DESC) = 1'

/** Money that came in, whichever way: what was charged online, and what the tills took. */
export const UNITED_VIEWS: readonly UnitedView[] = [
  {
    dataset: 'commerce',
    name: 'all_payments',
    query: [
      "SELECT id, 'online' AS channel, gateway AS source, order_id, customer_id, status, amount, currency, created_at, updated_at",
      'FROM `commerce.payments_log`',
      "WHERE kind = 'charge'",
      LATEST,
      'UNION ALL',
      "SELECT id, 'store' AS channel, 'square' AS source, order_id, customer_id, status, total AS amount, currency, created_at, updated_at",
      'FROM `commerce.square_payments_log`',
      'WHERE TRUE',
      LATEST,
    ].join('\n'),
  },
]
