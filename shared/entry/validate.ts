/** Input against a schema: unknown fields are refused, and every fault names its field and the rule. */
import type { ZodType } from 'zod'
import { Failure } from '#values/failure.ts'

const FAULTS_MAX = 20

/** @throws Failure INVALID_INPUT with `details.fields` */
export function validated<Out>(schema: ZodType<Out>, input: unknown, where: string): Out {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.slice(0, FAULTS_MAX).flatMap((issue) => {
    const path = issue.path.map(String).join('.')
    const names = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => (path === '' ? key : `${path}.${key}`)) : [path || where]
    const rule = issue.code === 'unrecognized_keys' ? 'is not known here' : issue.message
    return names.map((field) => ({ field: field.slice(0, 200), rule }))
  })
  const first = fields[0] ?? { field: where, rule: 'is not valid' }
  throw new Failure('INVALID_INPUT', { message: `${first.field}: ${first.rule}`, details: { fields } })
}
