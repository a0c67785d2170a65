/** Tables that a shop sets as JSON: what is taxed, and what shipping costs. Numbers are decimal text, so that they are exact. */
import { z } from 'zod'

const state = z.string().regex(/^[A-Z]{2}$/, 'must be a state such as TX')
const money = z.string().regex(/^\d{1,7}(\.\d{1,3})?$/, 'must be an amount as text, such as "5.95"')

/** Rows are tried from the first on; `*` is any goods. A row of the category `shipping` taxes the fee. */
const taxRow = z.strictObject({
  state,
  category: z.string().min(1),
  percent: z.string().regex(/^\d{1,2}(\.\d{1,4})?$/, 'must be a percentage as text, such as "8.25"'),
})

/** Rows are tried from the first on for each line; the highest fee of an order's lines is its fee. */
const shippingRow = z.strictObject({
  state: state.or(z.literal('*')).default('*'),
  category: z.string().min(1).default('*'),
  fee: money,
  /** Goods worth so much are shipped free. */
  freeFrom: money.optional(),
})

export type TaxRow = z.output<typeof taxRow>
export type ShippingRow = z.output<typeof shippingRow>

export const taxTable = tableOf(taxRow)
export const shippingTable = tableOf(shippingRow)

function tableOf<Row extends z.ZodType>(row: Row) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' })
        return z.NEVER
      }
    })
    .pipe(z.array(row))
}
