/** Alerts, the open ones first: what is wrong just now, and what was. */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { alertView } from '#domain/alert.ts'
import { AlertShown } from '#domain/shown/operations.ts'
import { listAlertsOf } from '#stores/alerts.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listAlerts = endpoint({
  name: 'list-alerts',
  path: '/api/admin/alerts',
  impact: 'Staff do not see what is wrong just now.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Alerts, open ones first',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(50, 100) }),
    reply: z.object({ alerts: listOf(AlertShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { alerts, nextCursor } = await listAlertsOf(query)
      return { alerts: alerts.map(alertView), nextCursor }
    },
  }),
})
