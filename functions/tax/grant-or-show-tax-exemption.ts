/**
 * Grants a customer's exemption from sales tax by his certificate, until its last day; shows it.
 *
 * What he bought before stays as it was taxed. The certificate's number is sealed under the customer's own key and shown to
 * admins only. Safe to run twice: the later one counts.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { stateField } from '#values/schema.ts'
import { dayNamed } from '#domain/civil-day.ts'
import { ExemptionShown } from '#domain/shown/customer.ts'
import { exemptionView } from '#domain/tax-exemption.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { certificateOf, grantExemption, readExemption } from '#stores/tax.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const STATES_MAX = 60

const Grant = z.strictObject({
  certificate: z.string().trim().min(1).max(100),
  /** Empty: it counts in all. */
  states: z.array(stateField).max(STATES_MAX).transform((states) => [...new Set(states)].sort()).default([]),
  /** The last day of its validity, as the store counts days. */
  validThrough: z.iso.date(),
  reason: z.string().trim().min(1).max(500),
})
const Shown = z.object({ exemption: ExemptionShown })

export const grantOrShowTaxExemption = endpoint({
  name: 'grant-or-show-tax-exemption',
  path: '/api/admin/customers/:customerId/tax-exemption',
  impact: 'Customers who owe no sales tax are charged it.',
  PUT: route({
    who: ['admin'],
    summary: 'Exempt a customer from sales tax',
    body: Grant,
    reply: Shown,
    run: async ({ body, params }) => {
      const { certificate, states, validThrough, reason } = body
      const { toMs: expiresAtMs } = dayNamed(config('shop').STORE_TIMEZONE, validThrough)
      if (expiresAtMs <= now()) throw invalid('validThrough', 'must not be over')
      const granted = await grantExemption({ customerId: params['customerId'] ?? '', certificate, states, validThrough, expiresAtMs }, reason)
      return { exemption: exemptionView(granted, certificate) }
    },
  }),
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'A customer\'s exemption from sales tax',
    reply: Shown,
    run: async ({ params, caller }) => {
      const exemption = await readExemption(params['customerId'] ?? '')
      if (exemption === undefined) throw new Failure('NOT_FOUND', { message: 'This customer has no tax exemption.' })
      return { exemption: exemptionView(exemption, caller.role === 'admin' ? await certificateOf(exemption) : undefined) }
    },
  }),
})
