/**
 * How the local BigQuery says no: an HTTP status, one of Google's reasons and a sentence. Whatever is wrong with a
 * statement must be a 4xx: the client repeats a 5xx with back-off, and a test would see a time-out instead of the reason.
 */
export type Reason =
  | 'invalid'
  | 'invalidQuery'
  | 'notFound'
  | 'duplicate'
  | 'resourceInUse'
  | 'conditionNotMet'
  | 'bytesBilledLimitExceeded'

const STATUS: Record<Reason, number> = {
  invalid: 400,
  invalidQuery: 400,
  notFound: 404,
  duplicate: 409,
  resourceInUse: 400,
  conditionNotMet: 412,
  bytesBilledLimitExceeded: 400,
}

export class Refusal extends Error {
  readonly reason: Reason
  readonly status: number
  /** The query parameter or column at fault, where Google names one. */
  readonly location: string | undefined

  constructor(reason: Reason, message: string, location?: string) {
    super(message)
    this.reason = reason
    this.status = STATUS[reason]
    this.location = location
  }

  /** One entry of `errors`, as both HTTP errors and failed jobs carry it. */
  proto(): Record<string, string> {
    const location = this.location === undefined ? {} : { location: this.location }
    return { message: this.message, domain: 'global', reason: this.reason, ...location }
  }
}

/** A statement is wrong, or more than the local server knows. */
export function refuseQuery(message: string): never {
  throw new Refusal('invalidQuery', message, 'query')
}

/** A statement is wrong at a place: Google ends the sentence with `at [line:column]`. */
export function refuseAt(sql: string, at: number, message: string): never {
  const before = sql.slice(0, at).split('\n')
  return refuseQuery(`${message} at [${before.length}:${(before.at(-1)?.length ?? 0) + 1}]`)
}
