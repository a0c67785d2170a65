/**
 * A gateway's movements beside the entries and orders that they lead to: which entry a movement is booked in, and which
 * order it belongs to.
 *
 * A movement names its entry by our reference on it, or by the gateway's id that the entry has kept. Whoever looks at a
 * span of time judges what is dated in it; what is dated around it only helps to recognise the rest.
 */
import { MINUTE_MS } from '#values/time.ts'
import type { JournalEntry } from './ledger.ts'
import type { Order } from './order.ts'
import type { GatewayName, Movement } from './payment.ts'

export interface Listed {
  /** Movements that are judged. */
  readonly judged: readonly Movement[]
  /** Movements of the time around, by which entries are recognised. */
  readonly around: readonly Movement[]
  /** Entries that are judged: each must have its movement. */
  readonly claims: readonly JournalEntry[]
  /** Every entry that is known of what is judged. */
  readonly entries: readonly JournalEntry[]
}

export interface Books extends Listed {
  readonly gateway: GatewayName
  /** The orders of what has no entry. */
  readonly orders: readonly Order[]
  /** Entries whose charge or refund the gateway has confirmed when it was asked. */
  readonly confirmed: ReadonlySet<string>
}

const CLAIMED: readonly JournalEntry['kind'][] = ['charge', 'refund']
/** A movement and its entry are dated so far apart at most, as a rule: by clocks, and by the time that an answer takes. */
export const MARGIN_MS = 15 * MINUTE_MS
/** So many characters of an order's id are nobody else's: a gateway may have no room for more. */
export const BEGINNING_MIN = 22

export interface Span {
  readonly fromMs: number
  /** Not itself in the span. */
  readonly toMs: number
}

interface Around {
  readonly movements: readonly Movement[]
  readonly entries: readonly JournalEntry[]
}

/** What a gateway and the ledger list around a span of time, and what of it is judged: spans that touch judge everything once. */
export function cut({ movements, entries }: Around, gateway: GatewayName, { fromMs, toMs }: Span): Listed {
  const isIn = ({ atMs }: { readonly atMs: number }): boolean => atMs >= fromMs && atMs < toMs
  const claims = entries.filter((entry) => isIn(entry) && CLAIMED.includes(entry.kind) && (postedAt(entry, gateway) ?? 0) !== 0)
  return { around: movements, entries, judged: movements.filter(isIn), claims }
}

/** Movements that the entries known so far do not explain. */
export function looseIn(books: Books): Movement[] {
  const book = new Book(books)
  return unique(books.judged).filter((movement) => movement.kind !== 'fee' && movement.amount !== 0 && book.entryOf(movement) === undefined)
}

/** Entries that no movement around them explains: the gateway is to be asked about each. */
export function doubtfulIn(books: Books): JournalEntry[] {
  const book = new Book(books)
  const known = new Set([...books.around, ...books.judged].map((movement) => book.entryOf(movement)?.id))
  return books.claims.filter(({ id }) => !known.has(id))
}

/** The ledger and the orders as a movement finds them. */
export class Book {
  readonly gateway: GatewayName
  readonly #entries: ReadonlyMap<string, JournalEntry>
  readonly #byReference: ReadonlyMap<string, JournalEntry>
  readonly #orders: readonly Order[]

  constructor({ gateway, entries, orders }: Books) {
    this.gateway = gateway
    this.#entries = new Map(entries.map((entry) => [entry.id, entry]))
    this.#byReference = new Map(entries.map((entry) => [`${entry.kind} ${entry.reference}`, entry]))
    this.#orders = orders
  }

  /** The entry that a movement is booked in. */
  entryOf(movement: Movement): JournalEntry | undefined {
    const { kind, transactionId } = movement
    const byReference = this.#byReference.get(`${kind} ${kind === 'charge' ? (transactionId ?? movement.id) : sourceOf(movement)}`)
    const byId = entryIdsOf(movement).map((id) => this.#entries.get(id)).find((entry) => entry !== undefined)
    // An order's entry may be that of another charge of the same order.
    const another = kind === 'charge' && byId?.reference !== transactionId
    const entry = byReference ?? (another ? undefined : byId)
    return entry === undefined || postedAt(entry, this.gateway) === undefined ? undefined : entry
  }

  entry(id: string): JournalEntry | undefined {
    return this.#entries.get(id)
  }

  orderOf({ transactionId, reference }: Movement): Order | undefined {
    return (
      this.#orders.find(({ id }) => id === reference) ??
      this.#orders.find(({ payment }) => transactionId !== null && payment.transactionId === transactionId) ??
      this.#orders.find(({ refunds }) => refunds.some(({ id }) => id === reference)) ??
      this.#orders.find(({ id }) => reference !== null && reference.length >= BEGINNING_MIN && id.startsWith(reference))
    )
  }
}

/** What an entry says of a gateway's account; undefined when nothing. */
export function postedAt(entry: JournalEntry, gateway: GatewayName): number | undefined {
  return entry.postings.find(({ account }) => account === `gateway:${gateway}`)?.amount
}

/** Ids that the entry of a movement can have. */
export function entryIdsOf(movement: Movement): string[] {
  const { id, kind, reference, amount } = movement
  switch (kind) {
    case 'charge':
      return reference === null ? [] : [`charge-${reference}`]
    case 'refund':
      return reference === null ? [] : [`refund-${reference}`]
    case 'refund_return':
      return reference === null ? [] : [`refund-return-${reference}`]
    case 'dispute':
    case 'dispute_reversal':
      return [`dispute-${id}`]
    case 'payout':
      // Ours to partners by our own id; what comes back of one, by its movement.
      if (amount > 0) return [`payout-return-${sourceOf(movement)}`, `payout-return-${id}`]
      return [reference === null ? `payout-${sourceOf(movement)}` : `payout-partner:${reference}`]
    default:
      return []
  }
}

/** What moved: the refund itself, where the movement only lists it. */
export function sourceOf(movement: Movement): string {
  return movement.sourceId ?? movement.id
}

export function unique(movements: readonly Movement[]): Movement[] {
  return [...new Map(movements.map((movement) => [movement.id, movement])).values()]
}

export function feeId({ id }: Movement): string {
  return `fee-${id}`
}
