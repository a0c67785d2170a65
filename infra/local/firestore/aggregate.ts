/**
 * count, sum and avg over a query's results. Only documents that have every field summed or averaged take part, as
 * the service reads them from one index; what is no number is passed over.
 */
import { valueAt } from './matching.ts'
import type { Aggregation, Value } from './messages.ts'
import { int64 } from './protocol.ts'
import { invalid } from './refusal.ts'
import type { StoredDocument } from './stored-document.ts'
import { integerOf, isNumber, NULL_VALUE, numberOf } from './values.ts'

const AGGREGATIONS_MAX = 5
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

/** Fields that are summed or averaged. */
export function summedPaths(aggregations: readonly Aggregation[]): string[] {
  if (aggregations.length === 0 || aggregations.length > AGGREGATIONS_MAX) {
    throw invalid(`An aggregation query has 1 to ${AGGREGATIONS_MAX} aggregations.`)
  }
  return aggregations.flatMap(({ sum, avg }) => {
    const path = (sum ?? avg)?.field?.fieldPath
    return path == null ? [] : [path]
  })
}

export function aggregate(aggregations: readonly Aggregation[], documents: readonly StoredDocument[]): Record<string, Value> {
  const paths = summedPaths(aggregations)
  const whole = documents.filter((document) => paths.every((path) => valueAt(document, path) !== undefined))
  return Object.fromEntries(aggregations.map((aggregation, index) => {
    const alias = aggregation.alias
    return [alias == null || alias === '' ? `field_${index + 1}` : alias, resultOf(aggregation, whole)]
  }))
}

function resultOf({ count, sum, avg }: Aggregation, documents: readonly StoredDocument[]): Value {
  if (count != null) {
    const upTo = count.upTo?.value == null ? Number.POSITIVE_INFINITY : Number(count.upTo.value)
    return { integerValue: int64(String(Math.min(documents.length, upTo))) }
  }
  const numbers = numbersAt(documents, (sum ?? avg)?.field?.fieldPath ?? '')
  if (sum != null) return total(numbers)
  if (numbers.length === 0) return NULL_VALUE
  return { doubleValue: numbers.reduce((all, value) => all + numberOf(value), 0) / numbers.length }
}

function numbersAt(documents: readonly StoredDocument[], path: string): Value[] {
  return documents.flatMap((document) => {
    const value = valueAt(document, path)
    return value !== undefined && isNumber(value) ? [value] : []
  })
}

/** Integers sum to an integer as long as it fits into 64 bits. */
function total(numbers: readonly Value[]): Value {
  if (numbers.every((value) => value.integerValue != null)) {
    const sum = numbers.reduce((all, value) => all + integerOf(value), 0n)
    if (sum <= INT64_MAX && sum >= INT64_MIN) return { integerValue: int64(String(sum)) }
  }
  return { doubleValue: numbers.reduce((all, value) => all + numberOf(value), 0) }
}
