/** What is left of an order when its customer is forgotten: goods, money and dates for the books; nothing that names him. */
import type { Address, Delivery } from './delivery.ts'
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

function nowhere(delivery: Delivery): Delivery {
  return delivery.how === 'ship' ? { how: 'ship', address: unnamed(delivery.address) } : delivery
}

/** What the tax was for stays: state and country. */
function unnamed({ state, country }: Pick<Address, 'state' | 'country'>): Address {
  return { name: '', line1: '', city: '', state, postalCode: '', country }
}

/** Answers are kept as they were given; what they say of the customer is taken out, wherever it stands. */
function unsaid<Kept extends Answer | null>(answer: Kept): Kept {
  return answer === null ? answer : { ...answer, body: JSON.stringify(JSON.parse(answer.body, silenced)) }
}

function silenced(name: string, value: unknown): unknown {
  if (value === null) return value
  switch (name) {
    case 'email':
      return NOBODY
    case 'address':
      return unnamed(value as Address)
    case 'tracking':
    case 'cancelReason':
      return null
    case 'cancellation':
      return (value as { by: string }).by === 'staff' ? value : { ...(value as object), reason: null }
    default:
      return value
  }
}
