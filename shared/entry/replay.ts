/** What every replay asks for alike: some that are named or all that a filter finds, why, and whether only to say what it would do. */
import { z } from 'zod'
import { idField } from '#values/schema.ts'

const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

/** @param fields what it may be filtered by, beside the time: from this moment, to before that one */
export function replayFilter<Fields extends z.ZodRawShape>(fields: Fields) {
  return z
    .strictObject({ ...fields, from: moment.optional(), to: moment.optional() })
    .refine(isPeriod, { path: ['to'], message: 'must be after from' })
}

function isPeriod(filter: object): boolean {
  const { from, to } = filter as { from?: number; to?: number }
  return from === undefined || to === undefined || from < to
}

/** @param idsMax so many may be named; one that is named twice counts once */
export function replayWish<Filter extends z.ZodType>(filter: Filter, idsMax: number) {
  return z
    .strictObject({
      ids: z.array(idField).min(1).max(idsMax).transform((ids) => [...new Set(ids)]).optional(),
      filter: filter.optional(),
      reason: z.string().trim().min(1).max(500),
      dryRun: z.boolean().default(false),
    })
    .refine(({ ids, filter: some }) => (ids === undefined) !== (some === undefined), { path: ['ids'], message: 'send either ids or filter' })
}
