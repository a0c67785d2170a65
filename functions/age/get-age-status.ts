/** Whether a customer's age is verified, until when, and whether he may renew it already. */
import { statusView } from '#domain/age-check.ts'
import { AgeStatusShown } from '#domain/shown/customer.ts'
import { now } from '#platform/clock.ts'
import { readAgeAccount } from '#stores/age-checks.ts'
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const getAgeStatus = endpoint({
  name: 'get-age-status',
  path: '/api/age-verification/status/:customerId',
  impact: 'Customers do not see that they must verify their age before they buy.',
  GET: route({
    who: ['customer', 'viewer', 'support', 'admin'],
    summary: 'Show whether a customer is verified',
    reply: AgeStatusShown,
    run: async ({ caller, params }) => {
      const customerId = params['customerId'] ?? ''
      refuseStranger(caller, customerId, 'Customer not found.')
      return statusView(await readAgeAccount(customerId), now())
    },
  }),
})
