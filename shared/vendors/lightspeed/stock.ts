/**
 * Lightspeed's stock: reading counts, and telling it what we sold. It is told by a sale of nothing but units: their price is
 * nought, because what was paid for them stands in our own books.
 *
 * Lightspeed knows no request again. A sale is looked for by our reference before it is rung up, and whoever rings it up
 * must be the only one to do so until nothing of his can arrive any more.
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
import { sorted, yes } from './fields.ts'
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
 * Rings up what was sold, and what came back, in one sale, unless it is there already.
 * @throws VendorDown when the answer does not say what became of it; Failure with \`details.refused\` when it never will be taken
 */
export async function ringUp(client: Lightspeed, reference: string, { changes, notAfterMs }: CounterMoves): Promise<void> {
  if (await isRungUp(client, reference)) return
  const { LIGHTSPEED_SHOP_ID: shopID, LIGHTSPEED_REGISTER_ID: registerID, LIGHTSPEED_EMPLOYEE_ID: employeeID } = config('lightspeed')
  const lines = changes.map(({ productId, delta }) => ({ itemID: itemIdIn(productId), unitQuantity: String(0 - delta), unitPrice: '0', tax: 'false', shopID, employeeID }))
  const body = await client.post('Sale.json', {
    referenceNumber: reference, referenceNumberSource: SOURCE, shopID, registerID, employeeID, completed: 'true', SaleLines: { SaleLine: lines },
  }, { notAfterMs, cost: COST.sale + COST.completing + COST.line * lines.length })
  if (!RUNG_UP.safeParse(body['Sale']).success) throw new VendorDown({ reason: 'lightspeed: an answer that does not say what became of a sale' })
}

const RUNG_UP = z.object({ saleID: z.string(), completed: z.literal('true') })
const FOUND = z.object({ completed: yes })

/**
 * Whether there is a sale under this reference, however old, archived or voided: what staff made of it since is theirs to decide.
 * @throws Failure when it lies there unfinished: somebody must look at it, a second one would be wrong
 */
export async function isRungUp(client: Lightspeed, reference: string): Promise<boolean> {
  refuseMadeUp()
  const asked = new URLSearchParams({ referenceNumber: reference, archived: 'true', limit: '1' })
  const body = await client.get(`Sale.json?${asked.toString()}`)
  // A page of some proxy is no list without sales: only Lightspeed itself may say that there is none.
  if (body['@attributes'] === undefined) throw new VendorDown({ reason: 'lightspeed: not an answer of Lightspeed\'s' })
  const [found] = listOf(body['Sale'])
  if (found === undefined) return false
  if (FOUND.safeParse(found).data?.completed === true) return true
  throw new Failure('SERVICE_UNAVAILABLE', { reason: `lightspeed: the sale ${reference} is not completed` })
}

/** A till that is made up, or none, counts nothing that may be sold and is told nothing. */
function refuseMadeUp(): void {
  if (lightspeedMode() !== 'live') throw new Failure('SERVICE_UNAVAILABLE', { reason: 'lightspeed: the shop has none' })
}
