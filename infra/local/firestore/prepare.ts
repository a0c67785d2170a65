/**
 * What a commit would do: preconditions checked and new versions made, nothing changed yet.
 *
 * Writes apply in their order, each seeing those before it. Whoever prepares decides at once, in the same turn,
 * whether to apply or to wait; after a wait everything is prepared anew.
 */
import { checkFields, checkSize, checkValue } from './checks.ts'
import { getField, setField } from './fields.ts'
import type { Fields, FieldTransform, Precondition, Value, Write } from './messages.ts'
import { fieldPath } from './paths.ts'
import { microsOf, timestampOf } from './protocol.ts'
import { alreadyExists, invalid, notFound, precondition } from './refusal.ts'
import type { Change } from './store.ts'
import { StoredDocument } from './stored-document.ts'
import { transform } from './transforms.ts'

const TRANSFORMS_MAX = 500

/** A write taken apart and checked for everything that does not depend on what is stored. */
export interface CheckedWrite {
  readonly name: string
  readonly deletes: boolean
  readonly fields: Fields
  /** Paths the write touches; undefined replaces the whole document. */
  readonly mask: readonly string[] | undefined
  readonly transforms: readonly FieldTransform[]
  readonly condition: Precondition | undefined
}

export interface WriteResult {
  readonly updateTime?: { seconds: number; nanos: number }
  readonly transformResults?: readonly Value[]
}

export interface Prepared {
  readonly micros: number
  readonly changes: readonly Change[]
  readonly results: readonly WriteResult[]
}

export function checkWrite(write: Write, checkName: (name: string) => string): CheckedWrite {
  if (write.delete != null) {
    const name = checkName(write.delete)
    return { name, deletes: true, fields: {}, mask: undefined, transforms: [], condition: write.currentDocument ?? undefined }
  }
  const name = checkName(write.update?.name ?? write.transform?.document ?? '')
  const fields = write.update?.fields ?? {}
  checkFields(fields)
  const transforms = [...(write.updateTransforms ?? []), ...(write.transform?.fieldTransforms ?? [])]
  if (transforms.length > TRANSFORMS_MAX) throw invalid(`A document takes at most ${TRANSFORMS_MAX} field transforms.`)
  for (const rule of transforms) checkTransform(rule)
  const mask = write.update == null ? [] : write.updateMask == null ? undefined : (write.updateMask.fieldPaths ?? [])
  for (const path of mask ?? []) fieldPath(path)
  return { name, deletes: false, fields, mask, transforms, condition: write.currentDocument ?? undefined }
}

function checkTransform(rule: FieldTransform): void {
  const depth = fieldPath(rule.fieldPath ?? '').length
  for (const value of rule.appendMissingElements?.values ?? rule.removeAllFromArray?.values ?? []) {
    if (value.arrayValue != null) throw invalid('Cannot convert an array value in an array value.')
    checkValue(value, depth + 1)
  }
}

export function prepare(
  writes: readonly CheckedWrite[],
  get: (name: string) => StoredDocument | undefined,
  micros: number,
): Prepared {
  const after = new Map<string, StoredDocument | undefined>()
  const results: WriteResult[] = []
  for (const write of writes) {
    const current = after.has(write.name) ? after.get(write.name) : get(write.name)
    checkCondition(write, current)
    if (write.deletes) {
      after.set(write.name, undefined)
      results.push({})
      continue
    }
    const { fields, transformResults } = written(write, current, micros)
    const document = StoredDocument.written(write.name, fields, micros, current)
    checkSize(write.name, fields, document.encoded.length)
    after.set(write.name, document)
    const updateTime = timestampOf(document.updateMicros)
    results.push(transformResults.length === 0 ? { updateTime } : { updateTime, transformResults })
  }
  const changes: Change[] = []
  for (const [name, document] of after) {
    const before = get(name)
    if (before !== document) changes.push({ name, before, after: document })
  }
  return { micros, changes, results }
}

function checkCondition({ name, condition, deletes }: CheckedWrite, current: StoredDocument | undefined): void {
  if (condition === undefined) return
  if (condition.updateTime != null) {
    const wanted = microsOf(condition.updateTime)
    if (current === undefined && !deletes) throw notFound(`No document to update: ${name}`)
    if (current?.updateMicros !== wanted) {
      throw precondition(
        `the stored version (${current?.updateMicros ?? 0}) of ${name} does not match the required base version (${wanted})`,
      )
    }
  } else if (condition.exists === true && current === undefined) {
    throw notFound(`No document to ${deletes ? 'delete' : 'update'}: ${name}`)
  } else if (condition.exists === false && current !== undefined) {
    throw alreadyExists(`Document already exists: ${name}`)
  }
}

function written(
  { fields, mask, transforms }: CheckedWrite,
  current: StoredDocument | undefined,
  micros: number,
): { fields: Fields; transformResults: Value[] } {
  let made = mask === undefined ? fields : masked(fields, mask, current?.fields ?? {})
  const transformResults: Value[] = []
  for (const rule of transforms) {
    const path = fieldPath(rule.fieldPath ?? '')
    const { value, result } = transform(rule, getField(made, path), micros)
    made = setField(made, path, value)
    transformResults.push(result)
  }
  return { fields: made, transformResults }
}

function masked(fields: Fields, mask: readonly string[], current: Fields): Fields {
  let made = current
  for (const text of mask) {
    const path = fieldPath(text)
    made = setField(made, path, getField(fields, path))
  }
  return made
}
