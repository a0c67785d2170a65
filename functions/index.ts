/** The contents page: everything that runs, one line each, by area. All that is derived is derived from here. */

// Catalogue and stock
export { getProduct } from './catalogue/get-product.ts'
export { listProducts } from './catalogue/list-products.ts'
export { listSkuConflicts } from './catalogue/list-sku-conflicts.ts'
export { listStockDifferences } from './catalogue/list-stock-differences.ts'
export { onSquareEvent } from './catalogue/on-square-event.ts'
export { receiveSquare } from './catalogue/receive-square.ts'
export { sendStockAdjustments } from './catalogue/send-stock-adjustments.ts'
export { syncLightspeedItems } from './catalogue/sync-lightspeed-items.ts'
export { syncLightspeedSales } from './catalogue/sync-lightspeed-sales.ts'
export { syncSquareCatalogue } from './catalogue/sync-square-catalogue.ts'
export { syncSquarePayments } from './catalogue/sync-square-payments.ts'

// Saved cards
export { onStripeCard } from './cards/on-stripe-card.ts'
export { showOrRemoveCard } from './cards/show-or-remove-card.ts'
export { storeOrListCards } from './cards/store-or-list-cards.ts'
export { sweepCards } from './cards/sweep-cards.ts'

// Carts
export { openCart } from './carts/open-cart.ts'
export { setCartItem } from './carts/set-cart-item.ts'
export { setCartPromoCode } from './carts/set-cart-promo-code.ts'
export { showOrDropCart } from './carts/show-or-drop-cart.ts'
export { sweepCarts } from './carts/sweep-carts.ts'

// Checkout, payments, orders
export { addOrListOrderNotes } from './checkout/add-or-list-order-notes.ts'
export { cancelOrder } from './checkout/cancel-order.ts'
export { checkOut } from './checkout/check-out.ts'
export { confirmOrder } from './checkout/confirm-order.ts'
export { fulfilOrder } from './checkout/fulfil-order.ts'
export { getOrder } from './checkout/get-order.ts'
export { listDifferences } from './checkout/list-differences.ts'
export { listDisputes } from './checkout/list-disputes.ts'
export { listOrders } from './checkout/list-orders.ts'
export { listReviews } from './checkout/list-reviews.ts'
export { onAuthorizeNetEvent } from './checkout/on-authorize-net-event.ts'
export { onStripeDispute } from './checkout/on-stripe-dispute.ts'
export { onStripeEvent } from './checkout/on-stripe-event.ts'
export { onStripeReview } from './checkout/on-stripe-review.ts'
export { openCheckoutSession } from './checkout/open-checkout-session.ts'
export { receiveAuthorizeNet } from './checkout/receive-authorize-net.ts'
export { receiveStripe } from './checkout/receive-stripe.ts'
export { reconcileDay } from './checkout/reconcile-day.ts'
export { reconcilePayments } from './checkout/reconcile-payments.ts'
export { refundOrder } from './checkout/refund-order.ts'
export { resolveDifference } from './checkout/resolve-difference.ts'
export { reviewOrder } from './checkout/review-order.ts'
export { searchOrders } from './checkout/search-orders.ts'
export { syncChargebacks } from './checkout/sync-chargebacks.ts'
export { sweepDisputes } from './checkout/sweep-disputes.ts'
export { sweepReservations } from './checkout/sweep-reservations.ts'

// Promotions
export { createOrListPromoCodes } from './promotions/create-or-list-promo-codes.ts'
export { endPromoCode } from './promotions/end-promo-code.ts'

// Tax
export { grantOrShowTaxExemption } from './tax/grant-or-show-tax-exemption.ts'
export { revokeTaxExemption } from './tax/revoke-tax-exemption.ts'

// Age verification
export { getAgeStatus } from './age/get-age-status.ts'
export { revokeAgeVerification } from './age/revoke-age-verification.ts'
export { sendAgeReminders } from './age/send-age-reminders.ts'
export { sweepAgeDeposits } from './age/sweep-age-deposits.ts'
export { verifyAge } from './age/verify-age.ts'

// Customers
export { eraseCustomer } from './customers/erase-customer.ts'
export { renewCustomerKeys } from './customers/renew-customer-keys.ts'
export { sweepErasures } from './customers/sweep-erasures.ts'

