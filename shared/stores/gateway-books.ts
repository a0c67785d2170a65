/**
 * What reconciliation compares: a gateway's movements of a span of time beside the entries and orders that they lead to.
 *
 * Where all is well only entries are read, many at a time; orders only for what has no entry, and the gateway is asked
 * one by one only about entries whose movement is not near.
 */
import { chargeRequestOf } from '#domain/checkout.ts'
import type { JournalEntry } from '#domain/ledger.ts'
import { refundedAmount, takenFor, type Order } from '#domain/order.ts'
import type { Gateway, Movement } from '#domain/payment.ts'
import { BEGINNING_MIN, cut, doubtfulIn, entryIdsOf, feeId, looseIn, MARGIN_MS, sourceOf, type Books, type Listed, type Span } from '#domain/gateway-book.ts'
import { ID } from '#values/ids.ts'
import { collection, readAll, readQuery, type Query } from '#platform/firestore.ts'
import { readEntries } from './ledger.ts'
import { orderDoc, orderOf, readOrder } from './orders.ts'

const READ_AT_ONCE = 100
/** As many values as one query may ask for. */
const VALUES_MAX = 30
const ENTRIES_PAGE = 500
const ASK_AT_ONCE = 8

/** Everything that the gateway and the ledger say of a span of time. */
export async function listedIn(gateway: Gateway, span: Span): Promise<Listed> {
  const [fromMs, toMs] = [span.fromMs - MARGIN_MS, span.toMs + MARGIN_MS]
  // A movement whose moment a gateway does not tell is dated at the beginning of what was asked: there it must be judged.
  const [movements, entries] = await Promise.all([gateway.movements(span.fromMs, toMs), entriesBetween({ fromMs, toMs })])
  return cut({ movements, entries }, gateway.name, span)
}

/** With it what it leads to: missing entries, the orders of what has none, and what the gateway says when asked. */
export async function booksOf(gateway: Gateway, given: Listed): Promise<Books> {
  const wanted = given.judged.flatMap((movement) => [...entryIdsOf(movement), ...(isDated(movement) ? [] : [feeId(movement)])])
  const first = { ...given, gateway: gateway.name, orders: [], confirmed: new Set<string>(), entries: await withEntries(given.entries, wanted) }
  const loose = looseIn(first)
  const orders = await ordersOf(loose)
  const known = { ...first, orders, entries: await withEntries(first.entries, orders.flatMap((order) => entriesNamed(order, loose))) }
  return { ...known, confirmed: await confirmed(gateway, doubtfulIn(known)) }
}

/** A fee's entry is dated as its movement, unless it came with a dispute: then whoever learnt of that has dated it. */
function isDated({ kind }: Movement): boolean {
  return kind !== 'dispute' && kind !== 'dispute_reversal'
}

async function withEntries(known: readonly JournalEntry[], ids: readonly string[]): Promise<JournalEntry[]> {
  const have = new Set(known.map(({ id }) => id))
  const missing = [...new Set(ids)].filter((id) => !have.has(id) && ID.test(id))
  return [...known, ...(await inParts(missing, READ_AT_ONCE, readEntries))]
}

/** An order that was found by its charge leads to entries that the movement itself does not name. */
function entriesNamed(order: Order, loose: readonly Movement[]): string[] {
  const moved = new Set(loose.map(sourceOf))
  const refunds = order.refunds.filter(({ gatewayRefundId }) => moved.has(gatewayRefundId ?? ''))
  return [`charge-${order.id}`, ...refunds.flatMap(({ id }) => [`refund-${id}`, `refund-return-${id}`])]
}

