/** The words of the tests about the audit trail: days pass, are sealed, and are proved; somebody falsifies what is stored. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BigQuery } from '@google-cloud/bigquery'
import { PassThroughClient } from 'google-auth-library'
import { createWarehouse } from '../../../infra/warehouse/create.ts'
import { PRODUCT, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

const DAY_MS = 86_400_000
const VERIFY = fileURLToPath(new URL('../../../infra/audit/verify.ts', import.meta.url))

/** What a shop's day leaves behind: a sale, its refund by an admin, a sale that a clerk hands over. */
export async function tradeADay({ shop }: Ground): Promise<{ admin: Person; clerk: Person; orderIds: string[] }> {
  const [admin, clerk, buyer] = [await shop.person('admin'), await shop.person('support'), await shop.person()]
  const orders = [await buyer.buy({ productId: PRODUCT, quantity: 1 }), await buyer.buy({ productId: PRODUCT, quantity: 2 })]
  const orderIds = orders.map(({ id }) => String(id))
  await admin.post(`/api/orders/${orderIds[0]}/refunds`, { amount: 10, reason: 'Damaged' }, 'one-refund')
  await clerk.post(`/api/orders/${orderIds[1]}/fulfil`, { how: 'picked_up' })
  return { admin, clerk, orderIds }
}

export function today({ shop }: Ground, days = 0): string {
  return new Date(shop.cloud.now() + days * DAY_MS).toISOString().slice(0, 10)
}

/** Midnight passes, and with it the quarter of an hour in which calls of the day may still end. */
export async function nightFalls(ground: Ground, nights = 1): Promise<void> {
  await ground.shop.cloud.jumpTo(Date.parse(`${today(ground, nights)}T00:20:30.000Z`))
}

export async function seal({ shop }: Ground): Promise<Record<string, number>> {
  return shop.tally('publish-audit-seal')
}

export async function send({ shop }: Ground): Promise<Record<string, number>> {
  return shop.tally('send-warehouse-rows')
}

/** Seals as the store holds them, by day. */
export function sealsOf(shop: Shop): Map<string, Json> {
  return new Map(shop.documents('audit_seals').map(({ id, data }) => [id, data]))
}

/** `npm run verify-audit` against the running shop. */
export async function verify({ shop }: Ground, ...options: string[]): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, [VERIFY, '--url', shop.cloud.url, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, lines: text.split('\n').filter((line) => line !== '') }
}

/** Rows of the log as they lie in the warehouse. */
export async function eventRows({ shop }: Ground): Promise<Json[]> {
  return (await shop.cloud.rows('audit', 'events_log')) as Json[]
}

/** Somebody with the keys of the warehouse puts other rows in place of those that are there. */
export async function falsify(ground: Ground, table: 'events_log' | 'seals_log', change: (rows: Json[]) => Json[]): Promise<void> {
  const { shop } = ground
  const warehouse = new BigQuery({
    projectId: shop.cloud.servers.pubsub.projectId,
    apiEndpoint: shop.cloud.addresses['BIGQUERY_EMULATOR_HOST'] ?? '',
    authClient: new PassThroughClient() as never,
  })
  const rows = (await shop.cloud.rows('audit', table)) as Json[]
  await warehouse.dataset('audit').table(table).delete()
  await createWarehouse({ client: warehouse })
  const changed = change(rows.map((row) => ({ ...row })))
  if (changed.length > 0) await warehouse.dataset('audit').table(table).insert(changed)
}
