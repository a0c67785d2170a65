/** A gateway's books against ours: each difference named exactly once, and none invented wherever a span of time is cut. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { feesIn } from '#domain/fees.ts'
import { cut, MARGIN_MS, type Books } from '#domain/gateway-book.ts'
import { chargeEntry, feeEntry, refundEntry, refundReturnEntry, transferEntry, type JournalEntry } from '#domain/ledger.ts'
import type { Order, OrderState, Refund } from '#domain/order.ts'
import type { Movement } from '#domain/payment.ts'
import { differences, stuckPayment, type Found } from '#domain/reconciliation.ts'
import { NOW_MS, pendingOrder } from './given.ts'

const TOTAL = pendingOrder().total
const REFUND: Refund = { id: 'ref_1', amount: 500, reason: 'Broken', lines: [], restock: false, status: 'succeeded', gatewayRefundId: 're_1', requestedBy: 'admin a', atMs: NOW_MS }

function order(id: string, wanted: Partial<Order> & { transactionId?: string | null } = {}): Order {
  const { transactionId = `pi_${id}`, ...rest } = wanted
  const made = pendingOrder({ draft: { id } })
  return { ...made, state: 'paid', ...rest, payment: { ...made.payment, status: 'succeeded', transactionId, ...rest.payment } }
}

function movement(wanted: Partial<Movement> & Pick<Movement, 'id' | 'kind'>): Movement {
  return { amount: TOTAL, fee: 0, currency: 'USD', transactionId: 'pi_ord_1', reference: 'ord_1', atMs: NOW_MS, ...wanted }
}

const booking = (orderId: string, amount = TOTAL, reference = `pi_${orderId}`, atMs = NOW_MS) =>
  ({ orderId, gateway: 'stripe' as const, currency: 'USD', amount, tax: 0, shipping: 0, reference, atMs })
const charged = (orderId = 'ord_1', amount = TOTAL): JournalEntry => chargeEntry(booking(orderId, amount))
const refunded = (id = 'ref_1', amount = 500): JournalEntry => refundEntry(id, booking('ord_1', amount, 're_1'))
const CHARGE = movement({ id: 'txn_1', kind: 'charge' })
const GIVEN = movement({ id: 'txn_2', kind: 'refund', amount: -500, reference: 'ref_1', sourceId: 're_1' })
const BACK = movement({ id: 'txn_3', kind: 'refund_return', amount: 500, reference: 'ref_1', sourceId: 're_1' })
const FOREIGN = { transactionId: 'pi_x', reference: null }

function books({ judged = [], ...wanted }: Partial<Books>): Books {
  return { gateway: 'stripe', judged, around: judged, claims: [], entries: [], orders: [], confirmed: new Set(), ...wanted }
}

const words = (found: readonly Found[]): string[] => found.map(({ kind, subject, excess, currency }) => `${kind} ${subject} ${excess} ${currency}`)
const entries = [charged()]

describe('does', () => {
  test.each<[string, Partial<Books>, string[]]>([
    ['nothing where all agrees', { judged: [CHARGE, GIVEN], entries: [charged(), refunded()], claims: [charged(), refunded()] }, []],
    ['a charge that names no order', { judged: [{ ...CHARGE, ...FOREIGN }] }, [`charge_without_order pi_x ${TOTAL} USD`]],
    ['a charge that names an order we do not have', { judged: [CHARGE] }, [`charge_without_order pi_ord_1 ${TOTAL} USD`]],
    ['a charge for an order that another has paid', { judged: [{ ...CHARGE, transactionId: 'pi_x' }], entries, orders: [order('ord_1')] }, [`charged_twice pi_x ${TOTAL} USD`]],
    ['no charge that was given back by whoever made it', { judged: [{ ...CHARGE, ...FOREIGN }, { ...GIVEN, ...FOREIGN, amount: -TOTAL }] }, []],
    ['of a foreign charge, what is left of it', { judged: [{ ...CHARGE, ...FOREIGN }, { ...GIVEN, ...FOREIGN }] }, [`charge_without_order pi_x ${TOTAL - 500} USD`]],
    ['money that its order has not noticed', { judged: [CHARGE], orders: [order('ord_1', { state: 'payment_unknown' })] }, [`payment_missed pi_ord_1 ${TOTAL} USD`]],
    ['money that came after its order was given up', { judged: [CHARGE], orders: [order('ord_1', { state: 'expired' })] }, [`payment_missed pi_ord_1 ${TOTAL} USD`]],
    ['nothing where the right money waits in review', { judged: [CHARGE], orders: [order('ord_1', { state: 'in_review' })] }, []],
    ['another amount that waits in review', { judged: [{ ...CHARGE, amount: 700 }], orders: [order('ord_1', { state: 'in_review' })] }, ['amount_differs pi_ord_1 700 USD']],
    ['another currency that waits in review', { judged: [{ ...CHARGE, currency: 'EUR' }], orders: [order('ord_1', { state: 'in_review' })] }, [`currency_differs pi_ord_1 ${TOTAL} EUR`]],
    ['another amount than the ledger\'s', { judged: [{ ...CHARGE, amount: TOTAL - 7 }], entries }, ['amount_differs txn_1 -7 USD']],
    ['another currency than the ledger\'s', { judged: [{ ...CHARGE, currency: 'EUR' }], entries }, [`currency_differs txn_1 ${TOTAL} EUR`]],
    ['a paid order without an entry', { judged: [CHARGE], orders: [order('ord_1')] }, [`entry_missing pi_ord_1 ${TOTAL} USD`]],
    ['an entry without a charge', { claims: entries, entries }, [`order_without_charge ord_1 ${-TOTAL} USD`]],
    ['no entry whose charge the gateway has confirmed', { claims: entries, entries, confirmed: new Set(['charge-ord_1']) }, []],
    ['an entry without a refund', { claims: [refunded()], entries: [refunded()] }, ['refund_missing ref_1 500 USD']],
    ['a refund that nobody asked us for', { judged: [{ ...GIVEN, reference: null }], orders: [order('ord_1')] }, ['refund_unknown re_1 -500 USD']],
    ['no refund that nobody asked us for and that came back', { judged: [{ ...GIVEN, reference: null }, { ...BACK, reference: null }] }, []],
    ['a refund that its order still waits for', { judged: [GIVEN], orders: [order('ord_1', { refunds: [{ ...REFUND, status: 'pending', gatewayRefundId: null }] })] }, ['refund_missed re_1 -500 USD']],
    ['a refund that came back unnoticed', { judged: [GIVEN, BACK], entries: [refunded()], orders: [order('ord_1', { refunds: [REFUND] })] }, ['refund_missed re_1 500 USD']],
    ['a refund that our books call failed', { judged: [GIVEN], orders: [order('ord_1', { refunds: [{ ...REFUND, status: 'failed' }] })] }, ['refund_unknown re_1 -500 USD']],
    ['nothing of a refund that came back on record', { judged: [GIVEN, BACK], entries: [refunded(), refundReturnEntry('ref_1', booking('ord_1', 500, 're_1'))] }, []],
    ['another amount of a refund', { judged: [{ ...GIVEN, amount: -400 }], entries: [refunded()] }, ['amount_differs re_1 100 USD']],
    ['a dispute that the ledger does not know', { judged: [movement({ id: 'txn_4', kind: 'dispute', amount: -TOTAL, reference: null })], orders: [order('ord_1')] }, [`dispute_unknown txn_4 ${-TOTAL} USD`]],
    ['a payout that the ledger does not know', { judged: [movement({ id: 'txn_5', kind: 'payout', amount: -900, ...FOREIGN, sourceId: 'po_1' })] }, ['payout_unknown txn_5 -900 USD']],
    ['what we have no word for', { judged: [movement({ id: 'txn_6', kind: 'other', amount: 33, ...FOREIGN })] }, ['movement_unknown txn_6 33 USD']],
    ['the same movement once, though it is listed twice', { judged: [{ ...CHARGE, ...FOREIGN }, { ...CHARGE, ...FOREIGN }] }, [`charge_without_order pi_x ${TOTAL} USD`]],
  ])('name %s', (_, given, named) => {
    expect(words(differences(books(given)))).toEqual(named)
  })

  test('name a dispute and a payout no more once they are in the ledger', () => {
    const dispute = movement({ id: 'txn_4', kind: 'dispute', amount: -TOTAL, reference: null })
    const payout = movement({ id: 'txn_5', kind: 'payout', amount: -900, ...FOREIGN, sourceId: 'po_1' })
    const common = { orderId: null, currency: 'USD', atMs: NOW_MS, reference: 'x' }
    const known = [
      transferEntry({ ...common, id: 'dispute-txn_4', kind: 'dispute', from: 'disputes:held', to: 'gateway:stripe', amount: -TOTAL }),
      transferEntry({ ...common, id: 'payout-po_1', kind: 'payout', from: 'gateway:stripe', to: 'payouts:transit', amount: 900 }),
    ]
    expect(differences(books({ judged: [dispute, payout], entries: known }))).toEqual([])
  })

  test('find each fee that is not in the ledger, of a movement or by itself, and one that is there otherwise', () => {
    const own = movement({ id: 'txn_7', kind: 'fee', amount: -250, ...FOREIGN })
    const judged = [{ ...CHARGE, fee: 59 }, own, { ...GIVEN, fee: 10 }]
    const posted = feeEntry('txn_2', { gateway: 'stripe', orderId: 'ord_1', currency: 'USD', amount: 9, atMs: NOW_MS, reference: 're_1' })
    const { due, differing } = feesIn(books({ judged, entries: [charged(), posted] }))
    expect(due.map(({ movement: { id }, amount, orderId }) => [id, amount, orderId])).toEqual([['txn_1', 59, 'ord_1'], ['txn_7', 250, null]])
    expect(words(differing)).toEqual(['fee_differs txn_2 -1 USD'])
    expect(words(differences(books({ judged: [own] })))).toEqual([])
  })

  test.each<[OrderState, Order['payment']['status'], number, boolean]>([
    ['payment_unknown', 'unknown', 61, true], ['pending_payment', 'pending', 61, true], ['requires_action', 'requires_action', 61, true],
    ['payment_unknown', 'unknown', 59, false], ['payment_unknown', 'processing', 600, false], ['in_review', 'authorised', 600, false],
    ['paid', 'succeeded', 600, false], ['payment_failed', 'declined', 600, false],
  ])('an order that is %s with a payment %s for %i minutes: stuck is %s', (state, status, minutes, stuck) => {
    const made = order('ord_1', { state })
    expect(stuckPayment({ ...made, payment: { ...made.payment, status } }, NOW_MS + minutes * 60_000) !== undefined).toBe(stuck)
  })
})

type Defect = 'none' | 'no_order' | 'no_charge' | 'amount' | 'currency' | 'no_entry' | 'twice' | 'no_refund' | 'foreign_refund'
const DEFECTS: readonly Defect[] = ['none', 'no_order', 'no_charge', 'amount', 'currency', 'no_entry', 'twice', 'no_refund', 'foreign_refund']

interface Past {
  readonly movements: Movement[]
  readonly entries: JournalEntry[]
  readonly orders: Order[]
  readonly expected: string[]
}

const happenings = fc.array(
  fc.record({
    defect: fc.constantFrom(...DEFECTS),
    atMs: fc.integer({ min: 0, max: 6 * 3_600_000 }),
    amount: fc.integer({ min: 100, max: 90_000 }),
    /** Our clock against the gateway's, and the time that an answer took: mostly little, now and then hours. */
    skewMs: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -MARGIN_MS, max: MARGIN_MS }) }, { weight: 1, arbitrary: fc.integer({ min: -7_200_000, max: 7_200_000 }) }),
    refundAfterMs: fc.option(fc.integer({ min: 0, max: 10_800_000 }), { nil: undefined }),
    comesBack: fc.boolean(),
  }),
  { maxLength: 12 },
)
type Happening = (typeof happenings) extends fc.Arbitrary<Array<infer One>> ? One : never

