/**
 * The account: everything the vendor knows of this shop, and the clock it lives by.
 *
 * Changes are synchronous from the first check to the last write, which is what makes two confirms, captures or
 * refunds of one object at the same time safe. Nothing here may wait.
 */
import type { Shelf } from '../../disk.ts'
import type { Timeline } from '../../timeline.ts'
import type { VendorContext } from '../vendor.ts'
import { Agenda } from './agenda.ts'
import { Collection, type Item } from './collection.ts'
import type { EventLog } from './event-log.ts'
import { Ids } from './ids.ts'
import type {
  BalanceTransaction,
  Charge,
  Customer,
  Dispute,
  Event,
  PaymentIntent,
  PaymentMethod,
  Payout,
  Refund,
  Review,
  Session,
  SessionOrder,
  SetupIntent,
  Transfer,
} from './kept.ts'

export class Account {
  readonly timeline: Timeline
  readonly ids: Ids
  readonly agenda: Agenda
  readonly paymentIntents: Collection<PaymentIntent>
  readonly charges: Collection<Charge>
  readonly refunds: Collection<Refund>
  readonly customers: Collection<Customer>
  readonly paymentMethods: Collection<PaymentMethod>
  readonly setupIntents: Collection<SetupIntent>
  readonly sessions: Collection<Session>
  readonly transactions: Collection<BalanceTransaction>
  readonly disputes: Collection<Dispute>
  readonly payouts: Collection<Payout>
  readonly transfers: Collection<Transfer>
  readonly reviews: Collection<Review>
  readonly events: Collection<Event>
  /** Payment methods that left their customer: none may be used again. */
  readonly detached: Shelf<true>
  /** Payment methods whose holder has agreed to later payments in absence. */
  readonly setUp: Shelf<true>
  /** What each payout paid out: ids of balance transactions. */
  readonly payoutContents: Shelf<readonly string[]>
  /** What each Checkout Session sells, and what its payment will be told. */
  readonly sessionOrders: Shelf<SessionOrder>
  readonly eventLog: EventLog
  /** Where the vendor's own pages are served. */
  readonly pagesUrl: () => string
  /** How long after its making an object can be found by search: the vendor's index runs behind. */
  readonly searchLagMs: number

  constructor(context: VendorContext, options: { searchLagMs: number; eventLog: (account: Account) => EventLog }) {
    const { shelves, timeline } = context
    this.timeline = timeline
    this.ids = new Ids(shelves.shelf<number>('starts'), context.random())
    this.agenda = new Agenda(timeline, shelves.shelf('waits'))
    this.paymentIntents = new Collection(shelves.shelf('payment_intents'), 'payment_intent', ['customer'])
    this.charges = new Collection(shelves.shelf('charges'), 'charge', ['payment_intent', 'customer', 'payment_method'])
    this.refunds = new Collection(shelves.shelf('refunds'), 'refund', ['payment_intent', 'charge'])
    this.customers = new Collection(shelves.shelf('customers'), 'customer', ['email'])
    this.paymentMethods = new Collection(shelves.shelf('payment_methods'), 'PaymentMethod', ['customer'])
    this.setupIntents = new Collection(shelves.shelf('setup_intents'), 'setupintent', ['customer', 'payment_method'])
    this.sessions = new Collection(shelves.shelf('checkout_sessions'), 'checkout.session', ['payment_intent', 'setup_intent'])
    this.transactions = new Collection(shelves.shelf('balance_transactions'), 'balance_transaction', ['source'])
    this.disputes = new Collection(shelves.shelf('disputes'), 'dispute', ['charge', 'payment_intent'])
    this.payouts = new Collection(shelves.shelf('payouts'), 'payout')
    this.transfers = new Collection(shelves.shelf('transfers'), 'transfer', ['transfer_group'])
    this.reviews = new Collection(shelves.shelf('reviews'), 'review')
    this.events = new Collection(shelves.shelf('events'), 'event')
    this.detached = shelves.shelf('detached_methods')
    this.setUp = shelves.shelf('set_up_methods')
    this.payoutContents = shelves.shelf('payout_contents')
    this.sessionOrders = shelves.shelf('session_orders')
    this.pagesUrl = () => `${context.shopUrl()}/_local/vendors/stripe/pages`
    this.searchLagMs = options.searchLagMs
    this.eventLog = options.eventLog(this)
  }

  /** Seconds since 1970, the vendor's unit of time. */
  now(): number {
    return Math.floor(this.timeline.now() / 1000)
  }

  /** The object an id names, by the id's prefix. */
  find(id: string): Item | undefined {
    return this.#collectionOf(id)?.get(id)
  }

  /** The collections by the names local control gives them. */
  named(): Record<string, Collection<Item>> {
    return {
      payment_intents: this.paymentIntents,
      charges: this.charges,
      refunds: this.refunds,
      customers: this.customers,
      payment_methods: this.paymentMethods,
      setup_intents: this.setupIntents,
      checkout_sessions: this.sessions,
      events: this.events,
      balance_transactions: this.transactions,
      disputes: this.disputes,
      payouts: this.payouts,
      transfers: this.transfers,
      reviews: this.reviews,
    } as unknown as Record<string, Collection<Item>>
  }

  #collectionOf(id: string): { get(id: string): Item | undefined } | undefined {
    switch (id.slice(0, id.indexOf('_'))) {
      case 'pi':
        return this.paymentIntents
      case 'ch':
        return this.charges
      case 're':
        return this.refunds
      case 'cus':
        return this.customers
      case 'pm':
        return this.paymentMethods
      case 'seti':
        return this.setupIntents
      case 'txn':
        return this.transactions
      case 'dp':
        return this.disputes
      case 'po':
        return this.payouts
      case 'tr':
        return this.transfers
      case 'prv':
        return this.reviews
      case 'cs':
        return this.sessions
      default:
        return undefined
    }
  }
}
