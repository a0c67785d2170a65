/**
 * Square's refusals: always an array of errors, each with category, code and detail. Nothing else may leave the
 * simulator with a status of 400 or more, or a caller would learn bodies that the vendor never sends.
 */
import type { HttpAnswer } from '../../http-ports.ts'

const CATEGORIES: Readonly<Record<number, string>> = {
  401: 'AUTHENTICATION_ERROR',
  403: 'AUTHENTICATION_ERROR',
  429: 'RATE_LIMIT_ERROR',
  500: 'API_ERROR',
  503: 'API_ERROR',
}

export class SquareFailure extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  readonly headers: Record<string, string>

  constructor(status: number, code: string, detail: string, options: { field?: string; headers?: Record<string, string> } = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.field = options.field
    this.headers = options.headers ?? {}
  }

  answer(): HttpAnswer {
    const standard = CATEGORIES[this.status] ?? 'INVALID_REQUEST_ERROR'
    const category = this.code.startsWith('REFUND_') ? 'REFUND_ERROR' : standard
    const field = this.field === undefined ? {} : { field: this.field }
    return {
      status: this.status,
      headers: this.headers,
      body: { errors: [{ category, code: this.code, detail: this.message, ...field }] },
    }
  }
}

export function invalid(field: string, detail: string): SquareFailure {
  return new SquareFailure(400, 'INVALID_VALUE', detail, { field })
}

export function missing(field: string): SquareFailure {
  return new SquareFailure(400, 'MISSING_REQUIRED_PARAMETER', `Field must be set: ${field}`, { field })
}

export function notFound(what: string, field?: string): SquareFailure {
  return new SquareFailure(404, 'NOT_FOUND', `${what} not found.`, field === undefined ? {} : { field })
}
