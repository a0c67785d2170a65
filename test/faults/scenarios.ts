/** Everything that the fault explorer tries. */
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

/** Those that take long first: the whole is done when the last one is. */
export const SCENARIOS: readonly Scenario[] = [
  reconcilePayments, lightspeedPush, mailReplayed, dunningStripe, paymentMethod, webhookWorker, syncSales, upgrade, replayDeadLetters, dispute, refundKajaLater,
  mailCampaign, subscribeStripe, sweepReservations, subscribeKaja, renewalStripe, renewalKaja, dunningKaja, storeCardKaja, alert, mailAsked, keepCardStripe,
  keepCardKaja, outgoingWebhook, erase, sealAudit, mailClicked, stockPush, cardAuthentication, refundKajaPart, reviewRefuse, storeCardStripe, squareWebhook,
  checkoutKajaHeld, mailBounced, refundShipped, reviewApprove, refundKaja, ageDeposit, warehouseRows, cancelKaja, checkoutHeld, refundFull, cancelOpen, payout,
  removeCardStripe, removeCardKaja, hostedSession, syncPayments, refundPartial, missingRows, sweepInbox, syncCatalogue, bankPayout, cancelPaid, checkoutKaja,
  checkoutPromoDeclined, purchaseOrder, checkoutStripe, checkoutPromo, ageCheck, savedCardStripe, savedCardKaja, mail, authentication, fulfil,
  checkoutForAdults,
]
