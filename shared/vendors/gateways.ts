/** Payment gateways by name. */
import type { ChargeOutcome, Gateway, GatewayName } from '#domain/payment.ts'
import { invalid } from '#values/failure.ts'
import { isSetUp } from './authorize-net/api.ts'
import { authorizeNetGateway } from './authorize-net/gateway.ts'
import { stripeGateway } from './stripe/gateway.ts'

/** @throws Failure INVALID_INPUT for one that the shop does not have */
export function gatewayNamed(name: GatewayName): Gateway {
  if (name === 'stripe') return stripeGateway
  if (name === 'kaja' && isSetUp()) return authorizeNetGateway
  if (name === 'none') return freeOfCharge
  throw invalid('paymentMethod.gateway', `${name} is not set up in this shop`)
}

/** Every gateway that the shop has: orders in flight keep theirs when the shop changes to another. */
export function gatewaysInUse(): Gateway[] {
  return (['stripe', 'kaja'] as const).flatMap((name) => {
    try {
      return [gatewayNamed(name)]
    } catch {
      return []
    }
  })
}

/** Orders with a total of zero need no gateway: they are paid as soon as they exist. */
const freeOfCharge: Gateway = {
  name: 'none',
  charge: async ({ amount, currency }) => settledFree(amount, currency),
  find: async ({ amount, currency }) => settledFree(amount, currency),
  capture: async ({ amount, currency }) => settledFree(amount, currency),
  cancel: async () => ({ status: 'cancelled', transactionId: 'none' }),
  refund: async ({ refundId }) => ({ status: 'succeeded', gatewayRefundId: refundId, answer: null }),
  movements: async () => [],
}

function settledFree(amount: number, currency: string): ChargeOutcome {
  return { status: 'succeeded', transactionId: null, amount, currency, answer: null }
}
