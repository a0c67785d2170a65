/** A membership in the warehouse and in the audit trail: no e-mail, and not what the customer wrote when he left. */
import { toText } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { Member, Membership } from './member.ts'
import { tierFacts } from './membership-tiers.ts'
import { auditEvent, SCHEMA_VERSION } from './rows.ts'
import { factRow, type WarehouseRow } from './warehouse-rows.ts'

export function membershipRow(member: Member, membership: Membership): WarehouseRow {
  const { id, tier, price, currency, status, period, periodStartsAtMs, periodEndsAtMs, nextTier, card, startedAtMs, cancelledAtMs } = membership
  return factRow('commerce.memberships_log', `${id}-${member.version}`, {
    id,
    customer_id: member.customerId,
    tier,
    next_tier: nextTier,
    price: toText(price, currency),
    currency,
    discount_percent: tierFacts(tier).discountPercent,
    status,
    gateway: card.gateway,
    months_paid: period + 1,
    order_id: membership.orderId,
    start_date: iso(startedAtMs),
    period_starts_at: iso(periodStartsAtMs),
    period_ends_at: iso(periodEndsAtMs),
    next_billing_date: status === 'active' ? iso(periodEndsAtMs) : null,
    cancel_date: cancelledAtMs === null ? null : iso(cancelledAtMs),
    created_at: iso(startedAtMs),
    updated_at: iso(member.updatedAtMs),
    row_version: member.version,
    schema_version: SCHEMA_VERSION,
  })
}

interface Told {
  readonly before: Membership | null
  readonly after: Membership
  readonly what: string
  readonly why: string
}

export function membershipAudit(member: Member, { before, after, what, why }: Told): WarehouseRow {
  return auditEvent({
    id: `${after.id}-${member.version}-audit`, who: null, what, subject: after.id, before: before?.id === after.id ? told(before) : null,
    after: told(after), why, requestId: null, ip: null, atMs: member.updatedAtMs,
  })
}

function told({ tier, nextTier, status, price, currency, period, periodEndsAtMs, card }: Membership): Record<string, unknown> {
  const periodEndsAt = iso(periodEndsAtMs)
  return { tier, nextTier, status, price: toText(price, currency), currency, monthsPaid: period + 1, periodEndsAt, cardId: card.id }
}
