/**
 * The memberships in figures: monthly revenue, members by tier, churn, and what a member is worth over a year.
 *
 * Counts and sums are made by the store, whatever the number of members; an undefined ratio is null.
 */
import { metricsView } from '#domain/membership-metrics.ts'
import { MembershipMetricsShown } from '#domain/shown/membership.ts'
import { membershipFigures } from '#stores/member-figures.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const showMembershipMetrics = endpoint({
  name: 'show-membership-metrics',
  path: '/api/memberships/metrics',
  impact: 'Staff do not see what memberships bring in, and whether members stay.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Revenue, churn and lifetime value of memberships',
    reply: MembershipMetricsShown,
    run: async () => metricsView(await membershipFigures()),
  }),
})
