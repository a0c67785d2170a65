/** Everything that the fault explorer tries, in the order of the table it prints. */
import type { Scenario } from './scenario.ts'
import { ageCheck, ageDeposit, checkoutForAdults } from './scenarios/age.ts'
import { alert } from './scenarios/alert.ts'
import { authentication } from './scenarios/authentication.ts'
import { cancelKaja, cancelOpen, cancelPaid } from './scenarios/cancel.ts'
import { cardAuthentication, removeCardKaja, removeCardStripe, storeCardKaja, storeCardStripe } from './scenarios/cards.ts'
import { keepCardKaja, keepCardStripe, savedCardKaja, savedCardStripe } from './scenarios/checkout-cards.ts'
import { checkoutKaja, checkoutKajaHeld } from './scenarios/checkout-kaja.ts'
import { checkoutPromo, checkoutPromoDeclined } from './scenarios/checkout-promo.ts'
import { checkoutStripe } from './scenarios/checkout-stripe.ts'
import { lightspeedPush, mail, stockPush, warehouseRows } from './scenarios/follow-up.ts'
import { mailAsked, mailBounced, mailCampaign, mailClicked, mailReplayed } from './scenarios/mail.ts'
import { dispute } from './scenarios/dispute.ts'
import { erase } from './scenarios/erase.ts'
import { fulfil } from './scenarios/fulfil.ts'
import { hostedSession } from './scenarios/hosted-session.ts'
import { dunningKaja, dunningStripe, paymentMethod, renewalKaja, renewalStripe, subscribeKaja, subscribeStripe, upgrade } from './scenarios/membership.ts'
import { missingRows } from './scenarios/missing-rows.ts'
import { outgoingWebhook } from './scenarios/outgoing-webhook.ts'
import { bankPayout, payout } from './scenarios/payout.ts'
import { purchaseOrder } from './scenarios/purchase-order.ts'
import { checkoutHeld, reviewApprove, reviewRefuse } from './scenarios/review.ts'
import { replayDeadLetters } from './scenarios/replay-dead-letters.ts'
import { reconcilePayments } from './scenarios/reconcile-payments.ts'
import { refundKaja, refundKajaLater, refundKajaPart } from './scenarios/refund-kaja.ts'
import { refundShipped } from './scenarios/refund-shipped.ts'
import { refundFull, refundPartial } from './scenarios/refund.ts'
import { squareWebhook } from './scenarios/square-webhook.ts'
import { sweepInbox } from './scenarios/sweep-inbox.ts'
import { sealAudit } from './scenarios/seal-audit.ts'
import { sweepReservations } from './scenarios/sweep-reservations.ts'
import { syncCatalogue } from './scenarios/sync-catalogue.ts'
import { syncPayments } from './scenarios/sync-payments.ts'
import { syncSales } from './scenarios/sync-sales.ts'
import { webhookWorker } from './scenarios/webhook-worker.ts'

/** The long ones first: the whole is done when the last one is. */
export const SCENARIOS: readonly Scenario[] = [
  lightspeedPush, refundKajaLater, mailReplayed, sweepReservations, mailCampaign, storeCardKaja, syncSales, mailClicked, replayDeadLetters, reconcilePayments,
  renewalKaja, dunningKaja, renewalStripe, dunningStripe, webhookWorker, checkoutStripe, checkoutPromo, checkoutPromoDeclined, checkoutKaja, checkoutKajaHeld,
  checkoutHeld, authentication, hostedSession, reviewApprove, reviewRefuse, refundFull, refundPartial, refundShipped, refundKaja, refundKajaPart, cancelOpen,
  cancelPaid, cancelKaja, storeCardStripe, cardAuthentication, removeCardStripe, removeCardKaja, savedCardStripe, savedCardKaja, keepCardStripe, keepCardKaja,
  fulfil, mail, mailAsked, mailBounced, stockPush, warehouseRows, missingRows, purchaseOrder, syncCatalogue, squareWebhook, syncPayments, sealAudit, sweepInbox,
  dispute, payout, bankPayout, alert, outgoingWebhook, subscribeStripe, subscribeKaja, upgrade, paymentMethod, ageCheck, ageDeposit, checkoutForAdults, erase,
]
