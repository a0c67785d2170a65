/**
 * Takes a customer's age verification back: from then on nothing restricted is sold to him until he is verified anew. A
 * checkout that is being placed just then is decided again. That he was verified, and by whom it was taken back, stays on
 * record; to forget him altogether there is `erase-customer`.
 */
import { z } from 'zod'
import { newId } from '#values/ids.ts'
import { revokeAge } from '#stores/age-checks.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const revokeAgeVerification = endpoint({
  name: 'revoke-age-verification',
  path: '/api/age-verification/:customerId',
  impact: 'Somebody whose verification turned out to be false can go on buying.',
  DELETE: route({
    who: ['admin'],
    summary: 'Take an age verification back',
    reply: z.object({ message: z.string() }),
    run: async ({ params }) => ({ ...(await revokeAge(params['customerId'] ?? '', newId('rvk'))) }),
  }),
})
