/** A local BigQuery on a port of its own, the real client before it, and a dataset `commerce` for the test to fill. */
import { BigQuery, type Query, type TableField } from '@google-cloud/bigquery'
import { PassThroughClient } from 'google-auth-library'
import { afterAll } from 'vitest'
import { createBigQuery, type BigQuery as Server } from '../../../../infra/local/bigquery/bigquery.ts'
import { Disk } from '../../../../infra/local/disk.ts'
import { HttpPorts } from '../../../../infra/local/http-ports.ts'
import { Timeline } from '../../../../infra/local/timeline.ts'
import { Wire } from '../../../../infra/local/wire.ts'

export interface Shop {
  readonly client: BigQuery
  readonly server: Server
  readonly timeline: Timeline
  readonly wire: Wire
  readonly url: string
  /** Rows of a query, parameters by name. */
  ask(query: string, options?: Omit<Query, 'query'>): Promise<Array<Record<string, unknown>>>
  /** The message with which a query is refused. */
  refusal(query: string, options?: Omit<Query, 'query'>): Promise<string>
  close(): Promise<void>
}

/** @param directory keeps the state there; the test closes such a shop itself */
export async function openShop(directory?: string): Promise<Shop> {
  process.env['METADATA_SERVER_DETECTION'] = 'none'
  const timeline = new Timeline()
  const disk = new Disk(directory)
  const wire = new Wire({ now: () => timeline.now(), kill: () => undefined })
  const http = new HttpPorts(wire)
  const server = await createBigQuery({ timeline, disk, projectId: 'shop' })
  const url = `http://127.0.0.1:${await http.open(server.service, 'instance-1')}`
  const client = new BigQuery({ projectId: 'shop', apiEndpoint: url, authClient: new PassThroughClient() })
  const ask: Shop['ask'] = async (query, options) => {
    const [rows] = await client.query({ query, ...options })
    return rows as Array<Record<string, unknown>>
  }
  const close = async () => {
    timeline.stop()
    await http.close()
    await server.close()
    disk.close()
  }
  const refusal: Shop['refusal'] = async (query, options) => {
    try {
      return `accepted: ${JSON.stringify(await ask(query, options))}`
    } catch (error) {
      return (error as Error).message
    }
  }
  if (directory === undefined) afterAll(close)
  return { client, server, timeline, wire, url, ask, refusal, close }
}

/** The value of an expression. */
export async function valueOf(shop: Shop, expression: string, options?: Omit<Query, 'query'>): Promise<unknown> {
  const [row] = await shop.ask(`SELECT ${expression} AS value`, options)
  return plain(row?.['value'])
}

/** Values without the client's wrappers: dates and timestamps as text, NUMERIC as text. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  if ('value' in value) return value.value
  if (value.constructor.name === 'Big') return String(value)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
}

export const ORDER_FIELDS: TableField[] = [
  { name: 'id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'version', type: 'INT64' },
  { name: 'status', type: 'STRING' },
  { name: 'total', type: 'NUMERIC' },
  { name: 'weight', type: 'FLOAT64' },
  { name: 'paid', type: 'BOOL' },
  { name: 'created_at', type: 'TIMESTAMP' },
  { name: 'day', type: 'DATE' },
  { name: 'tags', type: 'STRING', mode: 'REPEATED' },
  {
    name: 'items',
    type: 'RECORD',
    mode: 'REPEATED',
    fields: [{ name: 'sku', type: 'STRING' }, { name: 'quantity', type: 'INT64' }, { name: 'price', type: 'NUMERIC' }],
  },
  { name: 'extra', type: 'JSON' },
]

const FIRST_ITEMS = [{ sku: 'a', quantity: 2, price: '20.00' }, { sku: 'b', quantity: 1, price: '10.00' }]
const FIRST = {
  id: 'o1', total: '50.00', weight: 1.5, created_at: '2025-03-01T04:30:00Z', day: '2025-03-01', tags: ['new'],
  items: FIRST_ITEMS, extra: '{"channel":"web","n":{"k":1}}',
}

/** Three orders in four versions: the first was open, then paid. */
export const ORDERS = [
  { ...FIRST, version: 1, status: 'open', paid: false },
  { ...FIRST, version: 2, status: 'paid', paid: true },
  {
    id: 'o2', version: 1, status: 'paid', total: '10.01', weight: 0.25, paid: true, created_at: '2025-03-02T12:00:00.123456Z',
    day: '2025-03-02', tags: [], items: [{ sku: 'a', quantity: 1, price: '10.01' }],
  },
  {
    id: 'o3', version: 1, status: 'open', paid: null, created_at: '2025-03-02T18:00:00Z', day: '2025-03-02',
    tags: ['gift', 'new'], items: [],
  },
]

/** `commerce.orders_log` with the orders above and `commerce.orders`, the latest state of each. */
export async function withOrders(shop: Shop): Promise<Shop> {
  const [commerce] = await shop.client.createDataset('commerce')
  const [log] = await commerce.createTable('orders_log', { schema: { fields: ORDER_FIELDS } })
  await log.insert(ORDERS)
  await commerce.createTable('orders', {
    view: 'SELECT * FROM commerce.orders_log QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY version DESC) = 1',
  })
  return shop
}
