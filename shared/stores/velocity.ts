/**
 * What a customer, an address and a device have tried within their hour, counted with the order that it is about.
 *
 * It is kept in the counters that limit checkouts anyway: read with the cart, written in the commit that reserves, on the
 * version that was read. So it is exact however many click at once, and costs a document only where a device names
 * itself. Cards, customers and devices stand in it as hashes.
 */
import { NOTHING_YET, reasonsFor, suspected, withAttempt, type Hour, type Usual } from '#domain/fraud.ts'
import type { Order } from '#domain/order.ts'
import { toMinor } from '#values/money.ts'
import { HOUR_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import type { Data, Doc, Snapshot } from '#platform/firestore.ts'
import { counterDoc, counterOf, type Counter } from './limits.ts'

export interface Buying {
  readonly customerId: string | null
  readonly email: string
  readonly ip: string
  readonly deviceId: string | null
}

type Whose = 'customer' | 'address' | 'device'

/** A counter of a checkout before it is read. */
export interface Place {
  readonly whose: Whose
  readonly doc: Doc
  /** Checkouts an hour. */
  readonly limit: number
}

export interface Counted {
  readonly whose: Whose
  readonly counter: Counter
  readonly limit: number
}

/** The counters that a purchase counts in. */
export async function countersOf({ customerId, email, ip, deviceId }: Buying): Promise<Place[]> {
  const { CHECKOUTS_PER_CUSTOMER_HOUR, CHECKOUTS_PER_IP_HOUR } = config('limits')
  const buyer = await counterDoc(`checkout customer ${customerId ?? email.toLowerCase()}`)
  const address = await counterDoc(`checkout ip ${ip}`)
  const places: Place[] = [
    { whose: 'customer', doc: buyer, limit: CHECKOUTS_PER_CUSTOMER_HOUR },
    { whose: 'address', doc: address, limit: CHECKOUTS_PER_IP_HOUR },
  ]
  if (deviceId === null) return places
  // A device may leave its name out or invent one: it is watched, and limits nobody.
  return [...places, { whose: 'device', doc: await counterDoc(`checkout device ${deviceId}`), limit: Infinity }]
}

export function countedIn({ whose, doc, limit }: Place, snapshot: Snapshot): Counted {
  return { whose, limit, counter: counterOf(doc, snapshot, HOUR_MS) }
}

export interface Judged {
  readonly order: Order
  /** What each counter holds from now on, in the order of the counters. */
  readonly hours: readonly Hour[]
}

/** Counts an order in its hours; with a reason to look at it, its money is only to be set aside. */
export function judged(order: Order, counters: readonly Counted[]): Judged {
  const { FRAUD_SELLS_TO } = config('fraud')
  const card = order.payment.cardId ?? order.payment.token
  const attempt = {
    amount: order.total,
    card: card === null ? null : derivedId('card', [card]),
    buyer: derivedId('buyer', [order.customerId ?? order.email.toLowerCase()]),
  }
  const hours = counters.map(({ counter }) => withAttempt(hourOf(counter), attempt))
  const watched = counters.map(({ whose }, index) => ({ hour: hours[index] as Hour, usual: usualOf(whose, order.currency) }))
  return { order: suspected(order, reasonsFor(watched, { country: order.ipCountry, soldTo: FRAUD_SELLS_TO })), hours }
}

function hourOf({ used, kept }: Counter): Hour {
  const { amount, cards, buyers } = { ...NOTHING_YET, ...(kept as Partial<Hour>) }
  return { orders: used, amount, cards, buyers }
}

/** What a counter keeps of an hour beside its number. */
export function keptOf({ amount, cards, buyers }: Hour): Data {
  return { amount, cards: [...cards], buyers: [...buyers] }
}

function usualOf(whose: Whose, currency: string): Usual {
  const fraud = config('fraud')
  const minor = (major: number): number => toMinor(major, currency) ?? Infinity
  if (whose === 'address') {
    return {
      orders: fraud.FRAUD_ORDERS_PER_IP_HOUR,
      cards: fraud.FRAUD_CARDS_PER_IP_HOUR,
      amount: minor(fraud.FRAUD_AMOUNT_PER_IP_HOUR),
      buyers: Infinity,
    }
  }
  return {
    orders: fraud.FRAUD_ORDERS_PER_CUSTOMER_HOUR,
    cards: fraud.FRAUD_CARDS_PER_CUSTOMER_HOUR,
    amount: minor(fraud.FRAUD_AMOUNT_PER_CUSTOMER_HOUR),
    buyers: whose === 'device' ? fraud.FRAUD_CUSTOMERS_PER_DEVICE_HOUR : Infinity,
  }
}
