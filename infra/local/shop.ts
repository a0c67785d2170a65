/**
 * What the local cloud knows of the shop: how an empty one is furnished, and which of its records mean that work is due.
 */
import { BigQuery } from '@google-cloud/bigquery'
import { PassThroughClient } from 'google-auth-library'
import { createWarehouse } from '../warehouse/create.ts'
import type { DueWork, LocalCloud } from './cloud.ts'
import { PROJECT_ID } from './servers.ts'

/** Warehouse tables as Terraform would make them; products and counts from Square, through the shop's own sync. */
export async function furnishShop(cloud: LocalCloud): Promise<void> {
  const apiEndpoint = cloud.addresses['BIGQUERY_EMULATOR_HOST'] ?? ''
  await createWarehouse(new BigQuery({ projectId: PROJECT_ID, apiEndpoint, authClient: new PassThroughClient() as never }))
  const { status, body } = await cloud.runJob('sync-square-catalogue')
  if (status !== 200) throw new Error(`The catalogue could not be brought in: ${JSON.stringify(body)}`)
}

/** Follow-up work that only a scheduled function picks up. What waits for a later moment is not due. */
export const shopWork: DueWork = {
  jobs: ['sweep-inbox', 'sweep-mails', 'sweep-alerts', 'sweep-cards', 'send-webhooks', 'send-stock-adjustments', 'send-warehouse-rows'],
  count: (cloud) => {
    const documents = (collection: string) => cloud.servers.firestore.peek(collection) as Array<{ data: Record<string, unknown> }>
    const due = (collection: string) => documents(collection).filter(({ data }) => typeof data['nextAtMs'] === 'number' && data['nextAtMs'] <= cloud.now()).length
    return cloud.servers.firestore.count('outbox') + cloud.servers.firestore.count('stock_batches') + due('inbox') + due('mails') + due('alert_facts') + due('alerts') + due('webhook_deliveries') + due('cards')
  },
}
