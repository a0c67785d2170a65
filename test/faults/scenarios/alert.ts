/** Something goes wrong and is well again: people are told of both, once, whatever is lost on the way. */
import type { Json, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

const MINUTE_MS = 60_000
let matters = 0

export const alert: Scenario = {
  name: 'alert',
  functions: ['on-alert', 'sweep-alerts'],
  prepare: async ({ shop }) => {
    const key = `matter/${++matters}`
    return {
      run: async () => {
        await say(shop, key, { raise: { key, severity: 'p2', summary: 'Something is wrong.', details: {} } })
        await shop.cloud.runJob('sweep-alerts').catch(() => undefined)
        await say(shop, key, { resolve: key })
      },
      faults: () => {
        const there = shop.at('pagerduty', 'alerts').filter(({ dedup_key }) => dedup_key === key).map(({ status }) => status)
        return there.join() === 'resolved' ? [] : [`alert ${key} is at PagerDuty: ${there.join(', ') || 'nothing'}`]
      },
    }
  },
}

/** A fact, as the commit of what happened writes it, and its nudge. */
async function say(shop: Shop, key: string, change: Json): Promise<void> {
  const atMs = shop.cloud.now()
  const id = `fact_${key.slice('matter/'.length)}_${'raise' in change ? 'a' : 'b'}`
  await shop.cloud.servers.firestore.write([{ path: `alert_facts/${id}`, data: { key, atMs, nextAtMs: atMs + MINUTE_MS, ...change } }])
  shop.cloud.servers.pubsub.publish('alert-changed', { data: JSON.stringify({ key }), attributes: { kind: 'alert' } })
  await shop.cloud.drain().catch(() => undefined)
}
