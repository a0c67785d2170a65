/** Sales at Lightspeed's registers, a page at a time, archived ones too: what was archived was sold all the same. */
import { z } from 'zod'
import type { CounterSale } from '#domain/pos.ts'
import type { Walk } from '#domain/walk.ts'
import { decimalSum } from '#values/decimal.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { listOf, nextIn, type Lightspeed } from './api.ts'
import { decimal, fingerprint, id, inSeconds, label, moment, reference, sorted, yes, type Sorted } from './fields.ts'

const LINE = z.object({
  saleLineID: id,
  itemID: reference,
  unitQuantity: decimal,
  unitPrice: decimal,
  calcLineDiscount: decimal.default('0'),
  calcSubtotal: decimal,
  calcTax1: decimal.default('0'),
  calcTax2: decimal.default('0'),
  calcTotal: decimal,
})

/** What is kept of a sale; other fields come and go as Lightspeed likes. */
const SALE = z.object({
  saleID: id,
  timeStamp: moment,
  createTime: moment,
  completeTime: moment.optional(),
  completed: yes,
  voided: yes,
  archived: yes.default(false),
  shopID: reference,
  registerID: reference,
  customerID: reference,
  referenceNumber: label,
  ticketNumber: label,
  calcSubtotal: decimal,
  calcDiscount: decimal.default('0'),
  calcTax1: decimal.default('0'),
  calcTax2: decimal.default('0'),
  calcTotal: decimal,
  SaleLines: z.preprocess((value) => listOf((value as { SaleLine?: unknown } | undefined)?.SaleLine), z.array(LINE)),
})

export interface SalePage extends Sorted<CounterSale> {
  readonly cursor: string | null
}

/**
 * Sales that changed within the walk's window, the earliest change first, from its mark on.
 * @throws CursorExpired when Lightspeed has forgotten the mark
 */
export async function* salePages(client: Lightspeed, { fromMs, toMs, cursor }: Walk): AsyncGenerator<SalePage> {
  const asked = new URLSearchParams({
    load_relations: '["SaleLines"]', sort: 'timeStamp', limit: '100', archived: 'true', timeStamp: `><,${inSeconds(fromMs)},${inSeconds(toMs)}`,
  })
  let path: string | null = cursor ?? `Sale.json?${asked.toString()}`
  while (path !== null) {
    const readAtMs = now()
    const body: Record<string, unknown> = await client.get(path)
    path = nextIn(body, 'Sale')
    yield { ...sorted(listOf(body['Sale']), 'saleID', (record) => read(record, readAtMs)), cursor: path }
  }
}

function read(record: unknown, readAtMs: number): z.ZodSafeParseResult<CounterSale> {
  const parsed = SALE.safeParse(record)
  return parsed.success ? { success: true, data: saleOf(parsed.data, { fingerprint: fingerprint(record), readAtMs }) } : parsed as never
}

function saleOf(sale: z.output<typeof SALE>, state: Pick<CounterSale, 'fingerprint' | 'readAtMs'>): CounterSale {
  return {
    ...state,
    id: sale.saleID,
    mode: 'live',
    status: sale.voided ? 'VOIDED' : sale.completed ? 'COMPLETED' : 'PENDING',
    archived: sale.archived,
    shopId: sale.shopID,
    registerId: sale.registerID,
    customerId: sale.customerID,
    reference: sale.referenceNumber,
    ticketNumber: sale.ticketNumber,
    amount: sale.calcSubtotal,
    discount: sale.calcDiscount,
    tax: decimalSum([sale.calcTax1, sale.calcTax2]),
    total: sale.calcTotal,
    currency: config('shop').CURRENCY,
    lines: sale.SaleLines.map((line) => ({
      id: line.saleLineID, itemId: line.itemID, quantity: line.unitQuantity, unitPrice: line.unitPrice, discount: line.calcLineDiscount,
      tax: decimalSum([line.calcTax1, line.calcTax2]), total: line.calcTotal,
    })),
    createdAtMs: sale.createTime,
    completedAtMs: sale.completeTime ?? null,
    updatedAtMs: sale.timeStamp,
  }
}