function past(all: readonly Happening[]): Past {
  const made: Past = { movements: [], entries: [], orders: [], expected: [] }
  for (const [index, happening] of all.entries()) happens(made, index, happening)
  return made
}

function happens({ movements, entries: ledger, orders, expected }: Past, index: number, { defect, atMs, amount, skewMs, refundAfterMs, comesBack }: Happening): void {
  const [id, pi, re, ref] = [`ord_${index}`, `pi_${index}`, `re_${index}`, `ref_${index}`]
  const charge: Movement = { id: `txn_${index}_c`, kind: 'charge', amount, fee: 0, currency: 'USD', transactionId: pi, reference: id, atMs }
  const entryAt = atMs + skewMs
  const base = { ...booking(id, amount, pi, entryAt) }
  if (defect !== 'no_charge') movements.push(defect === 'amount' ? { ...charge, amount: amount + 1 } : defect === 'currency' ? { ...charge, currency: 'EUR' } : charge)
  if (defect === 'twice') movements.push({ ...charge, id: `txn_${index}_2`, transactionId: `${pi}_2` })
  if (defect !== 'no_order') orders.push(order(id, { total: amount, transactionId: pi }))
  if (defect !== 'no_entry' && defect !== 'no_order') ledger.push(chargeEntry(base))
  const named: Partial<Record<Defect, string>> = {
    no_order: `charge_without_order ${pi}`, no_charge: `order_without_charge ${id}`, amount: `amount_differs txn_${index}_c`, currency: `currency_differs txn_${index}_c`,
    no_entry: `entry_missing ${pi}`, twice: `charged_twice ${pi}_2`, no_refund: `refund_missing ${ref}`, foreign_refund: `refund_unknown ${re}`,
  }
  if (named[defect] !== undefined) expected.push(named[defect])
  const refund: Movement = { ...charge, id: `txn_${index}_r`, kind: 'refund', amount: -amount, reference: ref, sourceId: re, atMs: atMs + (refundAfterMs ?? 0) }
  if (defect === 'foreign_refund') movements.push({ ...refund, reference: null })
  const refunding = { ...base, reference: re, atMs: refund.atMs + skewMs }
  if (defect === 'no_refund') ledger.push(refundEntry(ref, refunding))
  if (defect !== 'none' || refundAfterMs === undefined) return
  movements.push(refund)
  ledger.push(refundEntry(ref, refunding))
  if (!comesBack) return
  movements.push({ ...refund, id: `txn_${index}_b`, kind: 'refund_return', amount, atMs: refund.atMs + 3_600_000 })
  ledger.push(refundReturnEntry(ref, { ...refunding, atMs: refunding.atMs + 3_600_000 }))
}

