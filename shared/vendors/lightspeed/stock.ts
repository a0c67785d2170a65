/**
 * Lightspeed's stock: reading counts, and telling it what we sold. It is told by a sale of nothing but units: their price is
 * nought, because what was paid for them stands in our own books.
 *
 * Lightspeed knows no request again: a sale is looked for by our reference before it is laid down.
 */
import { z } from 'zod'
import { VendorDown } from '#domain/breaker.ts'
import { counterProductId, itemIdIn } from '#domain/counter-product.ts'
import type { PosCount } from '#domain/product.ts'
import { Failure } from '#values/failure.ts'
import { MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { log } from '#platform/log.ts'
import { listOf, type Lightspeed } from './api.ts'
import { id, sorted, yes } from './fields.ts'
import { countOn, SHELF } from './shelf.ts'
import { lightspeedMode } from './sign-in.ts'

/** Goes with each of our sales: whose reference it is. */
const SOURCE = 'countinghouse'
/** A count from further ahead would keep out every true one until then. */
const AHEAD_MAX_MS = 5 * MINUTE_MS
/** In drips: a sale, its completion, and each of its lines. */
const COST = { sale: 2, completing: 3, line: 0.5 } as const

/**
 * What our shop counts of these products; what cannot be read is left out. At most 100.
 * @throws VendorDown, Failure SERVICE_UNAVAILABLE
 */
export async function readShelves(client: Lightspeed, productIds: readonly string[], hurry?: { readonly deadlineMs: number }): Promise<PosCount[]> {
  refuseMadeUp()
  const askedAtMs = now()
  const asked = new URLSearchParams({ shopID: config('lightspeed').LIGHTSPEED_SHOP_ID, limit: '100', itemID: `IN,[${productIds.map(itemIdIn).join(',')}]` })
  const body = await client.get(`ItemShop.json?${asked.toString()}`, hurry)
  const { good, bad } = sorted(listOf(body['ItemShop']), 'itemShopID', (record) => SHELF.safeParse(record))
  if (bad.length > 0) log.warn('counts of lightspeed cannot be read', { bad: bad.slice(0, 10) })
  return good.flatMap((shelf) => {
    const count = countOn([shelf], askedAtMs)
    return count === null || count.countedAtMs > askedAtMs + AHEAD_MAX_MS ? [] : [{ productId: counterProductId(shelf.itemID), ...count }]
  })
}

export interface CounterMoves {
  /** Negative: sold. Positive: put back. */
  readonly changes: ReadonlyArray<{ readonly productId: string; readonly delta: number }>
  /** Nothing is sent later than this. */
  readonly notAfterMs: number
}

/**
 * Rings up what was sold, and what came back, in one sale, unless it is there already. First it is laid down open, which
 * takes nothing off the shelf, then it is completed by its number, which twice is once: a request that arrives late or twice
 * leaves an open sale behind and no second one. Only one sender at a time may do so.
 * @throws VendorDown when the answer does not say what became of it; Failure with `details.refused` when it never will be taken
 */
export async function ringUp(client: Lightspeed, reference: string, moves: CounterMoves): Promise<void> {
  const found = await salesOf(client, reference)
  if (found.some(({ completed }) => completed)) return
  const saleId = found[0]?.saleID ?? (await laidDown(client, reference, moves))
  const terms = { body: { completed: 'true' }, notAfterMs: moves.notAfterMs, cost: COST.sale + COST.completing }
  const { data: sale } = SALE.safeParse((await client.write('PUT', `Sale/${saleId}.json`, terms))['Sale'])
  if (sale?.completed !== true) throw new VendorDown({ reason: 'lightspeed: an answer that does not say what became of a sale' })
}

/** @returns the number of the open sale */
async function laidDown(client: Lightspeed, reference: string, { changes, notAfterMs }: CounterMoves): Promise<string> {
  const { LIGHTSPEED_SHOP_ID: shopID, LIGHTSPEED_REGISTER_ID: registerID, LIGHTSPEED_EMPLOYEE_ID: employeeID } = config('lightspeed')
  const lines = changes.map(({ productId, delta }) => ({ itemID: itemIdIn(productId), unitQuantity: String(0 - delta), unitPrice: '0', tax: 'false', shopID, employeeID }))
  const body = { referenceNumber: reference, referenceNumberSource: SOURCE, shopID, registerID, employeeID, completed: 'false', SaleLines: { SaleLine: lines } }
  const { data: sale } = SALE.safeParse((await client.write('POST', 'Sale.json', { body, notAfterMs, cost: COST.sale + COST.line * lines.length }))['Sale'])
  if (sale === undefined) throw new VendorDown({ reason: 'lightspeed: an answer that does not say what became of a sale' })
  return sale.saleID
}

/** Whether there is a completed sale under this reference, however old, archived or voided: what staff made of it since is theirs to decide. */
export async function isRungUp(client: Lightspeed, reference: string): Promise<boolean> {
  return (await salesOf(client, reference)).some(({ completed }) => completed)
}

const SALE = z.object({ saleID: id, completed: yes, voided: yes.default(false) })

/** The completed sales under a reference, and the open ones that nobody has voided, the first one first. */
async function salesOf(client: Lightspeed, reference: string): Promise<Array<z.output<typeof SALE>>> {
  refuseMadeUp()
  const asked = new URLSearchParams({ referenceNumber: reference, archived: 'true', sort: 'saleID' })
  const body = await client.get(`Sale.json?${asked.toString()}`)
  // A page of some proxy is no list without sales: only Lightspeed itself may say that there is none.
  const found = z.array(SALE).safeParse(listOf(body['Sale']))
  if (body['@attributes'] === undefined || !found.success) throw new VendorDown({ reason: 'lightspeed: not an answer of Lightspeed\'s' })
  return found.data.filter(({ completed, voided }) => completed || !voided)
}

/** A till that is made up, or none, counts nothing that may be sold and is told nothing. */
function refuseMadeUp(): void {
  if (lightspeedMode() !== 'live') throw new Failure('SERVICE_UNAVAILABLE', { reason: 'lightspeed: the shop has none' })
}
