/** Field transforms: what the server computes from a field's present value at the commit. */
import type { FieldTransform, Value } from './messages.ts'
import { int64, timestampOf } from './protocol.ts'
import { invalid } from './refusal.ts'
import { compareValues, equalValues, integerOf, isNaNValue, isNumber, NULL_VALUE, numberOf } from './values.ts'

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)
const REQUEST_TIME = 1

export interface Transformed {
  /** What the field holds afterwards. */
  readonly value: Value
  /** What the answer to the write tells of it. */
  readonly result: Value
}

export function transform(rule: FieldTransform, current: Value | undefined, micros: number): Transformed {
  if (rule.setToServerValue != null) return serverValue(rule.setToServerValue, micros)
  if (rule.increment != null) return told(incremented(current, number(rule.increment, 'increment')))
  if (rule.maximum != null) return told(extreme(current, number(rule.maximum, 'maximum'), 1))
  if (rule.minimum != null) return told(extreme(current, number(rule.minimum, 'minimum'), -1))
  if (rule.appendMissingElements != null) return untold(appended(current, rule.appendMissingElements.values ?? []))
  if (rule.removeAllFromArray != null) return untold(removed(current, rule.removeAllFromArray.values ?? []))
  throw invalid(`The transform of "${rule.fieldPath ?? ''}" says nothing.`)
}

function told(value: Value): Transformed {
  return { value, result: value }
}

function untold(values: Value[]): Transformed {
  return { value: { arrayValue: { values } }, result: NULL_VALUE }
}

function serverValue(kind: number, micros: number): Transformed {
  if (kind !== REQUEST_TIME) throw invalid('The only server value is REQUEST_TIME.')
  // The service gives request times in whole milliseconds; clients compare them with their own dates.
  return told({ timestampValue: timestampOf(Math.floor(micros / 1000) * 1000) })
}

function number(value: Value, name: string): Value {
  if (!isNumber(value)) throw invalid(`The operand of "${name}" must be a number.`)
  return value
}

/** Two integers stay an integer and stop at the ends of 64 bits; any double makes a double. */
function incremented(current: Value | undefined, by: Value): Value {
  if (current === undefined || !isNumber(current)) return by
  if (current.integerValue == null || by.integerValue == null) return { doubleValue: numberOf(current) + numberOf(by) }
  const sum = integerOf(current) + integerOf(by)
  const held = sum > INT64_MAX ? INT64_MAX : sum < INT64_MIN ? INT64_MIN : sum
  return { integerValue: int64(String(held)) }
}

/** Equal numbers keep the one that is there; NaN wins over any number. */
function extreme(current: Value | undefined, operand: Value, sign: 1 | -1): Value {
  if (current === undefined || !isNumber(current)) return operand
  if (isNaNValue(current)) return current
  if (isNaNValue(operand)) return operand
  return sign * compareValues(operand, current) > 0 ? operand : current
}

function appended(current: Value | undefined, elements: readonly Value[]): Value[] {
  const values = [...(current?.arrayValue?.values ?? [])]
  for (const element of elements) {
    if (!values.some((value) => equalValues(value, element))) values.push(element)
  }
  return values
}

function removed(current: Value | undefined, elements: readonly Value[]): Value[] {
  return (current?.arrayValue?.values ?? []).filter((value) => !elements.some((element) => equalValues(value, element)))
}
