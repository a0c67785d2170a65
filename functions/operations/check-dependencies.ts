/** Says whether what every function needs can be reached: one small read of the shop's store. */
import { z } from 'zod'
import { doc, readOne } from '#platform/firestore.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const checkDependencies = endpoint({
  name: 'check-dependencies',
  path: '/healthz',
  impact: 'Monitoring cannot tell whether the shop can reach its store.',
  GET: route({
    who: 'public',
    summary: 'Dependencies',
    reply: z.object({ state: z.literal('ok'), dependencies: z.record(z.string(), z.string()) }),
    run: async () => {
      await readOne(await doc('health', 'probe'))
      return { state: 'ok', dependencies: { firestore: 'ok' } }
    },
  }),
})
