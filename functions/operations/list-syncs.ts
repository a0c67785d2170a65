/** Where each sync of a point of sale stands: how far it is, how far behind, whose data it brings, and what its last runs did. */
import { z } from 'zod'
import { limitField } from '#values/schema.ts'
import { listOf } from '#values/shown.ts'
import { SyncShown } from '#domain/shown/operations.ts'
import { syncView } from '#domain/sync-run.ts'
import { now } from '#platform/clock.ts'
import { allSyncs, lastRuns } from '#stores/syncs.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listSyncs = endpoint({
  name: 'list-syncs',
  path: '/api/admin/syncs',
  impact: 'Staff do not see whether sales and stock of the tills come in.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Syncs of the points of sale with their last runs',
    query: z.strictObject({ limit: limitField(10, 50) }),
    reply: z.object({ syncs: listOf(SyncShown) }),
    run: async ({ query }) => {
      const syncs = await allSyncs()
      return { syncs: await Promise.all(syncs.map(async (sync) => syncView(sync, await lastRuns(sync.job, query.limit), now()))) }
    },
  }),
})
