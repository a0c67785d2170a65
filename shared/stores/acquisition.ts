/** What advertising has cost, month by month. */
import { saidSpend, type Spend, type SpendWish } from '#domain/acquisition.ts'
import { collection, doc, readQuery, type Unit } from '#platform/firestore.ts'
import { addRows, outboxDoc } from './outbox.ts'

/** Ten years. */
const MONTHS_MAX = 120

export async function saySpend(unit: Unit, wish: SpendWish): Promise<Spend> {
  const [place, outbox] = [await doc('acquisition_spend', wish.month), await outboxDoc()]
  const before = (await unit.get(place)).data() as unknown as Spend | undefined
  if (before?.amount === wish.amount && before.currency === wish.currency) return before
  const { spend, row } = saidSpend(before, wish)
  unit.set(place, { ...spend })
  addRows(unit, outbox, [row])
  return spend
}

/** Minor units by month, in one currency. */
export async function spendByMonth(currency: string): Promise<Map<string, number>> {
  const found = await readQuery((await collection('acquisition_spend')).orderBy('month', 'desc').limit(MONTHS_MAX))
  const spends = found.map((snapshot) => snapshot.data() as unknown as Spend)
  return new Map(spends.filter((spend) => spend.currency === currency).map(({ month, amount }) => [month, amount]))
}
