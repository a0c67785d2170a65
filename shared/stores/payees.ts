/** Payees in the store: few, changed seldom, each change with its audit event. */
import { registered, type Payee, type PayeeWish } from '#domain/payee.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readOne, readQuery, transact, type Doc, type Query, type Snapshot } from '#platform/firestore.ts'
import { addRows, outboxDoc } from './outbox.ts'

export function payeeDoc(payeeId: string): Promise<Doc> {
  return doc('payees', payeeId)
}

export function payeeOf(snapshot: Snapshot | undefined): Payee | undefined {
  return snapshot?.data() as Payee | undefined
}

export async function readPayee(payeeId: string): Promise<Payee | undefined> {
  return payeeOf(await readOne(await payeeDoc(payeeId)))
}

/** Safe to run twice: what is so already is not written. */
export async function registerPayee(wish: PayeeWish): Promise<Payee> {
  const [place, outbox] = [await payeeDoc(wish.id), await outboxDoc()]
  return transact(async (unit) => {
    const before = payeeOf(await unit.get(place))
    const change = registered(before, wish, now())
    if (change === undefined) return before as Payee
    unit.set(place, { ...change.payee })
    addRows(unit, outbox, [change.row])
    return change.payee
  })
}

/** By their ids. */
export async function listPayeesOf({ after, limit }: { after?: string | undefined; limit: number }): Promise<{ payees: Payee[]; nextCursor: string | null }> {
  let query: Query = (await collection('payees')).orderBy('__name__')
  if (after !== undefined) query = query.startAfter(after)
  const found = await readQuery(query.limit(limit + 1))
  const payees = found.slice(0, limit).map((snapshot) => payeeOf(snapshot) as Payee)
  return { payees, nextCursor: found.length > limit ? (payees.at(-1)?.id ?? null) : null }
}