/** What a run over touching spans finds, each with what it would be given: its own time and a little more, and what the gateway says when asked. */
function foundIn({ movements, entries: ledger, orders }: Past, cuts: readonly number[]): string[] {
  const edges = [-10 * 3_600_000, ...[...new Set(cuts)].toSorted((one, other) => one - other), 20 * 3_600_000]
  return edges.slice(1).flatMap((toMs, index) => {
    const span = { fromMs: edges[index] ?? 0, toMs }
    const near = ({ atMs }: { readonly atMs: number }): boolean => atMs >= span.fromMs && atMs < toMs + MARGIN_MS
    const listed = cut({ movements: movements.filter(near), entries: ledger }, 'stripe', span)
    const has = ({ kind, reference }: JournalEntry): boolean => movements.some((one) => one.kind === kind && (one.transactionId === reference || one.sourceId === reference))
    const confirmed = new Set(listed.claims.filter(has).map(({ id }) => id))
    return differences({ ...listed, gateway: 'stripe', orders, confirmed }).map(({ kind, subject }) => `${kind} ${subject}`)
  })
}

describe('survives', () => {
  test('any history, cut anywhere: every seeded difference is named exactly once, and none is invented', () => {
    fc.assert(
      fc.property(happenings, fc.array(fc.integer({ min: -3_600_000, max: 40_000_000 }), { maxLength: 12 }), (all, cuts) => {
        const made = past(all)
        expect(foundIn(made, cuts).toSorted()).toEqual(made.expected.toSorted())
      }),
      { numRuns: 500 },
    )
  })

  test('a cut at any movement itself', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const made = past(all)
        expect(foundIn(made, made.movements.map(({ atMs }) => atMs)).toSorted()).toEqual(made.expected.toSorted())
      }),
    )
  })
})
