/** Revokes a customer's exemption from sales tax: what he buys from then on is taxed. Safe to run twice: what is revoked stays so. */
import { z } from 'zod'
import { ExemptionShown } from '#domain/shown/customer.ts'
import { exemptionView } from '#domain/tax-exemption.ts'
import { revokeExemption } from '#stores/tax.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const revokeTaxExemption = endpoint({
  name: 'revoke-tax-exemption',
  path: '/api/admin/customers/:customerId/tax-exemption/revoke',
  impact: 'Customers whose certificate is not valid any more are sold to without tax.',
  POST: route({
    who: ['admin'],
    summary: 'Revoke a customer\'s exemption from sales tax',
    body: z.strictObject({ reason: z.string().trim().min(1).max(500) }),
    reply: z.object({ exemption: ExemptionShown }),
    run: async ({ body, params }) => ({ exemption: exemptionView(await revokeExemption(params['customerId'] ?? '', body.reason), undefined) }),
  }),
})
