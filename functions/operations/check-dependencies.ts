/** Says whether what every function needs can be reached: one small read of the shop's store, sooner than a monitor gives up. */
import { z } from 'zod'
import { within } from '#platform/deadline.ts'
import { doc, readOne } from '#platform/firestore.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const PROBE_DEADLINE_MS = 2_000

export const checkDependencies = endpoint({
  name: 'check-dependencies',
  path: '/healthz',
  impact: 'Monitoring cannot tell whether the shop can reach its store.',
  GET: route({
    who: 'public',
    summary: 'Dependencies',
    reply: z.object({ state: z.literal('ok'), dependencies: z.record(z.string(), z.string()) }),
    run: async () => {
      await within(PROBE_DEADLINE_MS, 'probe', readOne(await doc('health', 'probe')))
      return { state: 'ok', dependencies: { firestore: 'ok' } }
    },
  }),
})
