/**
 * Who may call what, written out: whoever changes who may call changes a line of this table, and whoever reads the
 * change sees it. `public` means that no token is needed; what a caller then sees is the function's own rule.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { METHODS, type Declaration } from '#entry/declaration.ts'
import { declarationsOf } from '../../infra/build/declarations.ts'

/** Route, then who may call it. */
const MAY_CALL: Record<string, string> = {
  'GET /health': 'public',
  'GET /healthz': 'public',

  'GET /api/products': 'public',
  'GET /api/products/:productId': 'public',

  'POST /api/carts': 'public',
  'GET /api/carts/:cartId': 'public',
  'DELETE /api/carts/:cartId': 'public',
  'PUT /api/carts/:cartId/items': 'public',
  'PUT /api/carts/:cartId/promo-code': 'public',

  'GET /api/customers/:customerId/cards': 'customer viewer support admin',
  'POST /api/customers/:customerId/cards': 'customer admin',
  'GET /api/customers/:customerId/cards/:cardId': 'customer viewer support admin',
  'DELETE /api/customers/:customerId/cards/:cardId': 'customer admin',

  'POST /api/checkout': 'public',
  'POST /api/checkout/sessions': 'public',
  'GET /api/orders': 'customer viewer support admin',
  'GET /api/orders/:orderId': 'public',
  'POST /api/orders/:orderId/cancel': 'public',
  'POST /api/orders/:orderId/confirm': 'public',
  'POST /api/orders/:orderId/fulfil': 'support admin',
  'GET /api/orders/:orderId/notes': 'viewer support admin',
  'POST /api/orders/:orderId/notes': 'support admin',
  'POST /api/orders/:orderId/refunds': 'admin',
  'POST /api/orders/:orderId/review': 'admin',
  'GET /api/admin/orders': 'viewer support admin',
  'GET /api/admin/reviews': 'viewer support admin',
  'GET /api/admin/stock-differences': 'viewer support admin',

  'GET /api/admin/promo-codes': 'viewer support admin',
  'POST /api/admin/promo-codes': 'admin',
  'POST /api/admin/promo-codes/:code/end': 'admin',
  'GET /api/admin/customers/:customerId/tax-exemption': 'viewer support admin',
  'PUT /api/admin/customers/:customerId/tax-exemption': 'admin',
  'POST /api/admin/customers/:customerId/tax-exemption/revoke': 'admin',

  'POST /api/age-verification/verify': 'customer admin',
  'GET /api/age-verification/status/:customerId': 'customer viewer support admin',
  'DELETE /api/age-verification/:customerId': 'admin',
  'GET /api/admin/customers/:customerId/erase': 'viewer support admin',
  'POST /api/admin/customers/:customerId/erase': 'admin',

  'GET /api/emails': 'viewer support admin',
  'POST /api/emails': 'support admin',
  'GET /api/emails/:emailId': 'viewer support admin',
  'GET /api/emails/stats': 'viewer support admin',
  'GET /api/unsubscribe/:token': 'public',
  'POST /api/unsubscribe/:token': 'public',
  'GET /api/admin/suppressions': 'viewer support admin',
  'POST /api/admin/suppressions': 'support admin',
  'POST /api/admin/suppressions/:suppressionId/lift': 'admin',

  'GET /api/bigquery/dashboard': 'viewer support admin',
  'GET /api/bigquery/historical': 'viewer support admin',
  'GET /api/bigquery/products': 'viewer support admin',
  'GET /api/bigquery/acquisition': 'viewer support admin',
  'POST /api/bigquery/acquisition': 'admin',
  'GET /api/bigquery/campaigns': 'viewer support admin',
  'GET /api/bigquery/forecast': 'viewer support admin',
  'GET /api/purchase-orders': 'viewer support admin',
  'POST /api/purchase-orders': 'admin',
  'GET /api/bigquery/:report': 'viewer support admin',
  'GET /api/admin/warehouse/refused-rows': 'viewer support admin',
  'GET /api/admin/dead-letters': 'viewer support admin',
  'POST /api/admin/dead-letters/replay': 'support admin',
  'GET /api/admin/dead-letters/replays/:replayId': 'viewer support admin',

  'GET /api/payees': 'viewer support admin',
  'GET /api/payees/:payeeId': 'viewer support admin',
  'PUT /api/payees/:payeeId': 'admin',
  'GET /api/payouts': 'viewer support admin',
  'POST /api/payouts': 'admin',
  'GET /api/payouts/:payoutId': 'viewer support admin',

  'GET /api/memberships/tiers': 'public',
  'POST /api/memberships/subscribe': 'customer admin',
  'GET /api/memberships/metrics': 'viewer support admin',
  'GET /api/memberships/discount/:customerId': 'customer viewer support admin',
  'GET /api/memberships/:customerId': 'customer viewer support admin',
  'PUT /api/memberships/:customerId/upgrade': 'customer admin',
  'PUT /api/memberships/:customerId/downgrade': 'customer admin',
  'PUT /api/memberships/:customerId/cancel': 'customer admin',
  'PUT /api/memberships/:customerId/payment-method': 'customer admin',
  'PUT /api/memberships/:customerId/newsletter': 'customer admin',
  'GET /api/admin/member-benefits': 'viewer support admin',
  'POST /api/admin/member-benefits/:benefitId/hand-over': 'support admin',

  'GET /api/admin/alerts': 'viewer support admin',
  'GET /api/admin/syncs': 'viewer support admin',
  'GET /api/admin/sku-conflicts': 'viewer support admin',
  'GET /api/admin/stats': 'viewer support admin',
  'GET /api/admin/disputes': 'viewer support admin',
  'GET /api/admin/audit': 'viewer support admin',
  'GET /api/admin/audit/seals': 'viewer support admin',
  'GET /api/admin/reconciliation': 'viewer support admin',
  'POST /api/admin/reconciliation/:differenceId/resolve': 'admin',
  'GET /api/admin/webhook-endpoints': 'admin',
  'POST /api/admin/webhook-endpoints': 'admin',
  'PUT /api/admin/webhook-endpoints/:endpointId': 'admin',
  'DELETE /api/admin/webhook-endpoints/:endpointId': 'admin',
  'POST /api/admin/webhook-endpoints/:endpointId/rotate': 'admin',
  'GET /api/admin/webhook-deliveries': 'viewer support admin',
  'POST /api/admin/webhook-deliveries/replay': 'support admin',
  'GET /api/admin/ledger/accounts': 'viewer support admin',
  'GET /api/admin/ledger/entries': 'viewer support admin',
}

/** Reached by vendors without a token; the signature on each message decides. */
const WEBHOOKS = ['/api/webhooks/authorize-net', '/api/webhooks/resend', '/api/webhooks/square', '/api/webhooks/stripe']

function routesOf(declarations: readonly Declaration[]): Record<string, string> {
  return Object.fromEntries(
    declarations.flatMap((one) => {
      if (one.kind !== 'endpoint') return []
      return METHODS.flatMap((method) => {
        const who = one.routes[method]?.who
        return who === undefined ? [] : [[`${method} ${one.path}`, who === 'public' ? 'public' : who.join(' ')]]
      })
    }),
  )
}

let declarations: Declaration[] = []

beforeAll(async () => {
  declarations = declarationsOf(await import('#functions'))
})

describe('does', () => {
  test('every route may be called by exactly those whom the table names', () => {
    expect(routesOf(declarations)).toEqual(MAY_CALL)
  })

  test('every webhook that is open to the world is named', () => {
    expect(declarations.flatMap((one) => (one.kind === 'webhook' ? [one.path] : [])).sort()).toEqual(WEBHOOKS)
  })
})