// Mail
export { getEmail } from './mail/get-email.ts'
export { liftSuppression } from './mail/lift-suppression.ts'
export { listOrAddSuppressions } from './mail/list-or-add-suppressions.ts'
export { onMailQueued } from './mail/on-mail-queued.ts'
export { onResendEvent } from './mail/on-resend-event.ts'
export { queueOrListEmails } from './mail/queue-or-list-emails.ts'
export { receiveResend } from './mail/receive-resend.ts'
export { showEmailStats } from './mail/show-email-stats.ts'
export { sweepMails } from './mail/sweep-mails.ts'
export { unsubscribe } from './mail/unsubscribe.ts'

// Memberships
export { cancelMembership } from './memberships/cancel-membership.ts'
export { changePaymentMethod } from './memberships/change-payment-method.ts'
export { chooseNewsletter } from './memberships/choose-newsletter.ts'
export { downgradeMembership } from './memberships/downgrade-membership.ts'
export { getMemberDiscount } from './memberships/get-member-discount.ts'
export { getMembership } from './memberships/get-membership.ts'
export { handOverGift } from './memberships/hand-over-gift.ts'
export { listMemberBenefits } from './memberships/list-member-benefits.ts'
export { listMembershipTiers } from './memberships/list-membership-tiers.ts'
export { renewMemberships } from './memberships/renew-memberships.ts'
export { sendMemberBenefits } from './memberships/send-member-benefits.ts'
export { showMembershipMetrics } from './memberships/show-membership-metrics.ts'
export { subscribeCustomer } from './memberships/subscribe-customer.ts'
export { upgradeMembership } from './memberships/upgrade-membership.ts'

// Payouts
export { getPayout } from './payouts/get-payout.ts'
export { listPayees } from './payouts/list-payees.ts'
export { makeOrListPayouts } from './payouts/make-or-list-payouts.ts'
export { onStripePayout } from './payouts/on-stripe-payout.ts'
export { registerOrShowPayee } from './payouts/register-or-show-payee.ts'
export { sweepPayouts } from './payouts/sweep-payouts.ts'

// Ledger
export { listLedgerAccounts } from './ledger/list-ledger-accounts.ts'
export { listLedgerEntries } from './ledger/list-ledger-entries.ts'

// Outgoing webhooks
export { changeOrRemoveWebhookEndpoint } from './webhooks/change-or-remove-webhook-endpoint.ts'
export { listWebhookDeliveries } from './webhooks/list-webhook-deliveries.ts'
export { onWebhookDue } from './webhooks/on-webhook-due.ts'
export { registerOrListWebhookEndpoints } from './webhooks/register-or-list-webhook-endpoints.ts'
export { replayWebhookDeliveries } from './webhooks/replay-webhook-deliveries.ts'
export { rotateWebhookSecret } from './webhooks/rotate-webhook-secret.ts'
export { sendWebhooks } from './webhooks/send-webhooks.ts'

// Dashboard
export { listCampaigns } from './dashboard/list-campaigns.ts'
export { listForecasts } from './dashboard/list-forecasts.ts'
export { listProductSales } from './dashboard/list-product-sales.ts'
export { sayOrShowAcquisition } from './dashboard/say-or-show-acquisition.ts'
export { showDashboard } from './dashboard/show-dashboard.ts'
export { showHistory } from './dashboard/show-history.ts'
export { showReport } from './dashboard/show-report.ts'

// Purchasing
export { approveOrListPurchaseOrders } from './purchasing/approve-or-list-purchase-orders.ts'

// Warehouse
export { listRefusedRows } from './warehouse/list-refused-rows.ts'
export { reconcileSchema } from './warehouse/reconcile-schema.ts'
export { reconcileWarehouse } from './warehouse/reconcile-warehouse.ts'
export { sendWarehouseRows } from './warehouse/send-warehouse-rows.ts'

// Operations
export { checkDependencies } from './operations/check-dependencies.ts'
export { getReplay } from './operations/get-replay.ts'
export { health } from './operations/health.ts'
export { listAlerts } from './operations/list-alerts.ts'
export { listAuditEvents } from './operations/list-audit-events.ts'
export { listAuditSeals } from './operations/list-audit-seals.ts'
export { listDeadLetters } from './operations/list-dead-letters.ts'
export { listSyncs } from './operations/list-syncs.ts'
export { onAlert } from './operations/on-alert.ts'
export { onReplayAccepted } from './operations/on-replay-accepted.ts'
export { publishAuditSeal } from './operations/publish-audit-seal.ts'
export { replayDeadLetters } from './operations/replay-dead-letters.ts'
export { showStats } from './operations/show-stats.ts'
export { sweepAlerts } from './operations/sweep-alerts.ts'
export { sweepInbox } from './operations/sweep-inbox.ts'
