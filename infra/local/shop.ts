/**
 * What the local cloud knows of the shop: how an empty one is furnished, and which of its records mean that work is due.
 */
import { BigQuery } from '@google-cloud/bigquery'
import { PassThroughClient } from 'google-auth-library'
import { LEASE_MS } from '../../shared/domain/sync-run.ts'
import { createWarehouse } from '../warehouse/create.ts'
import type { Declared } from './bigquery/catalog.ts'
import type { DueWork, LocalCloud } from './cloud.ts'
import { PROJECT_ID } from './servers.ts'

/** The warehouse, from when this process has made one: the next begins with it. */
let declared: Declared | undefined

/** Warehouse tables as Terraform would make them; products and counts from Square, through the shop's own sync. */
export async function furnishShop(cloud: LocalCloud): Promise<void> {
  await openWarehouse(cloud)
  let { status, body } = await cloud.runJob('sync-square-catalogue')
  // An earlier start was ended while its run was at work: the run's lease ends first.
  if (isDeferred(body)) await cloud.advance(LEASE_MS)
  if (isDeferred(body)) ({ status, body } = await cloud.runJob('sync-square-catalogue'))
  if (status !== 200) throw new Error(`The catalogue could not be brought in: ${JSON.stringify(body)}`)
}

function isDeferred(body: unknown): boolean {
  return (body as { tally?: { deferred?: number } }).tally?.deferred === 1
}

async function openWarehouse(cloud: LocalCloud): Promise<void> {
  const { bigquery } = cloud.servers
  if (declared !== undefined) return bigquery.declare(declared)
  await renewShop(cloud)
  declared = bigquery.declared()
}

/** Tables and columns that were declared after the shop was furnished. */
export async function renewShop(cloud: LocalCloud): Promise<void> {
  const apiEndpoint = cloud.addresses['BIGQUERY_EMULATOR_HOST'] ?? ''
  await createWarehouse({ client: new BigQuery({ projectId: PROJECT_ID, apiEndpoint, authClient: new PassThroughClient() as never }) })
}

/** Follow-up work that only a scheduled function picks up. What waits for a later moment is not due. */
export const shopWork: DueWork = [
  { job: 'sweep-inbox', count: (cloud) => due(cloud, 'inbox') },
  { job: 'send-age-reminders', count: (cloud) => due(cloud, 'age_verifications') },
  { job: 'sweep-age-deposits', count: (cloud) => due(cloud, 'age_deposits') },
  { job: 'sweep-erasures', count: (cloud) => due(cloud, 'erasures') },
  { job: 'sweep-mails', count: (cloud) => due(cloud, 'mails') },
  { job: 'sweep-alerts', count: (cloud) => due(cloud, 'alert_facts') + due(cloud, 'alerts') },
  { job: 'sweep-cards', count: (cloud) => due(cloud, 'cards') },
  { job: 'send-webhooks', count: (cloud) => due(cloud, 'webhook_deliveries') + due(cloud, 'outbox', 'eventAtMs') },
  { job: 'send-stock-adjustments', count: stockToTell },
  { job: 'send-warehouse-rows', count: (cloud) => outbox(cloud, 'warehouse') },
]

function due(cloud: LocalCloud, collection: string, moment = 'nextAtMs'): number {
  return cloud.servers.firestore.values(collection, moment).filter((ms) => typeof ms === 'number' && ms <= cloud.now()).length
}

/** A batch that a sender has the right to is nobody else's until that ends, and what follows may have to wait for it. */
function stockToTell(cloud: LocalCloud): number {
  const { firestore } = cloud.servers
  const claimed = firestore.values('stock_batches', 'claimedUntilMs').filter((ms) => typeof ms === 'number' && ms > cloud.now()).length
  return firestore.count('stock_batches') - claimed + (claimed > 0 ? 0 : outbox(cloud, 'stock'))
}

function outbox(cloud: LocalCloud, topic: string): number {
  return cloud.servers.firestore.values('outbox', 'topic').filter((one) => one === topic).length
}