async function ordersOf(loose: readonly Movement[]): Promise<Order[]> {
  const named = loose.flatMap(({ kind, reference }) => (kind === 'charge' && reference !== null && ID.test(reference) ? [reference] : []))
  const byId = await inParts(unique(named), READ_AT_ONCE, async (part) => readAll(await Promise.all(part.map(orderDoc))))
  const whole = byId.map(orderOf).filter((order) => order !== undefined)
  const beginnings = unique(named).filter((name) => name.length >= BEGINNING_MIN && !whole.some(({ id }) => id === name))
  const begun = await inParts(beginnings, ASK_AT_ONCE, async (part) => (await Promise.all(part.map(ordersBeginning))).flat())
  const orders = [...whole, ...begun]
  const charged = new Set(orders.map(({ payment }) => payment.transactionId))
  const transactions = unique(loose.flatMap(({ transactionId }) => (transactionId === null || charged.has(transactionId) ? [] : [transactionId])))
  const byCharge = await inParts(transactions, VALUES_MAX, async (part) => readQuery((await collection('orders')).where('payment.transactionId', 'in', part)))
  return [...orders, ...byCharge.map((snapshot) => orderOf(snapshot) as Order)]
}

/** A gateway without room for a whole id names an order by its beginning, which is nobody else's. */
async function ordersBeginning(beginning: string): Promise<Order[]> {
  const found = await readQuery((await collection('orders')).where('id', '>=', beginning).where('id', '<', `${beginning}~`).limit(2))
  return found.length === 1 ? found.map((snapshot) => orderOf(snapshot) as Order) : []
}

/** Entries whose charge or refund the gateway has after all, or does not speak of just now: what is not known is no difference. */
async function confirmed(gateway: Gateway, entries: readonly JournalEntry[]): Promise<Set<string>> {
  const ids = await inParts(entries, ASK_AT_ONCE, async (part) => {
    const answers = await Promise.all(part.map((entry) => isDenied(gateway, entry)))
    return part.filter((_, index) => answers[index] !== true).map(({ id }) => id)
  })
  return new Set(ids)
}

/** True only where the gateway certainly does not have what an entry says. */
async function isDenied(gateway: Gateway, entry: JournalEntry): Promise<boolean> {
  const order = entry.orderId === null ? undefined : await readOrder(entry.orderId)
  if (order === undefined) return true
  if (entry.kind === 'charge') {
    // The charge itself is asked for, not the page that it was made on.
    const { hosted: _, ...request } = chargeRequestOf(order)
    const { status } = await gateway.find(request, entry.reference)
    // What was given back before it was settled is cancelled there: it came all the same, and went.
    if (status === 'cancelled' && refundedAmount(order) >= takenFor(order).amount) return false
    return ['absent', 'declined', 'cancelled', 'requires_action', 'authorised'].includes(status)
  }
  const refund = order.refunds.find(({ id }) => `refund-${id}` === entry.id)
  const moved = await gateway.movements((refund?.atMs ?? entry.atMs) - MARGIN_MS, entry.atMs + MARGIN_MS)
  return !moved.some((movement) => movement.kind === 'refund' && (sourceOf(movement) === entry.reference || movement.reference === refund?.id))
}

async function entriesBetween({ fromMs, toMs }: Span): Promise<JournalEntry[]> {
  const dated = (await collection('ledger')).where('atMs', '>=', fromMs).where('atMs', '<', toMs).orderBy('atMs').orderBy('__name__')
  const entries: JournalEntry[] = []
  for (let query: Query = dated; ; ) {
    const page = await readQuery(query.limit(ENTRIES_PAGE))
    entries.push(...page.map((snapshot) => snapshot.data() as unknown as JournalEntry))
    const last = page.at(-1)
    if (page.length < ENTRIES_PAGE || last === undefined) return entries
    query = dated.startAfter(last.get('atMs'), last.id)
  }
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}

/** The answers for a list that is too long for one question. */
async function inParts<Value, Answer>(values: readonly Value[], most: number, ask: (part: readonly Value[]) => Promise<readonly Answer[]>): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let from = 0; from < values.length; from += most) answers.push(...(await ask(values.slice(from, from + most))))
  return answers
}
