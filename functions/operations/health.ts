/** Says that this instance is alive. It asks nobody: a broken neighbour must not get healthy instances restarted. */
import { z } from 'zod'
import { endpoint, route } from '#entry/endpoint.ts'

export const health = endpoint({
  name: 'health',
  path: '/health',
  impact: 'Monitoring cannot tell whether the shop is up.',
  GET: route({ who: 'public', summary: 'Alive', reply: z.object({ state: z.literal('ok') }), run: async () => ({ state: 'ok' }) }),
})
