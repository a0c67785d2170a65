/** Orders, as callers are shown them. */
import { z } from 'zod'
import { amountShown, countShown, currencyShown, listOf, momentShown, percentShown } from '#values/shown.ts'
import { ORDER_STATES } from '../order.ts'

export const GatewayShown = z.enum(['stripe', 'kaja', 'none']).meta({ id: 'Gateway', description: 'By which it is paid; `none` where nothing was to be paid.' })

const OrderStateShown = z.enum(ORDER_STATES).meta({ id: 'OrderState' })

export const PaymentShown = z
  .object({
    gateway: GatewayShown,
    transactionId: z.string().nullable(),
    status: z.enum([
      'pending', 'succeeded', 'authorised', 'declined', 'requires_action', 'processing', 'unknown', 'cancelled', 'not_charged', 'in_review',
    ]),
    declineCode: z.string().optional(),
    cardId: z.string().optional().describe('The saved card that pays.'),
    savedAs: z.string().optional().describe('The card is kept under this id when it has paid.'),
    session: z.object({ url: z.string(), expiresAt: momentShown }).optional().describe('The page where it can be paid, while it can.'),
  })
  .meta({ id: 'Payment' })
export type PaymentShown = z.input<typeof PaymentShown>

export const RefundShown = z
  .object({
    id: z.string(),
    amount: amountShown,
    reason: z.string(),
    lines: listOf(z.object({ productId: z.string(), quantity: countShown })),
    shipping: amountShown,
    restock: z.boolean(),
    status: z.enum(['pending', 'succeeded', 'failed']),
    transactionId: z.string().nullable(),
    createdAt: momentShown,
  })
  .meta({ id: 'Refund' })
export type RefundShown = z.input<typeof RefundShown>

export const DisputeShown = z
  .object({
    id: z.string(),
    status: z.enum(['inquiry', 'closed', 'needs_response', 'under_review', 'won', 'lost']),
    amount: amountShown,
    currency: currencyShown,
    reason: z.string(),
    evidenceDueAt: momentShown.nullable(),
    answered: z.boolean(),
    openedAt: momentShown,
    closedAt: momentShown.nullable(),
  })
  .meta({ id: 'Dispute' })
export type DisputeShown = z.input<typeof DisputeShown>

const AddressShown = z
  .object({
    name: z.string(), line1: z.string(), line2: z.string().nullable(), city: z.string(), state: z.string(), postalCode: z.string(), country: z.string(),
  })
  .meta({ id: 'Address' })

export const DeliveryShown = z
  .discriminatedUnion('how', [z.object({ how: z.literal('pick_up') }), z.object({ how: z.literal('ship'), address: AddressShown })])
  .meta({ id: 'Delivery' })
export type DeliveryShown = z.input<typeof DeliveryShown>

export const FulfilmentShown = z
  .object({ how: z.enum(['picked_up', 'shipped']), tracking: z.string().nullable(), toAdult: z.boolean(), at: momentShown })
  .meta({ id: 'Fulfilment' })
export type FulfilmentShown = z.input<typeof FulfilmentShown>

export const CancellationShown = z
  .object({ by: z.enum(['staff', 'customer']), reason: z.string().nullable(), at: momentShown })
  .meta({ id: 'Cancellation' })
export type CancellationShown = z.input<typeof CancellationShown>

export const PromoUseShown = z.object({ code: z.string(), amount: amountShown })
export type PromoUseShown = z.input<typeof PromoUseShown>

const OrderLineShown = z
  .object({
    productId: z.string(),
    name: z.string(),
    sku: z.string().nullable(),
    quantity: countShown,
    unitPrice: amountShown,
    discount: amountShown,
    promo: amountShown,
    tax: amountShown,
    total: amountShown,
    refundedQuantity: countShown,
  })
  .meta({ id: 'OrderLine' })

export const OrderShown = z
  .object({
    id: z.string(),
    number: z.string().describe('As people read it out on the phone.'),
    state: OrderStateShown,
    purpose: z.string().optional().describe('What its payment grants; absent: goods.'),
    customerId: z.string().nullable(),
    email: z.string(),
    lines: listOf(OrderLineShown),
    subtotal: amountShown,
    discount: amountShown,
    discountPercent: percentShown,
    promo: PromoUseShown.nullable(),
    tax: amountShown,
    taxExempt: z.boolean(),
    shipping: amountShown,
    total: amountShown,
    refunded: amountShown,
    currency: currencyShown,
    payment: PaymentShown,
    refunds: listOf(RefundShown),
    disputes: listOf(DisputeShown),
    stockUnconfirmed: z.boolean(),
    delivery: DeliveryShown.nullable(),
    fulfilment: FulfilmentShown.nullable(),
    cancellation: CancellationShown.nullable(),
    history: listOf(z.object({ state: OrderStateShown, at: momentShown, cause: z.string() })),
    createdAt: momentShown,
    updatedAt: momentShown,
  })
  .meta({ id: 'Order' })
export type OrderShown = z.input<typeof OrderShown>

/** What a gateway wants its own client to do: nothing of it is ours. */
export const nextActionShown = z.unknown().meta({ description: 'What the customer\'s bank wants, as the payment service says it: hand it to its own client.' })
const clientSecretShown = z.string().nullable().meta({ description: 'With it the payment service\'s own client goes on.' })

/** What was bought and paid. */
export const SoldShown = z.object({ orderId: z.string(), order: OrderShown, payment: PaymentShown, total: amountShown }).meta({ id: 'Sold' })

/** Placed, and somebody has to act first. */
export const PlacedShown = z
  .object({
    orderId: z.string(),
    order: OrderShown,
    payment: PaymentShown.extend({ clientSecret: clientSecretShown.optional(), nextAction: nextActionShown.optional() }).meta({ id: 'OpenPayment' }),
    total: amountShown,
    message: z.string().optional(),
  })
  .meta({ id: 'Placed', description: 'The customer\'s bank, the payment page or staff have to act first.' })

export const CancelledShown = z.object({ orderId: z.string(), cancelled: z.boolean(), order: OrderShown })
export type CancelledShown = z.input<typeof CancelledShown>

export const NoteShown = z.object({ id: z.string(), text: z.string(), by: z.string(), at: momentShown }).meta({ id: 'OrderNote' })
export type NoteShown = z.input<typeof NoteShown>

export const DecisionShown = z
  .object({ decision: z.enum(['approve', 'refuse']), reason: z.string(), decidedBy: z.string(), at: momentShown })
  .meta({ id: 'Decision' })
export type DecisionShown = z.input<typeof DecisionShown>

export const ReceivedShown = z.object({ amount: amountShown, currency: currencyShown })
export type ReceivedShown = z.input<typeof ReceivedShown>

export const ReviewShown = z
  .object({
    orderId: z.string(),
    number: z.string(),
    reasons: listOf(z.object({ code: z.string(), about: z.string() })),
    amount: amountShown,
    currency: currencyShown,
    received: ReceivedShown.nullable().describe('What the payment service took or holds, where that is another amount.'),
    taken: z.boolean(),
    payment: PaymentShown,
    customerId: z.string().nullable(),
    email: z.string(),
    ipCountry: z.string().nullable(),
    units: countShown,
    decision: DecisionShown.nullable(),
    createdAt: momentShown,
    deadline: momentShown.nullable(),
  })
  .meta({ id: 'Review' })
export type ReviewShown = z.input<typeof ReviewShown>

