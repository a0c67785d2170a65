/**
 * Resend's refusals: status, name and a sentence. The names are the vendor's; callers decide by them, not by the words.
 */
import type { HttpAnswer } from '../../http-ports.ts'

export class ResendFailure extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }

  answer(): HttpAnswer {
    const body = { statusCode: this.status, name: this.code, message: this.message }
    return { status: this.status, headers: this.headers, body }
  }
}

export function missingField(field: string): ResendFailure {
  return new ResendFailure(422, 'missing_required_field', `Missing \`${field}\` field.`)
}

export function invalidParameter(message: string): ResendFailure {
  return new ResendFailure(422, 'invalid_parameter', message)
}

export function notFound(what: string): ResendFailure {
  return new ResendFailure(404, 'not_found', `${what} not found`)
}
