/** Everything that the fault explorer tries, in the order of the table it prints. */
import type { Scenario } from './scenario.ts'
import { authentication } from './scenarios/authentication.ts'
import { checkoutStripe } from './scenarios/checkout-stripe.ts'
import { mail, stockPush, warehouseRows } from './scenarios/follow-up.ts'
import { fulfil } from './scenarios/fulfil.ts'
import { refundFull, refundPartial } from './scenarios/refund.ts'
import { sweepReservations } from './scenarios/sweep-reservations.ts'
import { syncCatalogue } from './scenarios/sync-catalogue.ts'

export const SCENARIOS: readonly Scenario[] = [
  checkoutStripe, authentication, refundFull, refundPartial, fulfil, sweepReservations, mail, stockPush, warehouseRows, syncCatalogue,
]
