/**
 * Pieces of what callers are shown, for the schemas of answers. Each has a name by which the documents of the interface call it.
 */
import { z } from 'zod'

/** Written by `iso()`. */
export const momentShown = z.iso.datetime().meta({ id: 'Moment', description: 'A moment in UTC: ISO 8601 with milliseconds and Z.', examples: ['2026-11-20T12:03:40.448Z'] })
export const dayShown = z.iso.date().meta({ id: 'Day', description: 'A civil day.', examples: ['2026-11-20'] })
/** Written by `toMajor()`. */
export const amountShown = z.number().meta({ id: 'Amount', description: 'Money in major units, exact for its currency.', examples: [8.25] })
export const currencyShown = z.string().length(3).meta({ id: 'Currency', description: 'A currency by ISO 4217.', examples: ['USD'] })
export const cursorShown = z.string().nullable().meta({ id: 'NextCursor', description: 'Hand it back as `cursor` for the next page; null: this was the last one.' })
export const countShown = z.int().min(0)
export const percentShown = z.number().min(0).max(100)

/** Answers are not changed by whoever builds them. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item).readonly()
}
