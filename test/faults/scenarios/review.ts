/**
 * Orders that a person looks at: a suspicious checkout, and an admin who approves or refuses what was set aside. When the
 * answer is lost, the same click comes again.
 */
import { decide, intentOf, stateOf } from '../../functions/held.ts'
import { ordersOf, PRODUCT, type Ground } from '../../functions/purchase.ts'
import type { Answer, Person } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

export const checkoutHeld: Scenario = {
  name: 'checkout-held',
  functions: ['check-out', 'on-stripe-event'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const click = async (): Promise<void> => void (await fromAbroad(buyer, id))
    return {
      run: click,
      again: click,
      faults: () => ordersOf(shop, buyer).flatMap((order) => (intentOf(shop, order['id'])?.['status'] === 'succeeded' ? [`order ${order['id']} was charged, and nobody had looked at it`] : [])),
    }
  },
}

export const reviewApprove = decided('review-approve', 'approve')
export const reviewRefuse = decided('review-refuse', 'refuse')

function decided(name: string, decision: 'approve' | 'refuse'): Scenario {
  return {
    name,
    functions: ['review-order', 'on-stripe-event'],
    prepare: async (ground) => {
      const { shop } = ground
      const admin = await shop.person('admin')
      const orderId = await held(ground)
      const click = async (): Promise<void> => void (await decide(admin, orderId, decision, { key: 'the-click' }))
      return {
        run: click,
        again: click,
        faults: () => {
          const [state, atStripe] = [stateOf(shop, orderId), intentOf(shop, orderId)['status']]
          const right = decision === 'approve' ? ['paid succeeded'] : ['cancelled canceled']
          // A click that never reached us decides nothing; then Stripe lets go when its time is over.
          const undecided = shop.document('orders', orderId)?.['review'] === null ? ['in_review requires_capture', 'expired canceled'] : []
          return [...right, ...undecided].includes(`${state} ${atStripe}`) ? [] : [`order ${orderId} was to be ${decision}d: it is ${state}, at Stripe ${atStripe}`]
        },
      }
    },
  }
}

async function held({ shop }: Ground): Promise<string> {
  const buyer = await shop.person()
  const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  const { status, body } = await fromAbroad(buyer, id)
  if (status !== 202) throw new Error(`The order is not held: ${status} ${JSON.stringify(body)}`)
  return body['orderId']
}

/** Nobody abroad buys in this shop. */
function fromAbroad(buyer: Person, cartId: string): Promise<Answer> {
  const body = { customerId: buyer.id, email: buyer.email, cartId, paymentMethod: { token: 'pm_card_visa' } }
  return buyer.call('POST', '/api/checkout', body, { 'idempotency-key': 'the-click', 'x-country-code': 'NG' })
}
