/** What is left of an order when its customer is forgotten: goods, money and dates for the books; nothing that names him. */
import { deliveryView, type Delivery } from './delivery.ts'
import { isOpen, type Answer, type Order } from './order.ts'
import { NOBODY } from './mail.ts'

/** Something may still happen to it that needs its customer: a payment, a refund, a dispute to be answered. */
export function isUnderWay(order: Order): boolean {
  return isOpen(order) || order.checkAtMs !== null || (order.disputed?.checkAtMs ?? null) !== null
}

export function isNameless(order: Order): boolean {
  return order.email === NOBODY
}

export function nameless(order: Order): Order {
  const { payment, cancellation, review, delivery, fulfilment } = order
  return {
    ...order,
    email: NOBODY,
    canonicalEmail: NOBODY,
    ...(delivery === undefined ? {} : { delivery: nowhere(delivery) }),
    fulfilment: fulfilment === null ? null : { ...fulfilment, tracking: null },
    ip: '',
    ipCountry: null,
    userAgent: '',
    deviceId: null,
    answer: unsaid(order.answer),
    payment: {
      ...payment, token: null, clientSecret: null, nextAction: null,
      ...(payment.session === undefined ? {} : { session: { ...payment.session, url: null, answer: unsaid(payment.session.answer) } }),
    },
    refunds: order.refunds.map((refund) => (refund.answer === undefined ? refund : { ...refund, answer: unsaid(refund.answer) })),
    review: review?.answer === undefined ? review : { ...review, answer: unsaid(review.answer) },
    ...(cancellation === undefined ? {} : {
      cancellation: {
        ...cancellation, reason: cancellation.byStaff ? cancellation.reason : null,
        ...(cancellation.answer === undefined ? {} : { answer: unsaid(cancellation.answer) }),
      },
    }),
  }
}

/** What the tax was for stays: state and country. */
function nowhere(delivery: Delivery): Delivery {
  if (delivery.how !== 'ship') return delivery
  const { state, country } = delivery.address
  return { how: 'ship', address: { name: '', line1: '', city: '', state, postalCode: '', country } }
}

/** Answers are kept as they were given; what an order's view in them says of the customer is taken out. */
function unsaid<Kept extends Answer | null>(answer: Kept): Kept {
  if (answer === null) return answer
  const said = JSON.parse(answer.body) as { order?: View }
  return said.order === undefined ? answer : { ...answer, body: JSON.stringify({ ...said, order: silenced(said.order) }) }
}

/** As callers were shown it. */
interface View {
  readonly delivery?: Delivery | null
  readonly fulfilment?: Readonly<Record<string, unknown>> | null
  readonly cancellation?: { readonly by: string } | null
}

function silenced(view: View): Record<string, unknown> {
  const { delivery, fulfilment, cancellation } = view
  return {
    ...view,
    email: NOBODY,
    ...(delivery == null ? {} : { delivery: deliveryView(nowhere(delivery)) }),
    ...(fulfilment == null ? {} : { fulfilment: { ...fulfilment, tracking: null } }),
    ...(cancellation == null || cancellation.by === 'staff' ? {} : { cancellation: { ...cancellation, reason: null } }),
  }
}
